// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "core/text.h"
#include "help.h"
#include "report.h"

namespace {

using namespace deckle::cli;

constexpr std::array kCommands{add_run,  add_plan,   add_replay, add_verify, add_merge,
                               add_diff, add_layers, add_schema, add_export};

// Whether the first word is no command; CLI11 would only say that one is needed.
bool is_misspelt(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || *argv[1] == '-') return false;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({}))
    names.push_back(command->get_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  if (std::find(views.begin(), views.end(), argv[1]) != views.end()) return false;
  const std::string hint = deckle::did_you_mean(argv[1], views);
  std::fprintf(stderr, "there is no command \"%s\"%s\n", deckle::printable(argv[1]).c_str(),
               hint.empty() ? ("; there are " + deckle::one_of(views)).c_str() : hint.c_str());
  return true;
}

// Whether there is an option that the command does not have. CLI11 would name a missing argument
// first, and no name that is near.
bool is_option_misspelt(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands()) {
    for (const std::string& word : command->remaining()) {
      if (word.size() < 2 || word[0] != '-') continue;
      std::vector<std::string> names;
      for (const CLI::Option* option : command->get_options()) {
        for (const std::string& name : option->get_lnames())
          names.push_back("--" + name);
      }
      const std::vector<std::string_view> views(names.begin(), names.end());
      const std::string hint = deckle::did_you_mean(word, views);
      std::fprintf(stderr, "deckle %s has no option \"%s\"%s\n", command->get_name().c_str(),
                   deckle::printable(word).c_str(),
                   hint.empty() ? ("; deckle " + command->get_name() + " --help lists them").c_str()
                                : hint.c_str());
      return true;
    }
  }
  return false;
}

// Results that could not be written are a failure, as on a full disk. A reader that went away, as
// head does, has what it wanted: that is quiet, with the exit code that a shell gives for SIGPIPE.
int with_output(int exit) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit;
  if (errno == EPIPE) return kExitPipe;
  std::fprintf(stderr, "cannot write to standard output: %s\n", std::strerror(errno));
  return kExitStopped;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"deckle: Keras layers over folders of images, in parallel, reproducible to the byte",
               "deckle"};
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_version_flag("-V,--version", version_text);
  app.require_subcommand(1);
  app.footer(
      "\nExample:\n  deckle run train-224.json photos -o train\n\n\"deckle COMMAND --help\" says "
      "more.");

  int exit = kExitOk;
  for (const auto add : kCommands)
    add(app, exit);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stdout);
    return with_output(kExitUsage);
  }
  if (is_misspelt(app, argc, argv)) return kExitUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0 && is_option_misspelt(app)) return kExitUsage;
    return app.exit(e) == 0 ? with_output(kExitOk) : kExitUsage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "deckle: a mistake in deckle: %s\n", e.what());
    return kExitMistake;
  }
  return with_output(exit);
}

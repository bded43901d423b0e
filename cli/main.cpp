// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <vector>

#include "commands.h"
#include "core/text.h"
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

// Results that nobody got are not results: a full disk behind stdout.
int with_output(int exit) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit;
  std::fprintf(stderr, "cannot write to standard output: %s\n", std::strerror(errno));
  return kExitStopped;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"deckle: Keras layers over folders of images, in parallel, reproducible to the byte",
               "deckle"};
  app.set_version_flag("--version", version_text);
  app.require_subcommand(1);
  app.footer(
      "\nExample:\n  deckle run train-224.json photos -o train\n\n\"deckle COMMAND --help\" says "
      "more.");

  int exit = kExitOk;
  for (const auto add : kCommands)
    add(app, exit);
  if (is_misspelt(app, argc, argv)) return kExitUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? with_output(kExitOk) : kExitUsage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "deckle: a mistake in deckle: %s\n", e.what());
    return 70;
  }
  return with_output(exit);
}

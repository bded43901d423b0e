// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "core/text.h"
#include "help.h"
#include "reference.h"
#include "report.h"

namespace {

using namespace deckle::cli;

constexpr std::array kCommands{add_run,  add_plan,   add_replay, add_verify, add_merge,
                               add_diff, add_layers, add_schema, add_export};

// Whether the first word is not a command. CLI11 would only say that a command is needed.
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

// Whether there is an unknown option. CLI11 would report a missing argument first, and suggests no
// similar name.
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

// Prints CLI11's message line by line and escapes it, because a command line may contain any bytes.
void print_usage_error(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::fprintf(stderr, "%s\n", deckle::terminal_text(line).c_str());
  }
}

// If a standard stream is closed, the next opened file would take its number, and messages would be
// written into that file. Closed streams are therefore opened in the wrong direction, so that using
// them stays an error.
bool open_standard_files() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    int opened = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened < 0) opened = ::open("/", O_RDONLY);  // if there is no /dev
    if (opened != fd) return false;
  }
  return true;
}

// If results cannot be written, as on a full disk, the command fails. A reader such as head may
// close the pipe early: this gives no message, and the exit code that a shell uses for SIGPIPE.
int with_output(int exit) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit;
  if (errno == EPIPE) return kExitPipe;
  std::fprintf(stderr, "cannot write to standard output: %s\n", std::strerror(errno));
  return kExitStopped;
}

// A file that would exceed ulimit -f is an error like a full disk and must not kill the process. It
// may be the file that messages are written to.
void ignore_file_size_signal() {
  std::signal(SIGXFSZ, SIG_IGN);
}

// Parses the command line and runs the command. Returns the exit code.
int run_command(int argc, char** argv) {
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
  if (argc == 3 && std::string_view(argv[1]) == "--reference") {  // for docs/generate.py
    const auto text = reference(argv[2], app);
    if (text) std::fputs(text->c_str(), stdout);
    return with_output(text ? kExitOk : kExitUsage);
  }
  if (is_misspelt(app, argc, argv)) return kExitUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0 && is_option_misspelt(app)) return kExitUsage;
    std::ostringstream said;
    std::ostringstream wrong;
    const bool good = app.exit(e, said, wrong) == 0;
    std::fputs(said.str().c_str(), stdout);
    print_usage_error(wrong.str());
    return good ? with_output(kExitOk) : kExitUsage;
  }
  return with_output(exit);
}

// Reports an unexpected exception and returns the exit code. Allocates no memory.
int tell_exception(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
    std::fputs("deckle: an internal error: std::terminate was called\n", stderr);
  } catch (const std::bad_alloc&) {
    std::fputs("not enough memory; what is finished stays valid, and the same command continues\n",
               stderr);
    return kExitStopped;
  } catch (const std::exception& e) {
    std::fputs("deckle: an internal error: ", stderr);
    for (const char* c = e.what(); *c != 0; ++c)
      std::fputc(static_cast<unsigned char>(*c) < ' ' || *c == 0x7F ? '?' : *c, stderr);
    std::fputc('\n', stderr);
  } catch (...) {
    std::fputs("deckle: an internal error: an exception of unknown type\n", stderr);
  }
  return kExitMistake;
}

// An exception that leaves a destructor or a thread ends the process, but without abort().
[[noreturn]] void on_terminate() {
  std::_Exit(tell_exception(std::current_exception()));
}

bool ended = false;  // by deckle itself, not by a library

// A library may call exit(1), as OpenMP's does if it gets no thread or memory. For deckle, 1 means
// "some images failed".
void on_exit_of_library() {
  if (ended) return;
  std::fputs(
      "stopped: a library ended the process; what is finished stays valid, and the same command "
      "continues\n",
      stderr);
  std::_Exit(kExitStopped);
}

}  // namespace

int main(int argc, char** argv) {
  if (!open_standard_files()) return kExitStopped;
  ignore_file_size_signal();
  std::set_terminate(on_terminate);
  if (std::atexit(on_exit_of_library) != 0) return kExitStopped;
  int exit = kExitOk;
  try {
    exit = run_command(argc, argv);
  } catch (...) {
    exit = tell_exception(std::current_exception());
  }
  ended = true;
  return exit;
}

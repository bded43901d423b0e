// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <exception>

#include "commands.h"
#include "report.h"

int main(int argc, char** argv) {
  using namespace deckle::cli;
  CLI::App app{"deckle: Keras layers over folders of images, in parallel, reproducible to the byte",
               "deckle"};
  app.set_version_flag("--version", "deckle " DECKLE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nExample:\n  deckle run train-224.json photos -o train\n\n\"deckle COMMAND --help\" says "
      "more.");
  app.option_defaults()->always_capture_default(false);

  int exit = kExitOk;
  for (const auto add : std::array{add_run, add_plan, add_replay, add_verify, add_merge, add_diff,
                                   add_layers, add_schema})
    add(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitOk : kExitUsage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "deckle: a mistake in deckle: %s\n", e.what());
    return 70;
  }
  return exit;
}

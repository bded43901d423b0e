// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "chain/schema.h"
#include "commands.h"

namespace deckle::cli {

void add_schema(CLI::App& app, int& /*exit*/) {
  CLI::App* command = app.add_subcommand(
      "schema", "Print a JSON Schema of the chain file, for editors and checkers");
  command->footer("\nExample:\n  deckle schema > chain.schema.json");
  command->callback([] { std::printf("%s\n", chain_schema().dump(2).c_str()); });
}

}  // namespace deckle::cli

// SPDX-License-Identifier: Apache-2.0
// commands: one file a subcommand; main.cpp holds the table.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace deckle::cli {

/// Each adds itself to the command line; when it is chosen and its arguments are well formed, it
/// runs and leaves its exit code in `exit`.
void add_run(CLI::App& app, int& exit);
void add_plan(CLI::App& app, int& exit);
void add_verify(CLI::App& app, int& exit);
void add_replay(CLI::App& app, int& exit);
void add_merge(CLI::App& app, int& exit);
void add_diff(CLI::App& app, int& exit);
void add_export(CLI::App& app, int& exit);
void add_layers(CLI::App& app, int& exit);
void add_schema(CLI::App& app, int& exit);

/// What --version prints: this program, and what is in it or would be opened by it.
[[nodiscard]] std::string version_text();

}  // namespace deckle::cli

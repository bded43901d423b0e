// SPDX-License-Identifier: Apache-2.0
// commands: one file for each subcommand; the table is in main.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace deckle::cli {

/// Each function adds a subcommand to the command line. If the user chooses it and its arguments
/// are valid, it runs and stores its exit code in `exit`.
void add_run(CLI::App& app, int& exit);
void add_plan(CLI::App& app, int& exit);
void add_verify(CLI::App& app, int& exit);
void add_replay(CLI::App& app, int& exit);
void add_merge(CLI::App& app, int& exit);
void add_diff(CLI::App& app, int& exit);
void add_export(CLI::App& app, int& exit);
void add_layers(CLI::App& app, int& exit);
void add_schema(CLI::App& app, int& exit);

/// The text of --version: this program, its libraries and its plug-ins.
[[nodiscard]] std::string version_text();

}  // namespace deckle::cli

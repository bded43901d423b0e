// SPDX-License-Identifier: Apache-2.0
// options: the arguments that several commands share: a chain, inputs, threads.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/engine.h"
#include "batch/memory.h"
#include "chain/chain.h"
#include "dataset/inputs.h"
#include "report.h"

namespace deckle::cli {

struct ChainArguments {
  std::string file;
  std::string weights;              ///< --weights; "": the weights that the chain names
  bool channels_first = false;      ///< --data-format, for a chain that does not name it
  std::optional<std::string> seed;  ///< --seed, as it was typed
  int copies = 0;                   ///< --copies; 0: the chain's
  std::string format;               ///< --format; "": the chain's
  std::string name;                 ///< --name; "": the chain's
  Purpose purpose = Purpose::Run;
};

struct InputArguments {
  std::vector<std::string> inputs;
  std::string files_from;
  std::string root;  ///< --root; "": none
  bool null_separated = false;
  bool writes_list = false;  ///< -0 also applies to a list that is written
};

/// The chain file and how it is read.
void add_chain_file_options(CLI::App& command, ChainArguments& arguments);
/// The chain file, and the options that replace its values.
void add_chain_options(CLI::App& command, ChainArguments& arguments);
void add_input_options(CLI::App& command, InputArguments& arguments);
void add_jobs_option(CLI::App& command, int& jobs);
void add_memory_option(CLI::App& command, std::uint64_t& bytes);
void add_sync_option(CLI::App& command, Sync& sync);
void add_report_options(CLI::App& command, ReportOptions& options);

/// Reads and checks the chain. If it returns nothing, every mistake was reported.
[[nodiscard]] std::optional<Chain> load_chain(const ChainArguments& arguments, Report& report);

struct ChainAndText {
  Chain chain;
  std::string text;
};
[[nodiscard]] std::optional<ChainAndText> load_chain_and_text(const ChainArguments& arguments,
                                                              Report& report);

/// --input-shape: "480,640,3" in the order of the chain's arrays, "none" for an open size. Returns
/// the order of Chain::input_shape. If it returns nothing, the mistake was reported.
[[nodiscard]] std::optional<OpenShape> parse_input_shape(const Chain& chain,
                                                         const std::string& text, Report& report);

/// Reports the mistakes in this file; `text` is its content.
void report_mistakes(const Mistakes& mistakes, const std::string& file, const std::string& text,
                     Report& report);

/// Lists the inputs. If it returns nothing, the failure was reported and `exit` is set.
[[nodiscard]] std::optional<InputList> load_inputs(const InputArguments& arguments,
                                                   const std::string& out, Report& report,
                                                   int& exit);

/// The manifest that the user names by its path or its folder. If it returns nothing, the failure
/// was reported.
[[nodiscard]] std::optional<std::string> find_manifest(const std::string& path, Report& report);

/// The memory limit of a picture: the given number, or (if it is 0) the default for this number of
/// threads.
[[nodiscard]] MemoryLimit resolve_memory(std::uint64_t bytes, int jobs);

/// The number of threads: the given number, else the processors of this process. If fewer can be
/// started, returns that number and reports it.
[[nodiscard]] int resolve_jobs(int jobs, Report& report);

}  // namespace deckle::cli

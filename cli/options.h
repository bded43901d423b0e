// SPDX-License-Identifier: Apache-2.0
// arguments: what `run` and `plan` ask for alike: a chain, and inputs.
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
  std::string weights;              ///< --weights; "": those that the chain names
  bool channels_first = false;      ///< --data-format: where the chain does not say
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
  bool writes_list = false;  ///< -0 is also for a list that is written
};

/// The chain file and how it is read.
void add_chain_file_options(CLI::App& command, ChainArguments& arguments);
/// That, and what is done with it in another way than it says.
void add_chain_options(CLI::App& command, ChainArguments& arguments);
void add_input_options(CLI::App& command, InputArguments& arguments);
void add_jobs_option(CLI::App& command, int& jobs);
void add_memory_option(CLI::App& command, std::uint64_t& bytes);
void add_sync_option(CLI::App& command, Sync& sync);
void add_report_options(CLI::App& command, ReportOptions& options);

/// Reads and checks the chain; every mistake was reported where nothing comes back.
[[nodiscard]] std::optional<Chain> load_chain(const ChainArguments& arguments, Report& report);

struct ChainAndText {
  Chain chain;
  std::string text;
};
[[nodiscard]] std::optional<ChainAndText> load_chain_and_text(const ChainArguments& arguments,
                                                              Report& report);

/// --input-shape: "480,640,3" in the order of the chain's arrays, "none" where a length is open;
/// given back in the order of Chain::input_shape. Where nothing comes back, the mistake was
/// reported.
[[nodiscard]] std::optional<OpenShape> parse_input_shape(const Chain& chain,
                                                         const std::string& text, Report& report);

/// Tells the mistakes in this file, whose text that is.
void report_mistakes(const Mistakes& mistakes, const std::string& file, const std::string& text,
                     Report& report);

/// Lists the inputs; the failure was reported and `exit` set where nothing comes back.
[[nodiscard]] std::optional<InputList> load_inputs(const InputArguments& arguments,
                                                   const std::string& out, Report& report,
                                                   int& exit);

/// The manifest that the user names, by its own path or by its folder's. Where nothing comes back,
/// the failure was reported.
[[nodiscard]] std::optional<std::string> find_manifest(const std::string& path, Report& report);

/// How much memory a picture may take: as asked for (0: not), else what suits so many threads.
[[nodiscard]] MemoryLimit resolve_memory(std::uint64_t bytes, int jobs);

/// The number of threads: as asked for, else the processors of this process; fewer, with a word,
/// where not so many can be started.
[[nodiscard]] int resolve_jobs(int jobs, Report& report);

}  // namespace deckle::cli

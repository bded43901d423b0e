// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <memory>
#include <optional>

#include "batch/engine.h"
#include "batch/output_folder.h"
#include "batch/replay.h"
#include "batch/survey.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "options.h"
#include "report.h"
#include "session.h"

namespace deckle::cli {
namespace {

struct ReplayArguments {
  std::string manifest;
  InputArguments inputs;
  std::string out;
  std::vector<std::string> only;
  std::vector<int> copies;
  int jobs = 0;
  std::uint64_t max_memory = 0;
  bool overwrite = false;
  Sync sync = Sync::Batch;
  std::string summary;
  ReportOptions report;
};

int seed_derivation_of(const Json& header) {
  const Json derivation = header.value("seed_derivation", Json());
  return derivation.is_number_integer() ? derivation.get<int>() : kSeedDerivation;
}

bool is_same_folder(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.empty() ? "." : a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Refuses files with the names of needed folders, and files that no run made. Returns the exit code
// if there are any.
std::optional<int> refuse_what_is_there(const Replay& replay, const InputList& inputs,
                                        const OutputFolder& folder,
                                        const ReplayArguments& arguments, Report& report) {
  if (const auto blocked = find_blocked(replay.chain(), inputs, folder.path()); !blocked.empty())
    return refuse(report, blocked, "move it away, or give another -o", kExitStopped);
  if (arguments.overwrite || folder.was_empty()) return std::nullopt;
  std::vector<std::string> foreign;
  for (const InputFile& file : inputs.files) {
    const auto records = replay.records(file.path);
    if (!records) {
      report.error(records.error().message);
      return kExitStopped;
    }
    for (const Record& record : *records) {
      const std::string path = join_path(folder.path(), record.output);
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0) continue;
      const auto recorded_output = folder.is_recorded(record.output);
      if (!recorded_output) {
        report.error(recorded_output.error().message);
        return kExitStopped;
      }
      if (!*recorded_output) {
        foreign.push_back(printable(path) +
                          ": already exists and was not made by a run into this folder");
      }
    }
  }
  if (foreign.empty()) return std::nullopt;
  return refuse(report, foreign, "give another -o, or --overwrite to replace these files",
                kExitStopped);
}

int run_replay(const ReplayArguments& arguments) {
  Report report(arguments.report);
  const auto manifest = find_manifest(arguments.manifest, report);
  if (!manifest) return kExitUsage;
  const auto replay = Replay::open(*manifest, {arguments.only, arguments.copies});
  if (!replay) {
    report.error(*manifest, replay.error());
    return exit_code(replay.error());
  }
  int exit = kExitOk;
  auto inputs = load_inputs(arguments.inputs, arguments.out, report, exit);
  if (!inputs) return exit;
  inputs->names_from = names_from(replay->header());
  const std::vector<std::string> missing = replay->match(*inputs);
  const Chain& chain = replay->chain();
  if (const auto checked = check_output_folder(chain, *inputs, arguments.out); !checked) {
    return refuse(report, {checked.error().message}, "the input stays as it is", kExitUsage);
  }
  if (const auto clashes = find_clashes(chain, *inputs); !clashes.empty())
    return refuse(report, clashes, advice_on_clashes(chain, *inputs), kExitUsage);
  if (replay->outputs() == 0) {
    report.error("nothing in " + printable(*manifest) + " matches --only and --copies");
    return kExitUsage;
  }
  const int derivation = seed_derivation_of(replay->header());
  Json made = manifest_header(chain, inputs->names_from);
  made["seed_derivation"] = derivation;
  // In its own folder, a replay restores lost outputs with any version of the codecs.
  const bool into_own = is_same_folder(std::string(folder_of(*manifest)), arguments.out);
  std::vector<Json> headers{std::move(made)};
  if (into_own) headers.push_back(replay->header());
  auto folder = OutputFolder::open_for_replay(arguments.out, headers, arguments.overwrite);
  if (!folder) {
    report.error(folder.error().message);
    return kExitStopped;
  }
  if (!folder->note().empty()) report.warning(folder->note());
  if (const auto refused = refuse_what_is_there(*replay, *inputs, *folder, arguments, report))
    return *refused;
  for (const std::string& input : missing) {
    report.failure(input, {ErrorCode::Unreadable, "is in the manifest but not among the inputs"});
  }
  RunOptions options;
  options.jobs = resolve_jobs(arguments.jobs, report);
  options.memory = resolve_memory(arguments.max_memory, options.jobs);
  options.overwrite = arguments.overwrite;
  options.sync = arguments.sync;
  options.record = !into_own;
  options.keep_unlisted = true;  // the records of earlier replays stay
  options.seed_derivation = derivation;
  options.recorded = [&](const InputFile& file) { return replay->records(file.path); };
  const std::string start =
      count_of(replay->outputs(), "recorded output") + " → " + printable(arguments.out);
  exit = run_session(chain, *inputs, *folder, options,
                     {.start = start, .summary = arguments.summary, .missing = missing.size()},
                     report);
  return exit == kExitOk && !missing.empty() ? kExitImages : exit;
}

}  // namespace

void add_replay(CLI::App& app, int& exit) {
  CLI::App* command =
      app.add_subcommand("replay", "Reproduce the outputs of a manifest from its records");
  const auto arguments = std::make_shared<ReplayArguments>();
  command
      ->add_option("MANIFEST", arguments->manifest,
                   "The manifest, or the folder that it is in; its chain and draws are used")
      ->required();
  add_input_options(*command, arguments->inputs);
  command->add_option("-o,--output", arguments->out, "Folder for the outputs (required)")
      ->required()
      ->option_text("OUT");
  command
      ->add_option("--only", arguments->only,
                   "Only inputs or outputs that match; * does not stop at a folder")
      ->option_text("GLOB")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--copies", arguments->copies, "Only these copies, such as 0,3")
      ->delimiter(',')
      ->option_text("N,..");
  add_jobs_option(*command, arguments->jobs);
  add_memory_option(*command, arguments->max_memory);
  add_sync_option(*command, arguments->sync);
  command->add_flag(
      "--overwrite", arguments->overwrite,
      "Replace what is in OUT: the outputs of another run, and files that deckle did not make");
  command->add_option("--summary", arguments->summary, "Write the figures of the last line as JSON")
      ->option_text("F");
  add_report_options(*command, arguments->report);
  command->footer(
      "\nNothing is drawn and no chain file is needed. An input whose digest is not the recorded "
      "one fails, and the message names it. If another version of a codec makes other bytes from "
      "the same pixels, a message says this. Into the manifest's own folder, a replay restores "
      "lost outputs and does not change the manifest. Into another folder, it writes a manifest, "
      "and another replay adds to it.\n\n"
      "Examples:\n"
      "  deckle replay train photos -o again\n"
      "  deckle replay train photos -o train --only 'cats/*'");
  command->callback([arguments, &exit] { exit = run_replay(*arguments); });
}

}  // namespace deckle::cli

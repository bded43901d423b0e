// SPDX-License-Identifier: Apache-2.0
#include "batch/replay.h"

#include <memory>

#include "arguments.h"
#include "batch/engine.h"
#include "batch/output_folder.h"
#include "batch/survey.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
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
  if (replay->outputs() == 0) {
    report.error("nothing in " + printable(*manifest) +
                 " is asked for; its outputs are matched by --only " + "and --copies");
    return kExitUsage;
  }
  auto folder = OutputFolder::open_for_replay(arguments.out);
  if (!folder) {
    report.error(folder.error().message);
    return kExitStopped;
  }
  if (!folder->note().empty()) report.warning(folder->note());
  for (const std::string& input : missing) {
    report.failure(input, {ErrorCode::Unreadable, "is in the manifest but not among the inputs"});
  }
  RunOptions options;
  options.jobs = resolve_jobs(arguments.jobs);
  options.memory = resolve_memory(arguments.max_memory, options.jobs);
  options.overwrite = arguments.overwrite;
  options.sync = arguments.sync;
  // A manifest that is there already stays the record of what is there.
  options.record = !stamp_of(folder->manifest());
  if (const Json derivation = replay->header().value("seed_derivation", Json());
      derivation.is_number_integer())
    options.seed_derivation = derivation.get<int>();
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
      app.add_subcommand("replay", "Make the outputs of a manifest again, from what it recorded");
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
  command->add_flag("--overwrite", arguments->overwrite,
                    "Replace files in OUT that no run of deckle's made");
  command->add_option("--summary", arguments->summary, "Write the figures of the last line as JSON")
      ->option_text("F");
  add_report_options(*command, arguments->report);
  command->footer(
      "\nNothing is drawn and no chain file is needed. An input whose digest is not the recorded "
      "one is refused, by name. Where another version of a codec makes other bytes of the same "
      "pixels, that is said. "
      "A manifest that is in OUT already is left as it is.\n\n"
      "Examples:\n"
      "  deckle replay train photos -o again\n"
      "  deckle replay train photos -o train --only 'cats/*'");
  command->callback([arguments, &exit] { exit = run_replay(*arguments); });
}

}  // namespace deckle::cli

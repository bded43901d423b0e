// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "batch/merge.h"
#include "batch/output_folder.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "options.h"
#include "report.h"

namespace deckle::cli {
namespace {

struct MergeArguments {
  std::vector<std::string> manifests;
  std::string target;
  ReportOptions report;
};

// "2,4-6", as in a scheduler's array option.
std::string ranges(const std::vector<unsigned>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1)
      ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(numbers[i]);
    if (end - i > 1) text += "-" + std::to_string(numbers[end - 1]);
    i = end;
  }
  return text;
}

int run_merge(const MergeArguments& arguments) {
  Report report(arguments.report);
  const auto merged = merge_manifests(arguments.manifests, arguments.target);
  if (!merged) {
    report.error(merged.error().message);
    return exit_code(merged.error());
  }
  for (const std::string& problem : merged->problems)
    report.error(problem);
  if (!merged->missing.empty()) {
    const std::string missing = ranges(merged->missing);
    report.error("missing: " + std::string(merged->missing.size() == 1 ? "shard " : "shards ") +
                 missing + "; submit " + (merged->missing.size() == 1 ? "it" : "them") +
                 " again, with Slurm as --array=" + missing);
  }
  if (!merged->problems.empty() || !merged->missing.empty()) {
    report.info("nothing was written");
    return kExitStopped;
  }
  // Deletes unfinished files of killed shards.
  sweep_unfinished(std::string(folder_of(arguments.target)));
  report.info(count_of(merged->shards, "shard") + ", " + count_of(merged->lines, "line") + " → " +
              printable(arguments.target));
  return kExitOk;
}

}  // namespace

void add_merge(CLI::App& app, int& exit) {
  CLI::App* command = app.add_subcommand("merge", "Make one manifest out of those of shards");
  const auto arguments = std::make_shared<MergeArguments>();
  command
      ->add_option("MANIFEST", arguments->manifests,
                   "The shards' manifests, or the folder that they are in")
      ->required();
  command->add_option("-o,--output", arguments->target, "The manifest to be written")
      ->required()
      ->option_text("M");
  add_report_options(*command, arguments->report);
  command->footer(
      "\nThe result has the same bytes that one machine would have written. Each shard must be "
      "given exactly once, and all must have the same chain, seed and list of inputs. Missing "
      "shards are listed in the form that a scheduler's array option takes (exit code 3).\n\n"
      "Example:\n  deckle merge train -o train/manifest.jsonl");
  command->callback([arguments, &exit] { exit = run_merge(*arguments); });
}

}  // namespace deckle::cli

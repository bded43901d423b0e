// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>

#include "batch/diff.h"
#include "commands.h"
#include "options.h"
#include "report.h"

namespace deckle::cli {
namespace {

struct DiffArguments {
  std::string a;
  std::string b;
  ReportOptions report;
};

int run_diff(const DiffArguments& arguments) {
  Report report(arguments.report);
  const auto a = find_manifest(arguments.a, report);
  const auto b = find_manifest(arguments.b, report);
  if (!a || !b) return kExitUsage;
  const auto counts =
      diff_manifests(*a, *b, [](const std::string& difference) { print_line(difference); });
  std::fflush(stdout);
  if (!counts) {
    report.error(counts.error().message);
    return exit_code(counts.error());
  }
  return counts->differences == 0 ? kExitOk : kExitImages;
}

}  // namespace

void add_diff(CLI::App& app, int& exit) {
  CLI::App* command = app.add_subcommand("diff", "Show what differs between two manifests");
  const auto arguments = std::make_shared<DiffArguments>();
  command->add_option("A", arguments->a, "A manifest, or the folder that it is in")->required();
  command->add_option("B", arguments->b, "Another")->required();
  add_report_options(*command, arguments->report);
  command->footer(
      "\nOne line for each difference in inputs, draws, windows, pixels or bytes; none if nothing "
      "differs. Exit code 1 if something differs.\n\nExample:\n  deckle diff monday tuesday");
  command->callback([arguments, &exit] { exit = run_diff(*arguments); });
}

}  // namespace deckle::cli

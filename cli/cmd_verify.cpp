// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "batch/verify.h"
#include "commands.h"
#include "core/text.h"
#include "options.h"
#include "report.h"

namespace deckle::cli {
namespace {

struct VerifyArguments {
  std::string manifest;
  int jobs = 0;
  ReportOptions report;
};

int run_verify(const VerifyArguments& arguments) {
  Report report(arguments.report);
  const auto manifest = find_manifest(arguments.manifest, report);
  if (!manifest) return kExitUsage;
  const auto verified = verify_manifest(*manifest, resolve_jobs(arguments.jobs, report));
  if (!verified) {
    report.error(*manifest, verified.error());
    // A missing manifest is a mistake in the command line.
    return verified.error().sys_errno == ENOENT ? kExitUsage : exit_code(verified.error());
  }
  constexpr std::array<std::string_view, 4> kKinds{"missing", "altered", "unreadable", "unknown"};
  for (const Difference& difference : verified->differences) {
    print_line(std::string(kKinds.at(difference.kind)) + ": " + printable(difference.path) +
               (difference.detail.empty() ? "" : " (" + difference.detail + ")"));
  }
  std::fflush(stdout);
  const std::size_t wrong = verified->differences.size();
  report.info(count_of(verified->outputs, "output") +
              (wrong == 0 ? ", all as recorded" : ", " + count_of(wrong, "difference")));
  return wrong == 0 ? kExitOk : kExitImages;
}

}  // namespace

void add_verify(CLI::App& app, int& exit) {
  CLI::App* command =
      app.add_subcommand("verify", "Check that the outputs are what the manifest says");
  const auto arguments = std::make_shared<VerifyArguments>();
  command
      ->add_option("MANIFEST", arguments->manifest,
                   "The manifest, in the folder of its outputs; or that folder")
      ->required();
  add_jobs_option(*command, arguments->jobs);
  add_report_options(*command, arguments->report);
  command->footer(
      "\nReads every output. Exit code 1 if an output is missing or altered, or if a file is not "
      "recorded.\n\n"
      "Example:\n  deckle verify train");
  command->callback([arguments, &exit] { exit = run_verify(*arguments); });
}

}  // namespace deckle::cli

// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "arguments.h"
#include "batch/forecast.h"
#include "batch/survey.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "layers/registry.h"
#include "session.h"

namespace deckle::cli {
namespace {

constexpr std::size_t kShownShapes = 3;
constexpr std::size_t kShownRemarks = 10;

std::size_t width_of(std::string_view text) {
  // Columns on a terminal, near enough: characters, not bytes.
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 3, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

void print_shapes(const Chain& chain, const Forecast& forecast, bool all) {
  const std::size_t shown =
      all ? forecast.groups.size() : std::min(forecast.groups.size(), kShownShapes);
  std::vector<std::vector<std::string>> rows(chain.layers.size() + 2);
  rows.front().push_back("layer");
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const Layer& layer = chain.layers[i];
    rows[i + 1].push_back(std::to_string(i) + " " + std::string(layer.spec->name) + "  " +
                          short_arguments(layer.config));
  }
  rows.back().push_back("needed of the input");
  for (std::size_t g = 0; g < shown; ++g) {
    const ShapeGroup& group = forecast.groups[g];
    rows.front().push_back((group.batch ? std::to_string(*group.batch) + " times " : "") +
                           to_string(group.input) + " (" + grouped(group.files) + ")");
    for (std::size_t i = 0; i < chain.layers.size(); ++i) {
      rows[i + 1].push_back(group.shapes.empty() ? "cannot" : to_string(group.shapes[i + 1]));
    }
    char share[32];
    std::snprintf(share, sizeof share, "%.0f %% of the pixels", group.needed * 100);
    rows.back().push_back(group.done == 0 ? "-" : share);
  }
  if (shown < forecast.groups.size()) {
    rows.front().push_back(count_of(forecast.groups.size() - shown, "more shape") + " (--all)");
  }
  print_table(rows);
}

void print_remarks(const std::vector<Remark>& remarks, const std::string& one,
                   const std::string& many, bool all) {
  if (remarks.empty()) return;
  std::printf("%s %s:\n", grouped(remarks.size()).c_str(),
              (remarks.size() == 1 ? one : many).c_str());
  const std::size_t shown = all ? remarks.size() : std::min(remarks.size(), kShownRemarks);
  for (std::size_t i = 0; i < shown; ++i) {
    std::printf("  %s: %s\n", printable(remarks[i].file).c_str(), remarks[i].text.c_str());
  }
  if (shown < remarks.size())
    std::printf("  and %s more (--all)\n", grouped(remarks.size() - shown).c_str());
}

std::string title(const Chain& chain, const std::string& chain_file) {
  std::string text =
      chain.name.empty() ? std::string(stem_of(name_of_path(chain_file))) : chain.name;
  text = printable(text) + ": ";
  if (chain.draws()) {
    text += chain.seed ? "seed " + to_json(*chain.seed).dump() : "a seed drawn when it is run";
    text += " from " + std::string(name_of(chain.seed_from)) + ", ";
  }
  text += chain.output.format ? std::string(codec_of(*chain.output.format).name)
                              : "format as the input";
  if (chain.copies > 1)
    text += ", " + count_of(static_cast<std::uint64_t>(chain.copies), "copy", "copies") + " each";
  return text;
}

struct PlanArguments {
  ChainArguments chain;
  InputArguments inputs;
  int jobs = 0;
  bool all = false;
  ReportOptions report;
};

int run_plan(const PlanArguments& arguments) {
  Report report(arguments.report);
  const auto chain = load_chain(arguments.chain, report);
  if (!chain) return kExitUsage;
  int exit = kExitOk;
  auto inputs = load_inputs(arguments.inputs, "", report, exit);
  if (!inputs) return exit;
  const int jobs = resolve_jobs(arguments.jobs);
  std::size_t passed_over = 0;
  if (chain->uses_index()) passed_over = keep_images(*inputs, jobs);
  return print_plan(*chain, *inputs, jobs, arguments.all, arguments.chain.file, passed_over);
}

}  // namespace

int print_plan(const Chain& given, const InputList& inputs, int jobs, bool all,
               const std::string& chain_file, std::size_t passed_over, bool allow_empty) {
  Chain chain = given;
  std::printf("%s\n", title(chain, chain_file).c_str());
  if (!chain.seed) chain.seed = SeedPair{};  // shapes and shares do not depend on it
  Forecast plan = forecast(chain, inputs, jobs);
  plan.passed_over += passed_over;
  print_shapes(chain, plan, all);
  std::printf("\n%s in, %s out, about %s (%s uncompressed)\n",
              count_of(plan.images, "image").c_str(), grouped(plan.outputs).c_str(),
              byte_size(plan.bytes_about).c_str(), byte_size(plan.bytes_raw).c_str());
  if (plan.passed_over > 0) {
    std::printf("%s passed over: no images\n", count_of(plan.passed_over, "file").c_str());
  }
  if (!inputs.left_out.empty())
    std::printf("%s left out (hidden, or no files)\n", grouped(inputs.left_out.size()).c_str());
  print_remarks(plan.failing, "cannot be done", "cannot be done", all);
  print_remarks(plan.skipped, "is skipped", "are skipped", all);
  print_remarks(plan.resized, "is resized", "are resized", all);
  const auto clashes = find_clashes(chain, inputs);
  if (clashes.empty()) {
    std::printf("no two inputs share an output\n");
  } else {
    std::printf("%s of outputs, a run will be refused:\n",
                count_of(clashes.size(), "clash", "clashes").c_str());
    for (const std::string& clash : clashes)
      std::printf("  %s\n", clash.c_str());
    std::printf("  %s\n", advice_on_clashes(chain, inputs).c_str());
  }
  const bool empty = plan.images == 0 && !allow_empty;
  if (empty) std::printf("%s\n", no_images_text(inputs, plan.passed_over).c_str());
  return !clashes.empty() ? kExitUsage : plan.failing.empty() && !empty ? kExitOk : kExitImages;
}

void add_plan(CLI::App& app, int& exit) {
  CLI::App* command =
      app.add_subcommand("plan", "Show what a run would do, from the headers alone");
  const auto arguments = std::make_shared<PlanArguments>();
  add_chain_options(*command, arguments->chain);
  add_input_options(*command, arguments->inputs);
  add_jobs_option(*command, arguments->jobs);
  command->add_flag("-a,--all", arguments->all, "Every shape and every remark");
  add_report_options(*command, arguments->report);
  command->footer(
      "\nNothing is decoded and nothing is written. Exit code 1 where images would fail, 2 where a "
      "run would be refused.\n\nExample:\n  deckle plan train-224.json photos");
  command->callback([arguments, &exit] { exit = run_plan(*arguments); });
}

}  // namespace deckle::cli

// SPDX-License-Identifier: Apache-2.0
#include "cmd_plan.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/forecast.h"
#include "batch/survey.h"
#include "chain/plan.h"
#include "codecs/formats.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "layers/registry.h"
#include "options.h"
#include "session.h"

namespace deckle::cli {
namespace {

constexpr std::size_t kShownShapes = 3;
constexpr std::size_t kShownRemarks = 10;

std::size_t width_of(std::string_view text) {
  // Approximate columns on a terminal: counts characters, not bytes.
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
    print_line(line);
  }
}

std::string layer_text(const Chain& chain, std::size_t i) {
  const Layer& layer = chain.layers[i];
  return std::to_string(i) + " " + std::string(layer.spec->name) + "  " +
         short_arguments(layer.config);
}

void print_shapes(const Chain& chain, const Forecast& forecast, bool all) {
  const std::size_t shown =
      all ? forecast.groups.size() : std::min(forecast.groups.size(), kShownShapes);
  std::vector<std::vector<std::string>> rows(chain.layers.size() + 2);
  rows.front().push_back("layer");
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    rows[i + 1].push_back(layer_text(chain, i));
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
    print_line("  " + printable(remarks[i].file) + ": " + remarks[i].text);
  }
  if (shown < remarks.size())
    std::printf("  and %s more (--all)\n", grouped(remarks.size() - shown).c_str());
}

std::string shown_name(const Chain& chain, const std::string& chain_file) {
  return chain.name.empty() ? std::string(stem_of(name_of_path(chain_file))) : chain.name;
}

void print_effect(Effect effect, const std::vector<std::string>& files, bool all) {
  if (files.empty()) return;
  print_line(text_of(effect, files.size()));
  for (const std::string& file : files) {
    if (all) print_line("  " + printable(file));
  }
}

std::string title(const Chain& chain, const std::string& chain_file) {
  std::string text = printable(shown_name(chain, chain_file)) + ": ";
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
  std::string input_shape;
  int jobs = 0;
  bool all = false;
  ReportOptions report;
};

// "3 x 256 x 256" in the order of the chain's arrays.
OpenShape open_shape(const Chain& chain, const Shape& shape) {
  OpenShape open;
  for (int a = 0; a < shape.rank; ++a)
    open.emplace_back(shape[a]);
  open.emplace_back(shape.channels);
  return in_layout_of(chain, open);
}

// The shape, if no size is open.
std::optional<Shape> closed(const OpenShape& open) {
  Shape shape;
  shape.rank = static_cast<int>(open.size()) - 1;
  for (const auto& extent : open) {
    if (!extent) return std::nullopt;
  }
  for (int a = 0; a < shape.rank; ++a)
    shape[a] = *open[static_cast<std::size_t>(a)];
  shape.channels = *open.back();
  return shape;
}

// The shapes up to the first layer that fails, and the reason if one fails.
struct Shapes {
  std::vector<Shape> shapes;
  std::optional<Error> error;
};

Shapes shapes_of(const Chain& chain, const Shape& input) {
  auto all = plan_shapes(chain, input);
  if (all) return {*std::move(all), std::nullopt};
  Shapes result{{}, all.error()};
  // The layers before the one that fails.
  Chain part = chain;
  while (!part.layers.empty() && result.shapes.empty()) {
    part.layers.pop_back();
    if (auto some = plan_shapes(part, input)) result.shapes = *std::move(some);
  }
  return result;
}

Json shapes_json(const Chain& chain, const std::vector<Shape>& shapes,
                 const std::vector<std::int64_t>& parameters, std::int64_t total) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const bool known = i + 1 < shapes.size();
    layers.push_back({{"layer", i},
                      {"class_name", chain.layers[i].spec->name},
                      {"output_shape", known ? to_json(open_shape(chain, shapes[i + 1])) : Json()},
                      {"parameters", known ? Json(parameters[i]) : Json()}});
  }
  return {{"input_shape", to_json(open_shape(chain, shapes.front()))},
          {"layers", layers},
          {"parameters", total}};
}

// Prints a table like Keras's model.summary(). Needs no files and no weights.
int print_shapes_alone(const Chain& chain, const Shape& input, bool json, Report& report) {
  const auto [shapes, error] = shapes_of(chain, input);
  if (shapes.empty()) {
    report.error(error->message);
    return kExitImages;
  }
  const std::vector<std::int64_t> parameters = count_parameters(chain, shapes);
  std::int64_t total = 0;
  for (std::size_t i = 0; i + 1 < shapes.size(); ++i)
    total += parameters[i];
  if (json) {
    print_json(shapes_json(chain, shapes, parameters, total));
  } else {
    std::vector<std::vector<std::string>> rows;
    rows.push_back(
        {"layer", chain.channels_first ? "output (channels first)" : "output", "parameters"});
    rows.push_back({"input", to_string(open_shape(chain, shapes.front()))});
    for (std::size_t i = 0; i < chain.layers.size(); ++i) {
      rows.push_back({layer_text(chain, i)});
      if (i + 1 >= shapes.size()) {
        rows.back().emplace_back("cannot");
        continue;
      }
      rows.back().push_back(to_string(open_shape(chain, shapes[i + 1])));
      rows.back().push_back(grouped(static_cast<std::uint64_t>(parameters[i])));
    }
    print_table(rows);
    std::printf("\n%s\n", count_of(static_cast<std::uint64_t>(total), "parameter").c_str());
  }
  if (!error) return kExitOk;
  report.error(error->message);
  return kExitImages;
}

int run_shapes(const PlanArguments& arguments, Report& report) {
  ChainArguments without_weights = arguments.chain;
  without_weights.purpose = Purpose::Shapes;
  const auto chain = load_chain(without_weights, report);
  if (!chain) return kExitUsage;
  OpenShape shape = chain->input_shape;
  if (!arguments.input_shape.empty()) {
    const auto given = parse_input_shape(*chain, arguments.input_shape, report);
    if (!given) return kExitUsage;
    shape = *given;
  }
  if (shape.empty()) {
    report.error("no input: give folders or files, --files-from, or --input-shape");
    return kExitUsage;
  }
  const auto input = closed(shape);
  if (!input) {
    report.error("the input's shape, " + to_string(in_layout_of(*chain, shape)) +
                 ", leaves a size open; give all sizes with --input-shape, such as 480,640,3");
    return kExitUsage;
  }
  return print_shapes_alone(*chain, *input, arguments.report.json, report);
}

// What a run would do, and the reasons why it would be refused.
struct Outlook {
  Forecast plan;
  std::vector<std::string> clashes;
  std::string advice;    // on the clashes
  std::string no_image;  // why a run would fail because it has no images; "" if it has some
};

void print_text(const Chain& chain, const InputList& inputs, const Outlook& outlook, bool all) {
  const Forecast& plan = outlook.plan;
  print_shapes(chain, plan, all);
  std::printf("\n%s in, %s out, about %s (%s uncompressed)\n",
              count_of(plan.images, "image").c_str(), grouped(plan.outputs).c_str(),
              byte_size(plan.bytes_about).c_str(), byte_size(plan.bytes_raw).c_str());
  if (plan.not_images > 0) {
    std::printf("%s skipped: no images\n", count_of(plan.not_images, "file").c_str());
  }
  if (!inputs.left_out.empty()) print_line(left_out_text(inputs));
  for (std::size_t i = 0; i < plan.effects.size(); ++i)
    print_effect(static_cast<Effect>(i), plan.effects.at(i), all);
  print_remarks(plan.failing, "cannot be done", "cannot be done", all);
  print_remarks(plan.skipped, "is skipped", "are skipped", all);
  print_remarks(plan.resized, "is resized", "are resized", all);
  if (outlook.clashes.empty()) {
    std::printf("no two inputs share an output\n");
  } else {
    std::printf("%s of outputs, a run will be refused:\n",
                count_of(outlook.clashes.size(), "clash", "clashes").c_str());
    for (const std::string& clash : outlook.clashes)
      print_line("  " + clash);
    print_line("  " + outlook.advice);
  }
  if (!outlook.no_image.empty()) print_line(outlook.no_image);
}

Json remarks_json(const std::vector<Remark>& remarks) {
  Json all = Json::array();
  for (const Remark& remark : remarks)
    all.push_back({{"file", to_utf8(remark.file)}, {"why", to_utf8(remark.text)}});
  return all;
}

// The same content as the text, but complete. Shapes are in the order of the chain's arrays.
Json plan_json(const Chain& chain, const std::string& name, const InputList& inputs,
               const Outlook& outlook) {
  const Forecast& plan = outlook.plan;
  const auto shape_json = [&](const Shape& shape) { return to_json(open_shape(chain, shape)); };
  Json layers = Json::array();
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const Layer& layer = chain.layers[i];
    layers.push_back({{"layer", i},
                      {"class_name", layer.spec->name},
                      {"arguments", to_utf8(short_arguments(layer.config))}});
  }
  Json groups = Json::array();
  for (const ShapeGroup& group : plan.groups) {
    Json shapes;  // null if a layer fails
    for (std::size_t i = 1; i < group.shapes.size(); ++i)
      shapes.push_back(shape_json(group.shapes[i]));
    groups.push_back(
        {{"input_shape", shape_json(group.input)},
         {"batch", group.batch ? Json(*group.batch) : Json()},
         {"files", group.files},
         {"outputs", group.done * static_cast<std::size_t>(chain.copies)},
         {"output_shapes", group.shapes.size() == 1 ? Json::array() : std::move(shapes)},
         {"needed", group.done == 0 ? Json() : Json(group.needed)}});
  }
  Json effects = Json::object();
  for (std::size_t i = 0; i < plan.effects.size(); ++i) {
    for (const std::string& file : plan.effects.at(i))
      effects[std::string(name_of(static_cast<Effect>(i)))].push_back(to_utf8(file));
  }
  Json clashes = Json::array();
  for (const std::string& clash : outlook.clashes)
    clashes.push_back(to_utf8(clash));
  return {{"name", to_utf8(name)},
          {"draws", chain.draws()},
          {"seed", chain.seed ? to_json(*chain.seed) : Json()},
          {"seed_from", name_of(chain.seed_from)},
          {"format", chain.output.format ? codec_of(*chain.output.format).name : "same"},
          {"copies", chain.copies},
          {"layers", std::move(layers)},
          {"inputs", std::move(groups)},
          {"images", plan.images},
          {"outputs", plan.outputs},
          {"bytes_about", plan.bytes_about},
          {"bytes_uncompressed", plan.bytes_raw},
          {"passed_over", plan.not_images},  // the former name
          {"not_images", plan.not_images},
          {"left_out", inputs.left_out.size()},
          {"effects", std::move(effects)},
          {"failing", remarks_json(plan.failing)},
          {"skipped", remarks_json(plan.skipped)},
          {"resized", remarks_json(plan.resized)},
          {"clashes", std::move(clashes)},
          {"advice", outlook.advice.empty() ? Json() : Json(to_utf8(outlook.advice))},
          {"no_image", outlook.no_image.empty() ? Json() : Json(to_utf8(outlook.no_image))}};
}

int run_plan(const PlanArguments& arguments) {
  Report report(arguments.report);
  const bool no_files = arguments.inputs.inputs.empty() && arguments.inputs.files_from.empty();
  if (no_files && !arguments.inputs.null_separated) return run_shapes(arguments, report);
  if (!arguments.input_shape.empty()) {
    report.error("--input-shape is for a plan without files; give one of the two");
    return kExitUsage;
  }
  const auto chain = load_chain(arguments.chain, report);
  if (!chain) return kExitUsage;
  int exit = kExitOk;
  auto inputs = load_inputs(arguments.inputs, "", report, exit);
  if (!inputs) return exit;
  const int jobs = resolve_jobs(arguments.jobs, report);
  std::size_t not_images = 0;
  if (chain->uses_index()) not_images = keep_images(*inputs, jobs);
  return print_plan(*chain, *inputs,
                    {.jobs = jobs,
                     .all = arguments.all,
                     .json = arguments.report.json,
                     .chain_file = arguments.chain.file,
                     .not_images = not_images});
}

}  // namespace

int print_plan(const Chain& given, const InputList& inputs, const PlanOptions& options) {
  Chain chain = given;
  if (!options.json) print_line(title(chain, options.chain_file));
  if (!chain.seed) chain.seed = SeedPair{};  // shapes and shares do not depend on it
  Outlook outlook;
  Forecast& plan = outlook.plan = forecast(chain, inputs, options.jobs);
  plan.not_images += options.not_images;
  outlook.clashes = find_clashes(chain, inputs);
  if (!outlook.clashes.empty()) outlook.advice = advice_on_clashes(chain, inputs);
  if (plan.images == 0 && !options.allow_empty)
    outlook.no_image = no_images_text(inputs, plan.not_images);
  if (options.json) {
    print_json(plan_json(given, shown_name(given, options.chain_file), inputs, outlook));
  } else {
    print_text(chain, inputs, outlook, options.all);
  }
  if (!outlook.clashes.empty()) return kExitUsage;
  return plan.failing.empty() && outlook.no_image.empty() ? kExitOk : kExitImages;
}

void add_plan(CLI::App& app, int& exit) {
  CLI::App* command =
      app.add_subcommand("plan", "Show what a run would do, from the headers alone");
  const auto arguments = std::make_shared<PlanArguments>();
  add_chain_options(*command, arguments->chain);
  add_input_options(*command, arguments->inputs);
  command
      ->add_option("--input-shape", arguments->input_shape,
                   "Instead of INPUT: the shape of one input, in the order of the chain's arrays; "
                   "no file and no weights are needed")
      ->option_text("ROWS,COLS,CHANNELS");
  add_jobs_option(*command, arguments->jobs);
  command->add_flag("-a,--all", arguments->all, "Every shape and every remark");
  add_report_options(*command, arguments->report);
  command->footer(
      "\nNothing is decoded and nothing is written. Exit code 1 if images would fail, 2 if a run "
      "would be refused. With --log-format json one object, in which nothing is cut short. "
      "Without INPUT: the shapes after each layer and the numbers of "
      "parameters, for --input-shape or \"input\": {\"shape\": ..} of the chain.\n\n"
      "Examples:\n  deckle plan train-224.json photos\n"
      "  deckle plan model.json --input-shape 256,256,3");
  command->callback([arguments, &exit] { exit = run_plan(*arguments); });
}

}  // namespace deckle::cli

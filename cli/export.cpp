// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <memory>

#include "arguments.h"
#include "chain/keras_model.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "report.h"

namespace deckle::cli {
namespace {

struct ExportArguments {
  ChainArguments chain;
  std::string keras = "3";
  std::string input_shape;
};

// "480,640,3", "none" for what is open: the order is that of the arrays.
bool set_input_shape(Chain& chain, const std::string& text, Report& report) {
  chain.input_shape.clear();
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    const auto extent = whole_number(parse_json(word), 1, "");
    if (!extent && word != "none") {
      report.error("--input-shape: \"" + printable(word) +
                   "\" is not a size; give whole numbers of at least 1, or none where one is open, "
                   "such as 480,640,3");
      return false;
    }
    chain.input_shape.push_back(extent ? std::optional(*extent) : std::nullopt);
  }
  const auto axes = static_cast<std::size_t>(chain.rank) + 1;
  if (chain.input_shape.size() != axes) {
    report.error("--input-shape: the layers take " + std::to_string(axes) +
                 " axes, channels included and without the batch, not " +
                 std::to_string(chain.input_shape.size()));
    return false;
  }
  auto& shape = chain.input_shape;
  if (chain.channels_first) std::rotate(shape.begin(), shape.begin() + 1, shape.end());
  return true;
}

int run_export(const ExportArguments& arguments) {
  Report report({});
  const auto keras = keras_version(arguments.keras);
  if (!keras) {
    report.error("--keras: \"" + printable(arguments.keras) +
                 "\" is not a version of Keras; give 1, 2, 3, or one such as 2.3");
    return kExitUsage;
  }
  const auto loaded = load_chain_and_text(arguments.chain, report);
  if (!loaded) return kExitUsage;
  auto [chain, text] = *loaded;
  if (!arguments.input_shape.empty() && !set_input_shape(chain, arguments.input_shape, report))
    return kExitUsage;
  const auto result = to_keras(chain, *keras);
  if (const auto* mistakes = std::get_if<std::vector<Mistake>>(&result)) {
    report_mistakes(placed(*mistakes, std::get<JsonText>(JsonText::parse(text))),
                    arguments.chain.file, text, report);
    return kExitUsage;
  }
  std::printf("%s\n",
              std::get<Json>(result).dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return kExitOk;
}

}  // namespace

void add_export(CLI::App& app, int& exit) {
  CLI::App* command =
      app.add_subcommand("export", "Print a chain's layers as a Keras model (Sequential, JSON)");
  const auto arguments = std::make_shared<ExportArguments>();
  add_chain_file_options(*command, arguments->chain);
  command
      ->add_option("--keras", arguments->keras,
                   "Who is to read it: 1, 2 or 3, or a version such as 2.3 (default: 3)")
      ->option_text("VERSION");
  command
      ->add_option("--input-shape", arguments->input_shape,
                   "The shape of one input, instead of the chain's; none where it is open")
      ->option_text("ROWS,COLS,CHANNELS");
  command->footer(
      "\nThe layers alone: seed, copies, input and output of the chain have no place in a model. "
      "What that Keras cannot do is refused.\n\n"
      "Examples:\n"
      "  deckle export train-224.json --input-shape none,none,3 > model.json\n"
      "  python3 -c 'import keras; keras.models.model_from_json(open(\"model.json\").read())'");
  command->callback([arguments, &exit] { exit = run_export(*arguments); });
}

}  // namespace deckle::cli

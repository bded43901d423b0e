// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "chain/keras_export.h"
#include "chain/keras_model.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "layers/random_crop.h"
#include "options.h"
#include "report.h"

namespace deckle::cli {
namespace {

struct ExportArguments {
  ChainArguments chain;
  std::string keras = "3";
  std::string input_shape;
};

// Whether RandomCrop of this Keras version gives other results than that of the chain.
bool crops_otherwise(const Chain& chain, KerasVersion keras) {
  return std::any_of(chain.layers.begin(), chain.layers.end(), [&](const Layer& layer) {
    const auto in_training = [](KerasVersion version) {
      const CropRules rules = crop_rules(version);
      return rules == CropRules::TrainsOnly ? CropRules::Centres : rules;
    };
    return layer.spec->name == "RandomCrop" && in_training(layer.keras) != in_training(keras);
  });
}

int run_export(const ExportArguments& arguments) {
  Report report({});
  const auto keras = keras_version(arguments.keras);
  if (!keras || keras->tensorflow) {
    report.error("--keras: \"" + printable(arguments.keras) +
                 "\" is not a version of Keras that can be written; give 1, 2, 3, or a version "
                 "such as 2.3, of " +
                 known_keras_versions());
    return kExitUsage;
  }
  const auto loaded = load_chain_and_text(arguments.chain, report);
  if (!loaded) return kExitUsage;
  auto [chain, text] = *loaded;
  if (!arguments.input_shape.empty()) {
    const auto shape = parse_input_shape(chain, arguments.input_shape, report);
    if (!shape) return kExitUsage;
    chain.input_shape = *shape;
  }
  const auto result = to_keras(chain, *keras);
  if (const auto* mistakes = std::get_if<std::vector<Mistake>>(&result)) {
    report_mistakes(with_positions(*mistakes, std::get<JsonText>(JsonText::parse(text))),
                    arguments.chain.file, text, report);
    return kExitUsage;
  }
  if (crops_otherwise(chain, *keras)) {
    report.warning("RandomCrop of Keras " + to_text(*keras) +
                   " treats images that are not larger than the crop differently: up to Keras 3.5 "
                   "it resizes smaller images; from 3.6 it shows the window that begins at the "
                   "same place, without resizing");
  }
  print_json(std::get<Json>(result), 2);
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
                   "The Keras that reads it: 1, 2 or 3, or a version such as 2.3 (default: 3)")
      ->option_text("VERSION");
  command
      ->add_option("--input-shape", arguments->input_shape,
                   "The shape of one input, instead of the chain's; none for an open size")
      ->option_text("ROWS,COLS,CHANNELS");
  command->footer(
      "\nOnly the layers are written: a model cannot contain the chain's seed, copies, input and "
      "output. "
      "What that Keras cannot do is an error.\n\n"
      "Examples:\n"
      "  deckle export train-224.json --input-shape none,none,3 > model.json\n"
      "  python3 -c 'import keras; keras.models.model_from_json(open(\"model.json\").read())'");
  command->callback([arguments, &exit] { exit = run_export(*arguments); });
}

}  // namespace deckle::cli

// SPDX-License-Identifier: Apache-2.0
#include "chain/chain.h"

#include <algorithm>
#include <cstddef>

#include "chain/chain_words.h"
#include "chain/output_names.h"
#include "codecs/formats.h"

namespace deckle {

bool starts_from_pair(const Layer& layer, const std::optional<SeedPair>& chain_seed) {
  return layer.generator != Generator::Stateless && !layer.seed && chain_seed && chain_seed->b != 0;
}

bool Chain::draws() const {
  return std::any_of(layers.begin(), layers.end(),
                     [](const Layer& layer) { return layer.choose != nullptr; });
}

bool Chain::needs_seed() const {
  return std::any_of(layers.begin(), layers.end(),
                     [](const Layer& layer) { return layer.choose != nullptr && !layer.seed; });
}

bool Chain::uses_index() const {
  const bool counts = std::any_of(layers.begin(), layers.end(), [](const Layer& layer) {
    return layer.choose != nullptr && layer.generator != Generator::Stateless;
  });
  return counts || seed_from == SeedFrom::Index || is_indexed_name(output.name);
}

std::string_view name_of(SeedFrom from) {
  return kSeedFrom.at(static_cast<std::size_t>(from));
}

std::vector<std::string_view> output_formats() {
  std::vector<std::string_view> names;
  for (const Codec& codec : codecs()) {
    if (codec.encoder) names.push_back(codec.name);
  }
  return names;
}

Json to_json(SeedPair seed) {
  return seed.b == 0 ? Json(seed.a) : Json::array({seed.a, seed.b});
}

std::vector<std::int64_t> count_parameters(const Chain& chain, const std::vector<Shape>& shapes) {
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i < chain.layers.size() && i < shapes.size(); ++i) {
    const auto& parameters = chain.layers[i].parameters;
    counts.push_back(parameters ? parameters(shapes[i]) : 0);
  }
  return counts;
}

OpenShape in_layout_of(const Chain& chain, OpenShape shape) {
  if (chain.channels_first && !shape.empty())
    std::rotate(shape.begin(), shape.end() - 1, shape.end());
  return shape;
}

Json to_json(const OpenShape& shape) {
  Json list = Json::array();
  for (const auto& extent : shape)
    list.push_back(extent ? Json(*extent) : Json(nullptr));
  return list;
}

std::string to_string(const OpenShape& shape) {
  std::string text;
  for (const auto& extent : shape)
    text += (text.empty() ? "" : " x ") + (extent ? std::to_string(*extent) : "any");
  return text;
}

Json resolved(const Chain& chain) {
  Json json = Json::object();
  if (!chain.name.empty()) json["name"] = chain.name;
  if (chain.seed) json["seed"] = to_json(*chain.seed);
  json["seed_from"] = name_of(chain.seed_from);
  json["copies"] = chain.copies;
  json["batch_size"] = chain.batch_size;
  json["data_format"] = kDataFormats.at(chain.channels_first ? 1 : 0);
  json["as"] = kAs.at(static_cast<std::size_t>(chain.as));
  json["keras"] = to_text(chain.keras);
  json["layers"] = Json::array();
  for (const Layer& layer : chain.layers) {
    Json entry{{"class_name", layer.spec->name}};
    if (layer.keras != chain.keras) entry["keras"] = to_text(layer.keras);
    entry["config"] = layer.config;
    if (!layer.input_shape.empty())
      entry["config"]["input_shape"] = to_json(in_layout_of(chain, layer.input_shape));
    json["layers"].push_back(std::move(entry));
  }
  json["input"] = {{"orientation", kOrientations.at(chain.input.apply_orientation ? 0 : 1)},
                   {"truncated", kTruncated.at(chain.input.accept_truncated ? 1 : 0)},
                   {"check", kChecks.at(chain.input.check_all ? 1 : 0)},
                   {"max_pixels", chain.input.max_pixels},
                   {"pages", kPages.at(chain.input.volume ? 1 : 0)},
                   {"palette", kPalettes.at(chain.input.index ? 1 : 0)},
                   {"color_mode", kColorModes.at(static_cast<std::size_t>(chain.input.color_mode))},
                   {"icc", kProfiles.at(chain.input.to_srgb ? 1 : 0)}};
  if (chain.input.background) json["input"]["background"] = *chain.input.background;
  if (!chain.input_shape.empty()) {
    json["input"]["shape"] = to_json(chain.input_shape);
  }
  if (chain.model_input_dtype != DType::Float32)
    json["input"]["dtype"] = name_of(chain.model_input_dtype);
  Json output = {{"format", chain.output.format ? codec_of(*chain.output.format).name : "same"}};
  if (chain.output.quality) output["quality"] = *chain.output.quality;
  if (chain.output.lossless) output["quality"] = "lossless";
  if (chain.output.jpeg_lossless) output["jpeg"] = "lossless";
  if (chain.output.compression) output["compression"] = *chain.output.compression;
  if (chain.output.dtype) output["dtype"] = name_of(*chain.output.dtype);
  if (chain.output.stack) output["stack"] = true;
  if (chain.output.channels_first)
    output["data_format"] = kDataFormats.at(*chain.output.channels_first ? 1 : 0);
  if (!chain.output.name.empty()) output["name"] = chain.output.name;
  output["metadata"] = kMetadata.at(static_cast<std::size_t>(chain.output.metadata));
  json["output"] = output;
  return json;
}

std::string short_arguments(const Json& config) {
  const auto uniform = [](const Json& value) {
    std::vector<Json> flat;
    for (const Json& entry : value) {
      if (entry.is_array()) {
        flat.insert(flat.end(), entry.begin(), entry.end());
      } else {
        flat.push_back(entry);
      }
    }
    const bool same = !flat.empty() && std::all_of(flat.begin(), flat.end(), [&](const Json& n) {
      return n == flat.front();
    });
    return same ? flat.front().dump() : value.dump();
  };
  if (config.contains("height") && config.contains("width"))
    return config["height"].dump() + " x " + config["width"].dump();
  if (config.contains("kernel_size")) {
    const Json kernel = config.value("kernel", Json());
    return (kernel.is_string() ? kernel.get<std::string>() + " " : "") +
           uniform(config["kernel_size"]) +
           (config.contains("filters") ? ", " + config["filters"].dump() + " filters" : "");
  }
  for (const char* argument : {"cropping", "padding", "size"}) {
    if (config.contains(argument)) return uniform(config[argument]);
  }
  return "";
}

}  // namespace deckle

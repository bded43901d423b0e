// SPDX-License-Identifier: Apache-2.0
// Chains and single layers from JSON text.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "chain/chain.h"
#include "chain/chain_file.h"

namespace deckle::test {

using Lines = std::vector<std::string>;

/// The mistakes of a chain as "line:column pointer: message"; none if the chain is right.
inline Lines mistakes_in(std::string_view text, const std::string& folder = "") {
  const auto result = read_chain(text, false, folder);
  Lines lines;
  if (const auto* mistakes = std::get_if<Mistakes>(&result)) {
    for (const LocatedMistake& mistake : *mistakes) {
      lines.push_back(std::to_string(mistake.position.line) + ":" +
                      std::to_string(mistake.position.column) + " " + mistake.pointer + ": " +
                      mistake.message);
    }
  }
  return lines;
}

/// The chain of a text that must be right.
inline Chain chain_of(std::string_view text, const std::string& folder = "") {
  auto result = read_chain(text, false, folder);
  if (auto* chain = std::get_if<Chain>(&result)) return std::move(*chain);
  std::string message = "not a chain: " + std::string(text);
  for (const std::string& line : mistakes_in(text, folder))
    message += "\n  " + line;
  throw std::runtime_error(message);
}

inline std::string one_layer(const std::string& class_name, const std::string& config) {
  return R"({"layers": [{"class_name": ")" + class_name + R"(", "config": )" + config + "}]}";
}

/// What a random layer draws from this pair for a picture.
inline Draws draws_from(SeedPair seed) {
  Draws draws;
  draws.seed = seed;
  return draws;
}

/// The layer of a config that must be right.
inline Layer layer_of(const std::string& class_name, const std::string& config) {
  return chain_of(one_layer(class_name, config)).layers.at(0);
}

/// The arguments of the layer, normalised.
inline Json config_of(const std::string& class_name, const std::string& config) {
  return layer_of(class_name, config).config;
}

/// The mistakes of one layer as "pointer: message", the pointer counted from its config.
inline Lines mistakes_of(const std::string& class_name, const std::string& config) {
  const auto result = read_chain(one_layer(class_name, config));
  Lines lines;
  if (const auto* mistakes = std::get_if<Mistakes>(&result)) {
    for (const LocatedMistake& mistake : *mistakes) {
      std::string pointer = mistake.pointer;
      const std::string here = "/layers/0/config";
      if (pointer.starts_with(here)) pointer.erase(0, here.size());
      lines.push_back(pointer + ": " + mistake.message);
    }
  }
  return lines;
}

/// The layer's output for one image, or why there is none.
inline std::string output_of(const Layer& layer, const Shape& in) {
  const Result<Shape> out = layer.output_shape(in);
  if (out) return to_string(*out);
  return std::string(error_name(out.error().code)) + ": " + out.error().message;
}

/// Whether parsing what config() gives yields the same config.
inline bool comes_back(const Layer& layer) {
  return config_of(std::string(layer.spec->name), layer.config.dump()) == layer.config;
}

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
#include "layers/registry.h"

#include <algorithm>

#include "layers/synonyms.h"

namespace deckle {

std::span<const LayerSpec> layer_specs() {
  static const std::vector<LayerSpec> kSpecs = all_layers();
  return kSpecs;
}

const LayerSpec* find_layer(std::string_view class_name) {
  const std::string_view name = present_class(class_name);
  for (const LayerSpec& spec : layer_specs()) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::vector<std::string_view> layer_names() {
  std::vector<std::string_view> names;
  for (const LayerSpec& spec : layer_specs())
    names.push_back(spec.name);
  return names;
}

bool has_weights(const LayerSpec& spec) {
  return std::any_of(spec.arguments.begin(), spec.arguments.end(),
                     [](const ArgumentSpec& argument) { return argument.name == "weights"; });
}

}  // namespace deckle

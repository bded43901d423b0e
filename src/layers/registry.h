// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "layers/layer.h"

namespace deckle {

/// Every kind of layer, in the order of the documentation.
[[nodiscard]] std::span<const LayerSpec> layer_specs();
[[nodiscard]] const LayerSpec* find_layer(std::string_view class_name);
[[nodiscard]] std::vector<std::string_view> layer_names();
/// Whether the layer computes with weights that it has to be given.
[[nodiscard]] bool has_weights(const LayerSpec& spec);

}  // namespace deckle

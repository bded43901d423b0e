// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "layers/layer.h"

namespace deckle {

/// The layers of all files: each src/layers/x.cpp defines x_layers(), with a row for each of its
/// layers. The list DECKLE_LAYERS in CMakeLists.txt names the files; layer_list.cpp.in becomes the
/// function that calls them.
[[nodiscard]] std::vector<LayerSpec> all_layers();

/// All kinds of layers, in the order of that list.
[[nodiscard]] std::span<const LayerSpec> layer_specs();
[[nodiscard]] const LayerSpec* find_layer(std::string_view class_name);
[[nodiscard]] std::vector<std::string_view> layer_names();
/// Whether the layer needs weights.
[[nodiscard]] bool has_weights(const LayerSpec& spec);

}  // namespace deckle

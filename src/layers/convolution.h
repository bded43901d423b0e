// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/layer.h"

namespace deckle {

[[nodiscard]] LayerSpec conv1d_spec();
[[nodiscard]] LayerSpec conv2d_spec();
[[nodiscard]] LayerSpec conv3d_spec();
[[nodiscard]] LayerSpec separable_conv1d_spec();
[[nodiscard]] LayerSpec separable_conv2d_spec();
[[nodiscard]] LayerSpec depthwise_conv1d_spec();
[[nodiscard]] LayerSpec depthwise_conv2d_spec();
[[nodiscard]] LayerSpec conv1d_transpose_spec();
[[nodiscard]] LayerSpec conv2d_transpose_spec();
[[nodiscard]] LayerSpec conv3d_transpose_spec();

}  // namespace deckle

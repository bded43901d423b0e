// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/layer.h"

namespace deckle {

[[nodiscard]] LayerSpec cropping1d_spec();
[[nodiscard]] LayerSpec cropping2d_spec();
[[nodiscard]] LayerSpec cropping3d_spec();

}  // namespace deckle

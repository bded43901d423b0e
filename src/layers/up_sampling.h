// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/layer.h"

namespace deckle {

[[nodiscard]] LayerSpec up_sampling1d_spec();
[[nodiscard]] LayerSpec up_sampling2d_spec();
[[nodiscard]] LayerSpec up_sampling3d_spec();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/layer.h"

namespace deckle {

[[nodiscard]] LayerSpec zero_padding1d_spec();
[[nodiscard]] LayerSpec zero_padding2d_spec();
[[nodiscard]] LayerSpec zero_padding3d_spec();

}  // namespace deckle

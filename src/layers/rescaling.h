// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/layer.h"

namespace deckle {

[[nodiscard]] LayerSpec rescaling_spec();

}  // namespace deckle

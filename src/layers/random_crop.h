// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "layers/keras_version.h"

namespace deckle {

/// What RandomCrop does in each version of Keras.
enum class CropRules : std::uint8_t {
  Unknown,    ///< before 2.9
  Resizes,    ///< 2.9 to 3.5: random if the image is at least as large as the window, else resized
  Centres,    ///< 3.6, 3.7: random if it is larger on both sides, else a window in the middle
  TrainsOnly  ///< 3.8 and later: as 3.6 in training; at inference the image is not changed
};
[[nodiscard]] CropRules crop_rules(KerasVersion keras);

}  // namespace deckle

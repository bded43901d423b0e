// SPDX-License-Identifier: Apache-2.0
// orientation: turns pictures upright.
#pragma once

#include "core/tensor.h"
#include "geometry/window.h"

namespace deckle {

/// Turns `stored` to `upright` by EXIF's orientation 1 to 8 (others count as 1). They must be
/// different tensors.
void apply_orientation(const Tensor& stored, int orientation, Tensor& upright);

/// Converts a window of the upright picture to one of the stored picture of `stored` rows x cols,
/// and back.
[[nodiscard]] Window to_stored(const Window& upright, int orientation, const Shape& stored);
[[nodiscard]] Window to_upright(const Window& in_stored, int orientation, const Shape& stored);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// orientation: a picture as it is meant to be seen.
#pragma once

#include "core/tensor.h"
#include "geometry/window.h"

namespace deckle {

/// Makes `upright` of `stored` for EXIF's orientation 1 to 8 (others count as 1). The two must not
/// be the same tensor.
void apply_orientation(const Tensor& stored, int orientation, Tensor& upright);

/// Where a window of the upright picture lies in the stored one of `stored` rows x cols, and back.
[[nodiscard]] Window to_stored(const Window& upright, int orientation, const Shape& stored);
[[nodiscard]] Window to_upright(const Window& in_stored, int orientation, const Shape& stored);

}  // namespace deckle

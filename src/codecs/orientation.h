// SPDX-License-Identifier: Apache-2.0
// orientation: a picture as it is meant to be seen.
#pragma once

#include "core/tensor.h"

namespace deckle {

/// Makes `upright` of `stored` for EXIF's orientation 1 to 8 (others count as 1). The two must not
/// be the same tensor.
void apply_orientation(const Tensor& stored, int orientation, Tensor& upright);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// final_rounding: the last resize rounds its values itself.
#pragma once

#include <vector>

#include "core/dtype.h"
#include "ops/op.h"

namespace deckle {

/// If the operations end with a resize of 8 or 16 bit integers, and their output is stored as the
/// same type, the resize rounds to that type. The values are the same, and no image of floats is
/// written to memory. `input` is the type of the input, `depth` the type that is stored.
void fuse_final_rounding(std::vector<Op>& ops, DType input, DType depth);

}  // namespace deckle

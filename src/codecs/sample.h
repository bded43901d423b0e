// SPDX-License-Identifier: Apache-2.0
// sample: what a library makes of a small picture that is always the same. Libraries that have no
// call for their version are known by it: another version that makes other bytes, or pixels, has
// another one.
#pragma once

#include <string>

#include "core/bytes.h"
#include "core/tensor.h"

namespace deckle {

/// 48 x 64 x 3, uint8: slopes, an edge, and some noise.
[[nodiscard]] const Tensor& sample_picture();

/// Eight hex digits: enough to tell versions apart, short enough to be read.
[[nodiscard]] std::string short_digest(Bytes bytes);

}  // namespace deckle

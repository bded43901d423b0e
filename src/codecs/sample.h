// SPDX-License-Identifier: Apache-2.0
// sample: a small picture, always the same. Its digest, once a library has encoded it, identifies a
// library that does not report its version.
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

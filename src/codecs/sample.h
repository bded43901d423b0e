// SPDX-License-Identifier: Apache-2.0
// sample: a fixed small picture. The digest of its encoding identifies a library that does not
// report its version.
#pragma once

#include <string>

#include "core/bytes.h"
#include "core/tensor.h"

namespace deckle {

/// 48 x 64 x 3, uint8: slopes, an edge, and some noise.
[[nodiscard]] const Tensor& sample_picture();

/// Eight hex digits: enough to distinguish versions.
[[nodiscard]] std::string short_digest(Bytes bytes);

}  // namespace deckle

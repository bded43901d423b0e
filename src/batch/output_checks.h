// SPDX-License-Identifier: Apache-2.0
// output_checks: whether the output's format can store what a plan makes, before anything is
// decoded.
// Fails   Shape, Depth, Unsupported
#pragma once

#include <string>

#include "chain/chain.h"
#include "chain/plan.h"
#include "codecs/codec.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"

namespace deckle {

/// Fails if `target` cannot store the output. Shape: a batch cannot be stored in an image file.
/// Depth: the format cannot say what the channels of the input (`info`) are, indices of a palette
/// would not stay indices, or the format does not support the shape or type.
[[nodiscard]] Result<Done> check_output(const Codec& target, const Plan& plan,
                                        const ImageInfo& info, DType dtype);

/// Fails with Unsupported (or as the codec does) unless the output is a window of the picture as
/// `file` stores it, and that window can be cropped without loss.
[[nodiscard]] Result<Done> check_lossless(const Chain& chain, const Plan& plan,
                                          const ImageInfo& info, Bytes file, const Codec& target);

/// The error of a picture that cannot be cropped without loss, with the reason and what to do.
[[nodiscard]] Error not_lossless(const std::string& why);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// array: NumPy's .npy files as samples, and what the axes of an array mean.
// Shapes  (batch x) (axes) x channels, or channels before the axes  <->  batch of (axes) x channels
// Fails   interpret_array: Shape or TooLarge with the shape of the array; else as in npy.h
// Source  Keras' data_format for the order of the axes
#pragma once

#include <array>
#include <string_view>

#include "codecs/codec_options.h"
#include "codecs/image_info.h"
#include "core/result.h"

namespace deckle {

/// The spatial axes that layers of rank 1 to 3 take, for messages.
inline constexpr std::array<std::string_view, 3> kSpatialAxes{"steps", "rows x cols",
                                                              "planes x rows x cols"};

/// Sets `info.shape` and `info.batch` from `info.array`, for layers of `options.rank`.
[[nodiscard]] Result<Done> interpret_array(ImageInfo& info, const DecodeOptions& options);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// taps: the source pixels and weights of each output of a resized axis, as in TensorFlow and Keras.
// Centres of pixels lie at half-integers: output j looks at (j + 0.5) * in / out - 0.5.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/dtype.h"
#include "geometry/window.h"

namespace deckle {

enum class Interpolation : std::uint8_t {
  Nearest,
  Bilinear,
  Bicubic,  ///< Keys, a = -0.5
  Area,     ///< average of the box that the output pixel covers
  Lanczos3,
  Lanczos5,
  Gaussian,       ///< sigma 0.5, nothing from 1.5 on
  MitchellCubic,  ///< B = C = 1/3
};

/// Keras' names, in the order of Interpolation.
inline constexpr std::array<std::string_view, 8> kInterpolations{
    "nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"};

struct Resampling {
  Interpolation interpolation = Interpolation::Bilinear;
  /// Downsampling widens the kernel by in / out, and every source pixel counts. No effect on
  /// nearest and area, and on upsampling.
  bool antialias = false;
  /// Bilinear as in TensorFlow 1: output j looks at j * in / out, the corners of pixels.
  bool from_corners = false;

  bool operator==(const Resampling&) const = default;
};

/// The taps of each output along one axis: output j is the sum over k of weights[offset[j] + k] *
/// source[first[j] + k], k < offset[j + 1] - offset[j].
struct AxisTaps {
  std::vector<std::int32_t> first;   ///< by output; every tap lies inside the source
  std::vector<std::int64_t> offset;  ///< by output, and the end of the last one
  std::vector<double> weights;       ///< those of an output add up to 1

  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(first.size()); }
  [[nodiscard]] std::int64_t count(std::int64_t j) const {
    return offset[static_cast<std::size_t>(j) + 1] - offset[static_cast<std::size_t>(j)];
  }
};

/// The taps for an axis of `in` pixels that is resized to `out` pixels, both at least 1. Taps
/// outside the source are dropped and the others normalised. `computed_in` (Float32 or Float64)
/// matters only for bilinear, because TensorFlow rounds its centres to float32.
[[nodiscard]] AxisTaps taps_of(std::int64_t in, std::int64_t out, const Resampling& how,
                               DType computed_in = DType::Float32);

/// The source indices that the outputs of a range use; empty for no outputs.
[[nodiscard]] Interval sources_of(const AxisTaps& taps, const Interval& outputs);

/// By output: min(floor((j + 0.5) * in / out), in - 1) in float32, as in TensorFlow.
[[nodiscard]] std::vector<std::int32_t> nearest_indices(std::int64_t in, std::int64_t out);

}  // namespace deckle

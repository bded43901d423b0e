// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace deckle {

/// The most pixels along one axis, as in TensorFlow, whose draws have 32-bit limits.
inline constexpr std::int64_t kMaxExtent = 2147483647;

/// The shape of one sample: its spatial axes in order, in pixels, then the channels. There is no
/// batch axis. Use `sequence`, `image` or `volume`. Shape{480, 640, 3} does not compile, because
/// 480 would be the rank.
struct Shape {
  int rank = 2;                                 ///< number of spatial axes, 1 to 3
  std::array<std::int64_t, 3> extent{0, 0, 0};  ///< the first `rank` are used
  std::int64_t channels = 1;

  constexpr Shape() = default;
  constexpr Shape(int axes, const std::array<std::int64_t, 3>& extents, std::int64_t channel_count)
      : rank(axes), extent(extents), channels(channel_count) {}

  [[nodiscard]] static constexpr Shape sequence(std::int64_t steps, std::int64_t channels) {
    return {1, {steps, 0, 0}, channels};
  }
  [[nodiscard]] static constexpr Shape image(std::int64_t rows, std::int64_t cols,
                                             std::int64_t channels) {
    return {2, {rows, cols, 0}, channels};
  }
  [[nodiscard]] static constexpr Shape volume(std::int64_t planes, std::int64_t rows,
                                              std::int64_t cols, std::int64_t channels) {
    return {3, {planes, rows, cols}, channels};
  }
  [[nodiscard]] std::int64_t operator[](int axis) const {
    return extent.at(static_cast<std::size_t>(axis));
  }
  [[nodiscard]] std::int64_t& operator[](int axis) {
    return extent.at(static_cast<std::size_t>(axis));
  }
  [[nodiscard]] std::int64_t rows() const { return extent[0]; }
  [[nodiscard]] std::int64_t cols() const { return extent[1]; }

  /// The number of pixels, not counted per channel. In 2-D, extents up to kMaxExtent cannot
  /// overflow.
  [[nodiscard]] std::int64_t pixels() const;

  bool operator==(const Shape&) const = default;
};

/// A shape that inputs must have: extents, then channels. An entry without a value may be any
/// number. Empty: any shape.
using OpenShape = std::vector<std::optional<std::int64_t>>;

/// "480 x 640 x 3": rows, cols, channels.
[[nodiscard]] std::string to_string(const Shape& shape);

/// Fails with Usage if the shape is not valid: a rank that is not 1 to 3, an axis that is not 1 to
/// kMaxExtent long, no channel, or so many samples that 64 bits cannot count their bytes.
[[nodiscard]] Result<Done> check_shape(const Shape& shape);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/result.h"
#include "core/shape.h"

namespace deckle {

/// A half-open range of indices along one axis.
struct Interval {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] std::int64_t length() const { return end - begin; }
  bool operator==(const Interval&) const = default;
};

/// A half-open box in an image, one interval for each axis (2-D: rows, cols), in pixels. Empty if
/// nothing of the image is needed. It is made from a rank and intervals; a plain list of numbers
/// does not compile.
struct Window {
  int rank = 2;
  std::array<Interval, 3> axis{};

  constexpr Window() = default;
  constexpr Window(int axes, const std::array<Interval, 3>& intervals)
      : rank(axes), axis(intervals) {}

  [[nodiscard]] const Interval& operator[](int a) const {
    return axis.at(static_cast<std::size_t>(a));
  }
  [[nodiscard]] Interval& operator[](int a) { return axis.at(static_cast<std::size_t>(a)); }
  [[nodiscard]] std::int64_t pixels() const;
  /// The smallest window that contains both; an empty window does not count.
  [[nodiscard]] Window united_with(const Window& other) const;
  bool operator==(const Window&) const = default;
};

/// All of a picture or volume.
[[nodiscard]] Window whole(const Shape& shape);

/// "0 to 10, 0 to 20": for each axis, the end not included.
[[nodiscard]] std::string to_string(const Window& window);

/// Fails with Usage if the window is not inside a picture of this shape. An empty window is always
/// inside.
[[nodiscard]] Result<Done> check_window(const Window& window, const Shape& shape);

}  // namespace deckle

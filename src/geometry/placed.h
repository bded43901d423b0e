// SPDX-License-Identifier: Apache-2.0
// placed: where the input lies in the output. With it, coordinates are mapped to the output.
// Units   pixels of edges: pixel i covers i to i + 1, its centre is at i + 0.5
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "geometry/window.h"

namespace deckle {

/// One axis: where its two ends are in the output, in pixels. They are outside of the output if a
/// later layer cut them off. `begin` is above `end` if the axis is flipped. Copies of the input in
/// mirrored or repeated padding are not included.
struct AxisSpan {
  std::int64_t length = 1;  ///< of the input
  double begin = 0;
  double end = 1;

  AxisSpan() = default;
  explicit AxisSpan(std::int64_t n) : length(n), end(static_cast<double>(n)) {}

  /// Where a coordinate of the input lies in the output.
  [[nodiscard]] double carry(double at) const {
    return begin + at * (end - begin) / static_cast<double>(length);
  }
  /// Pixels of the output for each of the input, above 0.
  [[nodiscard]] double scale() const { return std::abs(end - begin) / static_cast<double>(length); }
  [[nodiscard]] bool flipped() const { return end < begin; }

  void move(double by) {
    begin += by;
    end += by;
  }
  /// By numerator / denominator. The product comes first: then whole lengths stay whole.
  void stretch(double numerator, double denominator = 1) {
    begin = begin * numerator / denominator;
    end = end * numerator / denominator;
  }
  void flip(std::int64_t output_length) {
    begin = static_cast<double>(output_length) - begin;
    end = static_cast<double>(output_length) - end;
  }

  bool operator==(const AxisSpan&) const = default;
};

/// One span for each axis: rows, cols for a picture.
using Spans = std::array<AxisSpan, 3>;

/// Where a window of the input lies in the output, for each axis. Manifests have this.
///
///     output = begin + (input - window.begin) * scale      not flipped
///     output = end - (input - window.begin) * scale        flipped
struct Placed {
  int rank = 2;
  std::array<double, 3> begin{};  ///< at most `end`
  std::array<double, 3> end{};
  std::array<double, 3> scale{1, 1, 1};
  std::array<bool, 3> flipped{};

  bool operator==(const Placed&) const = default;
};

[[nodiscard]] inline Placed place(const Spans& spans, const Window& window) {
  Placed result;
  result.rank = window.rank;
  for (int a = 0; a < window.rank; ++a) {
    const auto at = static_cast<std::size_t>(a);
    const AxisSpan& span = spans.at(at);
    const double x = span.carry(static_cast<double>(window[a].begin));
    const double y = span.carry(static_cast<double>(window[a].end));
    result.begin.at(at) = std::min(x, y);
    result.end.at(at) = std::max(x, y);
    result.scale.at(at) = span.scale();
    result.flipped.at(at) = span.flipped();
  }
  return result;
}

}  // namespace deckle

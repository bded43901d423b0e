// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "core/tensor.h"

namespace deckle {

/// A picture that comes row by row.
struct RowSource {
  Shape shape;
  DType dtype = DType::UInt8;
  /// Asked for every row once, from the top; what it gives is good until it is asked again. Null:
  /// there are no more, for a reason that whoever made this knows. Must not throw: libraries
  /// written in C stand in between.
  std::function<const std::uint8_t*(std::int64_t row)> row;

  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(shape[shape.rank - 1] * shape.channels) * size_of(dtype);
  }
};

/// The rows of samples in memory, which have to outlive them; of a volume those of all planes.
[[nodiscard]] inline RowSource rows_of(const Tensor& samples) {
  return {samples.shape, samples.dtype, [&samples](std::int64_t r) { return samples.row(r); }};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "core/tensor.h"

namespace deckle {

/// A picture that is read row by row.
struct RowSource {
  Shape shape;
  DType dtype = DType::UInt8;
  /// Called once for every row, from the top. The row is valid until the next call. Null: there are
  /// no more rows, and the owner of the source knows the reason. Must not throw, because libraries
  /// written in C call it.
  std::function<const std::uint8_t*(std::int64_t row)> row;

  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(shape[shape.rank - 1] * shape.channels) * size_of(dtype);
  }
};

/// The rows of samples in memory; of a volume, the rows of all planes. The samples must outlive
/// this.
[[nodiscard]] inline RowSource rows_of(const Tensor& samples) {
  return {samples.shape, samples.dtype, [&samples](std::int64_t r) { return samples.row(r); }};
}

}  // namespace deckle

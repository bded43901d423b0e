// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/shape.h"

namespace deckle {

/// Samples in memory: C order, channels last, no gaps between rows, host byte order. Colour is in
/// the order R, G, B, alpha; two channels are grey and alpha. Alpha is straight, not premultiplied.
struct Tensor {
  Shape shape;  ///< of one sample of the batch
  DType dtype = DType::UInt8;
  Buffer data;
  std::int64_t batch = 1;  ///< number of samples of that shape, one after the other

  /// Sets a new shape and type. The samples have undefined values afterwards.
  void reset(const Shape& new_shape, DType new_dtype, std::int64_t new_batch = 1) {
    shape = new_shape;
    dtype = new_dtype;
    batch = new_batch;
    data.resize(byte_count());
  }

  [[nodiscard]] std::size_t pixel_bytes() const {
    return static_cast<std::size_t>(shape.channels) * size_of(dtype);
  }
  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(shape[shape.rank - 1]) * pixel_bytes();
  }
  [[nodiscard]] std::size_t byte_count() const {
    return static_cast<std::size_t>(batch) * item_bytes();
  }
  /// Bytes of one sample of the batch.
  [[nodiscard]] std::size_t item_bytes() const {
    return static_cast<std::size_t>(shape.pixels()) * pixel_bytes();
  }
  [[nodiscard]] std::uint8_t* row(std::int64_t r) {
    return data.data() + static_cast<std::size_t>(r) * row_bytes();
  }
  [[nodiscard]] const std::uint8_t* row(std::int64_t r) const {
    return data.data() + static_cast<std::size_t>(r) * row_bytes();
  }
};

/// Fails with Usage if the shape is not valid (check_shape), the batch is below 1, or the number of
/// bytes is not that of shape, type and batch.
[[nodiscard]] Result<Done> check_tensor(const Tensor& tensor);

}  // namespace deckle

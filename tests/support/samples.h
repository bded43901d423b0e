// SPDX-License-Identifier: Apache-2.0
// Tensors of any type, sample by sample.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <type_traits>
#include <vector>

#include "core/tensor.h"
#include "geometry/window.h"

namespace deckle::test {

/// The types that pictures have.
inline constexpr std::array kImageTypes{DType::UInt8,   DType::Int8,   DType::UInt16,
                                        DType::Int16,   DType::UInt32, DType::Int32,
                                        DType::Float32, DType::Float64};

inline constexpr std::array kAllTypes{DType::UInt8,  DType::Int8,  DType::UInt16,  DType::Int16,
                                      DType::UInt32, DType::Int32, DType::Float32, DType::Float64,
                                      DType::Bool,   DType::Int64, DType::UInt64,  DType::Float16};

/// Sample i in C order. A double has every value of every type, except 64-bit integers beyond 2^53.
inline double sample(const Tensor& tensor, std::size_t i) {
  return with_type(tensor.dtype, [&]<typename T>(T value) {
    std::memcpy(&value, tensor.data.data() + i * sizeof(T), sizeof(T));
    return static_cast<double>(value);
  });
}

inline double sample(const Tensor& tensor, std::int64_t r, std::int64_t c, std::int64_t k) {
  const Shape& shape = tensor.shape;
  return sample(tensor, static_cast<std::size_t>((r * shape.cols() + c) * shape.channels + k));
}

inline std::size_t sample_count(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.batch * tensor.shape.pixels() * tensor.shape.channels);
}

inline std::vector<double> samples(const Tensor& tensor) {
  std::vector<double> out;
  for (std::size_t i = 0; i < sample_count(tensor); ++i)
    out.push_back(sample(tensor, i));
  return out;
}

/// `values` must be values of the type.
inline Tensor tensor_of(const Shape& shape, DType dtype, const std::vector<double>& values) {
  Tensor tensor;
  tensor.reset(shape, dtype);
  with_type(dtype, [&]<typename T>(T) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const T value = static_cast<T>(values[i]);
      std::memcpy(tensor.data.data() + i * sizeof(T), &value, sizeof(T));
    }
  });
  return tensor;
}

/// Random samples: integers of any bit pattern; floats between -1000 and 1000, including -0.
inline Tensor noise(const Shape& shape, DType dtype, std::mt19937& random) {
  Tensor tensor;
  tensor.reset(shape, dtype);
  with_type(dtype, [&]<typename T>(T) {
    for (std::size_t i = 0; i < sample_count(tensor); ++i) {
      const std::uint32_t bits = static_cast<std::uint32_t>(random());
      T value{};
      if constexpr (is_float_v<T>) {
        const auto number = static_cast<float>(static_cast<std::int32_t>(bits)) / 2147484.0F;
        value = static_cast<T>(bits % 16 == 0 ? -0.0F : number);
      } else if constexpr (std::is_same_v<T, bool>) {
        value = bits % 2 != 0;
      } else {
        value = static_cast<T>(sizeof(T) < 8 ? bits : std::uint64_t{bits} << 32U | random());
      }
      std::memcpy(tensor.data.data() + i * sizeof(T), &value, sizeof(T));
    }
  });
  return tensor;
}

inline bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape && a.dtype == b.dtype && a.batch == b.batch &&
         (a.byte_count() == 0 || std::memcmp(a.data.data(), b.data.data(), a.byte_count()) == 0);
}

/// The part of an image inside a window, as a tensor of its own (0 x 0 if the window is empty).
inline Tensor part_of(const Tensor& image, const Window& window) {
  Tensor part;
  part.reset(Shape::image(window[0].length(), window[1].length(), image.shape.channels),
             image.dtype);
  for (std::int64_t r = 0; r < window[0].length(); ++r) {
    std::memcpy(part.row(r),
                image.row(window[0].begin + r) +
                    static_cast<std::size_t>(window[1].begin) * image.pixel_bytes(),
                part.row_bytes());
  }
  return part;
}

using deckle::whole;

}  // namespace deckle::test

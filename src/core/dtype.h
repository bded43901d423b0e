// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/float16.h"

namespace deckle {

/// The type of one sample, with NumPy's names. Bool is a byte of 0 or 1. Bool, Int64, UInt64 and
/// Float16 are for arrays: no image file contains them.
enum class DType : std::uint8_t {
  UInt8,
  Int8,
  UInt16,
  Int16,
  UInt32,
  Int32,
  Float32,
  Float64,
  Bool,
  Int64,
  UInt64,
  Float16,
};

struct DTypeInfo {
  std::string_view name;
  std::size_t bytes;
  bool is_float;
  double white;  ///< the value that image files use for full intensity; 0: none
  int digits;    ///< every whole number of so many binary digits is a value of the type
};

/// For a type that `with_type` gives. std::is_floating_point is false for Float16.
template <typename T>
inline constexpr bool is_float_v = std::is_floating_point_v<T> || std::is_same_v<T, Float16>;

[[nodiscard]] const DTypeInfo& info(DType dtype);
[[nodiscard]] inline std::size_t size_of(DType dtype) {
  return info(dtype).bytes;
}
[[nodiscard]] inline std::string_view name_of(DType dtype) {
  return info(dtype).name;
}
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view name);
/// All types.
[[nodiscard]] std::span<const std::string_view> dtype_names();

/// Calls `f(T{})` with the C++ type of `dtype`, which is a type of pictures. Samples of the types
/// that only arrays have must be cast before.
template <typename F>
decltype(auto) with_image_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Int8:
      return f(std::int8_t{});
    case DType::UInt16:
      return f(std::uint16_t{});
    case DType::Int16:
      return f(std::int16_t{});
    case DType::UInt32:
      return f(std::uint32_t{});
    case DType::Int32:
      return f(std::int32_t{});
    case DType::Float32:
      return f(float{});
    case DType::Float64:
      return f(double{});
    default:
      break;
  }
  return f(std::uint8_t{});
}

/// The same for all types, also those of arrays.
template <typename F>
decltype(auto) with_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Bool:
      return f(bool{});
    case DType::Int64:
      return f(std::int64_t{});
    case DType::UInt64:
      return f(std::uint64_t{});
    case DType::Float16:
      return f(Float16{});
    default:
      break;
  }
  return with_image_type(dtype, f);
}

}  // namespace deckle

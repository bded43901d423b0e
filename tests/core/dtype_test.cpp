// SPDX-License-Identifier: Apache-2.0
#include "core/dtype.h"

#include <array>
#include <limits>
#include <string_view>
#include <type_traits>

#include "support/catch.h"

using namespace deckle;

namespace {

struct Row {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
  bool is_float;
  double white;
  int digits;
};
constexpr std::array kRows{
    Row{DType::UInt8, "uint8", 1, false, 255, 8},
    Row{DType::Int8, "int8", 1, false, 0, 7},
    Row{DType::UInt16, "uint16", 2, false, 65535, 16},
    Row{DType::Int16, "int16", 2, false, 0, 15},
    Row{DType::UInt32, "uint32", 4, false, 0, 32},
    Row{DType::Int32, "int32", 4, false, 0, 31},
    Row{DType::Float32, "float32", 4, true, 1, 24},
    Row{DType::Float64, "float64", 8, true, 1, 53},
    Row{DType::Bool, "bool", 1, false, 0, 1},
    Row{DType::Int64, "int64", 8, false, 0, 63},
    Row{DType::UInt64, "uint64", 8, false, 0, 64},
    Row{DType::Float16, "float16", 2, true, 1, 11},
};

}  // namespace

TEST_CASE("every dtype has NumPy's name, its size and its white") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(name_of(row.dtype) == row.name);
    CHECK(dtype_from_name(row.name) == row.dtype);
    CHECK(size_of(row.dtype) == row.bytes);
    CHECK(info(row.dtype).is_float == row.is_float);
    CHECK(info(row.dtype).white == row.white);
    CHECK(info(row.dtype).digits == row.digits);
  }
}

TEST_CASE("a name that is not a dtype gives nothing") {
  for (const std::string_view name : {"", "uint", "UINT8", "float", "bool_", "half", "uint8 "})
    CHECK(dtype_from_name(name) == std::nullopt);
}

TEST_CASE("with_type calls with the C++ type of each dtype") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    with_type(row.dtype, [&](auto zero) {
      using T = decltype(zero);
      CHECK(sizeof(T) == row.bytes);
      CHECK(is_float_v<T> == row.is_float);
      if constexpr (std::is_same_v<T, Float16>) {
        CHECK(row.dtype == DType::Float16);
      } else {
        CHECK(std::is_signed_v<T> == (row.name[0] != 'u' && row.name[0] != 'b'));
        CHECK(std::numeric_limits<T>::digits == row.digits);
      }
    });
  }
}

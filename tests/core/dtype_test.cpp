// SPDX-License-Identifier: Apache-2.0
#include "core/dtype.h"

#include <array>
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
};
constexpr std::array kRows{
    Row{DType::UInt8, "uint8", 1, false, 255},     Row{DType::Int8, "int8", 1, false, 0},
    Row{DType::UInt16, "uint16", 2, false, 65535}, Row{DType::Int16, "int16", 2, false, 0},
    Row{DType::UInt32, "uint32", 4, false, 0},     Row{DType::Int32, "int32", 4, false, 0},
    Row{DType::Float32, "float32", 4, true, 1},    Row{DType::Float64, "float64", 8, true, 1},
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
  }
}

TEST_CASE("a name that is no dtype gives none") {
  for (const std::string_view name : {"", "uint", "UINT8", "float16", "bool", "uint8 "})
    CHECK(dtype_from_name(name) == std::nullopt);
}

TEST_CASE("with_type calls with the type behind each dtype") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    with_type(row.dtype, [&](auto zero) {
      using T = decltype(zero);
      CHECK(sizeof(T) == row.bytes);
      CHECK(std::is_floating_point_v<T> == row.is_float);
      CHECK(std::is_signed_v<T> == (row.name[0] != 'u'));
    });
  }
}

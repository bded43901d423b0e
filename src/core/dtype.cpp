// SPDX-License-Identifier: Apache-2.0
#include "core/dtype.h"

#include <array>

namespace deckle {
namespace {

// In the order of the enumeration.
constexpr std::array kTypes{
    DTypeInfo{"uint8", 1, false, 255.0, 8},     DTypeInfo{"int8", 1, false, 0.0, 7},
    DTypeInfo{"uint16", 2, false, 65535.0, 16}, DTypeInfo{"int16", 2, false, 0.0, 15},
    DTypeInfo{"uint32", 4, false, 0.0, 32},     DTypeInfo{"int32", 4, false, 0.0, 31},
    DTypeInfo{"float32", 4, true, 1.0, 24},     DTypeInfo{"float64", 8, true, 1.0, 53},
    DTypeInfo{"bool", 1, false, 0.0, 1},        DTypeInfo{"int64", 8, false, 0.0, 63},
    DTypeInfo{"uint64", 8, false, 0.0, 64},     DTypeInfo{"float16", 2, true, 1.0, 11},
};

}  // namespace

const DTypeInfo& info(DType dtype) {
  return kTypes.at(static_cast<std::size_t>(dtype));
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes.at(i).name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace deckle

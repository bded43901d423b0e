// SPDX-License-Identifier: Apache-2.0
#include "core/dtype.h"

#include <array>

namespace deckle {
namespace {

// In the order of the enumeration.
constexpr std::array kTypes{
    DTypeInfo{"uint8", 1, false, 255.0},    DTypeInfo{"int8", 1, false, 0.0},
    DTypeInfo{"uint16", 2, false, 65535.0}, DTypeInfo{"int16", 2, false, 0.0},
    DTypeInfo{"uint32", 4, false, 0.0},     DTypeInfo{"int32", 4, false, 0.0},
    DTypeInfo{"float32", 4, true, 1.0},     DTypeInfo{"float64", 8, true, 1.0},
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

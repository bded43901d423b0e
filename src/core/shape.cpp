// SPDX-License-Identifier: Apache-2.0
#include "core/shape.h"

namespace deckle {

std::int64_t Shape::pixels() const {
  std::int64_t n = 1;
  for (int axis = 0; axis < rank; ++axis)
    n *= (*this)[axis];
  return n;
}

std::string to_string(const Shape& shape) {
  std::string text;
  for (int axis = 0; axis < shape.rank; ++axis)
    text += std::to_string(shape[axis]) + " x ";
  return text + std::to_string(shape.channels);
}

}  // namespace deckle

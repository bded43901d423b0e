// SPDX-License-Identifier: Apache-2.0
#include "core/shape.h"

#include <limits>

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

Result<Done> check_shape(const Shape& shape) {
  if (shape.rank < 1 || shape.rank > 3) {
    return Error{ErrorCode::Usage,
                 "a shape has 1 to 3 spatial axes, not " + std::to_string(shape.rank)};
  }
  std::int64_t left = std::numeric_limits<std::int64_t>::max() / 8;  // the bytes of the widest type
  for (int axis = 0; axis < shape.rank; ++axis) {
    if (shape[axis] < 1 || shape[axis] > kMaxExtent) {
      return Error{ErrorCode::Usage, "a shape of " + to_string(shape) + ": an axis has 1 to " +
                                         std::to_string(kMaxExtent) + " pixels"};
    }
    left /= shape[axis];
  }
  if (shape.channels < 1) {
    return Error{ErrorCode::Usage,
                 "a shape of " + to_string(shape) + ": there is at least one channel"};
  }
  if (shape.channels > left)
    return Error{ErrorCode::Usage, "a shape of " + to_string(shape) + " is too large"};
  return Done{};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "geometry/window.h"

#include <algorithm>

namespace deckle {

std::int64_t Window::pixels() const {
  std::int64_t n = 1;
  for (int a = 0; a < rank; ++a)
    n *= (*this)[a].length();
  return n;
}

Window Window::united_with(const Window& other) const {
  if (pixels() == 0) return other;
  if (other.pixels() == 0) return *this;
  Window both = *this;
  for (int a = 0; a < rank; ++a) {
    both[a].begin = std::min(both[a].begin, other[a].begin);
    both[a].end = std::max(both[a].end, other[a].end);
  }
  return both;
}

Window whole(const Shape& shape) {
  Window window{shape.rank, {}};
  for (int a = 0; a < shape.rank; ++a)
    window[a] = {0, shape[a]};
  return window;
}

}  // namespace deckle

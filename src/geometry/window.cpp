// SPDX-License-Identifier: Apache-2.0
#include "geometry/window.h"

#include <algorithm>
#include <string>

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

std::string to_string(const Window& window) {
  std::string text;
  for (int a = 0; a < window.rank; ++a) {
    text += (a > 0 ? ", " : "") + std::to_string(window[a].begin) + " to " +
            std::to_string(window[a].end);
  }
  return text;
}

Result<Done> check_window(const Window& window, const Shape& shape) {
  const auto wrong = [](const std::string& what) { return Error{ErrorCode::Usage, what}; };
  if (window.rank < 1 || window.rank > 3)
    return wrong("a window has 1 to 3 axes, not " + std::to_string(window.rank));
  bool empty = false;
  bool inside = window.rank == shape.rank;
  for (int a = 0; a < window.rank; ++a) {
    const Interval& along = window[a];
    empty = empty || along.length() == 0;
    inside = inside && 0 <= along.begin && along.begin < along.end && along.end <= shape[a];
  }
  if (empty || inside) return Done{};
  return wrong("a window of " + to_string(window) + " is not inside " + to_string(shape));
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "geometry/window.h"

namespace deckle {

std::int64_t Window::pixels() const {
  std::int64_t n = 1;
  for (int a = 0; a < rank; ++a)
    n *= (*this)[a].length();
  return n;
}

}  // namespace deckle

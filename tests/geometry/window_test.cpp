// SPDX-License-Identifier: Apache-2.0
#include "geometry/window.h"

#include "support/catch.h"

using namespace deckle;

TEST_CASE("a window counts the pixels of its own axes") {
  CHECK(Window{2, {Interval{2, 5}, Interval{1, 5}}}.pixels() == 12);
  CHECK(Window{2, {Interval{2, 5}, Interval{4, 4}}}.pixels() == 0);
  CHECK(Window{3, {Interval{0, 2}, Interval{0, 3}, Interval{0, 4}}}.pixels() == 24);
  CHECK(Window{}.pixels() == 0);
}

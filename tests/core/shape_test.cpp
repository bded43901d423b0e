// SPDX-License-Identifier: Apache-2.0
#include "core/shape.h"

#include "support/catch.h"

using namespace deckle;

TEST_CASE("a shape counts positions, whatever the channels, of its own axes only") {
  CHECK(Shape::image(3, 5, 4).pixels() == 15);
  CHECK(Shape{1, {7, 9, 9}, 3}.pixels() == 7);
  CHECK(Shape{3, {2, 3, 4}, 3}.pixels() == 24);
  CHECK(Shape::image(kMaxExtent, kMaxExtent, 1).pixels() == 4611686014132420609);
}

TEST_CASE("a shape is written rows x cols x channels") {
  CHECK(to_string(Shape::image(480, 640, 3)) == "480 x 640 x 3");
  CHECK(to_string(Shape{1, {7, 0, 0}, 2}) == "7 x 2");
}

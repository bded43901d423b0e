// SPDX-License-Identifier: Apache-2.0
#include "core/shape.h"

#include "support/catch.h"

using namespace deckle;

namespace {

template <typename T>
concept ListOfNumbers = requires {
  T{480, 640, 3};
}
|| requires {
  T{480, 640};
};

}  // namespace

// The first number would be the rank.
static_assert(!ListOfNumbers<Shape>);

TEST_CASE("a shape counts pixels, without channels, on its rank of axes") {
  CHECK(Shape::image(3, 5, 4).pixels() == 15);
  CHECK(Shape{1, {7, 9, 9}, 3}.pixels() == 7);
  CHECK(Shape{3, {2, 3, 4}, 3}.pixels() == 24);
  CHECK(Shape::image(kMaxExtent, kMaxExtent, 1).pixels() == 4611686014132420609);
}

TEST_CASE("a shape is written rows x cols x channels") {
  CHECK(to_string(Shape::image(480, 640, 3)) == "480 x 640 x 3");
  CHECK(to_string(Shape{1, {7, 0, 0}, 2}) == "7 x 2");
}

TEST_CASE("shapes have names for each number of axes") {
  CHECK(Shape::sequence(7, 2) == Shape{1, {7, 0, 0}, 2});
  CHECK(Shape::image(4, 6, 3) == Shape{2, {4, 6, 0}, 3});
  CHECK(Shape::volume(2, 4, 6, 1) == Shape{3, {2, 4, 6}, 1});
}

TEST_CASE("a shape that is not valid is refused with its numbers") {
  const auto refused = [](const Shape& shape) {
    const auto checked = check_shape(shape);
    if (checked) return std::string("taken");
    CHECK(checked.error().code == ErrorCode::Usage);
    return checked.error().message;
  };
  CHECK(refused(Shape::sequence(1, 1)) == "taken");
  CHECK(refused(Shape::image(kMaxExtent, 1, 4)) == "taken");
  CHECK(refused(Shape{480, {640, 3, 0}, 1}) == "a shape has 1 to 3 spatial axes, not 480");
  CHECK(refused(Shape{0, {}, 1}) == "a shape has 1 to 3 spatial axes, not 0");
  CHECK(refused(Shape::image(480, -1, 3)) ==
        "a shape of 480 x -1 x 3: an axis has 1 to 2147483647 pixels");
  CHECK(refused(Shape::image(0, 640, 3)) ==
        "a shape of 0 x 640 x 3: an axis has 1 to 2147483647 pixels");
  CHECK(refused(Shape::sequence(kMaxExtent + 1, 1)) ==
        "a shape of 2147483648 x 1: an axis has 1 to 2147483647 pixels");
  CHECK(refused(Shape::image(480, 640, 0)) ==
        "a shape of 480 x 640 x 0: there is at least one channel");
  CHECK(refused(Shape::volume(kMaxExtent, kMaxExtent, kMaxExtent, 1)) ==
        "a shape of 2147483647 x 2147483647 x 2147483647 x 1 is too large");
}

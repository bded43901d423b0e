// SPDX-License-Identifier: Apache-2.0
#include "geometry/window.h"

#include "support/catch.h"

using namespace deckle;

namespace {

template <typename T>
concept ListOfNumbers = requires {
  T{0, 10, 0, 20};
}
|| requires {
  T{0, 10};
};

}  // namespace

// The first number would be the rank.
static_assert(!ListOfNumbers<Window>);

TEST_CASE("a window counts pixels on its rank of axes") {
  CHECK(Window{2, {Interval{2, 5}, Interval{1, 5}}}.pixels() == 12);
  CHECK(Window{2, {Interval{2, 5}, Interval{4, 4}}}.pixels() == 0);
  CHECK(Window{3, {Interval{0, 2}, Interval{0, 3}, Interval{0, 4}}}.pixels() == 24);
  CHECK(Window{}.pixels() == 0);
}

TEST_CASE("a window that is not inside its picture is refused with the numbers") {
  const Shape picture = Shape::image(10, 20, 3);
  const auto refused = [&](const Window& window) {
    const auto checked = check_window(window, picture);
    if (checked) return std::string("taken");
    CHECK(checked.error().code == ErrorCode::Usage);
    return checked.error().message;
  };
  CHECK(refused(whole(picture)) == "taken");
  CHECK(refused(Window{}) == "taken");
  CHECK(refused(Window{2, {Interval{9, 10}, Interval{19, 20}}}) == "taken");
  CHECK(refused(Window{2, {Interval{0, 11}, Interval{0, 20}}}) ==
        "a window of 0 to 11, 0 to 20 is not inside 10 x 20 x 3");
  CHECK(refused(Window{2, {Interval{-1, 5}, Interval{0, 20}}}) ==
        "a window of -1 to 5, 0 to 20 is not inside 10 x 20 x 3");
  CHECK(refused(Window{2, {Interval{5, 4}, Interval{0, 20}}}) ==
        "a window of 5 to 4, 0 to 20 is not inside 10 x 20 x 3");
  CHECK(refused(Window{1, {Interval{0, 10}}}) == "a window of 0 to 10 is not inside 10 x 20 x 3");
  CHECK(refused(Window{7, {}}) == "a window has 1 to 3 axes, not 7");
}

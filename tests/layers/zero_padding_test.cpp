// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"

using namespace deckle;
using test::Lines;

namespace {

Json padding(const std::string& value) {
  const Layer layer = test::layer_of("ZeroPadding2D", R"({"padding": )" + value + "}");
  CHECK(test::comes_back(layer));
  return layer.config["padding"];
}

Lines wrong(const std::string& value) {
  return test::mistakes_of("ZeroPadding2D", R"({"padding": )" + value + "}");
}

// Output place p shows input place p - the number of places that were added before it; outside it
// is zero.
test::LayerTwin zeros(const std::string& layer, const std::string& padding,
                      const test::Place& before) {
  return {.layer = layer,
          .config = R"({"padding": )" + padding + "}",
          .source = [before](const test::Place& out, const Shape& in, const Choice&) {
            return test::inside(test::moved(out, {-before[0], -before[1], -before[2]}), in);
          }};
}

// The index in the image that index i shows; i may be outside of 0 .. n - 1.
std::int64_t shown_index(const std::string& mode, std::int64_t i, std::int64_t n) {
  const auto wrapped = [](std::int64_t at, std::int64_t period) {
    return ((at % period) + period) % period;
  };
  if (mode == "edge") return i < 0 ? 0 : i < n ? i : n - 1;
  if (mode == "wrap") return wrapped(i, n);
  if (mode == "symmetric") {
    const std::int64_t at = wrapped(i, 2 * n);
    return at < n ? at : 2 * n - 1 - at;
  }
  if (n == 1) return 0;
  const std::int64_t at = wrapped(i, 2 * n - 2);  // reflect
  return at < n ? at : 2 * n - 2 - at;
}

test::LayerTwin by_mode(const std::string& mode) {
  return {.layer = "ZeroPadding2D",
          .config = R"({"padding": [[9, 2], [1, 14]], "mode": ")" + mode + "\"}",
          .source = [mode](const test::Place& out, const Shape& in, const Choice&) {
            return std::optional<test::Place>({shown_index(mode, out[0] - 9, in.rows()),
                                               shown_index(mode, out[1] - 1, in.cols()), 0});
          }};
}

const test::RegisteredTwins kZeroPaddingTwins{
    zeros("ZeroPadding1D", "[1, 2]", {1}),
    zeros("ZeroPadding2D", "[[1, 2], [3, 0]]", {1, 3}),
    zeros("ZeroPadding3D", "[[1, 0], [2, 1], [0, 3]]", {1, 2, 0}),
    by_mode("reflect"),
    by_mode("symmetric"),
    by_mode("edge"),
    by_mode("wrap")};

}  // namespace

TEST_CASE("ZeroPadding2D takes every form of Keras 2 and 3") {
  CHECK(padding("2") == Json::parse("[[2, 2], [2, 2]]"));
  CHECK(padding("0") == Json::parse("[[0, 0], [0, 0]]"));
  CHECK(padding("[3, 1]") == Json::parse("[[3, 3], [1, 1]]"));
  CHECK(padding("[[1, 0], [0, 2]]") == Json::parse("[[1, 0], [0, 2]]"));
  CHECK(padding("[1, [0, 2]]") == Json::parse("[[1, 1], [0, 2]]"));
  CHECK(padding("[[0, 2], 1]") == Json::parse("[[0, 2], [1, 1]]"));
  CHECK(padding("null") == Json::parse("[[1, 1], [1, 1]]"));
}

TEST_CASE("ZeroPadding2D takes Keras 1's four numbers as top, bottom, left, right") {
  CHECK(padding("[1, 0, 2, 3]") == Json::parse("[[1, 0], [2, 3]]"));
}

TEST_CASE("ZeroPadding2D takes Keras 1's sides by name, missing ones as 0") {
  CHECK(padding(R"({"top_pad": 1, "bottom_pad": 2, "left_pad": 3, "right_pad": 4})") ==
        Json::parse("[[1, 2], [3, 4]]"));
  CHECK(padding(R"({"right_pad": 4, "top_pad": 1})") == Json::parse("[[1, 0], [0, 4]]"));
  CHECK(padding(R"({"left_pad": 2})") == Json::parse("[[0, 0], [2, 0]]"));
  CHECK(padding("{}") == Json::parse("[[0, 0], [0, 0]]"));
}

TEST_CASE("ZeroPadding2D pads by one on all sides by default") {
  CHECK(test::config_of("ZeroPadding2D", "{}") ==
        Json::parse(R"({"padding": [[1, 1], [1, 1]], "data_format": "channels_last",
                        "mode": "constant", "value": 0.0, "dtype": "float32"})"));
}

TEST_CASE("ZeroPadding2D refuses every other form, at its position") {
  CHECK(wrong("0.5") == Lines{"/padding: 0.5 is not a whole number of pixels"});
  CHECK(wrong("false") == Lines{"/padding: false is not a whole number of pixels"});
  CHECK(wrong("\"same\"") == Lines{"/padding: \"same\" is not a whole number of pixels"});
  CHECK(wrong("-2") == Lines{"/padding: -2 is too small; at least 0 is needed"});
  CHECK(wrong("4294967296") ==
        Lines{"/padding: 4294967296 is too large; at most 2147483647 is possible"});
  CHECK(wrong("[1]") ==
        Lines{"/padding: [1] has 1 entry; ZeroPadding2D takes a number, 2 numbers, or 2 pairs"});
  CHECK(wrong("[1, 2, 3]") ==
        Lines{"/padding: [1,2,3] has 3 entries; ZeroPadding2D takes a number, 2 numbers, or 2 "
              "pairs"});
  CHECK(wrong("[[1, -1], [0, 0]]") == Lines{"/padding/0/1: -1 is too small; at least 0 is needed"});
  CHECK(wrong("[[1, 2, 3], 0]") == Lines{"/padding/0: [1,2,3] is not a pair [before, after]"});
}

TEST_CASE("ZeroPadding2D names each wrong one of Keras 1's four numbers") {
  CHECK(wrong("[1, -1, 2.5, [3]]") == Lines{"/padding/1: -1 is too small; at least 0 is needed",
                                            "/padding/2: 2.5 is not a whole number of pixels",
                                            "/padding/3: [3] is not a whole number of pixels"});
}

TEST_CASE("ZeroPadding2D names each wrong side") {
  CHECK(wrong(R"({"left": 1})") ==
        Lines{"/padding/left: \"left\" is not a side; they are top_pad, bottom_pad, left_pad or "
              "right_pad"});
  CHECK(wrong(R"({"top_pads": 1, "left_pad": null, "right_pad": -1})") ==
        Lines{"/padding/top_pads: \"top_pads\" is not a side; they are top_pad, bottom_pad, "
              "left_pad or right_pad; did you mean \"top_pad\"?",
              "/padding/left_pad: null is not a whole number of pixels",
              "/padding/right_pad: -1 is too small; at least 0 is needed"});
}

TEST_CASE("ZeroPadding2D adds to both axes") {
  const Layer layer = test::layer_of("ZeroPadding2D", R"({"padding": [[1, 2], [3, 4]]})");
  CHECK(test::output_of(layer, Shape::image(1, 1, 3)) == "4 x 8 x 3");
}

TEST_CASE("ZeroPadding2D refuses to make an axis longer than 2^31 - 1") {
  const Layer layer = test::layer_of("ZeroPadding2D", R"({"padding": [[1, 0], [0, 2147483647]]})");
  CHECK(test::output_of(layer, Shape::image(kMaxExtent, 1, 3)) ==
        "shape: ZeroPadding2D: 2147483648 rows are too many");
  CHECK(test::output_of(layer, Shape::image(1, 1, 3)) ==
        "shape: ZeroPadding2D: 2147483648 columns are too many");
  const Layer fits = test::layer_of("ZeroPadding2D", R"({"padding": [[1, 0], [0, 2147483646]]})");
  CHECK(test::output_of(fits, Shape::image(1, 1, 3)) == "2 x 2147483647 x 3");
}

// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"

using namespace deckle;
using test::Lines;

namespace {

Json cropping(const std::string& value) {
  const Layer layer = test::layer_of("Cropping2D", R"({"cropping": )" + value + "}");
  CHECK(test::comes_back(layer));
  return layer.config["cropping"];
}

Lines wrong(const std::string& value) {
  return test::mistakes_of("Cropping2D", R"({"cropping": )" + value + "}");
}

// Output place p shows input place p + the number of places that were dropped before it.
const test::RegisteredTwins kCroppingTwins{
    {.layer = "Cropping1D",
     .config = R"({"cropping": [2, 1]})",
     .source = [](const test::Place& out, const Shape&,
                  const Choice&) { return test::moved(out, {2}); }},
    {.layer = "Cropping2D",
     .config = R"({"cropping": [[1, 2], [0, 3]]})",
     .source =
         [](const test::Place& out, const Shape&, const Choice&) {
           return test::moved(out, {1, 0});
         },
     .fits = [](const Shape& in) { return in.rows() > 3 && in.cols() > 3; }},
    {.layer = "Cropping3D",
     .config = R"({"cropping": [[1, 0], [2, 1], [0, 3]]})",
     .source = [](const test::Place& out, const Shape&, const Choice&) {
       return test::moved(out, {1, 2, 0});
     }}};

}  // namespace

TEST_CASE("Cropping2D takes every form of Keras 1 to 3") {
  CHECK(cropping("1") == Json::parse("[[1, 1], [1, 1]]"));
  CHECK(cropping("0") == Json::parse("[[0, 0], [0, 0]]"));
  CHECK(cropping("[2, 1]") == Json::parse("[[2, 2], [1, 1]]"));
  CHECK(cropping("[[1, 2], [3, 4]]") == Json::parse("[[1, 2], [3, 4]]"));
  CHECK(cropping("[1, [3, 4]]") == Json::parse("[[1, 1], [3, 4]]"));
  CHECK(cropping("[[1, 2], 3]") == Json::parse("[[1, 2], [3, 3]]"));
  CHECK(cropping("2147483647") ==
        Json::parse("[[2147483647, 2147483647], [2147483647, 2147483647]]"));
  CHECK(cropping("null") == Json::parse("[[0, 0], [0, 0]]"));
}

TEST_CASE("Cropping2D crops nothing by default") {
  CHECK(test::config_of("Cropping2D", "{}") ==
        Json::parse(R"({"cropping": [[0, 0], [0, 0]], "data_format": "channels_last",
                        "dtype": "float32"})"));
}

TEST_CASE("Cropping2D refuses every other form, at its position") {
  CHECK(wrong("3.7") == Lines{"/cropping: 3.7 is not a whole number of pixels"});
  CHECK(wrong("2.0") == Lines{"/cropping: 2.0 is not a whole number of pixels"});
  CHECK(wrong("true") == Lines{"/cropping: true is not a whole number of pixels"});
  CHECK(wrong("\"1\"") == Lines{"/cropping: \"1\" is not a whole number of pixels"});
  CHECK(wrong("{}") == Lines{"/cropping: {} is not a whole number of pixels"});
  CHECK(wrong("-1") == Lines{"/cropping: -1 is too small; at least 0 is needed"});
  CHECK(wrong("2147483648") ==
        Lines{"/cropping: 2147483648 is too large; at most 2147483647 is possible"});
  CHECK(wrong("18446744073709551615") ==
        Lines{"/cropping: 18446744073709551615 is too large; at most 2147483647 is possible"});
  CHECK(wrong("[[1, 1]]") ==
        Lines{"/cropping: [[1,1]] has 1 entry; Cropping2D takes a number, 2 numbers, or 2 pairs"});
  CHECK(wrong("[1, 2, 3]") == Lines{"/cropping: [1,2,3] has 3 entries; Cropping2D takes a number, "
                                    "2 numbers, or 2 pairs"});
  CHECK(wrong("[]") ==
        Lines{"/cropping: [] has 0 entries; Cropping2D takes a number, 2 numbers, or 2 pairs"});
  CHECK(wrong("[1, 2, 3, 4]") ==
        Lines{"/cropping: [1,2,3,4] has 4 entries; Cropping2D takes a number, 2 numbers, or 2 "
              "pairs"});
  CHECK(wrong("[[1, 1], [1, 1, 1]]") ==
        Lines{"/cropping/1: [1,1,1] is not a pair [before, after]"});
  CHECK(wrong("[[], 0]") == Lines{"/cropping/0: [] is not a pair [before, after]"});
  CHECK(wrong("[null, 0]") == Lines{"/cropping/0: null is not a whole number of pixels"});
  CHECK(wrong("[[0, [1]], 0]") == Lines{"/cropping/0/1: [1] is not a whole number of pixels"});
}

TEST_CASE("Cropping2D names every wrong number of one argument") {
  CHECK(wrong("[[1.5, -1], [0, false]]") ==
        Lines{"/cropping/0/0: 1.5 is not a whole number of pixels",
              "/cropping/0/1: -1 is too small; at least 0 is needed",
              "/cropping/1/1: false is not a whole number of pixels"});
}

TEST_CASE("Cropping2D keeps the pixels between the edges") {
  const Layer layer = test::layer_of("Cropping2D", R"({"cropping": [[1, 2], [3, 4]]})");
  CHECK(test::output_of(layer, Shape::image(10, 12, 3)) == "7 x 5 x 3");
  CHECK(test::output_of(layer, Shape::image(4, 8, 1)) == "1 x 1 x 1");
}

TEST_CASE("Cropping2D refuses an image of which nothing would be left") {
  const Layer layer = test::layer_of("Cropping2D", R"({"cropping": [[1, 2], [3, 4]]})");
  CHECK(test::output_of(layer, Shape::image(3, 20, 3)) ==
        "shape: Cropping2D: taking 1 and 2 off 3 rows leaves none");
  CHECK(test::output_of(layer, Shape::image(20, 7, 3)) ==
        "shape: Cropping2D: taking 3 and 4 off 7 columns leaves none");
  CHECK(test::output_of(layer, Shape::image(1, 1, 3)) ==
        "shape: Cropping2D: taking 1 and 2 off 1 rows leaves none");
  const Layer huge = test::layer_of("Cropping2D", R"({"cropping": 2147483647})");
  CHECK(test::output_of(huge, Shape::image(kMaxExtent, kMaxExtent, 1)) ==
        "shape: Cropping2D: taking 2147483647 and 2147483647 off 2147483647 rows leaves none");
}

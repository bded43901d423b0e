// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"

using namespace deckle;
using test::Lines;

namespace {

Json size(const std::string& value) {
  const Layer layer = test::layer_of("UpSampling2D", R"({"size": )" + value + "}");
  CHECK(test::comes_back(layer));
  return layer.config["size"];
}

Lines wrong(const std::string& value) {
  return test::mistakes_of("UpSampling2D", R"({"size": )" + value + "}");
}

// Output place p shows input place p / (the number of times that each sample is shown).
test::LayerTwin nearest(const std::string& layer, const std::string& size,
                        const test::Place& times) {
  return {.layer = layer,
          .config = R"({"size": )" + size + "}",
          .source = [times](const test::Place& out, const Shape&, const Choice&) {
            return test::Place{out[0] / times[0], out[1] / times[1], out[2] / times[2]};
          }};
}

const test::RegisteredTwins kUpSamplingTwins{nearest("UpSampling1D", "3", {3, 1, 1}),
                                             nearest("UpSampling2D", "[2, 3]", {2, 3, 1}),
                                             nearest("UpSampling3D", "[1, 2, 3]", {1, 2, 3})};

}  // namespace

TEST_CASE("UpSampling2D takes a number, or one number for each axis") {
  CHECK(size("3") == Json::parse("[3, 3]"));
  CHECK(size("[2, 3]") == Json::parse("[2, 3]"));
  CHECK(size("[1, 1]") == Json::parse("[1, 1]"));
  CHECK(size("null") == Json::parse("[2, 2]"));
}

TEST_CASE("UpSampling2D doubles by default, with nearest") {
  const Json expected = Json::parse(
      R"({"size": [2, 2], "data_format": "channels_last", "interpolation": "nearest",
          "dtype": "float32"})");
  CHECK(test::config_of("UpSampling2D", "{}") == expected);
  CHECK(test::config_of("UpSampling2D", R"({"interpolation": "nearest"})") == expected);
  CHECK(test::config_of("UpSampling2D", R"({"interpolation": null})") == expected);
}

TEST_CASE("UpSampling2D refuses every other form, at its position") {
  CHECK(wrong("0") == Lines{"/size: 0 is too small; at least 1 is needed"});
  CHECK(wrong("[0, 2]") == Lines{"/size/0: 0 is too small; at least 1 is needed"});
  CHECK(wrong("[2, -1]") == Lines{"/size/1: -1 is too small; at least 1 is needed"});
  CHECK(wrong("4294967296") ==
        Lines{"/size: 4294967296 is too large; at most 2147483647 is possible"});
  CHECK(wrong("[2, 2, 2]") ==
        Lines{"/size: [2,2,2] has 3 entries; UpSampling2D takes a number or 2 numbers"});
  CHECK(wrong("[2]") == Lines{"/size: [2] has 1 entry; UpSampling2D takes a number or 2 numbers"});
}

TEST_CASE("messages about UpSampling2D's factors do not speak of pixels") {
  CHECK(wrong("1.5") == Lines{"/size: 1.5 is not a whole number"});
  CHECK(wrong("true") == Lines{"/size: true is not a whole number"});
  CHECK(wrong("\"2\"") == Lines{"/size: \"2\" is not a whole number"});
  CHECK(wrong("[[2, 2], 2]") == Lines{"/size/0: [2,2] is not a whole number"});
}

TEST_CASE("UpSampling2D refuses an interpolation that it does not have") {
  const std::string all =
      "it is nearest, bilinear, bicubic, area, lanczos3, lanczos5, gaussian or mitchellcubic";
  CHECK(test::mistakes_of("UpSampling2D", R"({"interpolation": "cubist"})") ==
        Lines{"/interpolation: \"cubist\" is not an interpolation of UpSampling2D; " + all});
  CHECK(test::mistakes_of("UpSampling2D", R"({"interpolation": "nearst"})") ==
        Lines{"/interpolation: \"nearst\" is not an interpolation of UpSampling2D; " + all +
              "; did you mean \"nearest\"?"});
  CHECK(test::mistakes_of("UpSampling2D", R"({"interpolation": 1})") ==
        Lines{"/interpolation: 1 is not an interpolation; " + all});
}

TEST_CASE("UpSampling2D multiplies both axes") {
  const Layer layer = test::layer_of("UpSampling2D", R"({"size": [2, 3]})");
  CHECK(test::output_of(layer, Shape::image(5, 7, 4)) == "10 x 21 x 4");
}

TEST_CASE("UpSampling2D refuses to make an axis longer than 2^31 - 1") {
  const Layer layer = test::layer_of("UpSampling2D", R"({"size": [2147483647, 2]})");
  CHECK(test::output_of(layer, Shape::image(1, 1, 1)) == "2147483647 x 2 x 1");
  CHECK(test::output_of(layer, Shape::image(2, 1, 1)) ==
        "shape: UpSampling2D: 4294967294 rows are too many");
  CHECK(test::output_of(layer, Shape::image(1, 1073741824, 1)) ==
        "shape: UpSampling2D: 2147483648 columns are too many");
}

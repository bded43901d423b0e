// SPDX-License-Identifier: Apache-2.0
#include "layers/resizing.h"

#include <string>

#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"

using namespace deckle;
using test::Lines;

namespace {

const std::string kSize = R"("height": 4, "width": 3)";

// CenterCrop of an image that is large enough: the middle; an odd pixel is after it.
const test::RegisteredTwins kCenterCropTwins{
    {.layer = "CenterCrop",
     .config = "{" + kSize + "}",
     .source =
         [](const test::Place& out, const Shape& in, const Choice&) {
           return test::moved(out, {(in.rows() - 4) / 2, (in.cols() - 3) / 2});
         },
     .type = DType::Float32,
     .fits = [](const Shape& in) { return in.rows() >= 4 && in.cols() >= 3; }}};

Lines wrong(const std::string& more) {
  return test::mistakes_of("Resizing", "{" + kSize + ", " + more + "}");
}

}  // namespace

TEST_CASE("Resizing fills in every default, and its config gives the same layer") {
  CHECK(test::config_of("Resizing", "{" + kSize + "}") ==
        Json::parse(R"({"height": 4, "width": 3, "interpolation": "bilinear",
            "crop_to_aspect_ratio": false, "pad_to_aspect_ratio": false, "fill_mode": "constant",
            "fill_value": 0.0, "antialias": false, "data_format": "channels_last",
            "dtype": "float32"})"));
  CHECK(test::comes_back(test::layer_of(
      "Resizing", "{" + kSize + R"(, "interpolation": "area", "pad_to_aspect_ratio": true,
                                   "fill_value": 7.5, "antialias": true})")));
}

TEST_CASE("Resizing and CenterCrop give their size for every input") {
  for (const std::string name : {"Resizing", "CenterCrop"}) {
    const Layer layer = test::layer_of(name, "{" + kSize + "}");
    CHECK(test::output_of(layer, Shape::image(1, 9, 3)) == "4 x 3 x 3");
    CHECK(test::output_of(layer, Shape::image(400, 300, 1)) == "4 x 3 x 1");
  }
}

TEST_CASE("Resizing refuses other values, at their position") {
  CHECK(test::mistakes_of("Resizing", R"({"height": 4})") ==
        Lines{": Resizing needs \"width\", in pixels"});
  CHECK(
      wrong(R"("interpolation": "bilinaer")") ==
      Lines{"/interpolation: \"bilinaer\" is not an interpolation of Resizing; it is nearest, "
            "bilinear, bicubic, area, lanczos3, lanczos5, gaussian or mitchellcubic; did you mean "
            "\"bilinear\"?"});
  CHECK(wrong(R"("fill_mode": "wrap")") ==
        Lines{"/fill_mode: \"wrap\" is not a fill_mode of Resizing; it is constant"});
  CHECK(wrong(R"("fill_value": [1, 2])") == Lines{"/fill_value: [1,2] is not a number"});
  CHECK(wrong(R"("crop_to_aspect_ratio": true, "pad_to_aspect_ratio": true)") ==
        Lines{"/pad_to_aspect_ratio: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each "
              "other"});
}

TEST_CASE("smart_resize's window is the largest centred one of the aspect ratio") {
  const Window wide = smart_window(Shape::image(10, 30, 3), 4, 4, {3, 0});
  CHECK(wide == Window{2, {Interval{0, 10}, Interval{10, 20}}});
  const Window thin = smart_window(Shape::image(1, 1000, 3), 1000, 1, {3, 0});
  CHECK(thin == Window{2, {Interval{0, 1}, Interval{499, 500}}});
}

// SPDX-License-Identifier: Apache-2.0
#include "layers/random_crop.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "chain/plan.h"
#include "core/json.h"
#include "random/stateless.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"

using namespace deckle;
using test::Lines;

namespace {

Layer crop(std::int64_t height, std::int64_t width, const std::string& more = "") {
  return test::layer_of("RandomCrop", R"({"height": )" + std::to_string(height) + R"(, "width": )" +
                                          std::to_string(width) + more + "}");
}

Lines wrong(const std::string& more) {
  return test::mistakes_of("RandomCrop", R"({"height": 4, "width": 5, )" + more + "}");
}

Window box(std::int64_t top, std::int64_t bottom, std::int64_t left, std::int64_t right) {
  return {2, {Interval{top, bottom}, Interval{left, right}}};
}

// The part that is resized, for an image that the layer resizes.
Window resized(const Layer& layer, std::int64_t rows, std::int64_t cols) {
  const auto choice = layer.choose(Shape::image(rows, cols, 3), test::draws_from({1, 2}));
  REQUIRE(choice.has_value());
  REQUIRE(choice->resized.has_value());
  CHECK_FALSE(choice->seed.has_value());
  CHECK(choice->offset.empty());
  CHECK(choice->skip.empty());
  return *choice->resized;
}

// Output place p shows input place p + the drawn offset.
const test::RegisteredTwins kRandomCropTwins{
    {.layer = "RandomCrop",
     .config = R"({"height": 4, "width": 3})",
     .source =
         [](const test::Place& out, const Shape&, const Choice& choice) {
           return test::moved(out, {choice.offset[0], choice.offset[1]});
         },
     .choose =
         [](const Shape& in, SeedPair seed) {
           const std::array shape{in.rows(), in.cols(), in.channels};
           const std::array<std::int64_t, 3> size{4, 3, in.channels};
           const auto offset = stateless_random_crop(shape, size, seed);
           Choice choice;
           choice.seed = seed;
           choice.offset = {offset[0], offset[1]};
           return choice;
         },
     .type = DType::Float32,
     .fits = [](const Shape& in) { return in.rows() >= 4 && in.cols() >= 3; }}};

}  // namespace

TEST_CASE("RandomCrop fills in every default") {
  CHECK(crop(4, 5).config ==
        Json::parse(R"({"height": 4, "width": 5, "seed": null, "if_smaller": "resize",
                        "training": true, "generator": "stateless", "dtype": "float32",
                        "data_format": "channels_last"})"));
  CHECK(
      crop(4, 5, R"(, "seed": null, "if_smaller": null, "training": null, "dtype": null)").config ==
      crop(4, 5).config);
}

TEST_CASE("RandomCrop's config has the given arguments") {
  for (const std::string more :
       {R"()", R"(, "seed": 7)", R"(, "seed": [7, 0])", R"(, "seed": [-1, 9223372036854775807])",
        R"(, "seed": -9223372036854775808)", R"(, "if_smaller": "error")",
        R"(, "if_smaller": "skip")", R"(, "if_smaller": "pad")", R"(, "training": false)",
        R"(, "dtype": "uint8")", R"(, "dtype": "float64")"}) {
    CAPTURE(more);
    const Layer layer = crop(4, 5, more);
    CHECK(test::comes_back(layer));
    CHECK(layer.seed == test::layer_of("RandomCrop", layer.config.dump()).seed);
  }
}

TEST_CASE("RandomCrop's seed is a number or a pair, of 64 bits each") {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  CHECK(crop(4, 5).seed == std::nullopt);
  CHECK(crop(4, 5, R"(, "seed": 7)").seed == SeedPair{7, 0});
  CHECK(crop(4, 5, R"(, "seed": 0)").seed == SeedPair{0, 0});
  CHECK(crop(4, 5, R"(, "seed": [3, -4])").seed == SeedPair{3, -4});
  CHECK(crop(4, 5, R"(, "seed": 9223372036854775807)").seed == SeedPair{kMax, 0});
  CHECK(crop(4, 5, R"(, "seed": [-9223372036854775808, 9223372036854775807])").seed ==
        SeedPair{kMin, kMax});
  CHECK(crop(4, 5, R"(, "seed": 7)").config["seed"] == 7);
  CHECK(crop(4, 5, R"(, "seed": [7, 0])").config["seed"] == 7);
  CHECK(crop(4, 5, R"(, "seed": [7, 1])").config["seed"] == Json::parse("[7, 1]"));
}

TEST_CASE("RandomCrop refuses other values and numbers of more than 64 bits as seeds") {
  const std::string tail =
      " is not a seed; give a whole number of 64 bits, or a pair [a, b] of them";
  for (const std::string seed :
       {"9223372036854775808", "18446744073709551615", "true", "\"42\"", "[1]", "[1,2,3]",
        "[1,9223372036854775808]", "[1.0,2]", "1.5", "{}", "[]", "[null,1]"}) {
    CAPTURE(seed);
    CHECK(wrong(R"("seed": )" + seed) == Lines{"/seed: " + seed + tail});
  }
}

TEST_CASE("RandomCrop needs a height and a width of at least one pixel") {
  CHECK(test::mistakes_of("RandomCrop", "{}") == Lines{": RandomCrop needs \"height\", in pixels",
                                                       ": RandomCrop needs \"width\", in pixels"});
  CHECK(test::mistakes_of("RandomCrop", R"({"height": 0, "width": -4})") ==
        Lines{"/height: 0 is too small; at least 1 is needed",
              "/width: -4 is too small; at least 1 is needed"});
  CHECK(test::mistakes_of("RandomCrop", R"({"height": 3.7, "width": true})") ==
        Lines{"/height: 3.7 is not a whole number of pixels",
              "/width: true is not a whole number of pixels"});
  CHECK(test::mistakes_of("RandomCrop", R"({"height": 4294967296, "width": "3"})") ==
        Lines{"/height: 4294967296 is too large; at most 2147483647 is possible",
              "/width: \"3\" is not a whole number of pixels"});
  CHECK(test::mistakes_of("RandomCrop", R"({"height": [4, 4], "width": 1e2})") ==
        Lines{"/height: [4,4] is not a whole number of pixels",
              "/width: 100.0 is not a whole number of pixels"});
}

TEST_CASE("RandomCrop refuses other words and types for its options") {
  CHECK(wrong(R"("if_smaller": "resise")") ==
        Lines{"/if_smaller: \"resise\" is not an if_smaller of RandomCrop; it is resize, error, "
              "skip or pad; did you mean \"resize\"?"});
  CHECK(wrong(R"("if_smaller": true)") ==
        Lines{"/if_smaller: true is not an if_smaller; it is resize, error, skip or pad"});
  CHECK(wrong(R"("training": 1)") == Lines{"/training: 1 is not true or false"});
  CHECK(wrong(R"("training": "false")") == Lines{"/training: \"false\" is not true or false"});
}

TEST_CASE("RandomCrop takes a dtype by name or as Keras 3's policy object") {
  CHECK(crop(4, 5, R"(, "dtype": "float64")").config["dtype"] == "float64");
  CHECK(crop(4, 5, R"(, "dtype": {"module": "keras", "class_name": "DTypePolicy",
                          "config": {"name": "uint8"}, "registered_name": null})")
            .config["dtype"] == "uint8");
  const std::string tail =
      " is not a dtype that deckle knows; it is uint8, int8, uint16, int16, uint32, int32, "
      "float32, float64, bool, int64, uint64 or float16";
  CHECK(wrong(R"("dtype": "floot16")") == Lines{"/dtype: \"floot16\"" + tail});
  CHECK(wrong(R"("dtype": 8)") == Lines{"/dtype: 8" + tail});
  CHECK(wrong(R"("dtype": {"config": {"name": "mixed"}})") == Lines{"/dtype: \"mixed\"" + tail});
  CHECK(wrong(R"("dtype": {"config": {}})") == Lines{"/dtype: {\"config\":{}}" + tail});
}

TEST_CASE("RandomCrop's output has its size for every input") {
  for (const std::string more :
       {"", R"(, "training": false)", R"(, "if_smaller": "pad")", R"(, "if_smaller": "skip")"}) {
    CAPTURE(more);
    CHECK(test::output_of(crop(4, 5, more), Shape::image(100, 100, 3)) == "4 x 5 x 3");
    CHECK(test::output_of(crop(4, 5, more), Shape::image(1, 1, 4)) == "4 x 5 x 4");
  }
}

TEST_CASE("RandomCrop with if_smaller error refuses an image that is too small on either side") {
  const Layer layer = crop(4, 5, R"(, "if_smaller": "error")");
  CHECK(test::output_of(layer, Shape::image(4, 5, 1)) == "4 x 5 x 1");
  CHECK(test::output_of(layer, Shape::image(3, 50, 1)) ==
        "shape: RandomCrop: the image is 3 x 50 here, smaller than the crop of 4 x 5; "
        "\"if_smaller\" may be resize, skip or pad");
  CHECK(test::output_of(layer, Shape::image(40, 4, 1)) ==
        "shape: RandomCrop: the image is 40 x 4 here, smaller than the crop of 4 x 5; "
        "\"if_smaller\" may be resize, skip or pad");
  const auto choice = layer.choose(Shape::image(3, 50, 1), test::draws_from({1, 2}));
  REQUIRE_FALSE(choice.has_value());
  CHECK(choice.error().code == ErrorCode::Shape);
  // At inference nothing is cropped, therefore no image is too small.
  const Layer inference = crop(4, 5, R"(, "if_smaller": "error", "training": false)");
  CHECK(test::output_of(inference, Shape::image(3, 50, 1)) == "4 x 5 x 1");
}

TEST_CASE("RandomCrop draws what stateless_random_crop draws for the whole image") {
  const auto choice = crop(224, 224).choose(Shape::image(480, 640, 3), test::draws_from({1, 2}));
  REQUIRE(choice.has_value());
  CHECK(choice->offset == std::vector<std::int64_t>{205, 185});
  CHECK(choice->seed == SeedPair{1, 2});
  CHECK_FALSE(choice->resized.has_value());
  CHECK(choice->skip.empty());
}

TEST_CASE("RandomCrop crops an image of exactly its size, and draws for it") {
  const auto choice = crop(4, 5).choose(Shape::image(4, 5, 3), test::draws_from({1, 2}));
  REQUIRE(choice.has_value());
  CHECK(choice->offset == std::vector<std::int64_t>{0, 0});
  CHECK(choice->seed == SeedPair{1, 2});
}

TEST_CASE("RandomCrop resizes the largest centred window of its aspect ratio") {
  const std::string inference = R"(, "training": false)";
  CHECK(resized(crop(4, 4, inference), 6, 10) == box(0, 6, 2, 8));
  CHECK(resized(crop(4, 4), 3, 8) == box(0, 3, 2, 5));
  CHECK(resized(crop(200, 200, inference), 340, 500) == box(0, 340, 80, 420));
  CHECK(resized(crop(4, 4), 8, 3) == box(2, 5, 0, 3));
  CHECK(resized(crop(7, 3, inference), 5, 5) == box(0, 5, 1, 3));
  // Too small on one side only: the other is not cropped at random.
  CHECK(resized(crop(10, 2), 5, 100) == box(0, 5, 49, 50));
}

TEST_CASE("RandomCrop's window is computed in 32-bit floats, as in Keras 2.9") {
  // 3203 * 5893 / 3999 is 4719.99..: as a float it is 4720.
  CHECK(resized(crop(5893, 3999, R"(, "training": false)"), 6000, 3203)[0].length() == 4720);
}

TEST_CASE("RandomCrop keeps at least one pixel if the ratio gives less") {
  CHECK(resized(crop(1, 100), 1, 1) == box(0, 1, 0, 1));
  CHECK(resized(crop(1000, 1), 3, 2) == box(0, 3, 0, 1));
}

TEST_CASE("RandomCrop with if_smaller skip says why") {
  const auto choice = crop(4, 5, R"(, "if_smaller": "skip")")
                          .choose(Shape::image(3, 9, 1), test::draws_from({1, 2}));
  REQUIRE(choice.has_value());
  CHECK(choice->skip == "smaller than the crop of 4 x 5");
  CHECK_FALSE(choice->seed.has_value());
}

TEST_CASE("RandomCrop with if_smaller pad draws in the padded image") {
  const Layer layer = crop(4, 5, R"(, "if_smaller": "pad")");
  const auto choice = layer.choose(Shape::image(3, 50, 2), test::draws_from({8, 9}));
  REQUIRE(choice.has_value());
  const std::vector<std::int64_t> shape{4, 50, 2};
  const std::vector<std::int64_t> size{4, 5, 2};
  const auto offset = stateless_random_crop(shape, size, {8, 9});
  CHECK(choice->offset == std::vector<std::int64_t>{offset[0], offset[1]});
  CHECK(choice->offset[0] == 0);
}

namespace {

Layer crop_of(const std::string& keras, const std::string& more = "") {
  return test::chain_of(R"({"keras": ")" + keras +
                        R"(", "layers": [{"class_name": "RandomCrop", "height": 4, "width": 5)" +
                        more + "}]}")
      .layers[0];
}

// "drawn", or the part that is kept, and resized if it is not 4 x 5.
std::string shown(const Layer& layer, std::int64_t rows, std::int64_t cols) {
  if (!layer.choose) return test::output_of(layer, Shape::image(rows, cols, 1)) + " as it is";
  const auto choice = layer.choose(Shape::image(rows, cols, 1), test::draws_from({1, 2}));
  REQUIRE(choice);
  if (!choice->resized) return choice->seed ? "drawn" : "nothing";
  return to_string(*choice->resized);
}

}  // namespace

TEST_CASE(
    "RandomCrop of Keras 2.9 to 3.5 draws if the image is at least as large, and resizes others") {
  for (const std::string version : {"2.9", "2.15", "3.0", "3.5"}) {
    CAPTURE(version);
    const Layer layer = crop_of(version);
    CHECK(shown(layer, 5, 6) == "drawn");
    CHECK(shown(layer, 4, 5) == "drawn");
    CHECK(shown(layer, 4, 9) == "drawn");
    CHECK(shown(layer, 3, 9) == to_string(box(0, 3, 3, 6)));
    CHECK(shown(crop_of(version, R"(, "training": false)"), 8, 20) == to_string(box(0, 8, 5, 15)));
  }
  // 3203 * 5893 / 3999 is 4719.99..: from Keras 3 on it is not a float32.
  const auto large = [](const std::string& version) {
    const Chain chain = test::chain_of(R"({"keras": ")" + version + R"(", "layers": [{"class_name":
        "RandomCrop", "height": 5893, "width": 3999, "training": false}]})");
    return resized(chain.layers[0], 6000, 3203)[0].length();
  };
  CHECK(large("2.15") == 4720);
  CHECK(large("3.0") == 4719);
}

TEST_CASE("RandomCrop of Keras 3.6 and later draws only if the image is larger on both sides") {
  for (const std::string version : {"3.6", "3.7", "3.8", "3.15"}) {
    CAPTURE(version);
    const Layer layer = crop_of(version);
    CHECK(shown(layer, 5, 6) == "drawn");
    // Else the window begins where smart_resize's window does; if one side is equal, this is the
    // middle.
    CHECK(shown(layer, 4, 5) == to_string(box(0, 4, 0, 5)));
    CHECK(shown(layer, 4, 9) == to_string(box(0, 4, 2, 7)));
    CHECK(shown(layer, 8, 5) == to_string(box(2, 6, 0, 5)));
    // The window is as much as the image has, and is stretched.
    CHECK(shown(layer, 3, 9) == to_string(box(0, 3, 3, 8)));
    CHECK(shown(layer, 2, 3) == to_string(box(0, 2, 0, 3)));
    // An image of the window's size is not too small.
    CHECK(shown(crop_of(version, R"(, "if_smaller": "error")"), 4, 9) ==
          to_string(box(0, 4, 2, 7)));
    CHECK(shown(crop_of(version, R"(, "if_smaller": "pad")"), 3, 9) == "drawn");
  }
}

TEST_CASE("RandomCrop at inference is a window in Keras 3.6 and changes nothing from 3.8 on") {
  const std::string inference = R"(, "training": false)";
  for (const std::string version : {"3.6", "3.7"}) {
    CAPTURE(version);
    CHECK(shown(crop_of(version, inference), 8, 20) == to_string(box(0, 4, 5, 10)));
    CHECK(test::output_of(crop_of(version, inference), Shape::image(8, 20, 1)) == "4 x 5 x 1");
  }
  for (const std::string version : {"3.8", "3.15"}) {
    CAPTURE(version);
    CHECK(shown(crop_of(version, inference), 8, 20) == "8 x 20 x 1 as it is");
    const Chain chain = test::chain_of(R"({"keras": ")" + version + R"(", "layers": [{"class_name":
        "RandomCrop", "height": 4, "width": 5, "training": false}], "output": {"format": "npy"}})");
    CHECK_FALSE(chain.draws());
    for (const DType dtype : {DType::UInt8, DType::Float64}) {
      const auto plan = make_plan(chain, Shape::image(8, 20, 3), dtype, {}, {true, {}});
      REQUIRE(plan);
      CHECK(plan->dtype == dtype);
      CHECK(plan->output == Shape::image(8, 20, 3));
    }
  }
}

TEST_CASE("RandomCrop of a Keras whose rules are unknown is refused by name") {
  const auto wrong_in = [](const std::string& version, const std::string& more = "") {
    return test::mistakes_in(
        R"({"keras": ")" + version +
        R"(", "layers": [{"class_name": "RandomCrop", "height": 4, "width": 5)" + more + "}]}");
  };
  const std::string tail = "; \"keras\": \"2.9\" beside its class_name makes it follow 2.9";
  CHECK(wrong_in("2.8") ==
        Lines{"1:29 /layers/0: deckle knows RandomCrop from Keras 2.9 on, not that of 2.8" + tail});
  CHECK(wrong_in("1") ==
        Lines{"1:27 /layers/0: deckle knows RandomCrop from Keras 2.9 on, not that of 1.2" + tail});
  CHECK(wrong_in("1", R"(, "keras": "2.9")").empty());
  CHECK(wrong_in("3", R"(, "generator": "keras")") ==
        Lines{"1:81 /layers/0/generator: \"keras\" draws as the layer of Keras 2.9 does; the "
              "draws of Keras 3.15 depend on its backend"});
  CHECK(wrong_in("2.12", R"(, "generator": "keras")").empty());
}

TEST_CASE("RandomCrop refuses to change one integer type into another") {
  const Layer layer = crop(2, 2, R"(, "dtype": "uint8")");
  const Choice choice{SeedPair{1, 2}, {0, 0}, {}, ""};
  OpBuilder eight(Shape::image(4, 4, 1), DType::UInt8);
  CHECK(layer.edit(eight, choice).has_value());
  CHECK(eight.dtype() == DType::UInt8);
  OpBuilder floats(Shape::image(4, 4, 1), DType::Float32);
  CHECK(layer.edit(floats, choice).has_value());
  OpBuilder sixteen(Shape::image(4, 4, 1), DType::UInt16);
  const auto refused = layer.edit(sixteen, choice);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() ==
        Error{ErrorCode::Depth,
              "RandomCrop: dtype uint8 would change uint16 pixels; leave it out, "
              "or give a float type"});
}

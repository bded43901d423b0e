// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "random/stateless.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"

using namespace deckle;
using test::Lines;

namespace {

// Flipped left to right (across) if the uniform number of the pair is below 0.5, upside down (down)
// if that of the pair folded with 1 is below 0.5.
test::LayerTwin flipped(const std::string& mode, bool may_down, bool may_across) {
  return {.layer = "RandomFlip",
          .config = R"({"mode": ")" + mode + "\"}",
          .source =
              [](const test::Place& out, const Shape& in, const Choice& choice) {
                return test::Place{choice.flipped[0] ? in.rows() - 1 - out[0] : out[0],
                                   choice.flipped[1] ? in.cols() - 1 - out[1] : out[1]};
              },
          .choose =
              [=](const Shape&, SeedPair seed) {
                Choice choice;
                choice.seed = seed;
                choice.flipped = {may_down && stateless_uniform(fold_in(seed, 1)) < 0.5F,
                                  may_across && stateless_uniform(seed) < 0.5F};
                return choice;
              },
          .type = DType::Float32};
}

const test::RegisteredTwins kRandomFlipTwins{flipped("horizontal_and_vertical", true, true),
                                             flipped("horizontal", false, true),
                                             flipped("vertical", true, false)};

// The flips of 100 seeds, down and across.
std::set<std::pair<bool, bool>> flips_of(const Layer& layer) {
  std::set<std::pair<bool, bool>> seen;
  for (std::int64_t i = 0; i < 100; ++i) {
    const auto choice = layer.choose(Shape::image(4, 5, 3), test::draws_from({i, 0}));
    REQUIRE(choice.has_value());
    REQUIRE(choice->flipped.size() == 2);
    seen.insert({choice->flipped[0], choice->flipped[1]});
  }
  return seen;
}

}  // namespace

TEST_CASE("RandomFlip fills in every default") {
  CHECK(test::config_of("RandomFlip", "{}") ==
        Json::parse(R"({"mode": "horizontal_and_vertical", "seed": null, "training": true,
                        "data_format": "channels_last", "dtype": "float32"})"));
  CHECK(test::comes_back(
      test::layer_of("RandomFlip", R"({"mode": "vertical", "seed": [3, 4], "training": false})")));
}

TEST_CASE("RandomFlip flips in the directions of its mode, and each combination occurs") {
  using Flips = std::set<std::pair<bool, bool>>;
  const auto flips = [](const std::string& config) {
    return flips_of(test::layer_of("RandomFlip", config));
  };
  CHECK(flips("{}") == Flips{{false, false}, {false, true}, {true, false}, {true, true}});
  CHECK(flips(R"({"mode": "horizontal"})") == Flips{{false, false}, {false, true}});
  CHECK(flips(R"({"mode": "vertical"})") == Flips{{false, false}, {true, false}});
  CHECK(flips(R"({"training": false})") == Flips{{false, false}});
}

TEST_CASE("RandomFlip keeps the shape") {
  CHECK(test::output_of(test::layer_of("RandomFlip", "{}"), Shape::image(4, 5, 3)) == "4 x 5 x 3");
}

TEST_CASE("RandomFlip refuses other words and values, at their position") {
  CHECK(test::mistakes_of("RandomFlip", R"({"mode": "horizontall"})") ==
        Lines{"/mode: \"horizontall\" is not a mode of RandomFlip; it is horizontal_and_vertical, "
              "horizontal or vertical; did you mean \"horizontal\"?"});
  CHECK(test::mistakes_of("RandomFlip", R"({"mode": 1})") ==
        Lines{"/mode: 1 is not a mode; it is horizontal_and_vertical, horizontal or vertical"});
  CHECK(test::mistakes_of("RandomFlip", R"({"training": 1})") ==
        Lines{"/training: 1 is not true or false"});
  CHECK(test::mistakes_of("RandomFlip", R"({"dtype": "uint8"})") ==
        Lines{"/dtype: the dtype of RandomFlip is a float type, not uint8; arrays of integers stay "
              "what they are"});
  CHECK(test::mistakes_in(R"({"keras": "2.3", "layers": [{"class_name": "RandomFlip"}]})").size() ==
        1);
}

TEST_CASE("RandomFlip refuses a record that is not two flips") {
  const Layer layer = test::layer_of("RandomFlip", "{}");
  OpBuilder builder(Shape::image(4, 5, 3), DType::UInt8);
  Choice choice;
  choice.flipped = {true};
  const auto edited = layer.edit(builder, choice);
  REQUIRE_FALSE(edited.has_value());
  CHECK(edited.error() == Error{ErrorCode::Shape, "RandomFlip: the recorded flips are not two"});
}

// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include "chain/plan.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/samples.h"

using namespace deckle;
using test::Lines;

namespace {

Layer rescaling(const std::string& config) {
  return test::layer_of("Rescaling", config);
}

// The chain's layers over one row of samples.
std::vector<double> scaled(const std::string& config, std::int64_t channels,
                           const std::vector<double>& values, DType dtype) {
  const Chain chain = test::chain_of(test::one_layer("Rescaling", config));
  const auto pixels = static_cast<std::int64_t>(values.size()) / channels;
  const Shape shape = Shape::image(1, pixels, channels);
  const auto plan = make_plan(chain, shape, dtype, {});
  REQUIRE(plan.has_value());
  OpScratch scratch;
  return test::samples(
      **run_plan(*plan, test::tensor_of(shape, dtype, values), test::whole(shape), scratch));
}

}  // namespace

TEST_CASE("Rescaling fills in every default, and its config gives the same layer") {
  CHECK(test::config_of("Rescaling", R"({"scale": 0.5})") ==
        Json::parse(R"({"scale": 0.5, "offset": 0.0, "dtype": "float32"})"));
  CHECK(test::comes_back(rescaling(R"({"scale": [1, 2, 3], "offset": -1.25})")));
}

TEST_CASE("Rescaling multiplies and adds, for all channels or for each") {
  CHECK(scaled(R"({"scale": 0.5, "offset": 1})", 1, {0, 3, 255}, DType::UInt8) ==
        std::vector<double>{1, 2.5, 128.5});
  CHECK(scaled(R"({"scale": [2, 4], "offset": [0, -1]})", 2, {1, 1, 2, 2}, DType::Float32) ==
        std::vector<double>{2, 3, 4, 7});
}

TEST_CASE("Rescaling refuses an image with another number of channels") {
  const Layer layer = rescaling(R"({"scale": [1, 2, 3]})");
  CHECK(test::output_of(layer, Shape::image(4, 5, 3)) == "4 x 5 x 3");
  CHECK(test::output_of(layer, Shape::sequence(4, 3)) == "4 x 3");
  CHECK(test::output_of(layer, Shape::image(4, 5, 1)) ==
        "shape: Rescaling: 3 numbers for 1 channel");
}

TEST_CASE("Rescaling refuses values that are not numbers, at their position") {
  CHECK(test::mistakes_of("Rescaling", "{}") ==
        Lines{": Rescaling needs \"scale\", such as 0.00392156862745098 (1/255)"});
  CHECK(test::mistakes_of("Rescaling", R"({"scale": "1/255"})") ==
        Lines{"/scale: \"1/255\" is not a number, or a list of one number for each channel"});
  CHECK(test::mistakes_of("Rescaling", R"({"scale": 1, "offset": []})") ==
        Lines{"/offset: [] is not a number, or a list of one number for each channel"});
}

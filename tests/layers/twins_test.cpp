// SPDX-License-Identifier: Apache-2.0
// Layers that move pixels are compared with their naive twins, and each must have one.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chain/plan.h"
#include "kernels/convert.h"
#include "layers/registry.h"
#include "random/seeds.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/layer_twins.h"
#include "support/samples.h"

using namespace deckle;
using test::LayerTwin;
using test::Place;

namespace {

Shape shape_of(int rank, std::int64_t channels) {
  if (rank == 1) return Shape::sequence(7, channels);
  return rank == 3 ? Shape::volume(5, 6, 7, channels) : Shape::image(6, 5, channels);
}

// The places of a shape in C order.
std::vector<Place> places_of(const Shape& shape) {
  std::vector<Place> places{Place{}};
  for (int a = 0; a < shape.rank; ++a) {
    std::vector<Place> longer;
    for (const Place& place : places) {
      for (std::int64_t i = 0; i < shape[a]; ++i) {
        longer.push_back(place);
        longer.back().at(static_cast<std::size_t>(a)) = i;
      }
    }
    places = std::move(longer);
  }
  return places;
}

std::size_t number_of(const Place& place, const Shape& shape) {
  std::int64_t number = 0;
  for (int a = 0; a < shape.rank; ++a)
    number = number * shape[a] + place.at(static_cast<std::size_t>(a));
  return static_cast<std::size_t>(number);
}

void check_twin(const LayerTwin& twin, DType dtype, SeedPair seed) {
  const Chain chain =
      test::chain_of(R"({"seed": [)" + std::to_string(seed.a) + ", " + std::to_string(seed.b) +
                     R"(], "seed_from": "fixed", "layers": [{"class_name": ")" + twin.layer +
                     R"(", "config": )" + twin.config + "}]}");
  const Shape in = shape_of(chain.rank, 2);
  if (twin.fits) REQUIRE(twin.fits(in));
  const ImageIdentity image{"a.png"};
  const auto plan = make_plan(chain, in, dtype, image);
  REQUIRE(plan.has_value());
  Choice choice;
  if (twin.choose) {
    choice = twin.choose(in, derive_seed(seed, SeedFrom::Fixed, 0, image));
    REQUIRE(plan->draws.size() == 1);
    CHECK(plan->draws[0].choice == choice);
  } else {
    CHECK(plan->draws.empty());
  }
  std::vector<double> values(places_of(in).size() * 2);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i % 251 + 1);
  const Tensor source = test::tensor_of(in, dtype, values);
  OpScratch scratch;
  Tensor out;
  cast(**run_plan(*plan, source, test::whole(in), scratch), plan->dtype, out);
  CHECK(plan->dtype == twin.type.value_or(dtype));
  REQUIRE(out.shape == plan->output);
  const std::vector<double> got = test::samples(out);
  std::size_t at = 0;
  for (const Place& place : places_of(plan->output)) {
    const auto from = twin.source(place, in, choice);
    for (std::size_t k = 0; k < 2; ++k, ++at) {
      CAPTURE(place[0], place[1], place[2], k);
      REQUIRE(got.at(at) == (from ? values.at(number_of(*from, in) * 2 + k) : 0.0));
    }
  }
}

// Whether the layer's example is only tables of pixels.
bool only_moves_pixels(const LayerSpec& spec) {
  const Chain chain =
      test::chain_of(R"({"seed": 1, "layers": [)" + std::string(spec.example) + "]}");
  Shape in = shape_of(spec.rank, 1);
  for (int a = 0; a < in.rank; ++a)
    in[a] = in.rank == 3 ? 30 : 300;
  const auto plan = make_plan(chain, in, DType::UInt8, {"a.png"});
  if (!plan) FAIL(plan.error().message);
  return std::all_of(plan->ops.begin(), plan->ops.end(), [](const Op& op) {
    return std::holds_alternative<GatherOp>(op) || std::holds_alternative<CastOp>(op);
  });
}

}  // namespace

TEST_CASE("a layer that moves pixels does what its naive twin does", "[layers]") {
  for (const LayerTwin& twin : test::layer_twins()) {
    for (const DType dtype : {DType::UInt8, DType::Float32}) {
      for (std::int64_t seed = 0; seed < (twin.choose ? 8 : 1); ++seed) {
        CAPTURE(twin.layer, twin.config, name_of(dtype), seed);
        check_twin(twin, dtype, {seed, 7});
      }
    }
  }
}

TEST_CASE("every layer that only moves pixels has a naive twin in its test file", "[layers]") {
  for (const LayerSpec& spec : layer_specs()) {
    CAPTURE(spec.name);
    if (has_weights(spec) || !only_moves_pixels(spec)) continue;
    const auto& twins = test::layer_twins();
    CHECK(std::any_of(twins.begin(), twins.end(),
                      [&](const LayerTwin& twin) { return twin.layer == spec.name; }));
  }
}

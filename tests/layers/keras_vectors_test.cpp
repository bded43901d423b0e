// SPDX-License-Identifier: Apache-2.0
// What real Keras 1, 2 and 3 answered (golden/keras/index.json), against our layers.
//
// Images are channels last and without a batch axis here, so arrays are taken apart and transposed.
// What Keras does to an array before it calls a layer is done here too: a model makes float32 of
// everything, a direct call makes the layer's dtype of floats.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chain/plan.h"
#include "kernels/convert.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/golden.h"
#include "support/npy.h"
#include "support/samples.h"

using namespace deckle;
using test::Array;

namespace {

// The chain with one layer, as a case gives it under `form` ("layer" or "serialized").
std::string chain_text(const Json& item, const std::string& form) {
  Json entry = item[form];
  if (item.contains("training")) entry["config"]["training"] = item["training"];
  Json chain{{"seed", {20260718, 1}}, {"seed_from", "fixed"}, {"layers", Json::array({entry})}};
  // Keras 1 does not write dim_ordering: what it wrote is to be read under the global setting.
  if (form == "serialized" && item.contains("image_dim_ordering"))
    chain["data_format"] = item["image_dim_ordering"] == "th" ? "channels_first" : "channels_last";
  return chain.dump();
}

// An array of images as channels-last images, one after the other.
struct Images {
  std::int64_t count;
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t channels;
};
Images images_of(const std::vector<std::int64_t>& shape, bool channels_first) {
  const bool batch = shape.size() == 4;
  REQUIRE((batch || shape.size() == 3));
  const std::size_t first = batch ? 1 : 0;
  const std::int64_t count = batch ? shape[0] : 1;
  if (channels_first) return {count, shape[first + 1], shape[first + 2], shape[first]};
  return {count, shape[first], shape[first + 1], shape[first + 2]};
}

Tensor image_at(const Array& array, std::int64_t n, bool channels_first) {
  const Images s = images_of(array.shape, channels_first);
  std::vector<double> values;
  for (std::int64_t r = 0; r < s.rows; ++r) {
    for (std::int64_t c = 0; c < s.cols; ++c) {
      for (std::int64_t k = 0; k < s.channels; ++k) {
        const std::int64_t at = channels_first ? ((n * s.channels + k) * s.rows + r) * s.cols + c
                                               : ((n * s.rows + r) * s.cols + c) * s.channels + k;
        values.push_back(array.values.at(static_cast<std::size_t>(at)));
      }
    }
  }
  return test::tensor_of(Shape::image(s.rows, s.cols, s.channels), array.dtype, values);
}

Tensor cast_to(const Tensor& tensor, DType dtype) {
  Tensor out;
  cast(tensor, dtype, out);
  return out;
}

// What Keras makes of the input before the layer sees it.
Tensor fed(const Json& item, Tensor image) {
  if (item["via"] == "model") return cast_to(image, DType::Float32);
  const bool doubles = item["layer"]["config"].value("dtype", "float32") == "float64";
  if (image.dtype == DType::Float64 && !doubles) return cast_to(image, DType::Float32);
  return image;
}

struct Answer {
  Tensor image;
  std::vector<Draw> draws;
};
Answer answer(const Chain& chain, const Tensor& image) {
  const auto plan = make_plan(chain, image.shape, image.dtype, {});
  if (!plan) FAIL(plan.error().message);
  PlanScratch scratch;
  const Tensor& out = run_plan(*plan, image, test::whole(image.shape), scratch);
  return {cast_to(out, plan->dtype), plan->draws};
}

void check_against(const Json& item, const Tensor& got, const Tensor& want) {
  REQUIRE(got.shape == want.shape);
  CHECK(name_of(got.dtype) == name_of(want.dtype));
  const double atol = item["tolerance"]["atol"].get<double>();
  const double rtol = item["tolerance"]["rtol"].get<double>();
  double worst = 0;  // beyond what is tolerated
  for (std::size_t i = 0; i < test::sample_count(want); ++i) {
    const double w = test::sample(want, i);
    worst = std::max(worst, std::abs(test::sample(got, i) - w) - (atol + rtol * std::abs(w)));
  }
  CHECK(worst <= 0);
}

void check_case(const Json& item, const std::string& form) {
  INFO(item["id"].get<std::string>() << ", " << form);
  const Chain chain = test::chain_of(chain_text(item, form));
  const Array input = test::read_npy("keras/" + item["input"].get<std::string>());
  const Images given = images_of(input.shape, chain.channels_first);
  const Images wanted =
      images_of(item["output_shape"].get<std::vector<std::int64_t>>(), chain.channels_first);
  REQUIRE(given.count == wanted.count);
  std::vector<Draw> draws;
  for (std::int64_t n = 0; n < given.count; ++n) {
    const Tensor image = fed(item, image_at(input, n, chain.channels_first));
    const Answer got = answer(chain, image);
    CHECK(name_of(got.image.dtype) == item["output_dtype"].get<std::string>());
    REQUIRE(got.image.shape == Shape::image(wanted.rows, wanted.cols, wanted.channels));
    if (item.value("check", "") == "window") {
      // Any window of the input, the same for all images of the batch.
      REQUIRE(got.draws.size() == 1);
      if (n > 0) CHECK(got.draws == draws);
      draws = got.draws;
      const auto& offset = draws[0].choice.offset;
      REQUIRE(offset.size() == 2);
      const Window window{2,
                          {Interval{offset[0], offset[0] + wanted.rows},
                           Interval{offset[1], offset[1] + wanted.cols}}};
      CHECK(test::same_bytes(got.image, cast_to(test::part_of(image, window), got.image.dtype)));
    } else {
      const Array output = test::read_npy("keras/" + item["output"].get<std::string>());
      check_against(item, got.image, image_at(output, n, chain.channels_first));
    }
  }
}

}  // namespace

TEST_CASE("our layers answer what Keras answered, from its arguments and from its own JSON") {
  const Json golden = test::golden_json("keras/index.json");
  std::map<std::string, int> ran;
  for (const Json& item : golden["cases"]) {
    if (item.contains("error")) continue;
    for (const std::string form : {"layer", "serialized"}) {
      if (!item.contains(form)) continue;
      check_case(item, form);
      ++ran[item[form]["class_name"].get<std::string>() + " " + form];
    }
  }
  CHECK(ran == std::map<std::string, int>{
                   {"Cropping2D layer", 10},
                   {"Cropping2D serialized", 10},
                   {"ZeroPadding2D layer", 10},
                   {"ZeroPadding2D serialized", 10},
                   {"UpSampling2D layer", 6},
                   {"UpSampling2D serialized", 6},
                   {"RandomCrop layer", 6},
               });
}

TEST_CASE("what Keras refuses is refused here, at the same moment") {
  const Json golden = test::golden_json("keras/index.json");
  int when_read = 0;
  int when_planned = 0;
  std::set<std::string> left_out;
  for (const Json& item : golden["cases"]) {
    if (!item.contains("error")) continue;
    const auto shape = item["input_shape"].get<std::vector<std::int64_t>>();
    // Another generation takes it; or it is about the number of axes, which images do not vary.
    if (item.value("generation_specific", false) || shape.size() != 4) {
      left_out.insert(item["id"].get<std::string>());
      continue;
    }
    CAPTURE(item["id"].get<std::string>(), item["reason"].get<std::string>());
    const auto chain = parse_chain(chain_text(item, "layer"));
    if (item["phase"] == "construct") {
      const auto* mistakes = std::get_if<Mistakes>(&chain);
      REQUIRE(mistakes != nullptr);
      CHECK(mistakes->front().pointer.starts_with("/layers/0/config/"));
      ++when_read;
    } else {
      REQUIRE(std::holds_alternative<Chain>(chain));
      const Images s = images_of(shape, std::get<Chain>(chain).channels_first);
      const auto plan = make_plan(std::get<Chain>(chain), Shape::image(s.rows, s.cols, s.channels),
                                  *dtype_from_name(item["input_dtype"].get<std::string>()), {});
      REQUIRE_FALSE(plan.has_value());
      CHECK(plan.error().code == ErrorCode::Shape);
      ++when_planned;
    }
  }
  CHECK(when_read == 13);
  CHECK(when_planned == 1);
  CHECK(left_out ==
        std::set<std::string>{"p149-keras1-cropping2d-err", "p172-keras3-cropping2d-err"});
}

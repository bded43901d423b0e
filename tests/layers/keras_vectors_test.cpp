// SPDX-License-Identifier: Apache-2.0
// The results of real Keras 1, 2 and 3 (golden/keras/index.json), compared with deckle's layers:
// from the .npy files of the inputs to the arrays of the outputs.
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
#include "codecs/formats.h"
#include "codecs/npy.h"
#include "codecs/read_picture.h"
#include "codecs/reading.h"
#include "kernels/convert.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/golden.h"
#include "support/npy.h"
#include "support/paths.h"
#include "support/samples.h"

using namespace deckle;
using test::Array;

namespace {

// The layers of a Sequential as Keras writes it, with the weights of the case.
Json layers_of(const Json& item) {
  const Json& config = item["model"]["config"];
  Json layers = Json::array();
  for (const Json& layer : config.is_array() ? config : config["layers"]) {
    if (layer["class_name"] == "InputLayer") continue;
    layers.push_back(layer);
    for (const Json& weights : item["weights"]) {
      if (weights["layer"] == layer["config"]["name"]) layers.back()["weights"] = weights["arrays"];
    }
  }
  return layers;
}

// The chain with one layer, which the case has under `form` ("layer" or "serialized"), or with the
// layers of a "model".
std::string chain_text(const Json& item, const std::string& form, bool says_version = true) {
  Json layers = form == "model" ? layers_of(item) : Json::array({item[form]});
  if (item.contains("training")) layers[0]["config"]["training"] = item["training"];
  if (form != "model" && item.contains("weights") && !item["weights"].empty())
    layers[0]["weights"] = item["weights"];
  const std::string generation = item["generation"];
  Json chain{{"seed", {20260718, 1}},
             {"seed_from", "fixed"},
             {"as", item.value("via", "layer")},
             {"keras", generation == "keras1"   ? 1
                       : generation == "keras2" ? 2
                                                : 3},
             {"layers", layers},
             {"output", {{"format", "npy"}}}};
  if (!says_version) chain.erase("keras");
  // Keras 1 does not write dim_ordering: its files depend on the global setting.
  if (form != "layer" && item.contains("image_dim_ordering"))
    chain["data_format"] = item["image_dim_ordering"] == "th" ? "channels_first" : "channels_last";
  return chain.dump();
}

struct Answer {
  Array array;
  Tensor input;
  std::vector<Draw> draws;
};

// The array that the chain makes from an .npy file.
Result<Answer> answer(const Chain& chain, const std::string& file) {
  Answer result;
  const Bytes bytes = as_bytes(file);
  const auto info = read_info(bytes, chain.input);
  if (!info) return info.error();
  if (const auto decoded = decode(bytes, *info, chain.input, result.input); !decoded)
    return decoded.error();
  const auto plan = make_plan(chain, info->shape, info->dtype, {}, {true, info->batch});
  if (!plan) return plan.error();
  OpScratch scratch;
  Tensor converted;
  cast(**run_plan(*plan, result.input, test::whole(info->shape), scratch), plan->dtype, converted);
  CHECK(converted.shape == plan->output);
  EncodeOptions options{.format = Format::Npy,
                        .channels_first = chain.channels_first,
                        .batch_axis = info->batch.has_value()};
  Buffer out;
  if (const auto encoded = codec_of(Format::Npy).encoder->encode(converted, options, out); !encoded)
    return encoded.error();
  result.array = test::array_of("the answer", std::string(text_of(out.bytes())));
  result.draws = plan->draws;
  return result;
}

void check_against(const Json& item, const Array& got, const Array& want) {
  REQUIRE(got.shape == want.shape);
  const double atol = item["tolerance"]["atol"].get<double>();
  const double rtol = item["tolerance"]["rtol"].get<double>();
  double worst = 0;  // error above the tolerance
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    const double w = want.values[i];
    worst = std::max(worst, std::abs(got.values[i] - w) - (atol + rtol * std::abs(w)));
  }
  CHECK(worst <= 0);
}

// Any window of the input, the same for all samples of the batch.
void check_window(const Array& got, const Answer& answer) {
  REQUIRE(answer.draws.size() == 1);
  const auto& offset = answer.draws[0].choice.offset;
  REQUIRE(offset.size() == 2);
  const Tensor& in = answer.input;
  const std::size_t axes = got.shape.size();
  const std::int64_t rows = got.shape[axes - 3];
  const std::int64_t cols = got.shape[axes - 2];
  std::size_t at = 0;
  for (std::int64_t n = 0; n < in.batch; ++n) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) {
        for (std::int64_t k = 0; k < in.shape.channels; ++k) {
          const std::int64_t from =
              ((n * in.shape.rows() + r + offset[0]) * in.shape.cols() + c + offset[1]) *
                  in.shape.channels +
              k;
          CHECK(got.values.at(at++) == test::sample(in, static_cast<std::size_t>(from)));
        }
      }
    }
  }
}

Json zeros(const std::vector<std::int64_t>& shape) {
  Json array = 0;
  for (std::size_t a = shape.size(); a-- > 0;)
    array = Json(static_cast<std::size_t>(shape[a]), array);
  return array;
}

void check_case(const Json& item, const std::string& form, bool says_version = true) {
  INFO(item["id"].get<std::string>() << ", " << form);
  const Chain chain =
      test::chain_of(chain_text(item, form, says_version), test::golden_folder() + "/keras");
  CHECK(resolved(test::chain_of(resolved(chain).dump())) == resolved(chain));
  const auto got = answer(chain, test::golden_text("keras/" + item["input"].get<std::string>()));
  if (!got) FAIL(got.error().message);
  CHECK(got->array.shape == item["output_shape"].get<std::vector<std::int64_t>>());
  CHECK(name_of(got->array.dtype) == item["output_dtype"].get<std::string>());
  if (item.value("check", "") == "window") {
    check_window(got->array, *got);
  } else {
    check_against(item, got->array, test::read_npy("keras/" + item["output"].get<std::string>()));
  }
}

}  // namespace

TEST_CASE("the layers give Keras' results, from its arguments and from its JSON") {
  const Json golden = test::golden_json("keras/index.json");
  std::map<std::string, int> ran;
  for (const Json& item : golden["cases"]) {
    if (item.contains("error")) continue;
    for (const std::string form : {"layer", "serialized", "model"}) {
      if (!item.contains(form)) continue;
      check_case(item, form);
      ++ran[form == "model" ? form : item["layer"]["class_name"].get<std::string>()];
    }
  }
  CHECK(ran == std::map<std::string, int>{{"Cropping1D", 10},
                                          {"Cropping2D", 20},
                                          {"Cropping3D", 10},
                                          {"ZeroPadding1D", 14},
                                          {"ZeroPadding2D", 20},
                                          {"ZeroPadding3D", 10},
                                          {"UpSampling1D", 8},
                                          {"UpSampling2D", 30},
                                          {"UpSampling3D", 6},
                                          {"Convolution1D", 8},
                                          {"AtrousConvolution1D", 4},
                                          {"Conv1D", 14},
                                          {"Convolution2D", 14},
                                          {"Conv2D", 32},
                                          {"AtrousConvolution2D", 4},
                                          {"Convolution3D", 6},
                                          {"Conv3D", 4},
                                          {"SeparableConvolution2D", 2},
                                          {"SeparableConv2D", 4},
                                          {"SeparableConv1D", 4},
                                          {"DepthwiseConv2D", 6},
                                          {"DepthwiseConv1D", 2},
                                          {"Deconvolution2D", 9},
                                          {"Conv2DTranspose", 11},
                                          {"Conv1DTranspose", 2},
                                          {"Conv3DTranspose", 4},
                                          {"RandomCrop", 6},
                                          {"CenterCrop", 3},
                                          {"Resizing", 7},
                                          {"model", 8}});
}

TEST_CASE("the words of Keras 1 are enough to get the results of Keras 1") {
  const Json golden = test::golden_json("keras/index.json");
  int ran = 0;
  for (const Json& item : golden["cases"]) {
    if (item.contains("error") || item["generation"] != "keras1" || !item.contains("layer") ||
        !item.contains("weights") || item["weights"].empty())
      continue;
    for (const std::string form : {"layer", "serialized"}) {
      if (!item.contains(form)) continue;
      check_case(item, form, false);
      ++ran;
    }
  }
  CHECK(ran >= 40);
}

TEST_CASE("deckle refuses what Keras refuses; wrong arguments before an image is read") {
  const Json golden = test::golden_json("keras/index.json");
  // A layer that Keras refuses only when it is called has weights.
  const std::map<std::string, std::vector<std::int64_t>> kKernels{
      {"p158-keras1-convolution1d-err", {3, 1, 3, 2}},
      {"p181-keras3-conv2d-err", {6, 6, 3, 2}},
      {"p182-keras3-conv2d-err", {3, 3, 1, 4}}};
  int when_read = 0;
  int when_planned = 0;
  std::set<std::string> left_out;
  for (const Json& item : golden["cases"]) {
    if (!item.contains("error")) continue;
    if (item.value("generation_specific", false)) {  // another generation accepts it
      left_out.insert(item["id"].get<std::string>());
      continue;
    }
    CAPTURE(item["id"].get<std::string>(), item["reason"].get<std::string>());
    Json given = item;
    if (const auto shape = kKernels.find(item["id"]); shape != kKernels.end())
      given["weights"] = Json::array({zeros(shape->second)});
    const auto chain = parse_chain(chain_text(given, "layer"));
    if (const auto* mistakes = std::get_if<Mistakes>(&chain)) {
      CHECK(mistakes->front().pointer.starts_with("/layers/0/config/"));
      ++when_read;
      continue;
    }
    REQUIRE(item["phase"] == "call");
    const auto shape = item["input_shape"].get<std::vector<std::int64_t>>();
    std::size_t samples = 1;
    for (const std::int64_t extent : shape)
      samples *= static_cast<std::size_t>(extent);
    const std::vector<float> nothing(samples);
    Buffer file;
    REQUIRE(write_npy(shape, DType::Float32,
                      {reinterpret_cast<const std::uint8_t*>(nothing.data()), samples * 4}, file));
    const auto got = answer(std::get<Chain>(chain), std::string(text_of(file.bytes())));
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == ErrorCode::Shape);
    ++when_planned;
  }
  CHECK(when_read == 30);
  CHECK(when_planned == 7);
  CHECK(left_out == std::set<std::string>{"p149-keras1-cropping2d-err",
                                          "p157-keras1-convolution2d-err",
                                          "p180-keras3-conv2d-err"});
}

// SPDX-License-Identifier: Apache-2.0
// Properties of layers on arrays of one to three axes, with any arguments.
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "chain/plan.h"
#include "codecs/formats.h"
#include "codecs/npy.h"
#include "codecs/read_picture.h"
#include "core/json.h"
#include "kernels/convert.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/samples.h"

using namespace deckle;

namespace {

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::mt19937& engine() { return random_; }

  Shape shape(int rank) {
    Shape shape{rank, {0, 0, 0}, 1 + below(4)};
    for (int a = 0; a < rank; ++a)
      shape[a] = 3 + below(6);
    return shape;
  }
  // One pair for each axis, as Keras writes them.
  Json pairs(int rank, int most) {
    Json pairs = Json::array();
    for (int a = 0; a < rank; ++a)
      pairs.push_back({below(most + 1), below(most + 1)});
    return rank == 1 ? pairs[0] : pairs;
  }

  // A layer that moves pixels and accepts the output of the layers before it.
  Json layer(int rank) {
    const std::string dimension = std::to_string(rank) + "D";
    switch (below(rank == 2 ? 6 : 3)) {
      case 0:
        return {{"class_name", "Cropping" + dimension}, {"cropping", pairs(rank, 1)}};
      case 1: {
        const std::vector<std::string> modes{"constant", "reflect", "symmetric", "edge", "wrap"};
        Json layer{{"class_name", "ZeroPadding" + dimension},
                   {"padding", pairs(rank, 4)},
                   {"mode", modes[static_cast<std::size_t>(below(5))]}};
        if (layer["mode"] == "constant") layer["value"] = below(2);
        return layer;
      }
      case 2:
        return {{"class_name", "UpSampling" + dimension}, {"size", 1 + below(2)}};
      case 3:
        return {{"class_name", "RandomFlip"}};
      case 4:
        return {{"class_name", "CenterCrop"}, {"height", 2}, {"width", 3}};
      default:
        return {{"class_name", "RandomCrop"}, {"height", 2}, {"width", 2}, {"if_smaller", "pad"}};
    }
  }

 private:
  std::mt19937 random_;
};

Chain chain_of(const Json& layers, const std::string& more = "") {
  return test::chain_of(R"({"seed": 5, "seed_from": "fixed", "output": {"format": "npy"}, )" +
                        more + R"("layers": )" + layers.dump() + "}");
}

// The chain's output, in the type that Keras would give it.
Tensor answer(const Chain& chain, const Tensor& in) {
  const ArrayLayout layout{true, in.batch > 1 ? std::optional(in.batch) : std::nullopt};
  const auto plan = make_plan(chain, in.shape, in.dtype, {}, layout);
  if (!plan) FAIL(plan.error().message);
  OpScratch scratch;
  Tensor out;
  cast(**run_plan(*plan, in, test::whole(in.shape), scratch), plan->dtype, out);
  CHECK(out.shape == plan->output);
  return out;
}

Json layer_json(const Layer& layer) {
  return {{"class_name", layer.spec->name}, {"config", layer.config}};
}

}  // namespace

TEST_CASE("cropping removes what padding added, for every mode, rank and type") {
  Chance chance(1);
  for (int round = 0; round < 300; ++round) {
    const int rank = 1 + round % 3;
    const std::string dimension = std::to_string(rank) + "D";
    const Json pairs = chance.pairs(rank, 7);
    Json padding = chance.layer(rank);
    while (!padding.contains("mode"))
      padding = chance.layer(rank);
    padding["padding"] = pairs;
    const Json layers =
        Json::array({padding, Json{{"class_name", "Cropping" + dimension}, {"cropping", pairs}}});
    INFO(layers.dump());
    const DType dtype =
        test::kAllTypes.at(static_cast<std::size_t>(round) % test::kAllTypes.size());
    const Tensor in = test::noise(chance.shape(rank), dtype, chance.engine());
    Tensor same;
    // Keras first casts the other floats to float32.
    cast(in, info(dtype).is_float ? DType::Float32 : dtype, same);
    CHECK(test::same_bytes(answer(chain_of(layers), in), same));
  }
}

TEST_CASE("every k-th entry of an axis that was repeated k times is the original axis") {
  Chance chance(2);
  for (int round = 0; round < 90; ++round) {
    const int rank = 1 + round % 3;
    std::vector<std::int64_t> size;
    for (int a = 0; a < rank; ++a)
      size.push_back(1 + chance.below(4));
    const Json layers = Json::array({Json{{"class_name", "UpSampling" + std::to_string(rank) + "D"},
                                          {"size", rank == 1 ? Json(size[0]) : Json(size)}}});
    INFO(layers.dump());
    const Tensor in = test::noise(chance.shape(rank), DType::Int16, chance.engine());
    const Tensor out = answer(chain_of(layers), in);
    std::vector<AxisTable> every;
    for (int a = 0; a < rank; ++a) {
      REQUIRE(out.shape[a] == in.shape[a] * size[static_cast<std::size_t>(a)]);
      AxisTable table(out.shape[a]);
      std::vector<std::int32_t> indices;
      for (std::int64_t i = 0; i < in.shape[a]; ++i)
        indices.push_back(static_cast<std::int32_t>(i * size[static_cast<std::size_t>(a)]));
      table.pick(indices);
      every.push_back(table);
    }
    Tensor back;
    gather(out, test::whole(out.shape), every, std::vector<Fill>{{0}}, back);
    CHECK(test::same_bytes(back, in));
  }
}

TEST_CASE("a chain in two runs, through npy, gives the output of one run") {
  Chance chance(3);
  for (int round = 0; round < 400; ++round) {
    const int rank = 1 + round % 3;
    const bool channels_first = rank > 1 && round % 2 == 1;
    // Layers that draw have seeds. Otherwise they would draw other numbers as the first layer of a
    // chain.
    Json layers = Json::array();
    for (int i = 0; i < 4; ++i) {
      Json layer = chance.layer(rank);
      if (layer["class_name"] == "RandomFlip" || layer["class_name"] == "RandomCrop")
        layer["seed"] = i;
      if (channels_first) layer["data_format"] = "channels_first";
      if (channels_first && !layer.contains("size") && rank == 1) layer.erase("data_format");
      layers.push_back(layer);
    }
    INFO(layers.dump());
    const Shape shape = chance.shape(rank);
    const DType dtype =
        test::kAllTypes.at(static_cast<std::size_t>(round) % test::kAllTypes.size());
    const Tensor in = test::noise(shape, dtype, chance.engine());
    if (!plan_shapes(chain_of(layers), shape)) continue;  // cropped away
    const Tensor whole = answer(chain_of(layers), in);

    const std::size_t cut = static_cast<std::size_t>(1 + chance.below(3));
    Json first = Json::array();
    Json second = Json::array();
    for (std::size_t i = 0; i < layers.size(); ++i)
      (i < cut ? first : second).push_back(layers[i]);
    const Tensor half = answer(chain_of(first), in);
    const Codec& npy = codec_of(Format::Npy);
    Buffer file;
    REQUIRE(npy.encoder->encode(
        half, {.format = Format::Npy, .channels_first = channels_first, .batch_axis = false},
        file));
    const Chain rest = chain_of(second);
    REQUIRE(rest.channels_first == channels_first);
    const auto info = read_info(file.bytes(), rest.input);
    REQUIRE(info);
    Tensor read;
    REQUIRE(decode(file.bytes(), *info, rest.input, read));
    CHECK(test::same_bytes(read, half));
    CHECK(test::same_bytes(answer(rest, read), whole));
  }
}

TEST_CASE("the samples of a batch share one draw") {
  Chance chance(4);
  for (int round = 0; round < 60; ++round) {
    Json layers = Json::array({chance.layer(2), chance.layer(2)});
    layers.push_back({{"class_name", "Resizing"}, {"height", 5}, {"width", 4}});
    layers.push_back({{"class_name", "Rescaling"}, {"scale", 0.5}, {"offset", 1}});
    const Shape shape = chance.shape(2);
    if (!plan_shapes(chain_of(layers), shape)) continue;
    INFO(layers.dump());
    const Tensor one = test::noise(shape, DType::UInt8, chance.engine());
    Tensor both;
    both.reset(shape, DType::UInt8, 2);
    std::memcpy(both.data.data(), one.data.data(), one.byte_count());
    std::memcpy(both.data.data() + one.byte_count(), one.data.data(), one.byte_count());
    const Tensor out = answer(chain_of(layers), both);
    REQUIRE(out.batch == 2);
    CHECK(std::memcmp(out.data.data(), out.data.data() + out.item_bytes(), out.item_bytes()) == 0);
  }
}

TEST_CASE("the config of a layer gives the same layer, for any arguments") {
  Chance chance(5);
  for (int round = 0; round < 300; ++round) {
    const Chain chain = chain_of(Json::array({chance.layer(1 + round % 3)}));
    const Json said = layer_json(chain.layers[0]);
    CHECK(layer_json(chain_of(Json::array({said})).layers[0]) == said);
  }
}

TEST_CASE(
    "an array with another number of axes than the layers take is refused with both numbers") {
  const Chain chain = chain_of(Json::parse(R"([{"class_name": "Cropping2D", "cropping": 1}])"));
  const auto refused = [&](std::vector<std::int64_t> axes) {
    Tensor some;
    some.reset({1, {1, 0, 0}, 1}, DType::UInt8);
    Buffer file;
    std::int64_t samples = 1;
    for (const std::int64_t extent : axes)
      samples *= extent;
    // As long as the header says: only the shape is wrong.
    const std::vector<std::uint8_t> zeros(static_cast<std::size_t>(samples));
    REQUIRE(write_npy(axes, DType::UInt8, zeros, file));
    const auto info = read_info(file.bytes(), chain.input);
    return info ? std::string() : info.error().message;
  };
  CHECK(refused({4, 4, 3}).empty());
  CHECK(refused({2, 4, 4, 3}).empty());
  CHECK(
      refused({4, 4}) ==
      "an array of shape (4, 4); these layers take rows x cols x channels (3 axes), or a batch of "
      "them (4 axes)");
  CHECK(refused({1, 2, 4, 4, 3}).starts_with("an array of shape (1, 2, 4, 4, 3); these"));
  CHECK(refused({0, 4, 4, 3}) == "an array of shape (0, 4, 4, 3) is empty");
  CHECK(refused({4, 0, 3}) == "an array of shape (4, 0, 3) is empty");
}

TEST_CASE("layers for different numbers of axes cannot be in one chain") {
  CHECK(test::mistakes_in(
            R"({"layers": [{"class_name": "Rescaling", "scale": 1},
                           {"class_name": "Cropping1D"}, {"class_name": "UpSampling2D"}]})") ==
        test::Lines{"2:58 /layers/2: UpSampling2D works on 2 axes, the layers before it on 1"});
  CHECK(test::mistakes_in(
            R"({"data_format": "channels_first", "layers": [{"class_name": "Cropping1D"}]})") ==
        test::Lines{"1:46 /layers/0: Cropping1D is channels_last in every Keras; the chain is "
                    "channels_first"});
}

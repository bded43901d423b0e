// SPDX-License-Identifier: Apache-2.0
#include "chain/keras_export.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chain/keras_model.h"
#include "layers/registry.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/golden.h"

using namespace deckle;
using test::chain_of;
using test::Lines;

namespace {

const std::vector<std::string> kVersions{"1.2", "2.0", "2.2", "2.3", "2.6",
                                         "2.9", "3.0", "3.5", "3.15"};

KerasVersion version_of(const std::string& text) {
  return keras_version(text).value();
}

Json exported(const std::string& chain, const std::string& version) {
  return std::get<Json>(to_keras(chain_of(chain), version_of(version)));
}

// The mistakes as "pointer: message".
Lines refused(const std::string& chain, const std::string& version) {
  Lines lines;
  const auto result = to_keras(chain_of(chain), version_of(version));
  if (const auto* mistakes = std::get_if<std::vector<Mistake>>(&result)) {
    for (const Mistake& mistake : *mistakes)
      lines.push_back(mistake.pointer + ": " + mistake.message);
  }
  return lines;
}

std::string layers(const std::string& entries, const std::string& more = "") {
  return R"({"layers": [)" + entries + "]" + more + "}";
}

const std::string kShape = R"(, "input": {"shape": [8, 8, 3]})";

// More forms of layers, of Keras and of deckle. The example of every layer is also written.
const std::map<std::string, std::vector<std::string>> kConfigs{
    {"Cropping1D", {"{}", R"({"cropping": 3})", R"({"cropping": [0, 2], "dtype": "float64"})"}},
    {"Cropping2D", {"{}", R"({"cropping": [1, 2]})", R"({"cropping": [[1, 2], [3, 4]]})"}},
    {"Cropping3D",
     {"{}", R"({"cropping": [1, 2, 3]})", R"({"cropping": [[1, 2], [3, 4], [5, 6]]})"}},
    {"ZeroPadding1D", {"{}", R"({"padding": {"left_pad": 3}})", R"({"mode": "edge"})"}},
    {"ZeroPadding2D",
     {"{}", R"({"padding": [1, 2]})", R"({"padding": [1, 2, 3, 4]})",
      R"({"padding": 1, "value": 7})", R"({"mode": "wrap"})"}},
    {"ZeroPadding3D",
     {"{}", R"({"padding": [1, 2, 3]})", R"({"padding": [[1, 2], [3, 4], [5, 6]]})"}},
    {"UpSampling1D", {"{}", R"({"length": 3})"}},
    {"UpSampling2D",
     {"{}", R"({"size": [1, 3]})", R"({"interpolation": "bilinear"})",
      R"({"interpolation": "gaussian"})"}},
    {"UpSampling3D", {"{}", R"({"size": [1, 2, 3]})"}},
    {"RandomCrop",
     {R"({"height": 4, "width": 5})", R"({"height": 4, "width": 5, "seed": 7, "dtype": "uint8"})",
      R"({"height": 4, "width": 5, "seed": [7, 8]})",
      R"({"height": 4, "width": 5, "if_smaller": "pad"})",
      R"({"height": 4, "width": 5, "generator": "keras"})",
      R"({"height": 4, "width": 5, "training": false})"}},
    {"CenterCrop", {R"({"height": 4, "width": 5})"}},
    {"Resizing",
     {R"({"height": 4, "width": 5})", R"({"height": 4, "width": 5, "interpolation": "area"})",
      R"({"height": 4, "width": 5, "crop_to_aspect_ratio": true})",
      R"({"height": 4, "width": 5, "pad_to_aspect_ratio": true, "fill_value": 3.5})",
      R"({"height": 4, "width": 5, "antialias": true})"}},
    {"Rescaling", {R"({"scale": 0.5})", R"({"scale": [1, 2, 3], "offset": -1.25})"}},
    {"RandomFlip", {"{}", R"({"mode": "vertical", "seed": 3})", R"({"training": false})"}},
};

// The chain that is read back must have the same layers and the same inputs.
void check_comes_back(const Chain& chain, const Json& model) {
  const Chain again = chain_of(model.dump());
  REQUIRE(again.layers.size() == chain.layers.size());
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    CHECK(again.layers[i].spec == chain.layers[i].spec);
    CHECK(again.layers[i].config == chain.layers[i].config);
  }
  CHECK(again.rank == chain.rank);
  CHECK(again.channels_first == chain.channels_first);
  CHECK(again.input_shape == chain.input_shape);
}

// Each mistake points to a layer, or to a key of the chain.
void check_refusal(const Chain& chain, const std::vector<Mistake>& mistakes) {
  REQUIRE_FALSE(mistakes.empty());
  for (const Mistake& mistake : mistakes) {
    CHECK_FALSE(mistake.message.empty());
    bool placed = mistake.pointer.empty() || mistake.pointer == "/data_format";
    for (const LayerPointers& place : chain.pointers)
      placed = placed || mistake.pointer.starts_with(place.entry + "/");
    CHECK(placed);
  }
}

// Removes from Keras' JSON the keys that deckle does not write and Keras does not need.
const std::set<std::string> kLeftOut{"build_config", "compile_config", "ragged", "optional",
                                     "backend"};

void check_same(const Json& ours, const Json& theirs, const std::string& where) {
  CAPTURE(where);
  if (!theirs.is_object()) {
    if (!theirs.is_array() || theirs.empty() || !theirs[0].is_object()) {
      CHECK(ours == theirs);
      return;
    }
    REQUIRE(ours.size() == theirs.size());
    for (std::size_t i = 0; i < theirs.size(); ++i)
      check_same(ours[i], theirs[i], where + "/" + std::to_string(i));
    return;
  }
  for (const auto& [key, value] : theirs.items()) {
    CAPTURE(key);
    if (kLeftOut.count(key) > 0) continue;
    REQUIRE(ours.contains(key));
    check_same(ours[key], value, where + "/" + key);
  }
  for (const auto& [key, value] : ours.items()) {
    CAPTURE(key);
    CHECK(theirs.contains(key));
  }
}

}  // namespace

TEST_CASE("a model of every Keras is exported as that Keras wrote it") {
  for (const std::string version : {"1.2.2", "2.2.4", "2.3.1", "3.5.0", "3.15.1"}) {
    CAPTURE(version);
    Json model = test::golden_json("keras/json/sequential_keras" + version + ".json");
    Json& config = model["config"];
    Json& all = config.is_array() ? config : config["layers"];
    Json known = Json::array();
    for (const Json& layer : all) {
      const std::string name = layer["class_name"];
      const LayerSpec* spec = find_layer(name);
      if (is_input_layer(name) || (spec != nullptr && !has_weights(*spec))) known.push_back(layer);
    }
    all = known;
    check_same(exported(model.dump(), version), model, "");
  }
}

TEST_CASE("every layer is written with the keys and values that Keras writes") {
  int compared = 0;
  for (const std::string version : {"1.2.2", "2.2.4", "2.3.1", "3.5.0", "3.15.1"}) {
    const Json dump = test::golden_json("keras/json/layers_keras" + version + ".json");
    for (const auto& [key, theirs] : dump.items()) {
      if (!theirs.is_object()) continue;
      const LayerSpec* spec = find_layer(theirs["class_name"].get<std::string>());
      if (spec == nullptr || has_weights(*spec)) continue;
      CAPTURE(version, key);
      Json shape = Json::array();
      for (int a = 0; a < spec->rank; ++a)
        shape.push_back(9);
      shape.push_back(3);
      Json chain{{"layers", Json::array({theirs})}, {"input", {{"shape", shape}}}};
      const Json model = exported(chain.dump(), version);
      const Json& config = model["config"];
      Json ours = (config.is_array() ? config : config["layers"]).back();
      // Keys of the whole model in the first layer; the number in the name.
      for (const char* first : {"batch_input_shape", "input_dtype"})
        ours["config"].erase(first);
      if (version == "2.2.4") ours["config"].erase("dtype");
      Json expected = theirs;
      ours["config"].erase("name");
      expected["config"].erase("name");
      // Keras 1 wrote the form that it was given; deckle writes one of its forms.
      if (key == "ZeroPadding1D" && version == "1.2.2") expected["config"]["padding"] = {1, 1};
      if (key == "ZeroPadding2D_dict") expected["config"]["padding"] = {1, 0, 0, 0};
      check_same(ours, expected, "");
      ++compared;
    }
  }
  CHECK(compared >= 11 + 9 + 9 + 12 + 12);
}

TEST_CASE("every layer of the newest Keras can be exported to it, except those with weights") {
  for (const LayerSpec& spec : layer_specs()) {
    CAPTURE(spec.name);
    const auto in_keras = [](const ArgumentSpec& argument) { return argument.since.has_value(); };
    if (has_weights(spec) || std::none_of(spec.arguments.begin(), spec.arguments.end(), in_keras))
      continue;
    const Chain chain = chain_of(layers(std::string(spec.example)));
    const auto result = to_keras(chain, kNewestKeras);
    const auto* model = std::get_if<Json>(&result);
    REQUIRE(model != nullptr);
    check_comes_back(chain, *model);
  }
}

TEST_CASE("a layer with weights is refused with its name") {
  const std::string filter = R"({"class_name": "DepthwiseConv2D", "kernel": "box"})";
  CHECK(
      refused(layers(filter, kShape), "3.15") ==
      Lines{"/layers/0/class_name: layers with weights are not exported: Keras' JSON has no place "
            "for the weights of DepthwiseConv2D"});
}

TEST_CASE(
    "an exported model is read as the same layers; else the export is refused at its position") {
  std::mt19937 random(20261105);  // always the same chains
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  int written = 0;
  int refusals = 0;
  for (int round = 0; round < 3000; ++round) {
    const int rank = static_cast<int>(below(3)) + 1;
    std::string entries;
    const std::size_t count = below(4) + 1;
    while (std::size_t(std::count(entries.begin(), entries.end(), '\n')) < count) {
      const LayerSpec& spec = layer_specs()[below(layer_specs().size())];
      if (has_weights(spec) || (spec.rank != rank && spec.rank != 0)) continue;
      std::vector<std::string> configs{Json::parse(spec.example)["config"].dump()};
      if (const auto more_forms = kConfigs.find(std::string(spec.name));
          more_forms != kConfigs.end())
        configs.insert(configs.end(), more_forms->second.begin(), more_forms->second.end());
      entries += (entries.empty() ? "" : ",") + std::string(R"({"class_name": ")") +
                 std::string(spec.name) + R"(", "config": )" + configs[below(configs.size())] +
                 "}\n";
    }
    std::string more = below(3) == 0 && rank > 1 ? R"(, "data_format": "channels_first")" : "";
    const std::vector<std::string> shapes{"[null, 3]", "[9, null, 3]", "[9, 8, 7, 3]"};
    // Without a shape the number of Rescaling's axes would not be known.
    more += R"(, "input": {"shape": )" + shapes[static_cast<std::size_t>(rank) - 1] + "}";
    const std::string text = layers(entries, more);
    const std::string& version = kVersions[below(kVersions.size())];
    CAPTURE(text, version);
    const Chain chain = chain_of(text);
    const auto result = to_keras(chain, version_of(version));
    if (const auto* model = std::get_if<Json>(&result)) {
      ++written;
      check_comes_back(chain, *model);
      const KerasVersion told = chain_of(model->dump()).keras;
      CHECK(told.major == version_of(version).major);
    } else {
      ++refusals;
      check_refusal(chain, std::get<std::vector<Mistake>>(result));
    }
  }
  CHECK(written > 500);
  CHECK(refusals > 500);
}

TEST_CASE("names have the numbers that each Keras gives them") {
  const std::string two = layers(R"({"class_name": "ZeroPadding2D"}, {"class_name": "Cropping2D"},
                                    {"class_name": "ZeroPadding2D"})",
                                 kShape);
  const auto names = [&](const std::string& version) {
    const Json model = exported(two, version);
    const Json& config = model["config"];
    Lines result;
    for (const Json& layer : config.is_array() ? config : config["layers"])
      result.push_back(layer["config"]["name"]);
    return result;
  };
  CHECK(names("1") == Lines{"zeropadding2d_1", "cropping2d_1", "zeropadding2d_2"});
  CHECK(names("2.3") == Lines{"zero_padding2d_1", "cropping2d_1", "zero_padding2d_2"});
  CHECK(names("2.9") ==
        Lines{"zero_padding2d_input", "zero_padding2d", "cropping2d", "zero_padding2d_1"});
  CHECK(names("3") == Lines{"input_layer", "zero_padding2d", "cropping2d", "zero_padding2d_1"});
  const std::string named = R"(, "name": "_größe 1/2")";
  CHECK(exported(layers(R"({"class_name": "Cropping2D"})", named), "3")["config"]["name"] ==
        "mgr____e_1_2");
}

TEST_CASE("what a Keras cannot do is refused, with position and value") {
  CHECK(
      refused(layers(R"({"class_name": "ZeroPadding2D", "config": {"mode": "edge"}},
                          {"class_name": "ZeroPadding2D", "value": 3})"),
              "3") ==
      Lines{"/layers/0/config/mode: ZeroPadding2D of Keras 3.15 has no mode; without it, it would "
            "be \"constant\"",
            "/layers/1/value: ZeroPadding2D of Keras 3.15 has no value; without it, it would be "
            "0.0"});
  CHECK(refused(
            layers(R"({"class_name": "RandomCrop", "config": {"height": 2, "width": 2}})", kShape),
            "1") == Lines{"/layers/0/class_name: Keras 1.2 has no RandomCrop"});
  CHECK(refused(layers(R"({"class_name": "RandomCrop", "height": 2, "width": 2, "seed": [1, 2]})"),
                "2.9") == Lines{"/layers/0/seed: a seed of Keras is one number, not a pair"});
  CHECK(refused(layers(R"({"class_name": "RandomCrop", "height": 2, "width": 2,
                           "data_format": "channels_first"})"),
                "2.9") ==
        Lines{"/layers/0/data_format: RandomCrop of Keras 2.9 has no data_format; "
              "without it, it would be \"channels_last\""});
  CHECK(
      refused(layers(R"({"class_name": "UpSampling2D", "interpolation": "area"})"), "3") ==
      Lines{"/layers/0/interpolation: UpSampling2D of Keras 3.15 knows nearest, bilinear, bicubic, "
            "lanczos3 or lanczos5, not \"area\""});
  CHECK(
      refused(layers(R"({"class_name": "UpSampling2D", "interpolation": "bilinear"})", kShape),
              "1") ==
      Lines{"/layers/0/interpolation: UpSampling2D of Keras 1.2 has no interpolation; without it, "
            "it would be \"nearest\""});
  CHECK(
      refused(layers(R"({"class_name": "UpSampling2D", "interpolation": "bilinear"})"), "2.3") ==
      Lines{"/layers/0/interpolation: bilinear of Keras 2.3 is not that of Keras 2.9, whose rules "
            "hold here: up to 2.3 it measures from the corners of pixels, from 2.4 on from their "
            "centres"});
  CHECK(refused(layers(R"({"class_name": "UpSampling2D", "interpolation": "bilinear"})",
                       R"(, "keras": "2.2.4")"),
                "3") ==
        Lines{"/layers/0/interpolation: bilinear of Keras 3.15 is not that of Keras 2.2, whose "
              "rules hold here: up to 2.3 it measures from the corners of pixels, from 2.4 on from "
              "their centres"});
  CHECK(refused(layers(R"({"class_name": "ZeroPadding3D", "padding": [[1, 2], 3, 4]})",
                       R"(, "input": {"shape": [null, null, null, 1]})"),
                "1") == Lines{"/layers/0/padding: Keras 1.2 pads volumes on both sides alike: "
                              "[[1,2],[3,3],[4,4]] cannot be written"});
  CHECK(refused(layers(R"({"class_name": "Cropping2D", "dtype": "float64"})", kShape), "2.2") ==
        Lines{"/layers/0/dtype: Cropping2D of Keras 2.2 has no dtype; without it, it would be "
              "\"float32\""});
  CHECK(
      refused(layers(R"({"class_name": "Cropping2D"})"), "1") ==
      Lines{
          ": Keras 1.2 needs the shape of the input: --input-shape, or \"input\": {\"shape\": ..} "
          "in the chain; \"none\" for an open axis"});
  CHECK(refused(layers(R"({"class_name": "Rescaling", "scale": 2})",
                       R"(, "data_format": "channels_first")"),
                "3") ==
        Lines{"/data_format: no layer here could tell Keras 3.15 that it is channels_first"});
  CHECK(refused(
            layers(R"({"class_name": "Cropping2D"}, {"class_name": "Rescaling", "scale": [1, 2]})",
                   R"(, "data_format": "channels_first")"),
            "3") == Lines{"/layers/1/scale: a list goes along the last axis in Keras, which is not "
                          "the channels here"});
}

TEST_CASE("an input's dtype is written if that Keras has a place for it") {
  const auto chain = [](const std::string& shape) {
    return layers(R"({"class_name": "Cropping2D"})",
                  R"(, "as": "model", "input": {"dtype": "uint8")" + shape + "}");
  };
  for (const std::string version : {"1.2", "2.9", "3.15"}) {
    CAPTURE(version);
    CHECK(chain_of(exported(chain(R"(, "shape": [8, 8, 3])"), version).dump()).model_input_dtype ==
          DType::UInt8);
  }
  CHECK(refused(chain(R"(, "shape": [8, 8, 3])"), "2.3") ==
        Lines{"/input/dtype: in Keras 2.3 the first layer's dtype, float32, is the input's too"});
  CHECK(refused(chain(""), "3") ==
        Lines{"/input/dtype: Keras needs the shape of the input too: --input-shape"});
}

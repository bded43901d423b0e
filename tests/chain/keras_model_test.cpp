// SPDX-License-Identifier: Apache-2.0
#include "chain/keras_model.h"

#include <string>
#include <vector>

#include "chain/plan.h"
#include "core/text.h"
#include "layers/registry.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/golden.h"

using namespace deckle;
using test::chain_of;
using test::Lines;
using test::mistakes_in;

namespace {

// A Sequential as each generation writes it, around these entries.
std::string keras1(const std::string& layers) {
  return R"({"class_name": "Sequential", "config": [)" + layers + R"(], "keras_version": "1.2.2"})";
}
std::string keras2(const std::string& layers, const std::string& version = "2.3.1") {
  return R"({"class_name": "Sequential", "config": {"name": "sequential_1", "layers": [)" + layers +
         R"(]}, "keras_version": ")" + version + R"(", "backend": "tensorflow"})";
}
std::string keras3(const std::string& layers) {
  return R"({"module": "keras", "class_name": "Sequential", "config": {"name": "augment", "trainable": true,
 "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null},
 "layers": [)" +
         layers +
         R"(], "build_input_shape": [null, 8, 8, 3]}, "registered_name": null,
 "build_config": {"input_shape": [null, 8, 8, 3]}, "compile_config": {}})";
}

const std::string kCropping = R"({"class_name": "Cropping2D", "config": {"cropping": 1}})";

std::string input_layer(const std::string& more) {
  return R"({"class_name": "InputLayer", "config": {"name": "input_layer", )" + more + "}}";
}

// The golden model of a version, without its convolution.
Json known_part(const std::string& version) {
  Json model = test::golden_json("keras/json/sequential_keras" + version + ".json");
  Json& config = model["config"];
  Json& layers = config.is_array() ? config : config["layers"];
  Json known = Json::array();
  for (const Json& layer : layers) {
    const std::string name = layer["class_name"];
    if (name.find("Conv") == std::string::npos) known.push_back(layer);
  }
  layers = known;
  return model;
}

}  // namespace

TEST_CASE("a model of every Keras is read as the same chain") {
  for (const std::string version : {"1.2.2", "2.2.4", "2.3.1", "3.5.0", "3.15.1"}) {
    CAPTURE(version);
    const Chain chain = chain_of(known_part(version).dump());
    CHECK(chain.as == As::Model);
    CHECK(chain.model_input_dtype == DType::Float32);
    CHECK(chain.rank == 2);
    CHECK_FALSE(chain.channels_first);
    CHECK(chain.input_shape == OpenShape{8, 8, 3});
    CHECK(chain.keras.major == version[0] - '0');
    CHECK(chain.name == (version[0] == '1'   ? ""
                         : version[0] == '2' ? "sequential_1"
                                             : "sequential"));
    Json expected = Json::parse(R"([
      {"class_name": "ZeroPadding2D", "config": {"padding": [[1, 1], [2, 2]], "data_format": "channels_last",
       "mode": "constant", "value": 0.0, "dtype": "float32"}},
      {"class_name": "UpSampling2D", "config": {"size": [2, 2], "data_format": "channels_last",
       "interpolation": "nearest", "dtype": "float32"}},
      {"class_name": "Cropping2D", "config": {"cropping": [[1, 1], [0, 2]], "data_format": "channels_last",
       "dtype": "float32"}}])");
    CHECK(resolved(chain)["layers"] == expected);
    CHECK(resolved(chain_of(resolved(chain).dump())) == resolved(chain));
  }
}

TEST_CASE("every layer without weights that Keras wrote is read") {
  int read = 0;
  for (const std::string version : {"1.2.2", "2.2.4", "2.3.1", "3.5.0", "3.15.1"}) {
    const Json dump = test::golden_json("keras/json/layers_keras" + version + ".json");
    for (const auto& [name, entry] : dump.items()) {
      if (!entry.is_object()) continue;
      const LayerSpec* spec = find_layer(entry["class_name"].get<std::string>());
      if (spec == nullptr || has_weights(*spec)) continue;
      CAPTURE(version, name);
      Json model = known_part(version);
      Json& config = model["config"];
      (config.is_array() ? config : config["layers"]) = Json::array({entry});
      const Chain chain = chain_of(model.dump());
      REQUIRE(chain.layers.size() == 1);
      CHECK(chain.layers[0].spec->name == entry["class_name"].get<std::string>());
      CHECK(test::comes_back(chain.layers[0]));
      ++read;
    }
  }
  CHECK(read >= 11 + 9 + 9 + 12 + 12);
}

TEST_CASE("the version is written in the model or follows from its form") {
  const auto version = [](const std::string& text) { return to_text(chain_of(text).keras); };
  CHECK(version(keras1(kCropping)) == "1.2");
  CHECK(version(keras2(kCropping)) == "2.3");
  CHECK(version(keras2(kCropping, "2.2.4-tf")) == "2.2-tf");
  CHECK(version(keras2(kCropping, "2.3.0-tf")) == "2.4");
  CHECK(version(keras2(kCropping, "tfjs-layers 4.22.0")) == "2.9");
  CHECK(version(keras3(kCropping)) == to_text(kNewestKeras));
  CHECK(version(R"({"class_name": "Sequential", "config": [)" + kCropping + "]}") == "2.9");
  CHECK(version(R"({"class_name": "Sequential", "config": [{"class_name": "Cropping2D",
                    "config": {"dim_ordering": "tf"}}]})") == "1.2");
  CHECK(mistakes_in(keras2(kCropping, "4.0")) ==
        Lines{"1:135 /keras_version: \"4.0\" is no version of Keras that deckle knows: 1.0 to 1.2, "
              "2.0 to 2.15 and 3.0 to 3.15"});
  // The words of Keras 1, without a version.
  CHECK(version(R"({"class_name": "Sequential", "config": [{"class_name": "Convolution2D",
                    "config": {"nb_filter": 1, "nb_row": 1, "nb_col": 1,
                               "weights": [[[[[1]]]]]}}]})") == "1.2");
}

TEST_CASE("a model of a newer Keras follows the newest known rules, and a note says this") {
  const Chain chain = chain_of(keras2(kCropping, "3.20.1"));
  CHECK(chain.keras == kNewestKeras);
  CHECK(chain.notes == Lines{"/keras_version: Keras 3.20.1 is newer than the rules that deckle "
                             "knows; those of 3.15 are followed"});
  CHECK(chain_of(keras2(kCropping, "3.15.2")).notes.empty());
}

TEST_CASE("TensorFlow.js wraps the model") {
  const std::string config = R"("config": {"name": "s", "layers": [)" + kCropping + "]}";
  const Chain converted = chain_of(
      R"({"format": "layers-model", "modelTopology": {"keras_version": "2.3.1", "backend": "tensorflow",
          "model_config": {"class_name": "Sequential", )" +
      config + R"(}}, "weightsManifest": []})");
  CHECK(to_text(converted.keras) == "2.3");
  CHECK(converted.pointers.at(0).arguments == "/modelTopology/model_config/config/layers/0/config");
  const Chain saved = chain_of(R"({"modelTopology": {"class_name": "Sequential", )" + config +
                               R"(, "keras_version": "tfjs-layers 4.22.0"}})");
  CHECK(saved.name == "s");
  // The bilinear of TensorFlow.js is that of TensorFlow 1.
  const Chain enlarged = chain_of(
      R"({"modelTopology": {"class_name": "Sequential", "config": {"layers": [{"class_name":
          "UpSampling2D", "config": {"interpolation": "bilinear"}}]},
          "keras_version": "tfjs-layers 4.22.0"}})");
  CHECK(enlarged.layers.at(0).keras == KerasVersion{2, 3});
  CHECK(resolved(enlarged)["layers"][0]["keras"] == "2.3");
  CHECK(saved.pointers.at(0).entry == "/modelTopology/config/layers/0");
}

TEST_CASE("the shape of the model's input is kept, and other images are refused") {
  const Chain chain = chain_of(keras3(input_layer(R"("batch_shape": [null, null, 8, 3],
      "dtype": "uint8", "sparse": false, "ragged": false, "optional": false)") +
                                      ", " + kCropping));
  CHECK(chain.input_shape == OpenShape{std::nullopt, 8, 3});
  CHECK(chain.model_input_dtype == DType::UInt8);
  CHECK(plan_shapes(chain, Shape::image(5, 8, 3)).has_value());
  for (const Shape& shape : {Shape::image(5, 9, 3), Shape::image(5, 8, 1)}) {
    const auto shapes = plan_shapes(chain, shape);
    REQUIRE_FALSE(shapes.has_value());
    CHECK(shapes.error() ==
          Error{ErrorCode::Shape, "the model's input is any x 8 x 3, not " + to_string(shape)});
    CHECK_FALSE(make_plan(chain, shape, DType::UInt8, {}).has_value());
  }
  const auto first = chain_of(keras1(R"({"class_name": "ZeroPadding2D", "config": {
      "batch_input_shape": [32, 3, 8, 9], "input_dtype": "float64", "dim_ordering": "th"}})"));
  CHECK(first.channels_first);
  CHECK(first.input_shape == OpenShape{8, 9, 3});
  CHECK(first.model_input_dtype == DType::Float64);
}

TEST_CASE("a model casts to its input's dtype, before all layers") {
  const std::string layers = R"({"class_name": "Cropping2D", "config": {"cropping": 0}})";
  const auto dtype = [&](const std::string& input, DType given) {
    const Chain chain = chain_of(
        keras3(input_layer(R"("batch_shape": [null, 8, 8, 3], "dtype": ")" + input + "\"") + ", " +
               layers));
    return make_plan(chain, Shape::image(8, 8, 3), given, {}, {true, std::nullopt})->dtype;
  };
  CHECK(dtype("float32", DType::UInt8) == DType::Float32);
  CHECK(dtype("uint8", DType::UInt8) == DType::UInt8);
  CHECK(dtype("int32", DType::UInt8) == DType::Int32);
}

TEST_CASE("if no layer decides, the shape decides on the axes and the caller on the layout") {
  const std::string rescaling =
      R"({"class_name": "Rescaling", "keras": "2.9", "config": {"scale": 2,
      "batch_input_shape": [null, 4, 5, 6, 7]}})";
  CHECK(chain_of(keras2(rescaling)).rank == 3);
  const auto parsed = parse_chain(
      keras1(R"({"class_name": "Cropping2D", "config": {"batch_input_shape": [null, 3, 8, 9]}})"),
      true);
  const auto* chain = std::get_if<Chain>(&parsed);
  REQUIRE(chain != nullptr);
  CHECK(chain->channels_first);
  CHECK(chain->input_shape == OpenShape{8, 9, 3});
  CHECK(resolved(*chain)["layers"][0]["config"]["data_format"] == "channels_first");
}

TEST_CASE("only layers that act in training alone are skipped, by name") {
  const std::string dropout = R"({"class_name": "Dropout", "config": {"rate": 0.5}})";
  const Chain chain =
      chain_of(keras2(dropout + ", " + kCropping + ", " +
                      R"({"class_name": "GaussianNoise", "config": {"stddev": 1}})"));
  CHECK(chain.layers.size() == 1);
  CHECK(chain.pointers.at(0).entry == "/config/layers/1");
  REQUIRE(chain.skipped.size() == 2);
  CHECK(chain.skipped[0].class_name == "Dropout");
  CHECK(chain.skipped[1].entry == "/config/layers/2");
  CHECK(mistakes_in(keras2(dropout)) == Lines{"1:65 /config/layers: the list of layers is empty; "
                                              "\"deckle layers\" lists all"});
  // In a chain that is not a model, they are not layers.
  CHECK(mistakes_in(R"({"layers": [)" + dropout + "]}").size() == 1);
  CHECK(mistakes_in(R"({"layers": [)" + input_layer(R"("batch_shape": [null, 8, 8, 3])") + "]}")
            .size() == 1);
}

TEST_CASE("mistakes are reported at their positions in the model") {
  CHECK(
      mistakes_in(keras1(R"(
{"class_name": "Cropping2D", "config": {"cropping": [[1, -1], [0, 0]]}},
{"class_name": "Flatten", "config": {}},
{"class_name": "UpSampling2D", "config": {"sise": 2}})")) ==
      Lines{"2:58 /config/0/config/cropping/0/1: -1 is too small; at least 0 is needed",
            "3:2 /config/1/class_name: there is no layer \"Flatten\"; \"deckle layers\" lists all",
            "4:43 /config/2/config/sise: UpSampling2D has no argument \"sise\"; did you mean "
            "\"size\"?"});
  CHECK(
      mistakes_in(keras3("\n" + input_layer(R"("batch_shape": [null, 0, 8.5, 3], "sparse": true,
"dtype": "complex64", "shape": 1)") +
                         ",\n" + kCropping + ",\n" + input_layer(R"("batch_shape": [null])") +
                         R"(,
{"class_name": "Functional", "config": {}})")) ==
      Lines{
          "4:86 /config/layers/0/config/batch_shape/1: 0 is too small; at least 1 is needed",
          "4:89 /config/layers/0/config/batch_shape/2: 8.5 is not a whole number",
          "4:98 /config/layers/0/config/sparse: deckle feeds arrays that are not sparse",
          "5:1 /config/layers/0/config/dtype: \"complex64\" is not a dtype that deckle knows; it "
          "is one of " +
              one_of(dtype_names()),
          "5:23 /config/layers/0/config/shape: not a key of an InputLayer",
          "7:1 /config/layers/2: an InputLayer must be the first layer",
          "8:2 /config/layers/3/class_name: a model within a model; put its layers in its place"});
  CHECK(
      mistakes_in(keras2(R"(
{"class_name": "Cropping2D", "config": {"batch_input_shape": [null, 8, 8]}})")) ==
      Lines{"2:41 /config/layers/0/config/batch_input_shape: the inputs have 2 axes here, channels "
            "included; the layers take 3"});
}

TEST_CASE("other models than a Sequential are refused with their kind") {
  CHECK(mistakes_in(R"({"class_name": "Functional", "config": {"layers": []}})") ==
        Lines{"1:2 /class_name: a Functional model may branch; deckle runs a Sequential: one layer "
              "after the other"});
  CHECK(mistakes_in(R"({"class_name": "Cropping2D", "config": {}})") ==
        Lines{R"(1:2 /class_name: a layer alone; a chain is {"layers": [..]})"});
  CHECK(
      mistakes_in(R"({"class_name": "Pipeline"})") ==
      Lines{
          R"(1:2 /class_name: deckle runs a Keras model of the class "Sequential", not "Pipeline")"});
  CHECK(mistakes_in(R"({"modelTopology": {"node": []}})") ==
        Lines{R"(1:2 /modelTopology: deckle runs a Keras model of the class "Sequential")"});
  CHECK(mistakes_in(R"({"class_name": "Sequential"})") ==
        Lines{"1:1 : a Sequential needs a \"config\" with its layers"});
  CHECK(mistakes_in(R"({"class_name": "Sequential", "config": 3})") ==
        Lines{"1:30 /config: the config of a Sequential is an object or, in Keras 1, a list"});
  CHECK(mistakes_in(R"({"class_name": "Sequential", "config": {"layers": {}}})") ==
        Lines{"1:41 /config/layers: \"layers\" is a list"});
  CHECK(mistakes_in(R"({"class_name": "Sequential", "config": {"name": "s"}})") ==
        Lines{"1:30 /config: a Sequential needs \"layers\", a list"});
  CHECK(mistakes_in(R"({"class_name": "Sequential", "seed": 1, "config": [)" + kCropping + "]}") ==
        Lines{"1:30 /seed: not a key of a Keras model; seed, output and the like go on the command "
              "line, or into a chain with these layers"});
  CHECK(
      mistakes_in(R"("{\"class_name\": \"Sequential\"}")")
          .at(0)
          .ends_with(
              "model.to_json() is JSON already: write it to the file as it is, without json.dump"));
}

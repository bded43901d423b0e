// SPDX-License-Identifier: Apache-2.0
#include "chain/keras_export.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "core/text.h"
#include "layers/common.h"
#include "layers/registry.h"
#include "layers/synonyms.h"

namespace deckle {
namespace {

constexpr KerasVersion kDtypes{2, 3};  // every layer has a dtype from here on
constexpr KerasVersion kInTensorFlow{
    2, 4};  // the first layer is an InputLayer, and the first name of a class has no _1

// The arguments that the layer has in that Keras.
bool is_in(const ArgumentSpec& argument, KerasVersion keras) {
  return argument.since && keras >= *argument.since;
}

// Whether this Keras has the layer, which is as old as its oldest argument.
bool is_in(const LayerSpec& spec, KerasVersion keras) {
  return std::any_of(spec.arguments.begin(), spec.arguments.end(),
                     [&](const ArgumentSpec& argument) { return is_in(argument, keras); });
}

// The layer's config if only its required arguments are given.
Json default_config(const Layer& layer, KerasVersion keras) {
  Json needed = Json::object();
  for (const ArgumentSpec& argument : layer.spec->arguments) {
    if (argument.required)
      needed[std::string(argument.name)] = layer.config.at(std::string(argument.name));
  }
  std::vector<Mistake> none;
  Arguments arguments(*layer.spec, needed, "", none, {keras});
  Json config = layer.spec->parse(arguments).value().config;
  if (config.contains("data_format")) config["data_format"] = "channels_last";
  return config;
}

// The beginning of the name of a layer: zero_padding2d for "ZeroPadding2D", in Keras 1
// zeropadding2d.
std::string name_stem(std::string_view class_name, KerasVersion keras) {
  const auto is = [](int (*kind)(int), char c) { return kind(static_cast<unsigned char>(c)) != 0; };
  std::string stem;
  for (std::size_t i = 0; i < class_name.size(); ++i) {
    const char c = class_name[i];
    const bool begins_word = i > 0 && is(std::isupper, c) &&
                             (is(std::islower, class_name[i - 1]) ||
                              (i + 1 < class_name.size() && is(std::islower, class_name[i + 1])));
    if (begins_word && keras >= kKeras2) stem += '_';
    stem += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return stem;
}

// The characters that TensorFlow allows in a name.
std::string model_name(const std::string& name, KerasVersion keras) {
  std::string allowed;
  for (const char c : name) {
    const bool good = (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '.' ||
                      (!allowed.empty() && (c == '_' || c == '-'));
    allowed += good ? c : (allowed.empty() ? 'm' : '_');
  }
  if (!allowed.empty()) return allowed;
  return keras < kInTensorFlow ? "sequential_1" : "sequential";
}

// The last release that was compared with deckle.
std::string release(KerasVersion keras) {
  if (keras.major == 1) return "1.2.2";
  const int patch = keras == KerasVersion{2, 2} ? 4 : keras == KerasVersion{2, 3} ? 1 : 0;
  return to_text(keras) + "." + std::to_string(patch);
}

class Exporter {
 public:
  Exporter(const Chain& chain, KerasVersion keras) : chain_(chain), keras_(keras) {}

  std::variant<Json, std::vector<Mistake>> write() {
    for (std::size_t i = 0; i < chain_.layers.size(); ++i)
      layers_.push_back(layer(chain_.layers[i], chain_.pointers[i]));
    if (chain_.channels_first && !says_channels_first_ && mistakes_.empty()) {
      mistake("/data_format",
              "no layer here could tell " + version() + " that it is channels_first");
    }
    add_input();
    if (!mistakes_.empty()) return std::move(mistakes_);
    if (keras_ >= kKeras3) return keras3();
    Json model{{"class_name", "Sequential"}};
    if (keras_ < KerasVersion{2, 2}) {
      model["config"] = std::move(layers_);
    } else {
      model["config"] = {{"name", model_name(chain_.name, keras_)}, {"layers", std::move(layers_)}};
    }
    model["keras_version"] = release(keras_);
    if (keras_ >= kKeras2) model["backend"] = "tensorflow";
    return model;
  }

 private:
  void mistake(std::string pointer, std::string message) {
    mistakes_.push_back({std::move(pointer), std::move(message)});
  }

  [[nodiscard]] std::string version() const { return "Keras " + to_text(keras_); }

  Json keras3() {
    Json config{{"name", model_name(chain_.name, keras_)},
                {"trainable", true},
                {"dtype", policy(DType::Float32)},
                {"layers", std::move(layers_)}};
    Json model{{"module", "keras"}, {"class_name", "Sequential"}};
    if (!chain_.input_shape.empty()) config["build_input_shape"] = batch_shape();
    model["config"] = std::move(config);
    model["registered_name"] = nullptr;
    if (!chain_.input_shape.empty()) model["build_config"] = {{"input_shape", batch_shape()}};
    return model;
  }

  static Json policy(DType dtype) {
    return {{"module", "keras"},
            {"class_name", "DTypePolicy"},
            {"config", {{"name", name_of(dtype)}}},
            {"registered_name", nullptr}};
  }

  [[nodiscard]] Json entry(std::string_view class_name, Json config) const {
    Json entry = Json::object();
    if (keras_ >= kKeras3) entry["module"] = "keras.layers";
    entry["class_name"] = class_name;
    entry["config"] = std::move(config);
    if (keras_ >= kKeras3) entry["registered_name"] = nullptr;
    return entry;
  }

  // As in Keras, each class is counted separately.
  std::string next_name(std::string_view class_name) {
    const int number = used_names_[std::string(class_name)]++ + (keras_ < kInTensorFlow ? 1 : 0);
    return name_stem(class_name, keras_) + (number > 0 ? "_" + std::to_string(number) : "");
  }

  Json layer(const Layer& layer, const LayerPointers& place) {
    const std::string_view name = layer.spec->name;
    if (has_weights(*layer.spec)) {
      mistake(place.entry + "/class_name",
              "layers with weights are not exported: Keras' JSON has no place for the weights of " +
                  std::string(name));
      return nullptr;
    }
    if (!is_in(*layer.spec, keras_)) {
      mistake(place.entry + "/class_name", version() + " has no " + std::string(name));
      return nullptr;
    }
    Json config{{"name", next_name(name)}, {"trainable", true}};
    if (keras_ >= kKeras3) {
      config["dtype"] = policy(layer.dtype);
    } else if (keras_ >= kDtypes) {
      config["dtype"] = name_of(layer.dtype);
    }
    const Json defaults = default_config(layer, keras_);
    for (const auto& [config_key, value] : layer.config.items()) {
      const std::string& key = config_key;  // clang 14 has no structured bindings in lambdas
      if (key == "dtype" && keras_ >= kDtypes) continue;
      const auto argument =
          std::find_if(layer.spec->arguments.begin(), layer.spec->arguments.end(),
                       [&](const ArgumentSpec& declared) { return declared.name == key; });
      if (argument != layer.spec->arguments.end() && is_in(*argument, keras_)) {
        write_argument(config, layer, place, *argument, value);
      } else if (!value.is_null() && value != defaults.at(key)) {
        mistake(join_pointer(place.arguments, key),
                std::string(name) + " of " + version() + " has no " + key +
                    "; without it, it would be " + defaults.at(key).dump());
      }
    }
    return entry(name, std::move(config));
  }

  void write_argument(Json& config, const Layer& layer, const LayerPointers& place,
                      const ArgumentSpec& argument, const Json& value) {
    const std::string key(argument.name);
    const auto wrong = [&](std::string message) {
      mistake(join_pointer(place.arguments, key), std::move(message));
    };
    if (argument.words_of != nullptr) {
      const auto known = argument.words_of(keras_);
      if (std::find(known.begin(), known.end(), value.get<std::string>()) == known.end()) {
        return wrong(std::string(layer.spec->name) + " of " + version() + " knows " +
                     one_of(known) + ", not " + value.dump());
      }
    }
    if (layer.spec->name == "UpSampling2D" && key == "interpolation" && value == "bilinear" &&
        bilinear_from_corners(chain_.keras) != bilinear_from_corners(keras_)) {
      return wrong("bilinear of " + version() + " is not that of Keras " + to_text(chain_.keras) +
                   ", whose rules hold here: up to 2.3 it measures from the corners of pixels, "
                   "from 2.4 on from their centres");
    }
    if (key == "seed" && value.is_array())
      return wrong("a seed of Keras is one number, not a pair");
    if ((key == "scale" || key == "offset") && value.is_array() && chain_.channels_first)
      return wrong("a list goes along the last axis in Keras, which is not the channels here");
    if (key == "data_format" && value == "channels_first") says_channels_first_ = true;
    if (keras_ >= kKeras2) {
      config[key] = value;
    } else if (key == "padding") {
      const Json padding = keras1_padding(value);
      if (padding.is_null()) {
        return wrong(version() + " pads volumes on both sides alike: " + value.dump() +
                     " cannot be written");
      }
      config[key] = padding;
    } else {
      write_keras1(config, layer, key, value);
    }
  }

  // Two axes: [rows, cols], or all four sides.
  static Json keras1_padding(const Json& pairs) {
    if (!pairs[0].is_array()) return pairs;
    const bool symmetric = std::all_of(pairs.begin(), pairs.end(),
                                       [](const Json& pair) { return pair[0] == pair[1]; });
    Json padding = Json::array();
    for (const Json& pair : pairs) {
      padding.push_back(pair[0]);
      if (!symmetric) padding.push_back(pair[1]);
    }
    return symmetric || pairs.size() == 2 ? padding : Json();
  }

  // Keras 1 reads the dim_ordering of these layers but does not write it.
  static void write_keras1(Json& config, const Layer& layer, const std::string& key,
                           const Json& value) {
    if (key == "data_format" && value == "channels_last") return;
    for (const Synonym& old : synonyms()) {
      if (old.name != key || (!old.layer.empty() && old.layer != layer.spec->name)) continue;
      const auto word = std::find_if(old.values.begin(), old.values.end(),
                                     [&](const auto& pair) { return value == pair.second; });
      config[std::string(old.old_name)] =
          word == old.values.end() ? value : Json(std::string(word->first));
      return;
    }
    config[key] = value;
  }

  // [null, ..] in the layout of the chain.
  [[nodiscard]] Json batch_shape() const {
    auto shape = chain_.input_shape;
    if (chain_.channels_first) std::rotate(shape.begin(), shape.end() - 1, shape.end());
    Json json = Json::array({nullptr});
    for (const auto& extent : shape)
      json.push_back(extent ? Json(*extent) : Json(nullptr));
    return json;
  }

  void add_input() {
    if (chain_.input_shape.empty()) {
      if (keras_ < KerasVersion{2, 2}) {
        mistake("", version() +
                        " needs the shape of the input: --input-shape, or \"input\": "
                        "{\"shape\": ..} in the chain; \"none\" for an open axis");
      } else if (chain_.model_input_dtype != DType::Float32) {
        mistake("/input/dtype", "Keras needs the shape of the input too: --input-shape");
      }
      return;
    }
    if (!mistakes_.empty() || layers_.empty()) return;
    const std::string_view type = name_of(chain_.model_input_dtype);
    if (keras_ >= kKeras3) {
      // Early versions of Keras 3 do not have "ragged" and "optional". Without them, every Keras 3
      // reads this.
      layers_.insert(layers_.begin(), entry("InputLayer", {{"batch_shape", batch_shape()},
                                                           {"dtype", type},
                                                           {"sparse", false},
                                                           {"name", "input_layer"}}));
      return;
    }
    // In Keras 2 (not TensorFlow's copy) the first layer's dtype is that of the input.
    const std::string_view layers_type = name_of(chain_.layers[0].dtype);
    if (keras_ >= kKeras2 && keras_ < kInTensorFlow && chain_.as == As::Model &&
        type != layers_type) {
      mistake("/input/dtype", "in " + version() + " the first layer's dtype, " +
                                  std::string(layers_type) + ", is the input's too");
      return;
    }
    Json& first = layers_[0]["config"];
    Json config{{"name", first["name"]}, {"trainable", true}};
    config["batch_input_shape"] = batch_shape();
    if (keras_ < kKeras2) config["input_dtype"] = type;
    if (keras_ >= kKeras2 && keras_ < kDtypes) config["dtype"] = layers_type;
    for (const auto& [key, value] : first.items())
      config[key] = value;
    first = std::move(config);
    if (keras_ >= kInTensorFlow) {
      const std::string name = first["name"].get<std::string>() + "_input";
      layers_.insert(layers_.begin(), entry("InputLayer", {{"batch_input_shape", batch_shape()},
                                                           {"dtype", type},
                                                           {"sparse", false},
                                                           {"ragged", false},
                                                           {"name", name}}));
    }
  }

  const Chain& chain_;
  const KerasVersion keras_;
  Json layers_ = Json::array();
  std::map<std::string, int> used_names_;
  bool says_channels_first_ = false;
  std::vector<Mistake> mistakes_;
};

}  // namespace

std::variant<Json, std::vector<Mistake>> to_keras(const Chain& chain, KerasVersion keras) {
  return Exporter(chain, keras).write();
}

}  // namespace deckle

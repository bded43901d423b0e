// SPDX-License-Identifier: Apache-2.0
// keras_model: finds the layers of a Sequential, and which Keras wrote it.
// Source  Keras 1.2 to 3.15: Sequential.get_config, Model.to_json; TensorFlow.js' model.json
#include "chain/keras_model.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/text.h"
#include "layers/registry.h"
#include "layers/synonyms.h"

namespace deckle {
namespace {

// Keys that Keras writes beside a model's class_name and config.
constexpr std::array<std::string_view, 9> kModelKeys{
    "class_name", "config",          "keras_version", "backend",       "module",
    "name",       "registered_name", "build_config",  "compile_config"};
constexpr std::array<std::string_view, 5> kConfigKeys{"name", "trainable", "dtype", "layers",
                                                      "build_input_shape"};
constexpr std::array<std::string_view, 10> kInputKeys{
    "name",        "trainable", "dtype",  "input_dtype", "batch_input_shape",
    "batch_shape", "sparse",    "ragged", "optional",    "input_tensor"};
constexpr std::array<std::string_view, 8> kTrainingOnly{
    "Dropout",      "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "AlphaDropout", "GaussianDropout",  "GaussianNoise",    "ActivityRegularization"};
constexpr std::array<std::string_view, 3> kModels{"Sequential", "Functional", "Model"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A member; null if it is missing or null.
const Json* get(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(std::string(key));
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::string text_of(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// The model itself: TensorFlow.js wraps it, once or twice.
std::pair<const Json*, std::string> unwrapped(const Json& root) {
  const Json* model = &root;
  std::string pointer;
  for (const std::string_view key : {"modelTopology", "model_config"}) {
    if (const Json* inner = get(*model, key)) {
      model = inner;
      pointer = join_pointer(pointer, key);
    }
  }
  return {model, pointer};
}

std::string not_a_sequential(const std::string& name) {
  if (find_layer(name) != nullptr) return "a layer alone; a chain is {\"layers\": [..]}";
  if (is_nested_model(name))
    return "a " + name + " model may branch; deckle runs a Sequential: one layer after the other";
  return "deckle runs a Keras model of the class \"Sequential\"" +
         (name.empty() ? "" : ", not \"" + name + "\"");
}

class ModelReader {
 public:
  ModelReader(const Json& root, std::vector<Mistake>& mistakes)
      : root_(root), mistakes_(mistakes) {}

  KerasModel read() {
    const auto [model, at] = unwrapped(root_);
    const Json* class_name = get(*model, "class_name");
    const std::string name = text_of(class_name);
    if (name != "Sequential") {
      mistake(class_name == nullptr ? at : at + "/class_name", not_a_sequential(name));
      return {};
    }
    known_keys(*model, at, kModelKeys,
               "a Keras model; seed, output and the like go on the "
               "command line, or into a chain with these layers");
    read_layers(*model, at);
    if (result_.layers != nullptr) {
      read_version(*model, at);
      read_input();
    }
    return std::move(result_);
  }

 private:
  void mistake(std::string pointer, std::string message) {
    mistakes_.push_back({std::move(pointer), std::move(message)});
  }

  void known_keys(const Json& object, const std::string& pointer,
                  std::span<const std::string_view> keys, const std::string& what) {
    for (const auto& [key, value] : object.items()) {
      if (!contains(keys, key))
        mistake(join_pointer(pointer, key), "not a key of " + what + did_you_mean(key, keys));
    }
  }

  // In Keras 1 the config is the list of layers; later it contains the list.
  void read_layers(const Json& model, const std::string& at) {
    const Json* config = get(model, "config");
    if (config == nullptr) return mistake(at, "a Sequential needs a \"config\" with its layers");
    const std::string here = at + "/config";
    if (config->is_array()) {
      result_.layers = config;
      result_.layers_at = here;
      return;
    }
    if (!config->is_object())
      return mistake(here, "the config of a Sequential is an object or, in Keras 1, a list");
    known_keys(*config, here, kConfigKeys, "the config of a Sequential");
    result_.name = text_of(get(*config, "name"));
    const Json* layers = get(*config, "layers");
    if (layers == nullptr) return mistake(here, "a Sequential needs \"layers\", a list");
    result_.layers_at = here + "/layers";
    if (!layers->is_array()) return mistake(result_.layers_at, "\"layers\" is a list");
    result_.layers = layers;
  }

  // Keras 1 and 2 write their version (TensorFlow.js beside the model), Keras 3 writes "module".
  void read_version(const Json& model, const std::string& at) {
    for (const auto& [object, pointer] :
         {std::pair{&model, at},
          std::pair{get(root_, "modelTopology"), std::string("/modelTopology")}}) {
      const Json* version = object == nullptr ? nullptr : get(*object, "keras_version");
      if (version == nullptr) continue;
      const std::string text = text_of(version);
      result_.of_tfjs = text.starts_with("tfjs");
      if (result_.of_tfjs) return;  // Keras 2's rules, with one exception
      if (const auto known = nearest_keras_version(text)) {
        result_.keras = *known;
        if (!keras_version(text)) {
          result_.note = pointer + "/keras_version: Keras " + text +
                         " is newer than the rules that deckle knows; those of " + to_text(*known) +
                         " are followed";
        }
      } else {
        mistake(pointer + "/keras_version", version->dump() +
                                                " is no version of Keras that "
                                                "deckle knows: " +
                                                known_keras_versions());
      }
      return;
    }
    const auto any_layer = [&](auto&& holds) {
      return std::any_of(result_.layers->begin(), result_.layers->end(), holds);
    };
    if (model.contains("module") ||
        any_layer([](const Json& layer) { return get(layer, "module") != nullptr; })) {
      result_.keras = kNewestKeras;
    } else if (any_layer([](const Json& layer) {
                 const Json* config = get(layer, "config");
                 return config != nullptr && config->is_object() &&
                        (config->contains("input_dtype") || config->contains("dim_ordering") ||
                         !wording(text_of(get(layer, "class_name")), *config).keras1.empty());
               })) {
      result_.keras = *keras_version("1");
    }
  }

  // The first entry describes the input: an InputLayer, or the first layer itself.
  void read_input() {
    for (std::size_t i = 0; i < result_.layers->size(); ++i) {
      const Json& entry = (*result_.layers)[i];
      const std::string at = result_.layers_at + "/" + std::to_string(i);
      const bool input = is_input_layer(text_of(get(entry, "class_name")));
      if (input && i > 0) mistake(at, "an InputLayer must be the first layer");
      const Json* config = get(entry, "config");
      if (config == nullptr || !config->is_object()) continue;
      const std::string here = at + "/config";
      if (input) check_input_layer(*config, here);
      if (i == 0) read_input_of(*config, here, input);
    }
  }

  void check_input_layer(const Json& config, const std::string& at) {
    known_keys(config, at, kInputKeys, "an InputLayer");
    for (const std::string key : {"sparse", "ragged"}) {
      const Json* value = get(config, key);
      if (value != nullptr && *value != false)
        mistake(join_pointer(at, key), "deckle feeds arrays that are not " + key);
    }
  }

  void read_input_of(const Json& config, const std::string& at, bool input_layer) {
    const Json* shape = nullptr;
    for (const std::string_view key : {"batch_shape", "batch_input_shape"}) {
      if (shape == nullptr && (shape = get(config, key)) != nullptr)
        result_.input_shape_at = join_pointer(at, key);
    }
    if (shape != nullptr) read_shape(*shape);
    // In Keras 2 the first layer's dtype is also that of the model's input.
    const std::string_view key = config.contains("input_dtype") ? "input_dtype" : "dtype";
    const Json* dtype = get(config, key);
    if (dtype == nullptr || !dtype->is_string() || !(input_layer || shape != nullptr)) return;
    if (const auto type = dtype_from_name(text_of(dtype))) {
      result_.input_dtype = *type;
    } else {
      mistake(join_pointer(at, key), dtype->dump() +
                                         " is not a dtype that deckle knows; it is "
                                         "one of " +
                                         one_of(dtype_names()));
    }
  }

  // [batch, ..]: deckle accepts any size of the batch.
  void read_shape(const Json& shape) {
    if (!shape.is_array() || shape.size() < 2) {
      mistake(
          result_.input_shape_at,
          shape.dump() + " is not a shape: a list of the batch's size and the axes of a sample");
      return;
    }
    for (std::size_t i = 1; i < shape.size(); ++i) {
      result_.input_shape.emplace_back();
      if (shape[i].is_null()) continue;
      const auto extent = whole_number(shape[i], 1, "");
      if (extent) {
        result_.input_shape.back() = *extent;
      } else {
        mistake(result_.input_shape_at + "/" + std::to_string(i), extent.error().message);
      }
    }
  }

  const Json& root_;
  std::vector<Mistake>& mistakes_;
  KerasModel result_;
};

}  // namespace

bool is_keras_model(const Json& root) {
  return root.is_object() && (root.contains("class_name") || root.contains("modelTopology") ||
                              root.contains("model_config"));
}

KerasModel read_keras_model(const Json& root, std::vector<Mistake>& mistakes) {
  return ModelReader(root, mistakes).read();
}

bool is_input_layer(std::string_view class_name) {
  return class_name == "InputLayer";
}

bool acts_in_training_only(std::string_view class_name) {
  return contains(kTrainingOnly, class_name);
}

bool is_nested_model(std::string_view class_name) {
  return contains(kModels, class_name);
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "layers/training.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/dtype.h"
#include "core/text.h"

namespace deckle {
namespace {

// The names of functions. Those of classes only differ in spelling: "he_normal", "HeNormal".
constexpr std::array<std::string_view, 22> kInitializers{"zero",
                                                         "zeros",
                                                         "one",
                                                         "ones",
                                                         "constant",
                                                         "uniform",
                                                         "normal",
                                                         "random_uniform",
                                                         "random_normal",
                                                         "truncated_normal",
                                                         "variance_scaling",
                                                         "identity",
                                                         "orthogonal",
                                                         "glorot_uniform",
                                                         "glorot_normal",
                                                         "he_uniform",
                                                         "he_normal",
                                                         "lecun_uniform",
                                                         "lecun_normal",
                                                         "identity_initializer",
                                                         "orthogonal_initializer",
                                                         "stft_initializer"};
constexpr std::array<std::string_view, 12> kRegularizers{"l1",
                                                         "l2",
                                                         "l1l2",
                                                         "l1_l2",
                                                         "activity_l1",
                                                         "activity_l2",
                                                         "activity_l1l2",
                                                         "l1l2_regularizer",
                                                         "weight_regularizer",
                                                         "activity_regularizer",
                                                         "eigenvalue_regularizer",
                                                         "orthogonal_regularizer"};
constexpr std::array<std::string_view, 9> kConstraints{
    "maxnorm",   "max_norm",   "nonneg",       "non_neg",          "unitnorm",
    "unit_norm", "minmaxnorm", "min_max_norm", "radial_constraint"};

struct Kind {
  std::string_view ending;  // of the arguments
  std::string_view what;
  std::span<const std::string_view> names;
};
constexpr std::array kKinds{Kind{"initializer", "an initializer", kInitializers},
                            Kind{"regularizer", "a regularizer", kRegularizers},
                            Kind{"constraint", "a constraint", kConstraints}};

std::string shown(const Json& value) {
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

// One spelling for a class and its function.
std::string plain(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '_') letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

bool knows(const Kind& kind, std::string_view name) {
  return std::any_of(kind.names.begin(), kind.names.end(),
                     [&](std::string_view known) { return plain(known) == plain(name); });
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Keras 3 writes the module of a class. A class that is not Keras' is a custom object.
bool is_custom(const Json& object) {
  const std::string from = text_in(object, "module");
  return (!from.empty() && !from.starts_with("keras")) ||
         text_in(object, "registered_name").find('>') != std::string::npos;
}

std::optional<std::string> wrong_name(const Kind& kind, const Json& value) {
  const std::string what(kind.what);
  std::string name;
  if (value.is_string()) {
    name = value.get<std::string>();
  } else if (value.is_object()) {
    if (is_custom(value)) return std::nullopt;
    name = text_in(value, value.contains("class_name") ? "class_name" : "name");
  }
  if (name.empty()) {
    return shown(value) + " is not " + what +
           R"(: it is a name, or {"class_name": .., "config": ..})";
  }
  if (knows(kind, name)) return std::nullopt;
  return "Keras has no " + std::string(kind.ending) + " \"" + name + "\"" +
         did_you_mean(name, kind.names) + "; it changes no output and may be left out";
}

}  // namespace

std::optional<std::string> wrong_in_training(std::string_view argument, const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (argument == "name" && !value.is_string()) return shown(value) + " is not a name: a text";
  if (argument == "trainable" && !value.is_boolean()) return shown(value) + " is not true or false";
  if (argument == "input_dtype" &&
      !(value.is_string() && dtype_from_name(value.get<std::string>())))
    return shown(value) + " is not a dtype that deckle knows; it is " + one_of(dtype_names());
  // Keras 2.9 writes it also in layers in which it has no meaning.
  if (argument == "groups" && value != 1) return shown(value) + " groups: this layer has one";
  for (const Kind& kind : kKinds) {
    const bool init = argument == "init" && kind.ending == "initializer";
    if (init || argument.ends_with("_" + std::string(kind.ending))) return wrong_name(kind, value);
  }
  return std::nullopt;
}

}  // namespace deckle

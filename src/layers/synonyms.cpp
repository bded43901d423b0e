// SPDX-License-Identifier: Apache-2.0
#include "layers/synonyms.h"

#include <algorithm>
#include <array>
#include <string>

namespace deckle {
namespace {

using Value = std::pair<std::string_view, std::string_view>;

constexpr std::array kDimOrdering{Value{"tf", "channels_last"}, Value{"th", "channels_first"},
                                  Value{"default", ""}};

// Keras 1 is on the left. 'tf' is a value of dim_ordering only, 'channels_last' of data_format
// only.
constexpr std::array kSynonyms{
    Synonym{"", "dim_ordering", "data_format", kDimOrdering},
    Synonym{"UpSampling1D", "length", "size", {}},
    Synonym{"", "nb_filter", "filters", {}},
    Synonym{"", "filter_length", "kernel_size", {}},
    Synonym{"", "subsample", "strides", {}},
    Synonym{"", "subsample_length", "strides", {}},
    Synonym{"", "atrous_rate", "dilation_rate", {}},
    Synonym{"", "bias", "use_bias", {}},
    // Not for all layers, because ZeroPadding has another argument "padding".
    Synonym{"Conv1D", "border_mode", "padding", {}},
    Synonym{"Conv2D", "border_mode", "padding", {}},
    Synonym{"Conv3D", "border_mode", "padding", {}},
    Synonym{"SeparableConv2D", "border_mode", "padding", {}},
    Synonym{"Conv2DTranspose", "border_mode", "padding", {}},
    Synonym{"Conv3DTranspose", "border_mode", "padding", {}},
};

constexpr std::array<std::string_view, 2> kRowCol{"nb_row", "nb_col"};
constexpr std::array<std::string_view, 3> kDims{"kernel_dim1", "kernel_dim2", "kernel_dim3"};
constexpr std::array kJoined{
    Joined{"Conv2D", kRowCol, "kernel_size"},
    Joined{"SeparableConv2D", kRowCol, "kernel_size"},
    Joined{"Conv2DTranspose", kRowCol, "kernel_size"},
    Joined{"Conv3D", kDims, "kernel_size"},
    Joined{"Conv3DTranspose", kDims, "kernel_size"},
};

constexpr std::array kClasses{
    Value{"Convolution1D", "Conv1D"},
    Value{"Convolution2D", "Conv2D"},
    Value{"Convolution3D", "Conv3D"},
    Value{"AtrousConvolution1D", "Conv1D"},
    Value{"AtrousConvolution2D", "Conv2D"},
    Value{"AtrousConv1D", "Conv1D"},
    Value{"AtrousConv2D", "Conv2D"},
    Value{"SeparableConvolution1D", "SeparableConv1D"},
    Value{"SeparableConvolution2D", "SeparableConv2D"},
    Value{"Deconvolution2D", "Conv2DTranspose"},
    Value{"Deconv2D", "Conv2DTranspose"},
    Value{"Deconvolution3D", "Conv3DTranspose"},
    Value{"Deconv3D", "Conv3DTranspose"},
    Value{"Convolution1DTranspose", "Conv1DTranspose"},
    Value{"Convolution2DTranspose", "Conv2DTranspose"},
    Value{"Convolution3DTranspose", "Conv3DTranspose"},
};

// The present names of the layers with weights that Keras 1 has.
constexpr std::array<std::string_view, 5> kWithWeightsInKeras1{
    "Conv1D", "Conv2D", "Conv3D", "SeparableConv2D", "Conv2DTranspose"};
// Their arguments that have no present name, and those that Keras 1 does not have.
constexpr std::array<std::string_view, 6> kOnlyKeras1{
    "init", "W_regularizer", "b_regularizer", "W_constraint", "b_constraint", "output_shape"};
constexpr std::array<std::string_view, 17> kOnlyLater{"filters",
                                                      "kernel_size",
                                                      "strides",
                                                      "padding",
                                                      "dilation_rate",
                                                      "use_bias",
                                                      "groups",
                                                      "output_padding",
                                                      "data_format",
                                                      "kernel_initializer",
                                                      "bias_initializer",
                                                      "kernel_regularizer",
                                                      "bias_regularizer",
                                                      "kernel_constraint",
                                                      "bias_constraint",
                                                      "depthwise_initializer",
                                                      "pointwise_initializer"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::span<const Synonym> synonyms() {
  return kSynonyms;
}

const Synonym* find_synonym(std::string_view layer, std::string_view old_name) {
  for (const Synonym& synonym : kSynonyms) {
    if (synonym.old_name == old_name && (synonym.layer.empty() || synonym.layer == layer))
      return &synonym;
  }
  return nullptr;
}

std::span<const Joined> joined_arguments() {
  return kJoined;
}

const Joined* find_joined(std::string_view layer, std::string_view old_name) {
  for (const Joined& joined : kJoined) {
    const auto& names = joined.old_names;
    if (joined.layer == layer && std::find(names.begin(), names.end(), old_name) != names.end())
      return &joined;
  }
  return nullptr;
}

std::span<const std::pair<std::string_view, std::string_view>> old_classes() {
  return kClasses;
}

std::string_view present_class(std::string_view class_name) {
  for (const auto& [old_name, name] : kClasses) {
    if (old_name == class_name) return name;
  }
  return class_name;
}

Wording wording(std::string_view class_name, const Json& arguments) {
  const std::string_view name = present_class(class_name);
  Wording words;
  if (!contains(kWithWeightsInKeras1, name)) return words;
  if (class_name.starts_with("Atrous")) words.keras1 = class_name;
  for (const auto& [key, value] : arguments.items()) {
    if (value.is_null()) continue;
    if (name == "Conv1D" && key == "dim_ordering") continue;  // Keras 1 has none there
    const bool old = find_synonym(name, key) != nullptr || find_joined(name, key) != nullptr ||
                     contains(kOnlyKeras1, key);
    if (old && words.keras1.empty()) words.keras1 = key;
    if (contains(kOnlyLater, key) && words.later.empty()) words.later = key;
  }
  return words;
}

std::optional<Json> present_value(const Synonym& synonym, const Json& value) {
  if (synonym.values.empty()) return value;
  if (!value.is_string()) return std::nullopt;
  for (const auto& [old_value, new_value] : synonym.values) {
    if (value.get_ref<const std::string&>() == old_value) {
      return new_value.empty() ? Json(nullptr) : Json(std::string(new_value));
    }
  }
  return std::nullopt;
}

}  // namespace deckle

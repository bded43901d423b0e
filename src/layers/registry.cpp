// SPDX-License-Identifier: Apache-2.0
#include "layers/registry.h"

#include <algorithm>
#include <array>

#include "layers/convolution.h"
#include "layers/cropping.h"
#include "layers/random_crop.h"
#include "layers/random_flip.h"
#include "layers/rescaling.h"
#include "layers/resizing.h"
#include "layers/synonyms.h"
#include "layers/up_sampling.h"
#include "layers/zero_padding.h"

namespace deckle {

std::span<const LayerSpec> layer_specs() {
  static const std::array kSpecs{
      cropping1d_spec(),       cropping2d_spec(),       cropping3d_spec(),
      zero_padding1d_spec(),   zero_padding2d_spec(),   zero_padding3d_spec(),
      up_sampling1d_spec(),    up_sampling2d_spec(),    up_sampling3d_spec(),
      random_crop_spec(),      center_crop_spec(),      resizing_spec(),
      rescaling_spec(),        random_flip_spec(),      conv1d_spec(),
      conv2d_spec(),           conv3d_spec(),           separable_conv1d_spec(),
      separable_conv2d_spec(), depthwise_conv1d_spec(), depthwise_conv2d_spec(),
      conv1d_transpose_spec(), conv2d_transpose_spec(), conv3d_transpose_spec(),
  };
  return kSpecs;
}

const LayerSpec* find_layer(std::string_view class_name) {
  const std::string_view name = present_class(class_name);
  for (const LayerSpec& spec : layer_specs()) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::vector<std::string_view> layer_names() {
  std::vector<std::string_view> names;
  for (const LayerSpec& spec : layer_specs())
    names.push_back(spec.name);
  return names;
}

bool has_weights(const LayerSpec& spec) {
  return std::any_of(spec.arguments.begin(), spec.arguments.end(),
                     [](const ArgumentSpec& argument) { return argument.name == "weights"; });
}

}  // namespace deckle

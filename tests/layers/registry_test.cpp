// SPDX-License-Identifier: Apache-2.0
#include "layers/registry.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"

using namespace deckle;

TEST_CASE("the registry finds each layer by its name, and nothing by another") {
  CHECK(layer_names() ==
        std::vector<std::string_view>{
            "Cropping1D",      "Cropping2D",      "Cropping3D",      "ZeroPadding1D",
            "ZeroPadding2D",   "ZeroPadding3D",   "UpSampling1D",    "UpSampling2D",
            "UpSampling3D",    "RandomCrop",      "CenterCrop",      "Resizing",
            "Rescaling",       "RandomFlip",      "Conv1D",          "Conv2D",
            "Conv3D",          "SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D",
            "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"});
  for (const LayerSpec& spec : layer_specs())
    CHECK(find_layer(spec.name) == &spec);
  CHECK(find_layer("Convolution2D") == find_layer("Conv2D"));  // Keras 1's names
  CHECK(find_layer("Deconvolution2D") == find_layer("Conv2DTranspose"));
  CHECK(find_layer("cropping2d") == nullptr);
  CHECK(find_layer("") == nullptr);
}

TEST_CASE("every layer's example is a layer, and its config names exactly its arguments") {
  for (const LayerSpec& spec : layer_specs()) {
    CAPTURE(spec.name);
    const Json example = Json::parse(spec.example);
    CHECK(example["class_name"] == spec.name);
    const Layer layer = test::layer_of(std::string(spec.name), example["config"].dump());
    CHECK(layer.spec == &spec);
    CHECK(test::comes_back(layer));
    std::set<std::string> declared;
    for (const ArgumentSpec& argument : spec.arguments)
      declared.insert(std::string(argument.name));
    std::set<std::string> written;
    for (const auto& [key, value] : layer.config.items())
      written.insert(key);
    CHECK(written == declared);
  }
}

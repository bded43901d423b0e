// SPDX-License-Identifier: Apache-2.0
#include "layers/registry.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"

using namespace deckle;

TEST_CASE("the registry finds each layer by its name, and nothing by other names") {
  std::set<std::string_view> names;
  for (const LayerSpec& spec : layer_specs()) {
    CHECK(find_layer(spec.name) == &spec);
    CHECK(names.insert(spec.name).second);
  }
  CHECK(layer_names().size() == names.size());
  CHECK(layer_names().front() == layer_specs().front().name);
  CHECK(find_layer("Convolution2D") == find_layer("Conv2D"));  // Keras 1's names
  CHECK(find_layer("Deconvolution2D") == find_layer("Conv2DTranspose"));
  CHECK(find_layer("cropping2d") == nullptr);
  CHECK(find_layer("") == nullptr);
}

TEST_CASE("every layer has all its texts, and declares its arguments without contradiction") {
  for (const LayerSpec& spec : layer_specs()) {
    CAPTURE(spec.name);
    CHECK((spec.rank >= 0 && spec.rank <= 3));
    for (const std::string_view text : {spec.summary, spec.shapes, spec.example, spec.source})
      CHECK_FALSE(text.empty());
    CHECK(spec.parse != nullptr);
    std::set<std::string_view> names;
    for (const ArgumentSpec& argument : spec.arguments) {
      CAPTURE(argument.name);
      CHECK(names.insert(argument.name).second);
      CHECK_FALSE(argument.help.empty());
      CHECK(argument.help.find('\n') == std::string_view::npos);
      CHECK_FALSE(form_text(argument, spec.rank).empty());
      CHECK_FALSE((argument.required && !argument.fallback.is_null()));
      if (argument.form == Form::Word) {
        CHECK_FALSE(argument.words.empty());
        const auto& words = argument.words;
        CHECK((argument.fallback.is_null() ||
               std::any_of(words.begin(), words.end(), [&](std::string_view word) {
                 return argument.fallback == Json(word);
               })));
      }
    }
  }
}

TEST_CASE("an argument that is not given has its declared default") {
  for (const LayerSpec& spec : layer_specs()) {
    const Json example = Json::parse(spec.example);
    const std::string name(spec.name);
    for (const ArgumentSpec& argument : spec.arguments) {
      CAPTURE(spec.name, argument.name);
      if (argument.fallback.is_null() || !argument.otherwise.empty()) continue;
      Json without = example["config"];
      without.erase(std::string(argument.name));
      Json with = without;
      with[std::string(argument.name)] = argument.fallback;
      REQUIRE(test::mistakes_of(name, with.dump()).empty());
      CHECK(test::config_of(name, with.dump()) == test::config_of(name, without.dump()));
    }
  }
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

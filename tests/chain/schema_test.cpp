// SPDX-License-Identifier: Apache-2.0
#include "chain/schema.h"

#include <set>
#include <string>
#include <utility>

#include "chain/chain.h"
#include "layers/registry.h"
#include "support/catch.h"
#include "support/chains.h"

using namespace deckle;

namespace {

const Json kLayers = Json::array({Json{{"class_name", "Cropping2D"}}});

// A chain with this value at "key", or at "object.key".
Json chain_with(const std::string& object, const std::string& key, const Json& value) {
  Json chain{{"layers", kLayers}};
  (object.empty() ? chain : chain[object])[key] = value;
  return chain;
}

// Each key of the schema: the object that it is in ("" for the chain itself), its name, its form.
template <typename F>
void for_each_key(const Json& schema, F f) {
  for (const auto& [key, form] : schema["properties"].items()) {
    f(std::string(), key, form);
    if (!form.contains("properties")) continue;
    for (const auto& [inner, inner_form] : form["properties"].items())
      f(key, inner, inner_form);
  }
}

// All "$ref"s in this value and below.
void collect(const Json& json, std::set<std::string>& references) {
  if (json.is_object() && json.contains("$ref") && json["$ref"].is_string())
    references.insert(json["$ref"].get<std::string>());
  if (!json.is_structured()) return;
  for (const Json& value : json)
    collect(value, references);
}

}  // namespace

TEST_CASE("every default of the schema is what deckle fills in", "[chain][schema]") {
  const Json filled = resolved(test::chain_of(Json{{"layers", kLayers}}.dump()));
  int compared = 0;
  for_each_key(
      chain_schema(), [&](const std::string& object, const std::string& key, const Json& form) {
        if (!form.contains("default")) return;
        CAPTURE(object, key);
        const Chain chain = test::chain_of(chain_with(object, key, form["default"]).dump());
        CHECK(resolved(chain).dump() != "");
        const Json& values = object.empty() ? filled : filled[object];
        if (!values.contains(key)) return;  // not written if it is the default
        CHECK(values[key] == form["default"]);
        ++compared;
      });
  CHECK(compared >= 14);
}

TEST_CASE("a chain accepts every word of the schema", "[chain][schema]") {
  for_each_key(
      chain_schema(), [](const std::string& object, const std::string& key, const Json& form) {
        if (!form.contains("enum")) return;
        for (const Json& word : form["enum"]) {
          CAPTURE(object, key, word.dump());
          for (const std::string& line : test::mistakes_in(chain_with(object, key, word).dump()))
            CHECK(line.find(" is not one of ") == std::string::npos);
        }
      });
}

TEST_CASE("every key of the schema says what it does", "[chain][schema]") {
  for_each_key(chain_schema(),
               [](const std::string& object, const std::string& key, const Json& form) {
                 CAPTURE(object, key);
                 CHECK_FALSE(form.value("description", "").empty());
               });
}

TEST_CASE("every reference of the schema has its definition", "[chain][schema]") {
  const Json schema = chain_schema();
  std::set<std::string> references;
  collect(schema, references);
  CHECK(references.size() > layer_specs().size());
  for (const std::string& reference : references) {
    CAPTURE(reference);
    REQUIRE(reference.starts_with("#/"));
    CHECK(schema.contains(Json::json_pointer(reference.substr(1))));
  }
  for (const LayerSpec& spec : layer_specs()) {
    const Json& arguments = schema["$defs"][std::string(spec.name)]["properties"];
    for (const ArgumentSpec& argument : spec.arguments) {
      CAPTURE(spec.name, argument.name);
      CHECK(arguments[std::string(argument.name)]["description"].get<std::string>().starts_with(
          argument.help));
    }
  }
}

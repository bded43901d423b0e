// SPDX-License-Identifier: Apache-2.0
#include "chain/schema.h"

#include <string>
#include <string_view>
#include <utility>

#include "chain/chain.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "core/shape.h"
#include "layers/argument_spec.h"
#include "layers/arguments.h"
#include "layers/registry.h"
#include "layers/synonyms.h"

namespace deckle {
namespace {

// The definitions ("$defs") of a schema. A form that many arguments share is defined once.
class Definitions {
 public:
  /// A reference to the definition of that name. `form` becomes the definition if there is none
  /// yet.
  static Json reference(std::string_view name) {
    return {{"$ref", "#/$defs/" + std::string(name)}};
  }
  Json add(const std::string& name, Json form) {
    if (!all_.contains(name)) all_[name] = std::move(form);
    return reference(name);
  }
  [[nodiscard]] const Json& all() const { return all_; }

 private:
  Json all_ = Json::object();
};

// The name of a form that several layers share; "" if only one argument has it.
std::string shared_form(const ArgumentSpec& argument, int rank) {
  const std::string axes = std::to_string(rank) + "d";
  if (argument.name == "data_format") return "data_format";
  if (argument.name == "activation" || argument.name == "interpolation")
    return std::string(argument.name);
  if (!argument.also.is_null()) return "";
  const bool null = !argument.required && argument.fallback.is_null();
  switch (argument.form) {
    case Form::Whole:
      return (argument.least == 1 ? "count" : "whole") + std::string(null ? "_or_null" : "");
    case Form::Pairs:
      return "pairs_" + axes;
    case Form::Factors:
      return "factors_" + axes + (null ? "_or_null" : "");
    case Form::Numbers:
      return "numbers";
    case Form::Seed:
      return "seed";
    case Form::FloatType:
      return "float_dtype";
    case Form::AnyType:
      return "any_dtype";
    default:
      return "";
  }
}

// The schema of one argument. Its description is written here; its form may be a reference.
Json argument_schema(const ArgumentSpec& argument, int rank, Definitions& definitions) {
  Json schema = schema_of(argument, rank);
  const std::string shared = shared_form(argument, rank);
  if (shared.empty()) return schema;
  Json said = Json::object();
  for (const char* key : {"description", "default"}) {
    if (!schema.contains(key)) continue;
    said[key] = schema[key];
    schema.erase(key);
  }
  Json result = definitions.add(shared, std::move(schema));
  result.update(said);
  return result;
}

// The arguments of one layer under all their names. The caller refuses other keys.
Json arguments_schema(const LayerSpec& spec, Definitions& definitions) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const ArgumentSpec& argument : spec.arguments) {
    if (argument.required) required.push_back(argument.name);
    properties[std::string(argument.name)] = argument_schema(argument, spec.rank, definitions);
  }
  for (const std::string_view ignored : spec.ignored)
    properties[std::string(ignored)] = true;
  for (const Synonym& synonym : synonyms()) {
    const auto name = properties.find(std::string(synonym.name));
    if (name == properties.end() || (!synonym.layer.empty() && synonym.layer != spec.name))
      continue;
    Json old{{"description", "Keras 1's name for " + std::string(synonym.name)}};
    if (synonym.values.empty()) {
      old["$ref"] =
          "#/$defs/" + std::string(spec.name) + "/properties/" + std::string(synonym.name);
    } else {
      old["enum"] = Json::array();
      for (const auto& [value, now] : synonym.values)
        old["enum"].push_back(value);
    }
    properties[std::string(synonym.old_name)] = old;
  }
  for (const Joined& joined : joined_arguments()) {
    for (const std::string_view old : joined.old_names) {
      if (joined.layer == spec.name)
        properties[std::string(old)] = definitions.add("count", whole_schema(1));
    }
  }
  Json schema{
      {"description", spec.summary}, {"$ref", "#/$defs/every_layer"}, {"properties", properties}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

// A regular expression for a word in upper or lower case.
std::string either_case(std::string_view word) {
  std::string pattern;
  for (const char c : word) {
    const bool letter = c >= 'a' && c <= 'z';
    pattern += letter ? std::string{'[', static_cast<char>(c - 32), c, ']'} : std::string{c};
  }
  return pattern;
}

// The formats that can be written, by their names and extensions.
std::string formats_pattern() {
  std::string pattern;
  for (const Codec& codec : codecs()) {
    if (!codec.encoder) continue;
    pattern += (pattern.empty() ? "" : "|") + either_case(codec.name);
    for (const std::string_view extension : codec.extensions) {
      if (extension != codec.name) pattern += "|" + either_case(extension);
    }
  }
  return "^(" + pattern + ")$";
}

// An entry of "layers". Its arguments are in "config" or beside the name.
Json layer_schema(Definitions& definitions) {
  Json names = Json::array();
  Json cases = Json::array();
  Json every = Json::object();
  for (const std::string_view ignored : ignored_arguments())
    every[std::string(ignored)] = true;
  definitions.add("every_layer", {{"properties", every}});
  definitions.add("config", {{"required", {"config"}},
                             {"properties",
                              {{"config", {{"type", "object"}}},
                               {"module", true},
                               {"registered_name", true},
                               {"build_config", true},
                               {"shared_object_id", true},
                               {"weights", {{"type", {"array", "string"}}}}}}});
  for (const LayerSpec& spec : layer_specs()) {
    Json spellings = Json::array({spec.name});
    for (const auto& [old_name, name] : old_classes()) {
      if (name == spec.name) spellings.push_back(old_name);
    }
    names.insert(names.end(), spellings.begin(), spellings.end());
    Json arguments = definitions.add(std::string(spec.name), arguments_schema(spec, definitions));
    Json config = arguments;
    config["unevaluatedProperties"] = false;
    cases.push_back({{"if", {{"properties", {{"class_name", {{"enum", spellings}}}}}}},
                     {"then",
                      {{"if", {{"required", {"config"}}}},
                       {"then", {{"properties", {{"config", config}}}}},
                       {"else", arguments}}}});
  }
  return {{"type", "object"},
          {"required", {"class_name"}},
          {"properties",
           {{"class_name", {{"enum", names}, {"description", "Keras' name of the layer"}}},
            {"keras",
             {{"type", {"string", "number"}},
              {"description",
               "the version of Keras whose rules this layer follows (default: the chain's, or that "
               "of the words it is written in)"}}}}},
          {"if", {{"required", {"config"}}}},
          {"then", Definitions::reference("config")},
          {"allOf", cases},
          {"unevaluatedProperties", false}};
}

// A key: its form, what it does, and its default if that is a value.
Json key(Json schema, std::string_view description, Json usual = nullptr) {
  schema["description"] = description;
  if (!usual.is_null()) schema["default"] = std::move(usual);
  return schema;
}

Json words(std::initializer_list<std::string_view> list) {
  Json schema{{"enum", Json::array()}};
  for (const std::string_view word : list)
    schema["enum"].push_back(word);
  return schema;
}

Json from_to(std::int64_t least, std::int64_t most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

Json object_of(Json properties) {
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

Json output_schema(const Json& types) {
  Json formats = Json::array({"same"});
  for (const std::string_view name : output_formats())
    formats.push_back(name);
  const Json by_name{{"enum", formats}};
  const Json by_extension{{"type", "string"}, {"pattern", formats_pattern()}};
  const Json lossless{{"const", "lossless"}};
  return object_of(
      {{"format", key({{"anyOf", {by_name, by_extension}}},
                      "file format of the outputs; same: that of the input", "same")},
       {"name", key({{"type", "string"}},
                    "template of the outputs' names; also {name}, {input_ext}, {copy}, {index}, "
                    "{hash}, {top}, {left}",
                    kDefaultName)},
       {"quality", key({{"anyOf", {from_to(1, 100), lossless}}},
                       "jpg and webp: 1 to 100; webp: also \"lossless\"")},
       {"jpeg",
        key(words({"encode", "lossless"}),
            "jpg: \"lossless\" copies the coefficients of a jpg if the chain only crops, at "
            "block boundaries",
            "encode")},
       {"metadata",
        key(words({"icc", "none", "all"}),
            "what is copied to the output: an ICC profile that is not sRGB, nothing, or "
            "EXIF and XMP too",
            "icc")},
       {"compression", key(from_to(0, 9), "png and tiff: 0 (none, fastest) to 9 (smallest)")},
       {"dtype",
        key(types,
            "type of the outputs. Image files take uint8, uint16, float32, float64 "
            "(default: the input's; white stays white). npy (default: what Keras returns)")},
       {"stack", key({{"type", "boolean"}},
                     "npy: also write the outputs of each folder as one array", false)},
       {"data_format", key(words({"channels_last", "channels_first"}),
                           "npy: layout of the outputs (default: the chain's)")}});
}

Json input_schema(const Json& types) {
  const Json extent{{"anyOf", {from_to(1, kMaxExtent), Json{{"type", "null"}}}}};
  const auto list = [](Json items, int least, int most) -> Json {
    return {
        {"type", "array"}, {"items", std::move(items)}, {"minItems", least}, {"maxItems", most}};
  };
  return object_of(
      {{"orientation",
        key(words({"apply", "ignore"}), "whether pictures are turned as their tags say", "apply")},
       {"truncated",
        key(words({"fail", "accept"}), "what happens to pictures that are not complete", "fail")},
       {"check",
        key(words({"needed", "full"}),
            "what is decoded of a picture: the needed part, or all, to find all damage", "needed")},
       {"max_pixels",
        key(from_to(1, std::int64_t{1} << 40),
            "the largest picture that is read or made, in pixels", DecodeOptions{}.max_pixels)},
       {"pages", key(words({"first", "volume"}),
                     "of a TIFF: its first page, or all of them as planes x rows x cols", "first")},
       {"palette", key(words({"expand", "index"}),
                       "of a palette: its colours, or the indices; index also keeps the numbers of "
                       "grey of few bits",
                       "expand")},
       {"color_mode", key(words({"keep", "grayscale", "rgb", "rgba"}),
                          "what every picture becomes before the first layer", "keep")},
       {"background",
        key(list(from_to(0, 255), 3, 3),
            "red, green, blue behind the alpha that color_mode removes (default: alpha "
            "is dropped)")},
       {"icc", key(words({"keep", "srgb"}),
                   "colours as they are, or converted from the ICC profile to sRGB", "keep")},
       {"shape", key(list(extent, 2, 4),
                     "the shape that every input must have: extents, then channels; null: any")},
       {"dtype",
        key(types, "as model: the type to which its Input casts every input (default: float32)")}});
}

}  // namespace

Json chain_schema() {
  Definitions definitions;
  const Json layer = definitions.add("layer", layer_schema(definitions));
  Json types{{"enum", Json::array()}};
  for (const std::string_view name : dtype_names())
    types["enum"].push_back(name);
  types = definitions.add("dtype", types);
  const Json seed{{"type", "integer"}};
  const Json two_seeds{{"type", "array"}, {"items", seed}, {"minItems", 2}, {"maxItems", 2}};
  const Json text{{"type", "string"}};

  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "deckle chain"},
              {"description",
               "Layers that deckle applies to every image, and how it reads and writes them"}};
  schema.update(object_of(
      {{"$schema", key(text, "for editors: where this schema is")},
       {"name", key(text, "for people: a name; an exported model has it too")},
       {"description", key(text, "for people: what the chain is for")},
       {"seed", key({{"anyOf", {seed, two_seeds}}},
                    "start of all random draws (default: drawn once, and recorded)")},
       {"seed_from", key(words({"path", "index", "content", "fixed"}),
                         "which property of an image decides its draws", "path")},
       {"copies", key(from_to(1, kMaxCopies), "independent outputs of each image", 1)},
       {"batch_size",
        key(from_to(1, kMaxExtent),
            "inputs that share a draw of the generators \"keras\" and \"tensorflow\"", 1)},
       {"as", key(words({"layer", "model"}),
                  "the rules for dtypes: a layer called on an array keeps integers, a model casts "
                  "everything to float32",
                  "layer")},
       {"keras", key({{"type", {"string", "number"}}},
                     "the version of Keras whose rules hold if they differ", "2.9")},
       {"data_format",
        key(words({"channels_last", "channels_first"}), "layout of arrays", "channels_last")},
       {"layers",
        key({{"type", "array"}, {"items", layer}, {"minItems", 1}}, "the layers, in their order")},
       {"weights", key(text, "a file with the weights of all layers: .h5, .weights.h5 or .keras")},
       {"input", key(input_schema(types), "how images are read")},
       {"output", key(output_schema(types), "how outputs are written")}}));
  schema["required"] = Json::array({"layers"});
  schema["$defs"] = definitions.all();
  return schema;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "chain/chain.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "core/shape.h"
#include "layers/arguments.h"
#include "layers/registry.h"
#include "layers/synonyms.h"

namespace deckle {
namespace {

// The arguments of one layer; `closed` refuses others.
Json arguments_schema(const LayerSpec& spec) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const ArgumentSpec& argument : spec.arguments) {
    Json schema = argument.schema;
    schema["description"] =
        std::string(argument.values) + (argument.fallback == "required"
                                            ? ""
                                            : " (default: " + std::string(argument.fallback) + ")");
    if (argument.fallback == "required") required.push_back(argument.name);
    properties[std::string(argument.name)] = schema;
  }
  for (const std::string_view ignored : ignored_arguments()) {
    if (!properties.contains(std::string(ignored)))
      properties[std::string(ignored)] = Json::object();
  }
  for (const std::string_view ignored : spec.ignored)
    properties[std::string(ignored)] = Json::object();
  for (const Synonym& synonym : synonyms()) {
    const auto name = properties.find(std::string(synonym.name));
    if (name == properties.end() || (!synonym.layer.empty() && synonym.layer != spec.name))
      continue;
    Json old{{"description", "Keras 1's name for " + std::string(synonym.name)}};
    if (synonym.values.empty()) {
      old["anyOf"] = Json::array({*name});
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
        properties[std::string(old)] = {{"type", "integer"}, {"minimum", 1}};
    }
  }
  Json schema{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

Json keras_schema() {
  return {{"type", {"string", "number"}},
          {"description",
           "the version of Keras whose rules this layer follows (default: the "
           "chain's, or that of the words it is written in)"}};
}

// A word in letters of either case, as a regular expression.
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

Json layer_schema(std::string_view class_name, const LayerSpec& spec) {
  const Json name{{"const", class_name}, {"description", std::string(spec.summary)}};
  const Json config = arguments_schema(spec);
  Json nested{{"type", "object"},
              {"properties",
               {{"class_name", name},
                {"keras", keras_schema()},
                {"config", config},
                {"module", Json::object()},
                {"registered_name", Json::object()},
                {"build_config", Json::object()},
                {"shared_object_id", Json::object()},
                {"weights", {{"type", {"array", "string"}}}}}},
              {"required", {"class_name", "config"}},
              {"additionalProperties", false}};
  Json flat = config;
  flat["properties"]["class_name"] = name;
  flat["properties"]["keras"] = keras_schema();
  if (!flat.contains("required")) flat["required"] = Json::array();
  flat["required"].push_back("class_name");
  return {{"if", {{"required", {"config"}}}}, {"then", nested}, {"else", flat}};
}

}  // namespace

Json chain_schema() {
  const Json seed_number{{"type", "integer"}};
  Json names = Json::array();
  Json cases = Json::array();
  const auto add = [&](std::string_view name, const LayerSpec& spec) {
    names.push_back(name);
    cases.push_back({{"if", {{"properties", {{"class_name", {{"const", name}}}}}}},
                     {"then", layer_schema(name, spec)}});
  };
  for (const LayerSpec& spec : layer_specs())
    add(spec.name, spec);
  for (const auto& [old_name, name] : old_classes())
    add(old_name, *find_layer(name));
  const Json layer{{"type", "object"},
                   {"required", {"class_name"}},
                   {"properties", {{"class_name", {{"enum", names}}}}},
                   {"allOf", cases}};
  Json formats = Json::array({"same"});
  for (const std::string_view name : output_formats())
    formats.push_back(name);

  Json types = Json::array();
  for (const std::string_view name : dtype_names())
    types.push_back(name);

  const auto described = [](Json schema, std::string text) {
    schema["description"] = std::move(text);
    return schema;
  };
  const Json output{
      {"type", "object"},
      {"properties",
       {{"format", described({{"anyOf", Json::array({Json{{"enum", formats}},
                                                     Json{{"type", "string"},
                                                          {"pattern", formats_pattern()}}})}},
                             "file format of the outputs (default: same as the input)")},
        {"name",
         described({{"type", "string"}},
                   "template of the outputs' names (default: " + std::string(kDefaultName) +
                       "); also {name}, {input_ext}, {copy}, {index}, {hash}, {top}, {left}")},
        {"quality",
         described(
             {{"anyOf", Json::array({Json{{"type", "integer"}, {"minimum", 1}, {"maximum", 100}},
                                     Json{{"const", "lossless"}}})}},
             "jpg and webp: 1 to 100; webp: also \"lossless\"")},
        {"jpeg",
         described({{"enum", {"encode", "lossless"}}},
                   "jpg: \"lossless\" copies the coefficients of a jpg where the chain only "
                   "crops, at block boundaries (default: encode)")},
        {"metadata",
         described({{"enum", {"icc", "none", "all"}}},
                   "what goes along: an ICC profile that is not sRGB (default), nothing, or EXIF "
                   "and XMP too")},
        {"compression", described({{"type", "integer"}, {"minimum", 0}, {"maximum", 9}},
                                  "png and tiff: 0 (none, fastest) to 9 (smallest)")},
        {"dtype",
         described({{"enum", types}},
                   "of the outputs. Image files (uint8, uint16, float32, float64): default "
                   "the input's, white stays white. npy: default what Keras answers")},
        {"stack", described({{"type", "boolean"}},
                            "npy: also write the outputs of each folder as one array")},
        {"data_format", described({{"enum", {"channels_last", "channels_first"}}},
                                  "npy: layout of the outputs (default: the chain's)")}}},
      {"additionalProperties", false}};
  const Json extent{{"type", "integer"}, {"minimum", 1}, {"maximum", kMaxExtent}};
  const Json input{
      {"type", "object"},
      {"properties",
       {{"orientation",
         described({{"enum", {"apply", "ignore"}}}, "turn pictures as their tags say")},
        {"truncated",
         described({{"enum", {"fail", "accept"}}}, "what to do with pictures that are not whole")},
        {"check",
         described(
             {{"enum", {"needed", "full"}}},
             "what of a picture is decoded: what is needed of it, or all, to find all damage")},
        {"max_pixels",
         described({{"type", "integer"}, {"minimum", 1}, {"maximum", std::int64_t{1} << 40}},
                   "the largest picture that is read or made, in pixels")},
        {"pages", described({{"enum", {"first", "volume"}}},
                            "of a TIFF: its first page, or all of them as planes x rows x cols")},
        {"palette", described({{"enum", {"expand", "index"}}},
                              "of a palette: its colours, or the indices; \"index\" also keeps the "
                              "numbers of grey of few bits")},
        {"color_mode", described({{"enum", {"keep", "grayscale", "rgb", "rgba"}}},
                                 "what every picture becomes before the first layer")},
        {"background",
         described({{"type", "array"},
                    {"items", {{"type", "integer"}, {"minimum", 0}, {"maximum", 255}}},
                    {"minItems", 3},
                    {"maxItems", 3}},
                   "red, green, blue behind alpha that color_mode takes away (default: alpha is "
                   "dropped)")},
        {"icc", described({{"enum", {"keep", "srgb"}}},
                          "colours as they are, or converted from the ICC profile to sRGB")},
        {"shape",
         described({{"type", "array"},
                    {"items", {{"anyOf", Json::array({extent, Json{{"type", "null"}}})}}},
                    {"minItems", 2},
                    {"maxItems", 4}},
                   "what every input has to be: extents, then channels; null where it may be any")},
        {"dtype", described({{"enum", types}},
                            "as model: what its Input makes of every input (default: float32)")}}},
      {"additionalProperties", false}};
  return {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "deckle chain"},
      {"description",
       "Layers that deckle applies to every image, and how it reads and writes them"},
      {"type", "object"},
      {"properties",
       {{"$schema", {{"type", "string"}}},
        {"name", {{"type", "string"}}},
        {"description", described({{"type", "string"}}, "for people: what the chain is for")},
        {"seed", described({{"anyOf", Json::array({seed_number, Json{{"type", "array"},
                                                                     {"items", seed_number},
                                                                     {"minItems", 2},
                                                                     {"maxItems", 2}}})}},
                           "where random crops come from; absent: drawn once and recorded")},
        {"seed_from", described({{"enum", {"path", "index", "content", "fixed"}}},
                                "what of an image decides its crop (default: path)")},
        {"copies", described({{"type", "integer"}, {"minimum", 1}, {"maximum", kMaxCopies}},
                             "independent outputs of each image")},
        {"batch_size",
         described({{"type", "integer"}, {"minimum", 1}, {"maximum", kMaxExtent}},
                   "inputs that share a draw of the generators \"keras\" and \"tensorflow\"")},
        {"as", described({{"enum", {"layer", "model"}}},
                         "whose dtypes: a layer called on an array keeps integers, a model makes "
                         "float32 of everything (default: layer)")},
        {"keras", described({{"type", {"string", "number"}}},
                            "the version whose rules hold where they differ (default: 2.9)")},
        {"data_format",
         described({{"enum", {"channels_last", "channels_first"}}}, "layout of arrays")},
        {"layers", {{"type", "array"}, {"items", layer}, {"minItems", 1}}},
        {"weights", described({{"type", "string"}},
                              "the weights of all layers: a .h5, .weights.h5 or .keras file")},
        {"input", input},
        {"output", output}}},
      {"required", {"layers"}},
      {"additionalProperties", false}};
}

}  // namespace deckle

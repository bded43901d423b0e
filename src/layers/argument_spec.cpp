// SPDX-License-Identifier: Apache-2.0
#include "layers/argument_spec.h"

#include <limits>

#include "core/dtype.h"
#include "core/shape.h"

namespace deckle {
namespace {

Json list_of(Json items, int least, int most) {
  return {{"type", "array"}, {"items", std::move(items)}, {"minItems", least}, {"maxItems", most}};
}

Json any_of(std::initializer_list<Json> forms) {
  return {{"anyOf", Json(Json::array_t(forms))}};
}

Json null_form() {
  return {{"type", "null"}};
}

Json enumeration(std::span<const std::string_view> words) {
  Json list = Json::array();
  for (const std::string_view word : words)
    list.push_back(word);
  return {{"enum", std::move(list)}};
}

Json pairs_schema(int rank) {
  const Json number = whole_schema(0);
  const Json pair = list_of(number, 2, 2);
  if (rank == 1) return any_of({number, pair});
  return any_of({number, list_of(any_of({number, pair}), rank, rank)});
}

Json dtype_schema(bool floats_only) {
  Json names = Json::array();
  for (const std::string_view name : dtype_names()) {
    if (!floats_only || info(*dtype_from_name(name)).is_float) names.push_back(name);
  }
  const Json policy{{"type", "object"}};  // Keras 3's DTypePolicy
  return any_of({Json{{"enum", names}}, policy, null_form()});
}

Json form_schema(const ArgumentSpec& argument, int rank) {
  switch (argument.form) {
    case Form::Other:
      return argument.also;
    case Form::Whole:
      return whole_schema(argument.least);
    case Form::Boolean:
      return {{"type", "boolean"}};
    case Form::Word:
      return enumeration(argument.words);
    case Form::Number:
      return {{"type", "number"}};
    case Form::Numbers: {
      const Json number{{"type", "number"}};
      return any_of({number, Json{{"type", "array"}, {"items", number}, {"minItems", 1}}});
    }
    case Form::Pairs:
      return pairs_schema(rank);
    case Form::Factors: {
      const Json factor = whole_schema(argument.least);
      return any_of({factor, list_of(factor, rank, rank)});
    }
    case Form::Seed: {
      const Json number{{"type", "integer"},
                        {"minimum", std::numeric_limits<std::int64_t>::min()},
                        {"maximum", std::numeric_limits<std::int64_t>::max()}};
      return any_of({number, list_of(number, 2, 2), null_form()});
    }
    case Form::FloatType:
      return dtype_schema(true);
    case Form::AnyType:
      return dtype_schema(false);
  }
  return {};
}

// Adds one more form to a schema.
void add_form(Json& schema, const Json& form) {
  if (schema.contains("anyOf")) {
    schema["anyOf"].push_back(form);
  } else {
    schema = any_of({schema, form});
  }
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words)
    text += (text.empty() ? "" : " | ") + std::string(word);
  return text;
}

}  // namespace

Json whole_schema(std::int64_t least) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", kMaxExtent}};
}

std::string spaced(const Json& value) {
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& entry : value)
    text += (text.empty() ? "" : ", ") + spaced(entry);
  return "[" + text + "]";
}

std::string form_text(const ArgumentSpec& argument, int rank) {
  if (!argument.values.empty()) return std::string(argument.values);
  const std::string least = ">= " + std::to_string(argument.least);
  switch (argument.form) {
    case Form::Other:
      return "";
    case Form::Whole:
      return (argument.unit.empty() ? "n" : std::string(argument.unit)) + ", " + least;
    case Form::Boolean:
      return "true | false";
    case Form::Word:
      return joined(argument.words);
    case Form::Number:
      return "number";
    case Form::Numbers:
      return "number, or a list with one for each channel";
    case Form::Pairs:
      if (rank == 1) return "n | [before, after]";
      if (rank == 2) return "n | [rows, cols] | [[top, bottom], [left, right]]";
      return "n | [planes, rows, cols] | three pairs";
    case Form::Factors:
      if (rank == 1) return "k, " + least;
      return std::string(rank == 2 ? "k | [k, l]" : "k | [k, l, m]") + ", each " + least;
    case Form::Seed:
      return "whole number | [a, b]";
    case Form::FloatType:
      return "float32 | float64 | float16";
    case Form::AnyType:
      return "float32 | float64 | uint8 | ..";
  }
  return "";
}

std::string default_text(const ArgumentSpec& argument) {
  if (argument.required) return "required";
  if (!argument.otherwise.empty()) return std::string(argument.otherwise);
  if (argument.fallback.is_null()) return "none";
  return argument.fallback.is_string() ? argument.fallback.get<std::string>()
                                       : spaced(argument.fallback);
}

Json schema_of(const ArgumentSpec& argument, int rank) {
  Json schema = form_schema(argument, rank);
  if (argument.form != Form::Other && !argument.also.is_null()) add_form(schema, argument.also);
  // Null means that the argument is not given.
  const bool takes_null = argument.form == Form::Seed || argument.form == Form::FloatType ||
                          argument.form == Form::AnyType || argument.form == Form::Other;
  if (!argument.required && argument.fallback.is_null() && !takes_null)
    add_form(schema, null_form());
  std::string text(argument.help);
  if (!argument.otherwise.empty()) text += " (default: " + std::string(argument.otherwise) + ")";
  schema["description"] = text;
  if (!argument.fallback.is_null() && argument.otherwise.empty())
    schema["default"] = argument.fallback;
  return schema;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// argument_spec: the declaration of a layer's argument. The parser, its messages, the JSON Schema,
// `deckle layers`, the export to Keras and the reference page use it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "layers/keras_version.h"

namespace deckle {

/// What a value may look like. "Axes" are the layer's spatial axes.
enum class Form : std::uint8_t {
  Other,      ///< `also` says it; the layer reads it itself
  Whole,      ///< a whole number, at least `least`
  Boolean,    ///< true or false
  Word,       ///< one of `words`
  Number,     ///< any finite number
  Numbers,    ///< a number, or a list with one number for each channel
  Pairs,      ///< pixels at the two ends of each axis: n, a number or a pair for each axis
  Factors,    ///< a whole number for all axes or one for each, at least `least`
  Seed,       ///< a whole number of 64 bits, or a pair of them
  FloatType,  ///< a float dtype, or Keras 3's DTypePolicy of it
  AnyType     ///< any dtype, or Keras 3's DTypePolicy of it
};

/// One argument of a layer.
struct ArgumentSpec {
  std::string_view name{};
  Form form = Form::Other;
  std::span<const std::string_view> words{};  ///< Word: Keras' or our words, in the layer's order
  std::int64_t least = 0;                     ///< Whole, Factors
  std::string_view unit{};                    ///< Whole: "pixels"
  std::string_view values{};  ///< the form as people write it; empty: form_text makes it
  bool required = false;
  Json fallback{};  ///< the default, as a chain would write it; null: there is none
  std::string_view
      otherwise{};          ///< the default in words, if it depends on something: "the chain's"
  std::string_view help{};  ///< one line: what the argument does
  /// The first Keras whose layer has the argument. Nothing: the argument is deckle's own.
  std::optional<KerasVersion> since{};
  /// Word: the words that this Keras knows. Null: all.
  std::vector<std::string_view> (*words_of)(KerasVersion) = nullptr;
  Json also{};  ///< JSON Schema of one more form; for Other, of the only form
};

/// The form as people write it: "pixels, >= 1". `rank` is the number of the layer's axes.
[[nodiscard]] std::string form_text(const ArgumentSpec& argument, int rank);
/// The default as people write it: "constant", "[1, 1]", "the chain's", "required", "none".
[[nodiscard]] std::string default_text(const ArgumentSpec& argument);
/// JSON Schema of the value, with default and description.
[[nodiscard]] Json schema_of(const ArgumentSpec& argument, int rank);

/// JSON Schema of a whole number from `least` to kMaxExtent.
[[nodiscard]] Json whole_schema(std::int64_t least);

/// JSON in one line with a space behind each comma: "[1, 2]".
[[nodiscard]] std::string spaced(const Json& value);

}  // namespace deckle

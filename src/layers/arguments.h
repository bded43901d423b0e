// SPDX-License-Identifier: Apache-2.0
// arguments: reads a layer's arguments from JSON by their declarations (argument_spec), and records
// every mistake with its pointer.
//
// Numbers are read exactly: 3.7, true and 4294967296 are refused, which nlohmann::json would
// silently convert.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"
#include "core/json.h"
#include "layers/argument_spec.h"
#include "layers/keras_version.h"
#include "layers/layer.h"
#include "random/stateless.h"

namespace deckle {

/// Something wrong in a chain, and where: a JSON pointer into it.
struct Mistake {
  std::string pointer;
  std::string message;
};

/// before and after (top and bottom, left and right) on one axis, in pixels.
using Pair = std::array<std::int64_t, 2>;

/// A whole number from `least` to kMaxExtent; else an Error (Usage) with the reason.
[[nodiscard]] Result<std::int64_t> whole_number(const Json& value, std::int64_t least,
                                                std::string_view unit = "pixels");

/// A whole number, or two of them, that fit 64 bits: a seed.
[[nodiscard]] Result<SeedPair> seed_pair(const Json& value);

/// `pointer` + "/" + key, escaped as RFC 6901 says.
[[nodiscard]] std::string join_pointer(std::string_view pointer, std::string_view key);

/// What a layer's arguments depend on besides their own values.
struct Setting {
  KerasVersion keras;
  bool channels_first = false;    ///< layout of arrays
  bool shapes_only = false;       ///< weights may be missing, because nothing is run
  std::string_view class_name{};  ///< as the chain writes it; empty: the present name
};

class Arguments {
 public:
  /// `config` is an object at `pointer`. Old names are accepted for the present ones (see
  /// synonyms). The constructor records unknown names as mistakes.
  Arguments(const LayerSpec& spec, const Json& config, std::string pointer,
            std::vector<Mistake>& mistakes, Setting setting = {});

  [[nodiscard]] const LayerSpec& spec() const { return spec_; }
  [[nodiscard]] KerasVersion keras() const { return setting_.keras; }
  [[nodiscard]] bool channels_first() const { return setting_.channels_first; }
  [[nodiscard]] bool shapes_only() const { return setting_.shapes_only; }
  /// The layer's name as the chain writes it, for messages.
  [[nodiscard]] std::string layer_name() const {
    return std::string(setting_.class_name.empty() ? spec_.name : setting_.class_name);
  }
  /// True if there is no mistake so far.
  [[nodiscard]] bool good() const { return good_; }

  /// The given value; null if there is none (a JSON null counts as none).
  [[nodiscard]] const Json* find(std::string_view name) const;

  // Each function reads an argument by its declaration in the spec. If it is not given, the
  // declared default is read. If the value is wrong, a mistake is recorded, and the result is the
  // default or another harmless value.

  /// Form::Whole. Nothing if it is wrong, or if it is not given and has no default.
  std::optional<std::int64_t> whole(std::string_view name);
  bool boolean(std::string_view name);                 ///< Form::Boolean
  std::vector<double> numbers(std::string_view name);  ///< Form::Number, Form::Numbers
  std::size_t choice(std::string_view name);           ///< the index in the declared words
  Json word(std::string_view name);  ///< the word itself; null if there is no default
  DType dtype(std::string_view name);
  std::optional<SeedPair> seed(std::string_view name);
  std::vector<Pair> pairs(std::string_view name);            ///< Form::Pairs, one for each axis
  std::vector<std::int64_t> factors(std::string_view name);  ///< Form::Factors, one for each axis

  /// Records that the argument (or the element `below` it, such as "/0/1") is wrong.
  void mistake(std::string_view name, std::string message, std::string_view below = "");

 private:
  void take_joined(const Json& config);
  [[nodiscard]] const ArgumentSpec& declared(std::string_view name) const;
  /// The value that was given, else the declared default; it may be null.
  [[nodiscard]] const Json& value_of(const ArgumentSpec& argument) const;
  std::optional<std::int64_t> number(std::string_view name, const Json& value, std::int64_t least,
                                     const std::string& below, std::string_view unit = "pixels");
  std::optional<std::size_t> index_of_word(const ArgumentSpec& argument);
  std::vector<Pair> read_pairs(std::string_view name, const Json& value);

  const LayerSpec& spec_;
  std::string pointer_;
  std::vector<Mistake>& mistakes_;
  Setting setting_;
  Json values_ = Json::object();  ///< by their present names
  std::vector<std::pair<std::string, std::string>>
      given_as_;  ///< present name, and the name that the chain uses
  bool good_ = true;
};

/// Names that every layer accepts because Keras writes them. They have no effect.
[[nodiscard]] std::span<const std::string_view> ignored_arguments();

}  // namespace deckle

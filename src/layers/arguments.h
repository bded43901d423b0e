// SPDX-License-Identifier: Apache-2.0
// arguments: reads a layer's arguments out of JSON by their declarations (argument_spec), and notes
// every mistake with its place.
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

/// A whole number from `least` to kMaxExtent; else an Error (Usage) that says why the value is not
/// one.
[[nodiscard]] Result<std::int64_t> whole_number(const Json& value, std::int64_t least,
                                                std::string_view unit = "pixels");

/// A whole number, or two of them, that fit 64 bits: a seed.
[[nodiscard]] Result<SeedPair> seed_pair(const Json& value);

/// `pointer` + "/" + key, escaped as RFC 6901 says.
[[nodiscard]] std::string join_pointer(std::string_view pointer, std::string_view key);

/// What a layer's arguments may depend on, apart from themselves.
struct Setting {
  KerasVersion keras;
  bool channels_first = false;    ///< layout of arrays
  bool shapes_only = false;       ///< weights may be missing, because nothing is run
  std::string_view class_name{};  ///< as the chain spells it; empty: the present name
};

class Arguments {
 public:
  /// `config` is an object at `pointer`. Old names count as the present ones (see synonyms).
  /// Unknown names are noted at once.
  Arguments(const LayerSpec& spec, const Json& config, std::string pointer,
            std::vector<Mistake>& mistakes, Setting setting = {});

  [[nodiscard]] const LayerSpec& spec() const { return spec_; }
  [[nodiscard]] KerasVersion keras() const { return setting_.keras; }
  [[nodiscard]] bool channels_first() const { return setting_.channels_first; }
  [[nodiscard]] bool shapes_only() const { return setting_.shapes_only; }
  /// The layer's name as the chain spells it, for messages.
  [[nodiscard]] std::string layer_name() const {
    return std::string(setting_.class_name.empty() ? spec_.name : setting_.class_name);
  }
  /// True if nothing was wrong yet.
  [[nodiscard]] bool good() const { return good_; }

  /// The given value; null if there is none (a JSON null counts as none).
  [[nodiscard]] const Json* find(std::string_view name) const;

  // Each reads an argument by its declaration in the spec. If it is not given, the declared default
  // is read. If the value is wrong, that is noted, and the answer is the default or another
  // harmless value.

  /// Form::Whole. Nothing if it has no default and is not given, or if it is wrong.
  std::optional<std::int64_t> whole(std::string_view name);
  bool boolean(std::string_view name);                 ///< Form::Boolean
  std::vector<double> numbers(std::string_view name);  ///< Form::Number, Form::Numbers
  std::size_t choice(std::string_view name);           ///< the index in the declared words
  Json word(std::string_view name);  ///< the word itself; null if there is no default
  DType dtype(std::string_view name);
  std::optional<SeedPair> seed(std::string_view name);
  std::vector<Pair> pairs(std::string_view name);            ///< Form::Pairs, one for each axis
  std::vector<std::int64_t> factors(std::string_view name);  ///< Form::Factors, one for each axis

  /// Notes that the argument (or the element `below` it, such as "/0/1") is wrong.
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
  Json values_ = Json::object();  ///< by the names that are in use now
  std::vector<std::pair<std::string, std::string>>
      given_as_;  ///< name, and how the chain spells it
  bool good_ = true;
};

/// Names that every layer accepts, because Keras writes them. They have no effect here.
[[nodiscard]] std::span<const std::string_view> ignored_arguments();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// synonyms: the spellings of older Keras generations, all in one table.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/json.h"

namespace deckle {

/// An argument's old name: only in these layers (empty: in all), with what its values are called
/// now.
struct Synonym {
  std::string_view layer;
  std::string_view old_name;
  std::string_view name;
  std::span<const std::pair<std::string_view, std::string_view>>
      values;  ///< old and new; new "" stands for null
};

[[nodiscard]] std::span<const Synonym> synonyms();
[[nodiscard]] const Synonym* find_synonym(std::string_view layer, std::string_view old_name);

/// Old arguments that are the entries of one list now.
struct Joined {
  std::string_view layer;
  std::span<const std::string_view> old_names;
  std::string_view name;
};

[[nodiscard]] std::span<const Joined> joined_arguments();
/// The row that this old name of the layer belongs to, or null.
[[nodiscard]] const Joined* find_joined(std::string_view layer, std::string_view old_name);

/// Old names of layers, each with the present one.
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> old_classes();
/// What a layer is called now; the name itself where it is no old one.
[[nodiscard]] std::string_view present_class(std::string_view class_name);

/// The value under its present name, or nothing where it is none of the old values.
[[nodiscard]] std::optional<Json> present_value(const Synonym& synonym, const Json& value);

}  // namespace deckle

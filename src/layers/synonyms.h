// SPDX-License-Identifier: Apache-2.0
// synonyms: the spellings of older Keras generations, all in one table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

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

/// Whose words a layer is written in, as far as that decides how its weights are laid out.
struct Wording {
  std::string
      keras1;         ///< an argument or a class name that only Keras 1 has; "" where there is none
  std::string later;  ///< an argument that only Keras 2 and later have; "" where there is none
};

/// Of a layer with weights that Keras 1 has too; empty for all others.
[[nodiscard]] Wording wording(std::string_view class_name, const Json& arguments);

/// The value under its present name, or nothing where it is none of the old values.
[[nodiscard]] std::optional<Json> present_value(const Synonym& synonym, const Json& value);

}  // namespace deckle

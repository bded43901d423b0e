// SPDX-License-Identifier: Apache-2.0
// synonyms: the names that older Keras generations use, in one table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.h"

namespace deckle {

/// An old name of an argument in one layer, or in all layers (empty), with the present names of its
/// values.
struct Synonym {
  std::string_view layer;
  std::string_view old_name;
  std::string_view name;
  std::span<const std::pair<std::string_view, std::string_view>>
      values;  ///< old and present names; a present name "" means null
};

[[nodiscard]] std::span<const Synonym> synonyms();
[[nodiscard]] const Synonym* find_synonym(std::string_view layer, std::string_view old_name);

/// Old arguments that became the entries of one list.
struct Joined {
  std::string_view layer;
  std::span<const std::string_view> old_names;
  std::string_view name;
};

[[nodiscard]] std::span<const Joined> joined_arguments();
/// The row with this old name of the layer, or null.
[[nodiscard]] const Joined* find_joined(std::string_view layer, std::string_view old_name);

/// Old names of layers, with their present names.
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> old_classes();
/// The present name of a layer; the name itself if it is not an old one.
[[nodiscard]] std::string_view present_class(std::string_view class_name);

/// The Keras generation whose words a layer uses. It decides the layout of the weights.
struct Wording {
  std::string keras1;  ///< an argument or a class name that only Keras 1 has; "": none
  std::string later;   ///< an argument that only Keras 2 and later have; "": none
};

/// For a layer with weights that Keras 1 has too; empty for other layers.
[[nodiscard]] Wording wording(std::string_view class_name, const Json& arguments);

/// The value's present name; nothing if it is not one of the old values.
[[nodiscard]] std::optional<Json> present_value(const Synonym& synonym, const Json& value);

}  // namespace deckle

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

/// The value under its present name, or nothing where it is none of the old values.
[[nodiscard]] std::optional<Json> present_value(const Synonym& synonym, const Json& value);

}  // namespace deckle

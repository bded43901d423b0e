// SPDX-License-Identifier: Apache-2.0
#include "layers/synonyms.h"

#include <array>
#include <string>

namespace deckle {
namespace {

using Value = std::pair<std::string_view, std::string_view>;

constexpr std::array kDimOrdering{Value{"tf", "channels_last"}, Value{"th", "channels_first"},
                                  Value{"default", ""}};

// Keras 1 on the left. The rule for dim_ordering: 'tf' is not a data_format, 'channels_last' not a
// dim_ordering.
constexpr std::array kSynonyms{
    Synonym{"", "dim_ordering", "data_format", kDimOrdering},
    Synonym{"UpSampling1D", "length", "size", {}},
};

}  // namespace

std::span<const Synonym> synonyms() {
  return kSynonyms;
}

const Synonym* find_synonym(std::string_view layer, std::string_view old_name) {
  for (const Synonym& synonym : kSynonyms) {
    if (synonym.old_name == old_name && (synonym.layer.empty() || synonym.layer == layer))
      return &synonym;
  }
  return nullptr;
}

std::optional<Json> present_value(const Synonym& synonym, const Json& value) {
  if (synonym.values.empty()) return value;
  if (!value.is_string()) return std::nullopt;
  for (const auto& [old_value, new_value] : synonym.values) {
    if (value.get_ref<const std::string&>() == old_value) {
      return new_value.empty() ? Json(nullptr) : Json(std::string(new_value));
    }
  }
  return std::nullopt;
}

}  // namespace deckle

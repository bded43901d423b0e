// SPDX-License-Identifier: Apache-2.0
// json_limits: how large a JSON text may be. Both limits are fixed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace deckle {

/// The most members of an object: looking for one takes time in proportion to them.
inline constexpr std::size_t kMaxJsonMembers = 10000;

/// A limit that a text goes beyond.
struct JsonExcess {
  std::size_t at = 0;   ///< byte of the text
  std::string message;  ///< with the limit and the value
};

/// The first of these limits that the text goes beyond; nothing where it keeps both.
[[nodiscard]] std::optional<JsonExcess> json_excess(std::string_view text);

}  // namespace deckle

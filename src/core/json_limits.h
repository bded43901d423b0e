// SPDX-License-Identifier: Apache-2.0
// json_limits: how large a JSON text may be. Both limits are fixed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deckle {

/// How deep brackets may be nested. No chain or manifest needs more, and recursive functions must
/// not run out of stack.
inline constexpr std::size_t kMaxJsonDepth = 200;

/// The most members of an object: the time to find one is proportional to their number.
inline constexpr std::size_t kMaxJsonMembers = 10000;

/// A limit that a text exceeds.
struct JsonExcess {
  std::size_t at = 0;   ///< byte in the text
  std::string message;  ///< with the limit and the value
};

/// The first place where the text exceeds one of these limits; nothing if it exceeds none.
[[nodiscard]] std::optional<JsonExcess> json_excess(std::string_view text);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// json_limits: how large a JSON text may be. Both limits are fixed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deckle {

/// How deep brackets may be nested: more is no chain and no manifest, and what works through a
/// value recursively must not run out of stack.
inline constexpr std::size_t kMaxJsonDepth = 200;

/// The most members of an object: looking for one takes time in proportion to them.
inline constexpr std::size_t kMaxJsonMembers = 10000;

/// A limit that a text goes beyond.
struct JsonExcess {
  std::size_t at = 0;   ///< byte of the text
  std::string message;  ///< with the limit and the value
};

/// The first place where the text goes beyond one of these limits; nothing where it keeps both.
[[nodiscard]] std::optional<JsonExcess> json_excess(std::string_view text);

}  // namespace deckle

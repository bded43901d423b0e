// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace deckle {

/// JSON whose keys stay in the order in which they were put: manifests and schemas are read by
/// people.
using Json = nlohmann::ordered_json;

/// How deep brackets may stand within one another: more is no chain and no manifest, and what works
/// through a value recursively must not run out of stack.
inline constexpr std::size_t kMaxJsonDepth = 200;

/// Where the text goes deeper than that; nothing where it does not.
[[nodiscard]] std::optional<std::size_t> too_deep(std::string_view text);

/// Parses; what is no JSON, or too deep, comes back as a discarded value.
[[nodiscard]] Json parse_json(std::string_view text);

}  // namespace deckle

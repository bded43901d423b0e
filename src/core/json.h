// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace deckle {

/// JSON whose keys stay in the order in which they were put: manifests and schemas are read by
/// people.
using Json = nlohmann::ordered_json;

/// Parses. Returns a discarded value for a text that is no JSON or exceeds json_limits.h.
[[nodiscard]] Json parse_json(std::string_view text);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace deckle {

/// JSON whose keys stay in the order in which they were inserted, because people read manifests and
/// schemas.
using Json = nlohmann::ordered_json;

/// Parses. Returns a discarded value if the text is not JSON or exceeds a limit of json_limits.h.
[[nodiscard]] Json parse_json(std::string_view text);

}  // namespace deckle

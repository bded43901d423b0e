// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

namespace deckle {

/// JSON whose keys stay in the order in which they were put: manifests and schemas are read by
/// people.
using Json = nlohmann::ordered_json;

}  // namespace deckle

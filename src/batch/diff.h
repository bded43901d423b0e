// SPDX-License-Identifier: Apache-2.0
// diff: what differs between two manifests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "core/result.h"

namespace deckle {

struct DiffCounts {
  std::size_t lines = 0;        ///< compared
  std::size_t differences = 0;  ///< lines of the report
};

/// Reads both manifests side by side and tells `say` every difference in a sentence. Fails with
/// Unreadable or Usage; the message names the file.
[[nodiscard]] Result<DiffCounts> diff_manifests(const std::string& a, const std::string& b,
                                                const std::function<void(const std::string&)>& say);

}  // namespace deckle

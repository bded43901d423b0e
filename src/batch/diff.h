// SPDX-License-Identifier: Apache-2.0
// diff: the differences between two manifests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "core/result.h"

namespace deckle {

struct DiffCounts {
  std::size_t lines = 0;        ///< records that were compared
  std::size_t differences = 0;  ///< sentences passed to `say`
};

/// Reads both manifests in parallel and calls `say` with a sentence for each difference. Fails with
/// Unreadable or Usage; the message names the file.
[[nodiscard]] Result<DiffCounts> diff_manifests(const std::string& a, const std::string& b,
                                                const std::function<void(const std::string&)>& say);

}  // namespace deckle

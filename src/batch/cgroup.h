// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deckle {

/// The folders with the limits of this process's cgroup and of its parent cgroups, for version 2
/// and for a controller of version 1. Some of them may not exist. `root` is "" except in tests.
[[nodiscard]] std::vector<std::string> cgroup_folders(const char* root,
                                                      std::string_view controller);

}  // namespace deckle

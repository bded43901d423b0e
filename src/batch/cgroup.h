// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deckle {

/// The folders where the limits of this process's cgroup and of those above stand, for version 2
/// and for a controller of version 1; not all of them need be there. `root` is "" but in tests.
[[nodiscard]] std::vector<std::string> cgroup_folders(const char* root,
                                                      std::string_view controller);

}  // namespace deckle

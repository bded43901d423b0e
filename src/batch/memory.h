// SPDX-License-Identifier: Apache-2.0
// memory: how much memory one picture may take before it is streamed row by row.
#pragma once

#include <cstdint>
#include <limits>

namespace deckle {

/// The memory that a picture may take. A picture that needs more is streamed (decoded, moved and
/// encoded row by row) if that is possible. The outputs are the same.
struct MemoryLimit {
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
  bool strict = false;  ///< a picture that takes more and cannot be streamed fails: TooLarge
};

/// The memory that is available to this process: the smallest of the system's free memory and the
/// limits of its cgroup and the cgroups above, from files below `root` ("/" except in tests). The
/// largest number if there is no limit.
[[nodiscard]] std::uint64_t available_memory(const char* root);

/// The default: half of the available memory, divided by `jobs`.
[[nodiscard]] MemoryLimit usual_memory_limit(int jobs);

}  // namespace deckle

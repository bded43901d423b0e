// SPDX-License-Identifier: Apache-2.0
// memory: how much of it one picture may take before it goes row by row.
#pragma once

#include <cstdint>
#include <limits>

namespace deckle {

/// What a picture may take. Above it, it is decoded, moved and encoded row by row, where that can
/// be; the outputs are the same.
struct MemoryLimit {
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
  bool strict = false;  ///< a picture that takes more and cannot go row by row fails: TooLarge
};

/// What is left for this process: the system's free memory and the limits of its cgroup and those
/// above, in files below `root` ("/" but in tests); the largest number where nothing says.
[[nodiscard]] std::uint64_t available_memory(const char* root);

/// The default: half of the available memory, divided by `jobs`.
[[nodiscard]] MemoryLimit usual_memory_limit(int jobs);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// Source  proc(5) for MemAvailable; the kernel's cgroup-v2.rst and cgroup-v1/memory.rst
#include "batch/memory.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "batch/cgroup.h"

namespace deckle {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// The number in a file; "max" and missing files mean no limit.
std::uint64_t number_in(const std::string& path) {
  std::uint64_t value = 0;
  return std::ifstream(path) >> value ? value : kNoLimit;
}

std::uint64_t left_of(std::uint64_t limit, std::uint64_t used) {
  if (limit == kNoLimit || used == kNoLimit) return limit;
  return limit - std::min(limit, used);
}

// A line of memory.stat: "inactive_file 4096".
std::uint64_t reclaimable(const std::string& folder) {
  std::ifstream file(folder + "/memory.stat");
  std::uint64_t value = 0;
  for (std::string key; file >> key >> value;) {
    if (key == "inactive_file" || key == "total_inactive_file") return value;
  }
  return 0;
}

// The cgroup counts cached pages of files as used, but the kernel frees them when memory is needed.
std::uint64_t left_in(const std::string& folder, const char* limit, const char* used) {
  const std::uint64_t most = number_in(folder + limit);
  if (most > kNoLimit / 4) return kNoLimit;  // version 1 writes a very large number
  const std::uint64_t now = number_in(folder + used);
  const std::uint64_t files = reclaimable(folder);
  return left_of(most, now == kNoLimit ? now : now - std::min(now, files));
}

}  // namespace

std::uint64_t available_memory(const char* root) {
  std::uint64_t least = kNoLimit;
  std::ifstream file(std::string(root) + "/proc/meminfo");
  std::string line;
  while (std::getline(file, line)) {  // "MemAvailable:    8123456 kB"
    if (!line.starts_with("MemAvailable:")) continue;
    least = std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10) * 1024;
  }
  for (const std::string& folder : cgroup_folders(root, "memory")) {
    least = std::min({least, left_in(folder, "/memory.max", "/memory.current"),
                      left_in(folder, "/memory.limit_in_bytes", "/memory.usage_in_bytes")});
  }
  return least;
}

MemoryLimit usual_memory_limit(int jobs) {
  return {available_memory("") / 2 / static_cast<std::uint64_t>(std::max(jobs, 1)), false};
}

}  // namespace deckle

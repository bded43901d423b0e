// SPDX-License-Identifier: Apache-2.0
#include "batch/memory.h"

#include <limits>

#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;

TEST_CASE("the available memory is the least of the system's and the cgroups'", "[batch][cgroup]") {
  const test::Folder root;
  const auto available = [&] { return available_memory(root.path().c_str()); };
  CHECK(available() == std::numeric_limits<std::uint64_t>::max());
  root.put("proc/meminfo", "MemTotal:       16000 kB\nMemAvailable:    8000 kB\n");
  CHECK(available() == 8000 * 1024);
  root.put("proc/self/cgroup", "0::/a/b\n");
  CHECK(available() == 8000 * 1024);
  root.put("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.put("sys/fs/cgroup/a/b/memory.current", "4096\n");
  CHECK(available() == 8000 * 1024);
  root.put("sys/fs/cgroup/a/memory.max", "1000000\n");
  CHECK(available() == 1000000);
  root.put("sys/fs/cgroup/a/memory.current", "600000\n");
  CHECK(available() == 400000);
  root.put("sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 100000\n");
  CHECK(available() == 500000);
  root.put("sys/fs/cgroup/a/memory.current", "2000000\n");
  CHECK(available() == 0);
}

TEST_CASE("the limits of version 1 count too", "[batch][cgroup]") {
  const test::Folder root;
  root.put("proc/self/cgroup", "7:memory:/job\n3:cpu,cpuacct:/job\n");
  root.put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9000\n");
  root.put("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "2000\n");
  CHECK(available_memory(root.path().c_str()) == 7000);
}

TEST_CASE("the usual limit is a share for each thread, and fails nothing", "[batch]") {
  const MemoryLimit one = usual_memory_limit(1);
  const MemoryLimit many = usual_memory_limit(1000);
  CHECK_FALSE(one.strict);
  CHECK(one.bytes > 0);
  CHECK(many.bytes < one.bytes);
}

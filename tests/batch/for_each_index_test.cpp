// SPDX-License-Identifier: Apache-2.0
#include "batch/for_each_index.h"

#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;

TEST_CASE("every index is visited once, whatever the jobs", "[batch][for_each_index]") {
  for (const int jobs : {1, 2, 3, 16}) {
    for (const std::size_t n :
         {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      std::vector<std::atomic<int>> visits(n);
      std::atomic<bool> worker_in_range = true;
      for_each_index(n, jobs, [&](std::size_t i, std::size_t worker) {
        ++visits.at(i);
        if (worker >= static_cast<std::size_t>(jobs)) worker_in_range = false;
      });
      INFO(jobs << " jobs, " << n);
      CHECK(worker_in_range);
      CHECK(std::all_of(visits.begin(), visits.end(), [](const auto& v) { return v == 1; }));
    }
  }
}

TEST_CASE("no two calls of one worker run at once", "[batch][for_each_index]") {
  constexpr int kJobs = 8;
  std::vector<std::atomic<int>> busy(kJobs);
  std::atomic<bool> shared = false;
  for_each_index(500, kJobs, [&](std::size_t, std::size_t worker) {
    if (busy.at(worker)++ != 0) shared = true;
    std::this_thread::yield();
    --busy.at(worker);
  });
  CHECK_FALSE(shared);
}

TEST_CASE("an exception of a call is thrown again after all calls have ended",
          "[batch][for_each_index]") {
  for (const int jobs : {1, 3}) {
    std::atomic<int> running = 0;
    const auto run = [&] {
      for_each_index(200, jobs, [&](std::size_t i, std::size_t) {
        ++running;
        if (i == 50) {
          --running;
          throw std::bad_alloc();
        }
        --running;
      });
    };
    CHECK_THROWS_AS(run(), std::bad_alloc);
    CHECK(running == 0);
  }
}

TEST_CASE("only threads that can be started are counted", "[batch][for_each_index]") {
  CHECK(startable_threads(0) == 1);
  CHECK(startable_threads(1) == 1);
  const int found = startable_threads(3);
  CHECK(found >= 1);
  CHECK(found <= 3);
}

TEST_CASE("there is always a processor to use", "[batch][for_each_index]") {
  CHECK(usable_processors() >= 1);
}

TEST_CASE("cgroup version 2: the least quota of the group and those above", "[batch][cgroup]") {
  const test::Folder root;
  root.put("proc/self/cgroup", "0::/a/b\n");
  CHECK(cgroup_quota(root.path().c_str()) == 0);
  root.put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 0);
  root.put("sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 2.5);
  root.put("sys/fs/cgroup/a/cpu.max", "75000 50000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 1.5);
  root.put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 1.5);
  root.put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 0.5);
}

TEST_CASE("cgroup version 2: a container sees its own group as the root", "[batch][cgroup]") {
  const test::Folder root;
  root.put("proc/self/cgroup", "0::/\n");
  root.put("sys/fs/cgroup/cpu.max", "300000 100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 3);
  root.put("sys/fs/cgroup/cpu.max", "max 100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 0);
}

TEST_CASE("cgroup version 1: quota and period of the controller cpu", "[batch][cgroup]") {
  const test::Folder root;
  root.put("proc/self/cgroup", "12:memory:/m\n4:cpu,cpuacct:/jobs/7\n1:name=systemd:/x\n");
  root.put("sys/fs/cgroup/memory/m/cpu.cfs_quota_us", "100\n");
  root.put("sys/fs/cgroup/memory/m/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 0);
  root.put("sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us", "-1\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 0);
  root.put("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "400000\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 4);
  root.put("sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us", "150000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 1.5);
}

TEST_CASE("cgroup version 1: the controller under its own name, and both versions at once",
          "[batch][cgroup]") {
  const test::Folder root;
  root.put("proc/self/cgroup", "3:cpu:/j\n0::/user\n");
  root.put("sys/fs/cgroup/cpu/j/cpu.cfs_quota_us", "200000\n");
  root.put("sys/fs/cgroup/cpu/j/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_quota(root.path().c_str()) == 2);
}

TEST_CASE("files without a valid number set no quota", "[batch][cgroup]") {
  const test::Folder root;
  CHECK(cgroup_quota(root.path().c_str()) == 0);
  root.put("proc/self/cgroup", "nonsense\n\n::\n0::\n0::/a\n");
  for (const char* text : {"", "max", "100000", "100000 0", "x y", "0 100000", "-1 100000"}) {
    INFO(text);
    root.put("sys/fs/cgroup/a/cpu.max", text);
    CHECK(cgroup_quota(root.path().c_str()) == 0);
  }
}

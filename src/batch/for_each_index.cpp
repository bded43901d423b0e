// SPDX-License-Identifier: Apache-2.0
#include "batch/for_each_index.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <future>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "batch/cgroup.h"

namespace deckle {
namespace {

// cgroup v2: cpu.max contains "quota period" or "max period".
double quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  return file >> quota >> period && period > 0 ? quota / period : 0;
}

double quota_v1(const std::string& folder) {
  double quota = 0;
  double period = 0;
  std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
  std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  return quota > 0 && period > 0 ? quota / period : 0;
}

// The size of a team that can start. OpenMP's library ends the process with exit code 1 if it
// cannot start a thread. Therefore threads are started here first as a test. The library keeps the
// threads of the last outermost team: only additional threads are tested.
int team_size(int jobs) {
  if (jobs < 2) return jobs;
  if (omp_get_level() > 0) return startable_threads(jobs);
  thread_local int kept = 1;
  if (jobs > kept) jobs = kept - 1 + startable_threads(jobs - kept + 1);
  kept = jobs;
  return jobs;
}

}  // namespace

void for_each_index(std::size_t n, int jobs,
                    const std::function<void(std::size_t, std::size_t)>& f) {
  // A thread without work would only spin.
  jobs =
      static_cast<int>(std::clamp<std::size_t>(n, 1, static_cast<std::size_t>(std::max(jobs, 1))));
  jobs = team_size(jobs);
  omp_set_max_active_levels(2);  // level 1: images; level 2: parts of an image
  // An exception that leaves a parallel loop would end the process.
  std::exception_ptr thrown;
  std::mutex mutex;
  std::atomic<bool> failed = false;
  // The one pragma of the program. Dynamic: images differ in size by orders of magnitude.
#pragma omp parallel for schedule(dynamic, 1) num_threads(jobs)
  for (std::size_t i = 0; i < n; ++i) {
    if (failed) continue;
    try {
      f(i, static_cast<std::size_t>(omp_get_thread_num()));
    } catch (...) {
      const std::lock_guard lock(mutex);
      thrown = std::current_exception();
      failed = true;
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

void for_each_part(std::size_t n, int jobs, const std::function<void(std::size_t)>& f) {
  for_each_index(n, jobs, [&](std::size_t i, std::size_t) { f(i); });
}

int startable_threads(int wanted) {
  std::vector<std::thread> threads;
  std::promise<void> all_tried;
  const std::shared_future<void> end = all_tried.get_future().share();
  try {
    threads.reserve(static_cast<std::size_t>(std::max(wanted, 1)));
    while (static_cast<int>(threads.size()) + 1 < wanted)
      threads.emplace_back([end] { end.wait(); });
  } catch (const std::system_error&) {  // no more threads can be started
  } catch (const std::bad_alloc&) {
  }
  all_tried.set_value();
  for (std::thread& thread : threads)
    thread.join();
  return static_cast<int>(threads.size()) + 1;
}

double cgroup_quota(const char* root) {
  double least = 0;
  for (const std::string& folder : cgroup_folders(root, "cpu")) {
    for (const double quota : {quota_v2(folder), quota_v1(folder)}) {
      if (quota > 0 && (least == 0 || quota < least)) least = quota;
    }
  }
  return least;
}

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int processors =
      ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : omp_get_num_procs();
  if (const double quota = cgroup_quota(""); quota > 0) {
    processors = std::min(processors, static_cast<int>(std::ceil(quota)));
  }
  return std::max(processors, 1);
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/for_each_index.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <string>

#include "batch/cgroup.h"

namespace deckle {
namespace {

// cgroup v2: cpu.max holds "quota period" or "max period".
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

}  // namespace

void for_each_index(std::size_t n, int jobs,
                    const std::function<void(std::size_t, std::size_t)>& f) {
  // A thread without work would only spin.
  jobs =
      static_cast<int>(std::clamp<std::size_t>(n, 1, static_cast<std::size_t>(std::max(jobs, 1))));
  omp_set_max_active_levels(2);  // images, and parts of an image
  // The one pragma of the program. Dynamic: images differ in size by orders of magnitude.
#pragma omp parallel for schedule(dynamic, 1) num_threads(jobs)
  for (std::size_t i = 0; i < n; ++i)
    f(i, static_cast<std::size_t>(omp_get_thread_num()));
}

void for_each_part(std::size_t n, int jobs, const std::function<void(std::size_t)>& f) {
  std::exception_ptr thrown;
  std::mutex mutex;
  for_each_index(n, jobs, [&](std::size_t i, std::size_t) {
    try {
      f(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      thrown = std::current_exception();
    }
  });
  if (thrown) std::rethrow_exception(thrown);
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

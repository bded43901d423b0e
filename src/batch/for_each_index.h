// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace deckle {

/// Calls f(i, worker) for every i below n, each once, in any order, on up to `jobs` threads;
/// `worker` is below `jobs` and no two calls of one worker run at the same time. If fewer threads
/// can be started, fewer are used. An exception of f is thrown again after all calls have ended;
/// calls that have not begun are dropped.
void for_each_index(std::size_t n, int jobs,
                    const std::function<void(std::size_t, std::size_t)>& f);

/// The same for the parts of one image.
void for_each_part(std::size_t n, int jobs, const std::function<void(std::size_t)>& f);

/// The number of threads that can run at once now, at least 1 (this one) and at most `wanted`.
/// Starts them to find out.
[[nodiscard]] int startable_threads(int wanted);

/// The processors that this process may really use: its affinity, and its cgroup's CPU quota
/// rounded up.
[[nodiscard]] int usable_processors();

/// The quota alone, in processors, from files below `root` ("" except in tests); 0 if there is
/// none.
[[nodiscard]] double cgroup_quota(const char* root);

}  // namespace deckle

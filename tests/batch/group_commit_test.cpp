// SPDX-License-Identifier: Apache-2.0
#include "batch/group_commit.h"

#include <numeric>
#include <thread>

#include "support/catch.h"

using namespace deckle;

namespace {

using Groups = std::vector<std::vector<int>>;
constexpr auto kNever = std::chrono::hours(1);

}  // namespace

TEST_CASE("all that is added is committed once, in its order", "[batch][group]") {
  for (const std::size_t files : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    INFO(files);
    Groups groups;
    {
      GroupCommit<int> commit({files, 1'000'000, kNever},
                              [&](std::vector<int>& group) { groups.push_back(group); });
      for (int i = 0; i < 100; ++i)
        commit.add(i, 1, 1);
    }
    std::vector<int> all;
    for (const std::vector<int>& group : groups)
      all.insert(all.end(), group.begin(), group.end());
    std::vector<int> wanted(100);
    std::iota(wanted.begin(), wanted.end(), 0);
    CHECK(all == wanted);
    if (files == 1000) CHECK(groups.size() == 1);
  }
}

TEST_CASE("a group is committed for its bytes, and for its age", "[batch][group]") {
  std::mutex mutex;
  std::condition_variable told;
  std::vector<int> seen;
  const auto take = [&](std::vector<int>& group) {
    const std::lock_guard lock(mutex);
    seen.insert(seen.end(), group.begin(), group.end());
    told.notify_one();
  };
  const auto wait_for = [&](const std::vector<int>& wanted) {
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return seen == wanted; });  // hangs if it never comes
  };
  GroupCommit<int> by_bytes({1000, 10, kNever}, take);
  by_bytes.add(1, 1, 4);
  by_bytes.add(2, 1, 6);
  wait_for({1, 2});
  GroupCommit<int> by_age({1000, 1000, std::chrono::milliseconds(1)}, take);
  by_age.add(3, 1, 1);
  wait_for({1, 2, 3});
}

TEST_CASE("many threads wait for a slow disk, and lose nothing", "[batch][group]") {
  std::size_t most = 0;
  std::size_t sum = 0;
  {
    GroupCommit<int> commit({4, 1'000'000, kNever}, [&](std::vector<int>& group) {
      most = std::max(most, group.size());
      for (const int i : group)
        sum += static_cast<std::size_t>(i);
      std::this_thread::yield();
    });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 1; i <= 250; ++i)
          commit.add(i, 1, 1);
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  }
  CHECK(sum == std::size_t{4} * 250 * 251 / 2);
  CHECK(most <= 4 * 4 + 4);  // groups ahead, and one item of each thread
}

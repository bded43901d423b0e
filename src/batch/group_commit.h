// SPDX-License-Identifier: Apache-2.0
// group_commit: many threads finish items, and one thread commits them in groups. A disk takes
// about as long to sync hundreds of files as to sync one, and the other threads continue meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace deckle {

/// When a group is committed: as soon as one of these is reached.
struct GroupLimits {
  std::size_t files = 256;
  std::uint64_t bytes = std::uint64_t{64} << 20U;
  std::chrono::nanoseconds age = std::chrono::seconds(1);  ///< of the first item
};

template <typename Item>
class GroupCommit {
 public:
  using Commit = std::function<void(std::vector<Item>&)>;

  /// `commit` is called by one thread at a time and must not throw.
  GroupCommit(const GroupLimits& limits, Commit commit)
      : limits_(limits), commit_(std::move(commit)) {
    const std::lock_guard lock(mutex_);  // the thread waits until `thread_` is set
    try {
      thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {
      // No thread can be started: add() commits each full group itself.
    }
  }
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  ~GroupCommit() { finish(); }

  /// Blocks while several groups wait to be committed. Safe to call from several threads.
  void add(Item item, std::size_t files, std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] {
      return !thread_.joinable() ||
             (files_ < kGroupsAhead * limits_.files && bytes_ < kGroupsAhead * limits_.bytes);
    });
    if (waiting_.empty()) since_ = std::chrono::steady_clock::now();
    waiting_.push_back(std::move(item));
    files_ += files;
    bytes_ += bytes;
    if (!thread_.joinable()) {
      if (is_full()) commit_waiting(lock);
    } else if (waiting_.size() == 1 || is_full()) {
      work_.notify_one();
    }
  }

  /// Commits everything that was added.
  void finish() {
    {
      std::unique_lock lock(mutex_);
      closed_ = true;
      if (!thread_.joinable()) commit_waiting(lock);
    }
    work_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  static constexpr std::size_t kGroupsAhead = 4;

  [[nodiscard]] bool is_full() const { return files_ >= limits_.files || bytes_ >= limits_.bytes; }

  void commit_waiting(std::unique_lock<std::mutex>& lock) {
    if (waiting_.empty()) return;
    std::vector<Item> group = std::exchange(waiting_, {});
    files_ = 0;
    bytes_ = 0;
    room_.notify_all();
    if (!thread_.joinable()) return commit_(group);  // under the lock: one at a time
    lock.unlock();
    commit_(group);
    group.clear();
    lock.lock();
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!closed_ || !waiting_.empty()) {
      if (waiting_.empty()) {
        work_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
        continue;
      }
      work_.wait_until(lock, since_ + limits_.age, [&] { return closed_ || is_full(); });
      commit_waiting(lock);
    }
  }

  const GroupLimits limits_;
  const Commit commit_;
  std::mutex mutex_;  ///< guards all below
  std::condition_variable work_;
  std::condition_variable room_;
  std::vector<Item> waiting_;
  std::size_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::chrono::steady_clock::time_point since_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace deckle

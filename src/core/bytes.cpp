// SPDX-License-Identifier: Apache-2.0
#include "core/bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/sink.h"

namespace deckle {
namespace {

struct Watched {
  Bytes file;
  std::size_t given_back = 0;
};
thread_local Watched watched;

}  // namespace

void watch_mapped(Bytes file) {
  watched = {file, 0};
}

void release_mapped_before(const std::uint8_t* p) {
  constexpr std::size_t kPiece = std::size_t{16} << 20U;
  const Bytes file = watched.file;
  if (file.empty() || p < file.data() || p > file.data() + file.size()) return;
  const auto at = static_cast<std::size_t>(p - file.data());
  if (at < watched.given_back) watched.given_back = 0;  // a new pass from the front
  if (at - watched.given_back < kPiece) return;
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t end = at / page * page;
  // madvise does not write to the memory, but its argument is not const
  auto* from = const_cast<std::uint8_t*>(file.data()) + watched.given_back;  // NOLINT
  ::madvise(from, end - watched.given_back, MADV_DONTNEED);
  watched.given_back = end;
}

bool BufferSink::write(std::uint64_t at, Bytes data) {
  const auto start = static_cast<std::size_t>(at);
  const std::size_t over = std::min(data.size(), out_.size() - start);
  if (over > 0) std::memcpy(out_.data() + start, data.data(), over);
  try {
    out_.append(data.subspan(over));
  } catch (const std::bad_alloc&) {
    failed_ = true;
  }
  return !failed_;
}

void Buffer::append(Bytes more) {
  const std::size_t wanted = size_ + more.size();
  if (wanted > capacity_) {
    const std::size_t grown = std::max(wanted, capacity_ + capacity_ / 2);
    auto bigger = allocate(grown);
    if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = grown;
  }
  if (!more.empty()) std::memcpy(data_.get() + size_, more.data(), more.size());
  size_ = wanted;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "core/bytes.h"

#include <algorithm>
#include <cstring>

namespace deckle {

void Buffer::append(Bytes more) {
  const std::size_t wanted = size_ + more.size();
  if (wanted > capacity_) {
    const std::size_t grown = std::max(wanted, capacity_ + capacity_ / 2);
    auto bigger = std::make_unique_for_overwrite<std::uint8_t[]>(grown);
    if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = grown;
  }
  if (!more.empty()) std::memcpy(data_.get() + size_, more.data(), more.size());
  size_ = wanted;
}

}  // namespace deckle

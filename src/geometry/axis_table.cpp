// SPDX-License-Identifier: Apache-2.0
#include "geometry/axis_table.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <numeric>

namespace deckle {

AxisTable::AxisTable(std::int64_t length) : entries_(static_cast<std::size_t>(length)) {
  std::iota(entries_.begin(), entries_.end(), 0);
}

void AxisTable::crop(std::int64_t before, std::int64_t after) {
  keep(before, length() - before - after);
}

void AxisTable::pad(std::int64_t before, std::int64_t after) {
  entries_.insert(entries_.begin(), static_cast<std::size_t>(before), kFill);
  entries_.insert(entries_.end(), static_cast<std::size_t>(after), kFill);
}

void AxisTable::repeat(std::int64_t times) {
  assert(times >= 1);
  std::vector<std::int32_t> longer;
  longer.reserve(entries_.size() * static_cast<std::size_t>(times));
  for (const std::int32_t entry : entries_)
    longer.insert(longer.end(), static_cast<std::size_t>(times), entry);
  entries_ = std::move(longer);
}

void AxisTable::keep(std::int64_t offset, std::int64_t length) {
  assert(offset >= 0 && length >= 0 && offset + length <= this->length());
  entries_.erase(entries_.begin() + offset + length, entries_.end());
  entries_.erase(entries_.begin(), entries_.begin() + offset);
}

Interval AxisTable::source_span() const {
  Interval span;
  for (const std::int32_t entry : entries_) {
    if (entry == kFill) continue;
    if (span.length() == 0) {
      span = {entry, std::int64_t{entry} + 1};
    } else {
      span.begin = std::min<std::int64_t>(span.begin, entry);
      span.end = std::max<std::int64_t>(span.end, std::int64_t{entry} + 1);
    }
  }
  return span;
}

}  // namespace deckle

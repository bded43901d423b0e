// SPDX-License-Identifier: Apache-2.0
#include "geometry/axis_table.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <numeric>
#include <utility>

namespace deckle {

AxisTable::AxisTable(std::int64_t length)
    : entries_(static_cast<std::size_t>(length)), span_(length) {
  std::iota(entries_.begin(), entries_.end(), 0);
}

void AxisTable::crop(std::int64_t before, std::int64_t after) {
  keep(before, length() - before - after);
}

void AxisTable::pad(std::int64_t before, std::int64_t after, int fill) {
  entries_.insert(entries_.begin(), static_cast<std::size_t>(before), fill_entry(fill));
  entries_.insert(entries_.end(), static_cast<std::size_t>(after), fill_entry(fill));
  span_.move(static_cast<double>(before));
}

void AxisTable::pad_by_mode(std::int64_t before, std::int64_t after, PadMode around) {
  const std::int64_t n = length();
  // The index of the entry that place `i` shows; the places 0 .. n - 1 are the axis itself.
  const auto seen_at = [&](std::int64_t i) {
    const auto modulo = [](std::int64_t x, std::int64_t m) { return (x % m + m) % m; };
    switch (around) {
      case PadMode::Reflect: {
        if (n == 1) return std::int64_t{0};
        const std::int64_t place = modulo(i, 2 * (n - 1));
        return place < n ? place : 2 * (n - 1) - place;
      }
      case PadMode::Symmetric: {
        const std::int64_t place = modulo(i, 2 * n);
        return place < n ? place : 2 * n - 1 - place;
      }
      case PadMode::Edge:
        return std::clamp<std::int64_t>(i, 0, n - 1);
      case PadMode::Wrap:
        break;
    }
    return modulo(i, n);
  };
  std::vector<std::int32_t> longer;
  longer.reserve(static_cast<std::size_t>(before + n + after));
  for (std::int64_t i = -before; i < n + after; ++i)
    longer.push_back(entries_[static_cast<std::size_t>(seen_at(i))]);
  entries_ = std::move(longer);
  span_.move(static_cast<double>(before));
}

void AxisTable::repeat(std::int64_t times) {
  assert(times >= 1);
  std::vector<std::int32_t> longer;
  longer.reserve(entries_.size() * static_cast<std::size_t>(times));
  for (const std::int32_t entry : entries_)
    longer.insert(longer.end(), static_cast<std::size_t>(times), entry);
  entries_ = std::move(longer);
  span_.stretch(static_cast<double>(times));
}

void AxisTable::keep(std::int64_t offset, std::int64_t length) {
  assert(offset >= 0 && length >= 0 && offset + length <= this->length());
  entries_.erase(entries_.begin() + offset + length, entries_.end());
  entries_.erase(entries_.begin(), entries_.begin() + offset);
  span_.move(-static_cast<double>(offset));
}

void AxisTable::reverse() {
  std::reverse(entries_.begin(), entries_.end());
  span_.flip(length());
}

void AxisTable::count_from(std::int64_t from) {
  for (std::int32_t& entry : entries_) {
    if (entry >= 0) entry -= static_cast<std::int32_t>(from);
  }
}

void AxisTable::pick(const std::vector<std::int32_t>& indices) {
  span_.stretch(static_cast<double>(indices.size()), static_cast<double>(entries_.size()));
  std::vector<std::int32_t> picked;
  picked.reserve(indices.size());
  for (const std::int32_t index : indices)
    picked.push_back(entries_[static_cast<std::size_t>(index)]);
  entries_ = std::move(picked);
}

Interval AxisTable::source_span() const {
  Interval span;
  for (const std::int32_t entry : entries_) {
    if (entry < 0) continue;
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

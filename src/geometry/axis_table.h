// SPDX-License-Identifier: Apache-2.0
// axis_table: for every output row (column, plane), which input row is it?
//
// The one idea of this program. A layer that only moves pixels edits one small table an axis; a
// whole run of such layers stays one table an axis, and the pixels are touched once, by the gather
// at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "geometry/window.h"

namespace deckle {

/// One axis: entry i is the source index that output i shows, or kFill. Every edit wants the new
/// length to be within kMaxExtent and at least 1; layers see to that before they edit.
class AxisTable {
 public:
  static constexpr std::int32_t kFill = -1;

  /// The axis as it is: 0, 1, .., length - 1.
  explicit AxisTable(std::int64_t length);

  /// Drops the first `before` and the last `after` entries.
  void crop(std::int64_t before, std::int64_t after);
  /// Puts fill before and after.
  void pad(std::int64_t before, std::int64_t after);
  /// Shows every entry `times` times, in place.
  void repeat(std::int64_t times);
  /// Keeps `length` entries from `offset`.
  void keep(std::int64_t offset, std::int64_t length);

  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(entries_.size()); }
  [[nodiscard]] const std::vector<std::int32_t>& entries() const { return entries_; }

  /// The smallest range of the source that holds every entry; empty where all is fill.
  [[nodiscard]] Interval source_span() const;

  bool operator==(const AxisTable&) const = default;

 private:
  std::vector<std::int32_t> entries_;
};

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// axis_table: for every output row (column, plane), which input row is it?
//
// The one idea of this program. A layer that only moves pixels edits one small table an axis; a
// whole run of such layers stays one table an axis, and the pixels are touched once, by the gather
// at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "geometry/placed.h"
#include "geometry/window.h"

namespace deckle {

/// The padding modes, by the names of numpy.pad. Of 1 2 3:
///
///     Reflect    .. 3 2 | 1 2 3 | 2 1 ..    the end itself is not repeated
///     Symmetric  .. 2 1 | 1 2 3 | 3 2 ..
///     Edge       .. 1 1 | 1 2 3 | 3 3 ..
///     Wrap       .. 2 3 | 1 2 3 | 1 2 ..
///
/// Padding that is longer than the axis repeats the pattern, as numpy.pad does.
enum class PadMode : std::uint8_t { Reflect, Symmetric, Edge, Wrap };

/// One axis: entry i is the source index that output i shows, or a fill. Fills are numbered: where
/// two axes meet with different ones, the higher number, being the later layer's, is seen. Every
/// edit wants the new length to be within kMaxExtent and at least 1; layers see to that before they
/// edit.
class AxisTable {
 public:
  /// Entries below 0 are fills: -1 is the first.
  static constexpr std::int32_t fill_entry(int number) { return -1 - number; }
  static constexpr int fill_number(std::int32_t entry) { return -1 - entry; }

  /// The axis as it is: 0, 1, .., length - 1.
  explicit AxisTable(std::int64_t length);

  /// Drops the first `before` and the last `after` entries.
  void crop(std::int64_t before, std::int64_t after);
  /// Puts fill before and after.
  void pad(std::int64_t before, std::int64_t after, int fill = 0);
  /// Puts copies of its own entries before and after.
  void pad_by_mode(std::int64_t before, std::int64_t after, PadMode around);
  /// Shows every entry `times` times, in place.
  void repeat(std::int64_t times);
  /// Keeps `length` entries from `offset`.
  void keep(std::int64_t offset, std::int64_t length);
  /// The last entry first.
  void reverse();
  /// Subtracts `from` from the entries, for a source that begins at `from`.
  void count_from(std::int64_t from);
  /// Shows the entries with these indices, which go evenly from the first to the last.
  void pick(const std::vector<std::int32_t>& indices);

  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(entries_.size()); }
  [[nodiscard]] const std::vector<std::int32_t>& entries() const { return entries_; }

  /// The smallest range of the source that holds every entry; empty where all is fill.
  [[nodiscard]] Interval source_span() const;

  /// Where the source lies in this axis.
  [[nodiscard]] const AxisSpan& span() const { return span_; }

  /// Whether they show the same.
  bool operator==(const AxisTable& other) const { return entries_ == other.entries_; }

 private:
  std::vector<std::int32_t> entries_;
  AxisSpan span_;
};

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// axis_table: for every output row (column, plane), which input row is it?
//
// The one idea of this program. A layer that only moves pixels edits one small table for each axis.
// However many layers do this, there is still one table for each axis, and the gather at the end
// moves each pixel once.
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

/// One axis: entry i is the source index that output i shows, or a fill. Fills are numbered. If a
/// pixel is in different fills on two axes, it shows the higher number, which is the later layer's.
/// After every edit the length must be from 1 to kMaxExtent; layers check this before they edit.
class AxisTable {
 public:
  /// Entries below 0 are fills: -1 is fill 0.
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
  /// Repeats every entry `times` times.
  void repeat(std::int64_t times);
  /// Keeps `length` entries from `offset`.
  void keep(std::int64_t offset, std::int64_t length);
  /// Reverses the entries.
  void reverse();
  /// Subtracts `from` from the entries, for a source that begins at `from`.
  void count_from(std::int64_t from);
  /// Keeps the entries with these indices, which go evenly from the first to the last.
  void pick(const std::vector<std::int32_t>& indices);

  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(entries_.size()); }
  [[nodiscard]] const std::vector<std::int32_t>& entries() const { return entries_; }

  /// The smallest range of the source that contains every entry; empty if all is fill.
  [[nodiscard]] Interval source_span() const;

  /// Where the source lies in this axis.
  [[nodiscard]] const AxisSpan& span() const { return span_; }

  /// Whether both have the same entries.
  bool operator==(const AxisTable& other) const { return entries_ == other.entries_; }

 private:
  std::vector<std::int32_t> entries_;
  AxisSpan span_;
};

}  // namespace deckle

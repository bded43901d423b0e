// SPDX-License-Identifier: Apache-2.0
// runs: an axis table as runs of pixels that are copied at once. The gather uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/rows.h"
#include "geometry/axis_table.h"
#include "geometry/window.h"

namespace deckle {

/// The samples of a fill's pixel: one value for all channels, or one for each channel.
using Fill = std::vector<double>;

/// A part of a table: fill, consecutive entries, or consecutive entries that are each repeated.
struct Run {
  enum Kind { Fill, Copy, Spread } kind;
  std::size_t source;  ///< first source index, counted from `origin`; or the fill's number
  std::size_t length;  ///< outputs
  std::size_t times;   ///< how often each entry is repeated; more than 1 only in a Spread
};

[[nodiscard]] std::vector<Run> runs_of(const AxisTable& table, std::int64_t origin);

/// Writes rows of pixels as the table of the last axis says.
class RowWriter {
 public:
  RowWriter(const AxisTable& table, std::int64_t origin, std::span<const Fill> fills, DType dtype,
            std::int64_t channels);

  /// Writes the outputs of all runs from a row of the source.
  void write(const std::uint8_t* source, std::uint8_t* to) const;
  /// The same if an axis above is a fill there: it covers all pixels, except those of a later fill
  /// on this axis.
  void write_fill(int fill, std::uint8_t* to) const;
  /// If a row of the source contains the outputs unchanged: their offset in bytes from its
  /// beginning.
  [[nodiscard]] std::optional<std::size_t> as_it_is() const;

 private:
  void put_fill(std::size_t number, std::size_t length, std::uint8_t* to) const;

  std::size_t pixel_;  ///< bytes
  std::vector<Run> runs_;
  std::vector<std::vector<std::uint8_t>> fills_;  ///< pixels; empty if all is zero
};

/// The result of `gather` row by row. An encoder can use each row as it comes, therefore the whole
/// picture need not be in memory. Origin, tables and fills are those of `gather`; these and the
/// memory that `source` reads must outlive this. Row 0 of `source` is the origin's. If the table of
/// rows never goes back, each row of `source` is read once.
class GatheredRows {
 public:
  GatheredRows(RowSource source, const Window& origin, std::span<const AxisTable> axes,
               std::span<const Fill> fills);

  [[nodiscard]] Shape shape() const;
  [[nodiscard]] std::size_t row_bytes() const { return row_bytes_; }
  /// Valid until the next call; null if the source returned none. A row that equals the row before
  /// is not computed again. A row that is in the source unchanged is not copied.
  [[nodiscard]] const std::uint8_t* row(std::int64_t r);

 private:
  RowSource source_;
  std::int64_t origin_;
  const AxisTable& rows_;
  const AxisTable& cols_;
  RowWriter writer_;
  std::size_t row_bytes_;
  Buffer buffer_;
  const std::uint8_t* now_ = nullptr;  ///< the row of `entry_`
  std::int32_t entry_ = 0;
};

}  // namespace deckle

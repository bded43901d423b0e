// SPDX-License-Identifier: Apache-2.0
// runs: an axis table as stretches of pixels that are written in one go; what gathers go by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/tensor.h"
#include "geometry/axis_table.h"
#include "geometry/window.h"

namespace deckle {

/// A stretch of a table: fill, consecutive entries, or consecutive entries several times each.
struct Run {
  enum Kind { Fill, Copy, Spread } kind;
  std::size_t source;  ///< first source index, counted from `origin`
  std::size_t length;  ///< outputs
  std::size_t times;   ///< how often each entry stands there; more than 1 in a Spread alone
};

[[nodiscard]] std::vector<Run> runs_of(const AxisTable& table, std::int64_t origin);

/// Writes the outputs of all runs, one after the other, from a row of pixels of `pixel` bytes.
void write_runs(const std::uint8_t* source, const std::vector<Run>& runs, std::size_t pixel,
                std::uint8_t* to);

/// The rows of what `gather` makes, one by one: where each is used up as it comes, as by an
/// encoder, the whole need never be in memory. Source, origin and tables are those of `gather`, and
/// have to outlive this.
class GatheredRows {
 public:
  GatheredRows(const Tensor& source, const Window& origin, const AxisTable& rows,
               const AxisTable& cols);

  [[nodiscard]] Shape shape() const;
  [[nodiscard]] std::size_t row_bytes() const { return row_bytes_; }
  /// Good until the next call. A row that is the same as the one before costs nothing, and one that
  /// stands in the source as it is is not copied.
  [[nodiscard]] const std::uint8_t* row(std::int64_t r);

 private:
  const Tensor& source_;
  std::int64_t origin_;
  const AxisTable& rows_;
  const AxisTable& cols_;
  std::vector<Run> runs_;
  std::size_t row_bytes_;
  Buffer buffer_;
  const std::uint8_t* now_ = nullptr;  ///< the row of `entry_`
  std::int32_t entry_ = 0;
};

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// runs: an axis table as stretches of pixels that are written in one go; what gathers go by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/tensor.h"
#include "geometry/axis_table.h"
#include "geometry/window.h"

namespace deckle {

/// The samples of a fill's pixel: one value for all channels, or one a channel.
using Fill = std::vector<double>;

/// A stretch of a table: fill, consecutive entries, or consecutive entries several times each.
struct Run {
  enum Kind { Fill, Copy, Spread } kind;
  std::size_t source;  ///< first source index, counted from `origin`; or the fill's number
  std::size_t length;  ///< outputs
  std::size_t times;   ///< how often each entry stands there; more than 1 in a Spread alone
};

[[nodiscard]] std::vector<Run> runs_of(const AxisTable& table, std::int64_t origin);

/// Writes rows of a gather's last axis. The fills' values must lie within the type.
class RowWriter {
 public:
  RowWriter(const AxisTable& last, std::int64_t origin, std::span<const Fill> fills, DType dtype,
            std::int64_t channels);

  /// From a row of the source.
  void write(const std::uint8_t* source, std::uint8_t* to) const;
  /// Of a row that is fill, where of two fills the higher number is seen.
  void write_fill(int number, std::uint8_t* to) const;
  /// Where all of a row stands in the source as it is: from which byte. Else nothing.
  [[nodiscard]] std::optional<std::size_t> as_it_is() const;

 private:
  using SpreadFunction = void (*)(std::uint8_t*, const std::uint8_t*, std::size_t, std::size_t,
                                  std::size_t);
  void fill(std::size_t number, std::size_t length, std::uint8_t* to) const;

  std::size_t pixel_;  ///< bytes
  SpreadFunction spread_;
  std::vector<Run> runs_;
  std::vector<std::vector<std::uint8_t>> fills_;  ///< a pixel each; empty where it is all zero
};

/// The rows of what `gather` makes, one by one: where each is used up as it comes, as by an
/// encoder, the whole need never be in memory. Source, origin and tables are those of `gather`, of
/// two axes, and have to outlive this.
class GatheredRows {
 public:
  GatheredRows(const Tensor& source, const Window& origin, std::span<const AxisTable> axes,
               std::span<const Fill> fills);

  [[nodiscard]] Shape shape() const;
  [[nodiscard]] std::size_t row_bytes() const { return row_bytes_; }
  /// Good until the next call. A row that is the same as the one before costs nothing, and one that
  /// stands in the source as it is is not copied.
  [[nodiscard]] const std::uint8_t* row(std::int64_t r);

 private:
  const Tensor& source_;
  std::int64_t origin_;
  std::span<const AxisTable> axes_;
  RowWriter writer_;
  std::size_t row_bytes_;
  Buffer buffer_;
  const std::uint8_t* now_ = nullptr;  ///< the row of `entry_`
  std::int32_t entry_ = 0;
};

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/gather.h"

#include <cassert>
#include <cstddef>
#include <cstring>
#include <vector>

#include "kernels/runs.h"

namespace deckle {

void gather(const Tensor& source, const Window& origin, const AxisTable& rows,
            const AxisTable& cols, Tensor& out) {
  assert(source.shape.rank == 2);
  out.reset(Shape::image(rows.length(), cols.length(), source.shape.channels), source.dtype);
  const std::size_t pixel = source.pixel_bytes();
  const std::vector<Run> runs = runs_of(cols, origin[1].begin);
  const std::size_t row_bytes = out.row_bytes();

  const auto& row_entries = rows.entries();
  for (std::size_t r = 0; r < row_entries.size(); ++r) {
    std::uint8_t* to = out.data.data() + r * row_bytes;
    const std::int32_t entry = row_entries[r];
    if (r > 0 && entry == row_entries[r - 1]) {
      std::memcpy(to, to - row_bytes, row_bytes);
    } else if (entry == AxisTable::kFill) {
      std::memset(to, 0, row_bytes);
    } else {
      write_runs(source.row(entry - origin[0].begin), runs, pixel, to);
    }
  }
}

}  // namespace deckle

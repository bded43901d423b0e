// SPDX-License-Identifier: Apache-2.0
#include "kernels/gather.h"

#include <cassert>
#include <cstddef>
#include <cstring>
#include <vector>

namespace deckle {
namespace {

// A stretch of a table: fill, consecutive entries (one memcpy), or one entry again and again.
struct Run {
  enum Kind { Fill, Copy, Repeat } kind;
  std::size_t source;  ///< first source index, within `source`
  std::size_t length;  ///< outputs
};

std::vector<Run> runs_of(const AxisTable& table, std::int64_t origin) {
  const auto& entries = table.entries();
  const std::size_t n = entries.size();
  std::vector<Run> runs;
  for (std::size_t i = 0; i < n;) {
    const std::int32_t first = entries[i];
    std::size_t j = i + 1;
    Run run{Run::Copy, 0, 0};
    if (j < n && entries[j] == first) {
      while (j < n && entries[j] == first)
        ++j;
      run.kind = first == AxisTable::kFill ? Run::Fill : Run::Repeat;
    } else if (first == AxisTable::kFill) {
      run.kind = Run::Fill;
    } else {
      while (j < n && entries[j] == entries[j - 1] + 1)
        ++j;
      // The last one may be the beginning of a repetition; taking it here is as good.
    }
    if (run.kind != Run::Fill) run.source = static_cast<std::size_t>(first - origin);
    run.length = j - i;
    runs.push_back(run);
    i = j;
  }
  return runs;
}

// One pixel, of a size known when compiling: a load and a store instead of a call.
template <std::size_t kBytes>
void repeat_pixel(std::uint8_t* to, const std::uint8_t* pixel, std::size_t times,
                  std::size_t /*bytes*/) {
  for (std::size_t k = 0; k < times; ++k)
    std::memcpy(to + k * kBytes, pixel, kBytes);
}
void repeat_any_pixel(std::uint8_t* to, const std::uint8_t* pixel, std::size_t times,
                      std::size_t bytes) {
  for (std::size_t k = 0; k < times; ++k)
    std::memcpy(to + k * bytes, pixel, bytes);
}

using RepeatFunction = void (*)(std::uint8_t*, const std::uint8_t*, std::size_t, std::size_t);
RepeatFunction repeat_for(std::size_t bytes) {
  switch (bytes) {
    case 1:
      return repeat_pixel<1>;
    case 2:
      return repeat_pixel<2>;
    case 3:
      return repeat_pixel<3>;
    case 4:
      return repeat_pixel<4>;
    case 6:
      return repeat_pixel<6>;
    case 8:
      return repeat_pixel<8>;
    case 12:
      return repeat_pixel<12>;
    case 16:
      return repeat_pixel<16>;
    default:
      return repeat_any_pixel;
  }
}

void gather_row(const std::uint8_t* source, const std::vector<Run>& runs, std::size_t pixel,
                RepeatFunction repeat, std::uint8_t* to) {
  for (const Run& run : runs) {
    const std::size_t bytes = run.length * pixel;
    switch (run.kind) {
      case Run::Fill:
        std::memset(to, 0, bytes);
        break;
      case Run::Copy:
        std::memcpy(to, source + run.source * pixel, bytes);
        break;
      case Run::Repeat:
        repeat(to, source + run.source * pixel, run.length, pixel);
        break;
    }
    to += bytes;
  }
}

}  // namespace

void gather(const Tensor& source, const Window& origin, const AxisTable& rows,
            const AxisTable& cols, Tensor& out) {
  assert(source.shape.rank == 2);
  out.reset(Shape::image(rows.length(), cols.length(), source.shape.channels), source.dtype);
  const std::size_t pixel = source.pixel_bytes();
  const std::vector<Run> runs = runs_of(cols, origin[1].begin);
  const RepeatFunction repeat = repeat_for(pixel);
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
      gather_row(source.row(entry - origin[0].begin), runs, pixel, repeat, to);
    }
  }
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/runs.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace deckle {
namespace {

// Pixels of a size known when compiling: loads and stores instead of calls.
template <std::size_t kBytes>
void spread(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels, std::size_t times,
            std::size_t /*bytes*/) {
  for (std::size_t i = 0; i < pixels; ++i, from += kBytes) {
    for (std::size_t k = 0; k < times; ++k, to += kBytes)
      std::memcpy(to, from, kBytes);
  }
}
void spread_any(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels, std::size_t times,
                std::size_t bytes) {
  for (std::size_t i = 0; i < pixels; ++i, from += bytes) {
    for (std::size_t k = 0; k < times; ++k, to += bytes)
      std::memcpy(to, from, bytes);
  }
}

// RGB: pixels are read and written with a byte or two behind them, which the next pixel mends. The
// last one has none behind it.
void spread_rgb(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels, std::size_t times,
                std::size_t bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::size_t i = 0;
  if (times == 2) {
    for (; i + 1 < pixels; ++i, from += 3, to += 6) {
      std::uint32_t pixel = 0;
      std::memcpy(&pixel, from, 4);
      const std::uint64_t twice = (pixel & 0xFFFFFFU) | std::uint64_t{pixel} << 24U;
      std::memcpy(to, &twice, 8);
    }
  } else {
    for (; i + 1 < pixels; ++i, from += 3) {
      std::uint32_t pixel = 0;
      std::memcpy(&pixel, from, 4);
      for (std::size_t k = 0; k < times; ++k, to += 3)
        std::memcpy(to, &pixel, 4);
    }
  }
  spread<3>(to, from, pixels - i, times, bytes);
}

using SpreadFunction = void (*)(std::uint8_t*, const std::uint8_t*, std::size_t, std::size_t,
                                std::size_t);
SpreadFunction spread_for(std::size_t bytes) {
  switch (bytes) {
    case 1:
      return spread<1>;
    case 2:
      return spread<2>;
    case 3:
      return spread_rgb;
    case 4:
      return spread<4>;
    case 6:
      return spread<6>;
    case 8:
      return spread<8>;
    case 12:
      return spread<12>;
    case 16:
      return spread<16>;
    default:
      return spread_any;
  }
}

}  // namespace

std::vector<Run> runs_of(const AxisTable& table, std::int64_t origin) {
  const auto& entries = table.entries();
  const std::size_t n = entries.size();
  // How often the entry at `i` stands there in a row.
  const auto times_at = [&](std::size_t i) {
    std::size_t j = i + 1;
    while (j < n && entries[j] == entries[i])
      ++j;
    return j - i;
  };
  std::vector<Run> runs;
  for (std::size_t i = 0; i < n;) {
    const std::int32_t first = entries[i];
    const std::size_t times = times_at(i);
    if (first == AxisTable::kFill) {
      runs.push_back({Run::Fill, 0, times, 1});
      i += times;
      continue;
    }
    // As far as entries go on one by one, each as often as the first. A crop may have cut the first
    // and the last one short: those are runs of their own.
    std::size_t j = i + times;
    if (times == 1) {
      while (j < n && entries[j] == entries[j - 1] + 1 &&
             (j + 1 == n || entries[j + 1] != entries[j]))
        ++j;
    } else {
      while (j < n && entries[j] == entries[j - 1] + 1 && times_at(j) == times)
        j += times;
    }
    runs.push_back({times == 1 ? Run::Copy : Run::Spread, static_cast<std::size_t>(first - origin),
                    j - i, times});
    i = j;
  }
  return runs;
}

void write_runs(const std::uint8_t* source, const std::vector<Run>& runs, std::size_t pixel,
                std::uint8_t* to) {
  const SpreadFunction spread = spread_for(pixel);
  for (const Run& run : runs) {
    const std::size_t bytes = run.length * pixel;
    switch (run.kind) {
      case Run::Fill:
        std::memset(to, 0, bytes);
        break;
      case Run::Copy:
        std::memcpy(to, source + run.source * pixel, bytes);
        break;
      case Run::Spread:
        spread(to, source + run.source * pixel, run.length / run.times, run.times, pixel);
        break;
    }
    to += bytes;
  }
}

GatheredRows::GatheredRows(const Tensor& source, const Window& origin, const AxisTable& rows,
                           const AxisTable& cols)
    : source_(source),
      origin_(origin[0].begin),
      rows_(rows),
      cols_(cols),
      runs_(runs_of(cols, origin[1].begin)),
      row_bytes_(static_cast<std::size_t>(cols.length()) * source.pixel_bytes()) {
  assert(source.shape.rank == 2);
  buffer_.resize(row_bytes_);
}

Shape GatheredRows::shape() const {
  return Shape::image(rows_.length(), cols_.length(), source_.shape.channels);
}

const std::uint8_t* GatheredRows::row(std::int64_t r) {
  const std::int32_t entry = rows_.entries()[static_cast<std::size_t>(r)];
  if (now_ != nullptr && entry == entry_) return now_;
  entry_ = entry;
  if (entry != AxisTable::kFill && runs_.size() == 1 && runs_.front().kind == Run::Copy) {
    now_ = source_.row(entry - origin_) + runs_.front().source * source_.pixel_bytes();
    return now_;
  }
  if (entry == AxisTable::kFill) {
    std::memset(buffer_.data(), 0, row_bytes_);
  } else {
    write_runs(source_.row(entry - origin_), runs_, source_.pixel_bytes(), buffer_.data());
  }
  now_ = buffer_.data();
  return now_;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/runs.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

namespace deckle {
namespace {

// Pixels whose size is known to the compiler: loads and stores instead of calls.
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

// RGB: a pixel is read and written together with one or two bytes behind it; the next pixel
// overwrites these. The last pixel has none behind it.
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

// The bytes of a fill's pixel; empty if all are zero.
std::vector<std::uint8_t> pixel_of(const Fill& fill, DType dtype, std::size_t channels) {
  std::vector<std::uint8_t> pixel(channels * size_of(dtype));
  with_type(dtype, [&](auto zero) {
    for (std::size_t c = 0; c < channels; ++c) {
      const auto sample = static_cast<decltype(zero)>(fill[fill.size() == 1 ? 0 : c]);
      std::memcpy(pixel.data() + c * sizeof sample, &sample, sizeof sample);
    }
  });
  const bool all_zero = std::all_of(pixel.begin(), pixel.end(), [](auto b) { return b == 0; });
  return all_zero ? std::vector<std::uint8_t>{} : pixel;
}

}  // namespace

std::vector<Run> runs_of(const AxisTable& table, std::int64_t origin) {
  const auto& entries = table.entries();
  const std::size_t n = entries.size();
  // How often the entry at `i` is repeated from there on.
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
    if (first < 0) {
      runs.push_back(
          {Run::Fill, static_cast<std::size_t>(AxisTable::fill_number(first)), times, 1});
      i += times;
      continue;
    }
    // Continues while entries are consecutive, each repeated as often as the first. A crop may have
    // shortened the first and the last one: these are separate runs.
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

RowWriter::RowWriter(const AxisTable& table, std::int64_t origin, std::span<const Fill> fills,
                     DType dtype, std::int64_t channels)
    : pixel_(static_cast<std::size_t>(channels) * size_of(dtype)), runs_(runs_of(table, origin)) {
  for (const Fill& fill : fills)
    fills_.push_back(pixel_of(fill, dtype, static_cast<std::size_t>(channels)));
}

void RowWriter::put_fill(std::size_t number, std::size_t length, std::uint8_t* to) const {
  const std::vector<std::uint8_t>& pixel = fills_[number];
  if (pixel.empty()) {
    std::memset(to, 0, length * pixel_);
  } else {
    spread_for(pixel_)(to, pixel.data(), 1, length, pixel_);
  }
}

void RowWriter::write(const std::uint8_t* source, std::uint8_t* to) const {
  const SpreadFunction spread = spread_for(pixel_);
  for (const Run& run : runs_) {
    switch (run.kind) {
      case Run::Fill:
        put_fill(run.source, run.length, to);
        break;
      case Run::Copy:
        std::memcpy(to, source + run.source * pixel_, run.length * pixel_);
        break;
      case Run::Spread:
        spread(to, source + run.source * pixel_, run.length / run.times, run.times, pixel_);
        break;
    }
    to += run.length * pixel_;
  }
}

void RowWriter::write_fill(int fill, std::uint8_t* to) const {
  const auto above = static_cast<std::size_t>(fill);
  for (const Run& run : runs_) {
    put_fill(run.kind == Run::Fill ? std::max(run.source, above) : above, run.length, to);
    to += run.length * pixel_;
  }
}

std::optional<std::size_t> RowWriter::as_it_is() const {
  if (runs_.size() != 1 || runs_.front().kind != Run::Copy) return std::nullopt;
  return runs_.front().source * pixel_;
}

GatheredRows::GatheredRows(RowSource source, const Window& origin, std::span<const AxisTable> axes,
                           std::span<const Fill> fills)
    : source_(std::move(source)),
      origin_(origin[0].begin),
      rows_(axes[0]),
      cols_(axes[1]),
      writer_(cols_, origin[1].begin, fills, source_.dtype, source_.shape.channels),
      row_bytes_(static_cast<std::size_t>(cols_.length() * source_.shape.channels) *
                 size_of(source_.dtype)) {
  assert(axes.size() == 2);
  buffer_.resize(row_bytes_);
}

Shape GatheredRows::shape() const {
  return Shape::image(rows_.length(), cols_.length(), source_.shape.channels);
}

const std::uint8_t* GatheredRows::row(std::int64_t r) {
  const std::int32_t entry = rows_.entries()[static_cast<std::size_t>(r)];
  if (now_ != nullptr && entry == entry_) return now_;
  entry_ = entry;
  now_ = buffer_.data();
  if (entry < 0) {
    writer_.write_fill(AxisTable::fill_number(entry), buffer_.data());
    return now_;
  }
  const std::uint8_t* const from = source_.row(entry - origin_);
  if (from == nullptr) return now_ = nullptr;
  if (const auto offset = writer_.as_it_is()) return now_ = from + *offset;
  writer_.write(from, buffer_.data());
  return now_;
}

}  // namespace deckle

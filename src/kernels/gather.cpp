// SPDX-License-Identifier: Apache-2.0
#include "kernels/gather.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <vector>

namespace deckle {
namespace {

// A stretch of a table: fill, consecutive entries (one memcpy), or one entry again and again.
struct Run {
  enum Kind { Fill, Copy, Repeat } kind;
  std::size_t source;  ///< first source index, within `source`; or the fill's number
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
      run.kind = first < 0 ? Run::Fill : Run::Repeat;
    } else if (first < 0) {
      run.kind = Run::Fill;
    } else {
      while (j < n && entries[j] == entries[j - 1] + 1)
        ++j;
      // The last one may be the beginning of a repetition; taking it here is as good.
    }
    run.source = run.kind == Run::Fill ? static_cast<std::size_t>(AxisTable::fill_number(first))
                                       : static_cast<std::size_t>(first - origin);
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

// One gather on its way: the output is written from its first byte to its last.
class Gatherer {
 public:
  Gatherer(const Tensor& source, const Window& origin, std::span<const AxisTable> axes,
           std::span<const Fill> fills, const Tensor& out)
      : source_(source.data.data()),
        axes_(axes),
        origin_(origin),
        last_(axes.size() - 1),
        pixel_(source.pixel_bytes()),
        repeat_(repeat_for(pixel_)),
        runs_(runs_of(axes[last_], origin[static_cast<int>(last_)].begin)) {
    std::size_t from = pixel_;
    std::size_t to = pixel_;
    for (std::size_t a = axes.size(); a-- > 0;) {
      source_step_.at(a) = from;
      out_step_.at(a) = to;
      from *= static_cast<std::size_t>(source.shape[static_cast<int>(a)]);
      to *= static_cast<std::size_t>(out.shape[static_cast<int>(a)]);
    }
    for (const Fill& fill : fills)
      fills_.push_back(pixel_of(fill, source));
  }

  // The entries of axis `a` and all below it, of the source from byte `from`; all of it is fill
  // where an axis above said so: `fill` is that one's number, else -1.
  void write(std::size_t a, std::size_t from, int fill, std::uint8_t* to) const {
    if (a == last_) return fill < 0 ? write_row(from, to) : write_fill_row(fill, to);
    const auto& entries = axes_[a].entries();
    const std::size_t step = out_step_.at(a);
    for (std::size_t i = 0; i < entries.size(); ++i, to += step) {
      const std::int32_t entry = entries[i];
      if (i > 0 && entry == entries[i - 1]) {
        std::memcpy(to, to - step, step);
      } else if (entry < 0) {
        write(a + 1, 0, std::max(fill, AxisTable::fill_number(entry)), to);
      } else {
        const auto index = static_cast<std::size_t>(entry - origin_[static_cast<int>(a)].begin);
        write(a + 1, from + index * source_step_.at(a), fill, to);
      }
    }
  }

 private:
  // The bytes of a fill's pixel; empty where they are all zero.
  static std::vector<std::uint8_t> pixel_of(const Fill& fill, const Tensor& source) {
    std::vector<std::uint8_t> pixel(source.pixel_bytes());
    with_type(source.dtype, [&](auto zero) {
      for (std::size_t c = 0; c < static_cast<std::size_t>(source.shape.channels); ++c) {
        const auto sample = static_cast<decltype(zero)>(fill[fill.size() == 1 ? 0 : c]);
        std::memcpy(pixel.data() + c * sizeof sample, &sample, sizeof sample);
      }
    });
    const bool all_zero = std::all_of(pixel.begin(), pixel.end(), [](auto b) { return b == 0; });
    return all_zero ? std::vector<std::uint8_t>{} : pixel;
  }

  void write_fill(std::size_t number, std::size_t length, std::uint8_t* to) const {
    const std::vector<std::uint8_t>& pixel = fills_[number];
    if (pixel.empty()) {
      std::memset(to, 0, length * pixel_);
    } else {
      repeat_(to, pixel.data(), length, pixel_);
    }
  }

  void write_row(std::size_t from, std::uint8_t* to) const {
    for (const Run& run : runs_) {
      switch (run.kind) {
        case Run::Fill:
          write_fill(run.source, run.length, to);
          break;
        case Run::Copy:
          std::memcpy(to, source_ + from + run.source * pixel_, run.length * pixel_);
          break;
        case Run::Repeat:
          repeat_(to, source_ + from + run.source * pixel_, run.length, pixel_);
          break;
      }
      to += run.length * pixel_;
    }
  }

  void write_fill_row(int fill, std::uint8_t* to) const {
    const auto above = static_cast<std::size_t>(fill);
    for (const Run& run : runs_) {
      write_fill(run.kind == Run::Fill ? std::max(run.source, above) : above, run.length, to);
      to += run.length * pixel_;
    }
  }

  const std::uint8_t* source_;
  std::span<const AxisTable> axes_;
  const Window& origin_;
  std::size_t last_;
  std::size_t pixel_;
  RepeatFunction repeat_;
  std::vector<Run> runs_;  ///< of the last axis
  std::array<std::size_t, 3> source_step_{};
  std::array<std::size_t, 3> out_step_{};
  std::vector<std::vector<std::uint8_t>> fills_;
};

}  // namespace

void gather(const Tensor& source, const Window& origin, std::span<const AxisTable> axes,
            std::span<const Fill> fills, Tensor& out) {
  assert(axes.size() == static_cast<std::size_t>(source.shape.rank));
  Shape shape = source.shape;
  for (std::size_t a = 0; a < axes.size(); ++a)
    shape[static_cast<int>(a)] = axes[a].length();
  out.reset(shape, source.dtype, source.batch);
  const Gatherer gatherer(source, origin, axes, fills, out);
  for (std::int64_t n = 0; n < source.batch; ++n) {
    const auto index = static_cast<std::size_t>(n);
    gatherer.write(0, index * source.item_bytes(), -1, out.data.data() + index * out.item_bytes());
  }
}

}  // namespace deckle

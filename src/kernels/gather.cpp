// SPDX-License-Identifier: Apache-2.0
#include "kernels/gather.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>

namespace deckle {
namespace {

// The state of one gather, which writes the output from the first byte to the last.
class Gatherer {
 public:
  Gatherer(const Tensor& source, const Window& origin, std::span<const AxisTable> axes,
           std::span<const Fill> fills, const Tensor& out)
      : source_(source.data.data()),
        axes_(axes),
        origin_(origin),
        last_(axes.size() - 1),
        writer_(axes[last_], origin[static_cast<int>(last_)].begin, fills, source.dtype,
                source.shape.channels) {
    std::size_t from = source.pixel_bytes();
    std::size_t to = from;
    for (std::size_t a = axes.size(); a-- > 0;) {
      source_step_.at(a) = from;
      out_step_.at(a) = to;
      from *= static_cast<std::size_t>(source.shape[static_cast<int>(a)]);
      to *= static_cast<std::size_t>(out.shape[static_cast<int>(a)]);
    }
  }

  // Writes the entries of axis `a` and of all axes below it; their source begins at byte `from`. If
  // an axis above is a fill there, `fill` is its number and all is fill; else it is -1.
  void write(std::size_t a, std::size_t from, int fill, std::uint8_t* to) const {
    if (a == last_)
      return fill < 0 ? writer_.write(source_ + from, to) : writer_.write_fill(fill, to);
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
  const std::uint8_t* source_;
  std::span<const AxisTable> axes_;
  const Window& origin_;
  std::size_t last_;
  RowWriter writer_;  ///< for the last axis
  std::array<std::size_t, 3> source_step_{};
  std::array<std::size_t, 3> out_step_{};
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

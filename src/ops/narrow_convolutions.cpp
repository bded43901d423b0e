// SPDX-License-Identifier: Apache-2.0
#include "ops/narrow_convolutions.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace deckle {
namespace {

// Changes one axis of a convolution: it then computes only the part `wanted` of the output. Returns
// the part of the input that it needs; the input is `n` long.
Interval narrow_plain(ConvolvedAxis& axis, std::int64_t size, std::int64_t n,
                      const Interval& wanted) {
  const std::int64_t begin = wanted.begin * axis.stride - axis.before;
  const std::int64_t end =
      (wanted.end - 1) * axis.stride - axis.before + (size - 1) * axis.dilation + 1;
  const Interval needed{std::max<std::int64_t>(begin, 0), std::min(end, n)};
  axis.before = needed.begin - begin;
  axis.out = wanted.length();
  return needed;
}

// The same for a transposed convolution. Returns nothing if no input contributes to the beginning
// of the part.
std::optional<Interval> narrow_transposed(ConvolvedAxis& axis, std::int64_t size, std::int64_t n,
                                          const Interval& wanted) {
  const std::int64_t reach = (size - 1) * axis.dilation + 1;
  const std::int64_t begin = wanted.begin + axis.before;  // as if no part were cut off
  const std::int64_t end = wanted.end + axis.before;
  const std::int64_t first = std::max<std::int64_t>(begin - reach + axis.stride, 0) / axis.stride;
  const Interval needed{std::min({first, begin / axis.stride, n - 1}),
                        std::min((end - 1) / axis.stride + 1, n)};
  axis.before = begin - needed.begin * axis.stride;
  axis.out = wanted.length();
  if (needed.length() < 1 || axis.before >= reach) return std::nullopt;
  return needed;
}

// Changes `op`: it then computes only `wanted`. Returns the part of its input that it needs;
// nothing if that part cannot be computed by itself.
std::optional<Window> narrow_op(ConvolveOp& op, const Window& wanted) {
  if (sums_over_axis(op)) return std::nullopt;
  const FilterBank& bank = op.convolution->bank();
  ConvolveOp part = op;
  Window needed{op.in.rank, {}};
  for (int a = 0; a < op.in.rank; ++a) {
    const auto at = static_cast<std::size_t>(a);
    const auto of_axis =
        narrow_axis(bank.transposed, part.axes[at], bank.size.at(at), op.in[a], wanted[a]);
    if (!of_axis) return std::nullopt;
    needed[a] = *of_axis;
    part.in[a] = needed[a].length();
    part.out[a] = wanted[a].length();
  }
  op = std::move(part);
  return needed;
}

}  // namespace

std::optional<Interval> narrow_axis(bool transposed, ConvolvedAxis& axis, std::int64_t size,
                                    std::int64_t n, const Interval& wanted) {
  if (transposed) return narrow_transposed(axis, size, n, wanted);
  return narrow_plain(axis, size, n, wanted);
}

bool sums_over_axis(const ConvolveOp& op) {
  const FilterBank& bank = op.convolution->bank();
  return bank.activation == Activation::Softmax && bank.softmax_axis >= 0;
}

// Goes from the last operation to the first, with the part of each output that is needed: the
// window that a gather reads, and for each convolution before it a halo around that window.
void narrow_convolutions(std::vector<Op>& ops) {
  std::optional<Window> wanted;  // of this operation's output; nothing: all
  for (std::size_t i = ops.size(); i-- > 0;) {
    if (auto* gather = std::get_if<GatherOp>(&ops[i])) {
      for (std::size_t a = 0; wanted && a < gather->axes.size(); ++a) {
        const Interval& part = (*wanted)[static_cast<int>(a)];
        gather->axes[a].keep(part.begin, part.length());
      }
      wanted.reset();
      // A gather narrows the convolution before it; casts may be between them.
      std::size_t before = i;
      while (before > 0 && (std::holds_alternative<CastOp>(ops[before - 1]) ||
                            std::holds_alternative<ScaleOp>(ops[before - 1]))) {
        --before;
      }
      const auto* convolve = before > 0 ? std::get_if<ConvolveOp>(&ops[before - 1]) : nullptr;
      if (convolve == nullptr || sums_over_axis(*convolve)) continue;
      const Window window = window_of(*gather);
      if (window.pixels() == 0 || window == whole(convolve->out)) continue;
      for (std::size_t a = 0; a < gather->axes.size(); ++a)
        gather->axes[a].count_from(window[static_cast<int>(a)].begin);
      wanted = window;
    } else if (auto* convolve = std::get_if<ConvolveOp>(&ops[i]); convolve != nullptr && wanted) {
      if (*wanted == whole(convolve->out)) {
        wanted.reset();
        continue;
      }
      const std::optional<Window> needed = narrow_op(*convolve, *wanted);
      if (!needed) {
        GatherOp part;
        for (int a = 0; a < convolve->out.rank; ++a) {
          part.axes.emplace_back(convolve->out[a]);
          part.axes.back().keep((*wanted)[a].begin, (*wanted)[a].length());
        }
        ops.insert(ops.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(part));
        wanted.reset();
        continue;
      }
      wanted = needed;
    } else if (auto* resize = std::get_if<ResizeOp>(&ops[i]); resize != nullptr && wanted) {
      if ((*wanted)[0] == Interval{0, resize->rows} && (*wanted)[1] == Interval{0, resize->cols}) {
        wanted.reset();
        continue;
      }
      GatherOp part;
      for (int a = 0; a < 2; ++a) {
        part.axes.emplace_back(a == 0 ? resize->rows : resize->cols);
        part.axes.back().keep((*wanted)[a].begin, (*wanted)[a].length());
      }
      ops.insert(ops.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(part));
      wanted.reset();
    }
  }
}

}  // namespace deckle

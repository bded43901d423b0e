// SPDX-License-Identifier: Apache-2.0
#include "ops/op.h"

#include <cstddef>

namespace deckle {
namespace {

// Where the input of a convolution lies in its output: an output shows the middle of the pixels
// that it sums.
void carry(const ConvolvedAxis& axis, std::int64_t size, bool transposed, AxisSpan& span) {
  const auto stride = static_cast<double>(axis.stride);
  const double middle = static_cast<double>((size - 1) * axis.dilation) / 2;
  span.move(-0.5);  // from edges to centres
  if (transposed) {
    span.stretch(stride);
    span.move(middle - static_cast<double>(axis.before));
  } else {
    span.move(static_cast<double>(axis.before) - middle);
    span.stretch(1, stride);
  }
  span.move(0.5);
}

void carry(const ResizeOp& op, int a, std::int64_t from, AxisSpan& span) {
  const auto in = static_cast<double>(from);
  const auto out = static_cast<double>(a == 0 ? op.rows : op.cols);
  const double shift = op.how.from_corners ? 0.5 : 0;
  span.move(-shift);
  span.stretch(out, in);
  span.move(shift);
}

}  // namespace

Window window_of(const GatherOp& gather) {
  Window window;
  window.rank = static_cast<int>(gather.axes.size());
  for (int a = 0; a < window.rank; ++a) {
    window[a] = gather.axes[static_cast<std::size_t>(a)].source_span();
    if (window[a].length() == 0) return {window.rank, {}};  // one axis of fill only: all is fill
  }
  return window;
}

Spans spans_of(const std::vector<Op>& ops, const Shape& input) {
  Spans spans;
  for (int a = 0; a < input.rank; ++a) {
    const auto at = static_cast<std::size_t>(a);
    AxisSpan& span = spans.at(at) = AxisSpan(input[a]);
    std::int64_t length = input[a];
    for (const Op& op : ops) {
      if (const auto* gather = std::get_if<GatherOp>(&op)) {
        const AxisSpan& moved = gather->axes[at].span();
        span.begin = moved.carry(span.begin);
        span.end = moved.carry(span.end);
        length = gather->axes[at].length();
      } else if (const auto* resize = std::get_if<ResizeOp>(&op)) {
        carry(*resize, a, length, span);
        length = a == 0 ? resize->rows : resize->cols;
      } else if (const auto* convolve = std::get_if<ConvolveOp>(&op)) {
        const FilterBank& bank = convolve->convolution->bank();
        carry(convolve->axes[at], bank.size.at(at), bank.transposed, span);
        length = convolve->out[a];
      }
    }
  }
  return spans;
}

}  // namespace deckle

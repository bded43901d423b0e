// SPDX-License-Identifier: Apache-2.0
#include "ops/run_ops.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/shape.h"
#include "geometry/axis_table.h"
#include "kernels/convert.h"
#include "kernels/convolve.h"
#include "kernels/gather.h"
#include "kernels/resample.h"
#include "kernels/scale.h"
#include "ops/narrow_convolutions.h"

namespace deckle {
namespace {

bool is_identity(const GatherOp& gather, const Shape& shape) {
  for (int a = 0; a < shape.rank; ++a) {
    if (gather.axes[static_cast<std::size_t>(a)] != AxisTable(shape[a])) return false;
  }
  return true;
}

// Resampling works on one picture, not on a batch.
void resample_each(const Tensor& from, const ResizeOp& op, Tensor& to, const Stop& stop) {
  if (from.batch == 1) return resample(from, op.rows, op.cols, op.how, op.to, to, stop);
  Tensor one;
  Tensor resized;
  one.reset(from.shape, from.dtype);
  Shape shape = from.shape;
  shape[0] = op.rows;
  shape[1] = op.cols;
  to.reset(shape, op.to, from.batch);
  for (std::size_t n = 0; n < static_cast<std::size_t>(from.batch); ++n) {
    if (is_told(stop)) return;
    std::memcpy(one.data.data(), from.data.data() + n * from.item_bytes(), from.item_bytes());
    resample(one, op.rows, op.cols, op.how, op.to, resized, stop);
    std::memcpy(to.data.data() + n * to.item_bytes(), resized.data.data(), to.item_bytes());
  }
}

// The number of samples that a convolution makes at a time. The next convolution then finds them in
// the cache.
constexpr std::int64_t kPartSamples = std::int64_t{1} << 18U;

// Rows (entries of the first axis) of the last output of several convolutions, and what they need:
// the first axis of each convolution, and the rows of the first convolution's input.
struct Strip {
  Interval rows;
  Interval needed;
  std::vector<ConvolvedAxis> first_axis;
};

// Nothing if a convolution cannot make the rows by themselves.
std::optional<Strip> strip_of(std::span<const Op> ops, const Interval& rows) {
  Strip strip{rows, rows, std::vector<ConvolvedAxis>(ops.size())};
  for (std::size_t i = ops.size(); i-- > 0;) {
    const auto& op = std::get<ConvolveOp>(ops[i]);
    const FilterBank& bank = op.convolution->bank();
    ConvolvedAxis& axis = strip.first_axis[i] = op.axes[0];
    const auto needed = narrow_axis(bank.transposed, axis, bank.size[0], op.in[0], strip.needed);
    if (!needed) return std::nullopt;
    strip.needed = *needed;
  }
  return strip;
}

// How the convolutions at the beginning of `ops` are computed together in parts: strips of each
// sample of the batch, or several samples at a time if these are small. This depends only on
// shapes. No strips: each convolution is computed as a whole.
struct Parts {
  std::size_t ops = 0;
  std::vector<Strip> strips;
  std::int64_t samples = 1;
};

Parts parts_of(std::span<const Op> ops, const Tensor& from) {
  Parts parts;
  std::int64_t widest = 1;  // numbers in a row
  for (; parts.ops < ops.size(); ++parts.ops) {
    const auto* op = std::get_if<ConvolveOp>(&ops[parts.ops]);
    if (op == nullptr || sums_over_axis(*op)) break;
    for (const Shape& shape : {op->in, op->out})
      widest = std::max(widest, shape.pixels() / shape[0] * shape.channels);
  }
  if (parts.ops == 0) return {};
  const std::int64_t all = std::get<ConvolveOp>(ops[parts.ops - 1]).out[0];
  const std::int64_t rows = std::max<std::int64_t>(kPartSamples / widest, 16);
  if (rows >= all) {
    parts.samples = std::max<std::int64_t>(kPartSamples / (widest * all), 1);
    if (parts.samples >= from.batch) return {};
    Strip sample{{0, all}, {0, from.shape[0]}, {}};
    for (const Op& op : ops.first(parts.ops))
      sample.first_axis.push_back(std::get<ConvolveOp>(op).axes[0]);
    parts.strips.push_back(std::move(sample));
    return parts;
  }
  for (std::int64_t begin = 0; begin < all; begin += rows) {
    auto strip = strip_of(ops.first(parts.ops), {begin, std::min(begin + rows, all)});
    if (!strip) return {};
    parts.strips.push_back(*std::move(strip));
  }
  return parts;
}

// Reads and writes samples in place. The thread keeps only the samples between two convolutions.
void convolve_part(std::span<const Op> ops, const Strip& strip, const SampleView& from, float* to) {
  thread_local Tensor last;
  thread_local Tensor next;
  SampleView view = from;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const auto& op = std::get<ConvolveOp>(ops[i]);
    std::vector<ConvolvedAxis> axes = op.axes;
    axes[0] = strip.first_axis[i];
    if (i + 1 == ops.size()) return op.convolution->run(view, axes, to);
    Shape made = op.out;
    made[0] = axes[0].out;
    next.reset(made, DType::Float32, from.batch);
    op.convolution->run(view, axes, reinterpret_cast<float*>(next.data.data()));
    std::swap(last, next);
    view = {last.data.data(), last.shape, last.dtype, last.batch};
  }
}

void run_each(const Runner& runner, std::size_t n, const std::function<void(std::size_t)>& f) {
  if (runner) return runner(n, f);
  for (std::size_t i = 0; i < n; ++i)
    f(i);
}

// `dtype` is float32, or the type to which the sums are rounded while they are in the cache.
void convolve_parts(std::span<const Op> ops, const Parts& parts, const Tensor& from,
                    const Runner& runner, DType dtype, Tensor& to, const Stop& stop) {
  const Shape& out = std::get<ConvolveOp>(ops.back()).out;
  to.reset(out, dtype, from.batch);
  const auto in_row = from.item_bytes() / static_cast<std::size_t>(from.shape[0]);
  const auto out_row = to.item_bytes() / static_cast<std::size_t>(out[0]);
  const std::size_t strips = parts.strips.size();
  const std::int64_t groups = (from.batch + parts.samples - 1) / parts.samples;
  run_each(runner, static_cast<std::size_t>(groups) * strips, [&](std::size_t i) {
    if (is_told(stop)) return;
    const Strip& strip = parts.strips[i % strips];
    const std::int64_t sample = static_cast<std::int64_t>(i / strips) * parts.samples;
    SampleView view{from.data.data() + static_cast<std::size_t>(sample) * from.item_bytes() +
                        static_cast<std::size_t>(strip.needed.begin) * in_row,
                    from.shape, from.dtype, std::min(parts.samples, from.batch - sample)};
    view.shape[0] = strip.needed.length();
    std::uint8_t* const target = to.data.data() +
                                 static_cast<std::size_t>(sample) * to.item_bytes() +
                                 static_cast<std::size_t>(strip.rows.begin) * out_row;
    if (dtype == DType::Float32)
      return convolve_part(ops, strip, view, reinterpret_cast<float*>(target));
    thread_local Tensor sums;
    Shape made = out;
    made[0] = strip.rows.length();
    sums.reset(made, DType::Float32, view.batch);
    auto* const samples = reinterpret_cast<float*>(sums.data.data());
    convolve_part(ops, strip, view, samples);
    round_samples(samples, sums.byte_count() / sizeof(float), dtype, target);
  });
}

}  // namespace

Result<const Tensor*> run_ops(std::span<const Op> ops, const Tensor& source, const Window& origin,
                              OpScratch& scratch, const Runner& runner,
                              std::optional<DType> rounded, const Stop& stop) {
  const Tensor* now = &source;
  Window part = origin;
  const auto step = [&](auto&& operation) {
    Tensor& target = now == &scratch.a ? scratch.b : scratch.a;
    operation(*now, target);
    now = &target;
    part = whole(target.shape);
  };
  const auto run = [&](const auto& op) {
    using T = std::decay_t<decltype(op)>;
    if constexpr (std::is_same_v<T, GatherOp>) {
      if (is_identity(op, now->shape)) return;
      step([&](const Tensor& from, Tensor& to) { gather(from, part, op.axes, op.fills, to); });
    } else if constexpr (std::is_same_v<T, ResizeOp>) {
      step([&](const Tensor& from, Tensor& to) { resample_each(from, op, to, stop); });
    } else if constexpr (std::is_same_v<T, ConvolveOp>) {
      step([&](const Tensor& from, Tensor& to) { op.convolution->run(from, op.axes, to); });
    } else if constexpr (std::is_same_v<T, ScaleOp>) {
      step([&](const Tensor& from, Tensor& to) { scale(from, op.scale, op.offset, op.to, to); });
    } else {
      step([&](const Tensor& from, Tensor& to) {
        op.rounded ? to_file_depth(from, op.to, op.to, to) : cast(from, op.to, to);
      });
    }
  };
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (is_told(stop)) return given_up();
    const std::span<const Op> rest = ops.subspan(i);
    if (const Parts parts = parts_of(rest, *now); !parts.strips.empty()) {
      const bool last = parts.ops == rest.size() && rounded && rounds_quickly(*rounded);
      step([&](const Tensor& from, Tensor& to) {
        convolve_parts(rest.first(parts.ops), parts, from, runner, last ? *rounded : DType::Float32,
                       to, stop);
      });
      i += parts.ops - 1;
    } else {
      std::visit(run, ops[i]);
    }
  }
  if (is_told(stop)) return given_up();  // and the result is incomplete
  if (rounded && now->dtype != *rounded) {
    step([&](const Tensor& from, Tensor& to) { to_file_depth(from, *rounded, *rounded, to); });
  }
  return now;
}

}  // namespace deckle

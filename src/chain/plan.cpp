// SPDX-License-Identifier: Apache-2.0
#include "chain/plan.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include "codecs/colour.h"
#include "codecs/exif.h"
#include "codecs/formats.h"
#include "codecs/icc.h"
#include "codecs/write_picture.h"
#include "kernels/convert.h"
#include "kernels/gather.h"
#include "kernels/resample.h"
#include "kernels/scale.h"

namespace deckle {
namespace {

// Whether `in` is of that shape, where it says one.
bool is_of(const OpenShape& wanted, const Shape& in) {
  if (wanted.empty()) return true;
  bool same = wanted.size() == static_cast<std::size_t>(in.rank) + 1 &&
              wanted.back().value_or(in.channels) == in.channels;
  for (int a = 0; same && a < in.rank; ++a)
    same = wanted[static_cast<std::size_t>(a)].value_or(in[a]) == in[a];
  return same;
}

// Whether the chain takes this at all.
Result<Done> check_input(const Chain& chain, const Shape& in) {
  const auto& wanted = chain.input_shape;
  if (is_of(wanted, in)) return Done{};
  return Error{ErrorCode::Shape, std::string(chain.as == As::Model ? "the model's input is "
                                                                   : "the input is to be ") +
                                     to_string(wanted) + ", not " + to_string(in)};
}

Result<Shape> next_shape(const Chain& chain, std::size_t index, const Shape& in) {
  if (index == 0) {
    if (const auto taken = check_input(chain, in); !taken) return taken.error();
  }
  const Layer& layer = chain.layers[index];
  if (layer.spec->rank != 0 && layer.spec->rank != in.rank) {
    return Error{ErrorCode::Shape, layer.called + " takes " + std::to_string(layer.spec->rank) +
                                       " axes and channels, not " + to_string(in)};
  }
  if (!is_of(layer.input_shape, in)) {
    return Error{ErrorCode::Shape, "layer " + std::to_string(index) + ", " + layer.called +
                                       ": its input_shape is " + to_string(layer.input_shape) +
                                       ", not " + to_string(in)};
  }
  auto out = layer.output_shape(in);
  if (!out) {
    Error error = out.error();
    error.message = "layer " + std::to_string(index) + ", " + error.message;
    return error;
  }
  if (out->pixels() > chain.input.max_pixels) {
    return Error{ErrorCode::TooLarge, "layer " + std::to_string(index) + ", " + layer.called +
                                          ": would make a picture of " + to_string(*out) +
                                          ", more than \"input\": {\"max_pixels\": " +
                                          std::to_string(chain.input.max_pixels) + "} allows"};
  }
  return out;
}

Window window_of(const GatherOp& gather) {
  Window window;
  window.rank = static_cast<int>(gather.axes.size());
  for (int a = 0; a < window.rank; ++a) {
    window[a] = gather.axes[static_cast<std::size_t>(a)].source_span();
    if (window[a].length() == 0) return {window.rank, {}};  // a fill axis makes fill of all
  }
  return window;
}

// Where the input of a convolution lies in its output: the middle of what each output sums over is
// what it shows.
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

// Where the input lies in the output of all operations.
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

// Of one axis of a convolution, the part of the output that is wanted: `axis` is changed to make
// that part alone. Gives back what is needed of the input, which is `n` long.
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

// The same of a transposed one; nothing where the part begins with places that get nothing.
std::optional<Interval> narrow_transposed(ConvolvedAxis& axis, std::int64_t size, std::int64_t n,
                                          const Interval& wanted) {
  const std::int64_t reach = (size - 1) * axis.dilation + 1;
  const std::int64_t begin = wanted.begin + axis.before;  // as if nothing were cut off
  const std::int64_t end = wanted.end + axis.before;
  const std::int64_t first = std::max<std::int64_t>(begin - reach + axis.stride, 0) / axis.stride;
  const Interval needed{std::min({first, begin / axis.stride, n - 1}),
                        std::min((end - 1) / axis.stride + 1, n)};
  axis.before = begin - needed.begin * axis.stride;
  axis.out = wanted.length();
  if (needed.length() < 1 || axis.before >= reach) return std::nullopt;
  return needed;
}

std::optional<Interval> narrow(bool transposed, ConvolvedAxis& axis, std::int64_t size,
                               std::int64_t n, const Interval& wanted) {
  if (transposed) return narrow_transposed(axis, size, n, wanted);
  return narrow_plain(axis, size, n, wanted);
}

// Whether a part of the output depends on the others.
bool sums_over_axis(const ConvolveOp& op) {
  const FilterBank& bank = op.convolution->bank();
  return bank.activation == Activation::Softmax && bank.softmax_axis >= 0;
}

// `op` becomes one that makes only `wanted`. Gives back what it needs of its input; nothing where
// that part cannot be made by itself.
std::optional<Window> narrow(ConvolveOp& op, const Window& wanted) {
  if (sums_over_axis(op)) return std::nullopt;
  const FilterBank& bank = op.convolution->bank();
  ConvolveOp part = op;
  Window needed{op.in.rank, {}};
  for (int a = 0; a < op.in.rank; ++a) {
    const auto at = static_cast<std::size_t>(a);
    const auto of_axis =
        narrow(bank.transposed, part.axes[at], bank.size.at(at), op.in[a], wanted[a]);
    if (!of_axis) return std::nullopt;
    needed[a] = *of_axis;
    part.in[a] = needed[a].length();
    part.out[a] = wanted[a].length();
  }
  op = std::move(part);
  return needed;
}

// Convolutions make only what the gather behind them shows: the window and, from layer to layer,
// its halo. Goes from the last operation to the first with the part that is needed of each.
void narrow_convolutions(std::vector<Op>& ops) {
  std::optional<Window> wanted;  // of the output of the operation looked at; nothing: all
  for (std::size_t i = ops.size(); i-- > 0;) {
    if (auto* gather = std::get_if<GatherOp>(&ops[i])) {
      for (std::size_t a = 0; wanted && a < gather->axes.size(); ++a) {
        const Interval& part = (*wanted)[static_cast<int>(a)];
        gather->axes[a].keep(part.begin, part.length());
      }
      wanted.reset();
      // A gather narrows what is before it, where that is a convolution, with casts between.
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
      const std::optional<Window> needed = narrow(*convolve, *wanted);
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

// What a caller may get wrong before any layer is asked.
Result<Done> check_given(const Shape& input, const ArrayLayout& layout) {
  if (layout.batch && *layout.batch < 1)
    return Error{ErrorCode::Usage, "a batch of " + std::to_string(*layout.batch)};
  return check_shape(input);
}

// Whether Keras' rules for floats hold, which make float32 of float64: where arrays go in or come
// out. Between image files the depth stays.
bool casts_floats(const Chain& chain, const ArrayLayout& layout) {
  return layout.array || chain.output.format == Format::Npy;
}

// `choose(layer index, shape)` makes or recalls the choice of a random layer.
Result<Plan> plan_with(const Chain& chain, const Shape& input, DType dtype,
                       const ArrayLayout& layout,
                       const std::function<Result<Choice>(std::size_t, const Shape&)>& choose) {
  if (auto right = check_given(input, layout); !right) return right.error();
  Plan plan;
  plan.input = input;
  plan.input_dtype = dtype;
  plan.layout = layout;
  OpBuilder builder(input, dtype);
  if (chain.as == As::Model) builder.cast(chain.model_input_dtype);
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const Layer& layer = chain.layers[i];
    const auto out = next_shape(chain, i, builder.shape());
    if (!out) return out.error();
    Choice choice;
    if (layer.choose) {
      auto chosen = choose(i, builder.shape());
      if (!chosen) return chosen.error();
      choice = *std::move(chosen);
      plan.draws.push_back({i, choice});
      if (!choice.skip.empty()) {
        plan.skip = choice.skip;
        return plan;
      }
    }
    if (layer.convolves && chain.as == As::Layer && layout.array &&
        !info(builder.dtype()).is_float) {
      return Error{ErrorCode::Depth, "layer " + std::to_string(i) + ", " + layer.called +
                                         ": does not take " +
                                         std::string(name_of(builder.dtype())) +
                                         R"(; say "as": "model" in the chain, and arrays become )"
                                         "float32 first"};
    }
    if (layer.casts_floats && casts_floats(chain, layout) && info(builder.dtype()).is_float &&
        info(layer.dtype).is_float)
      builder.cast(layer.dtype);
    if (auto edited = layer.edit(builder, choice); !edited) return edited.error();
    assert(builder.shape() == *out);
  }
  plan.output = builder.shape();
  plan.dtype = builder.dtype();
  plan.ops = std::move(builder).take();
  plan.spans = spans_of(plan.ops, input);
  narrow_convolutions(plan.ops);
  plan.window = window_of(std::get<GatherOp>(plan.ops.front()));
  return plan;
}

bool is_identity(const GatherOp& gather, const Shape& shape) {
  for (int a = 0; a < shape.rank; ++a) {
    if (gather.axes[static_cast<std::size_t>(a)] != AxisTable(shape[a])) return false;
  }
  return true;
}

// Resampling knows pictures, not batches of them.
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

// So many samples of a convolution are made at a time: what one leaves for the next is still near.
constexpr std::int64_t kPartSamples = std::int64_t{1} << 18U;

// Rows (what the first axis counts) of the output of the last of some convolutions, and what is
// needed for them: of each convolution the first axis, of the first one the rows of its input.
struct Strip {
  Interval rows;
  Interval needed;
  std::vector<ConvolvedAxis> first_axis;
};

// Nothing where a convolution cannot make the rows by themselves.
std::optional<Strip> strip_of(std::span<const Op> ops, const Interval& rows) {
  Strip strip{rows, rows, std::vector<ConvolvedAxis>(ops.size())};
  for (std::size_t i = ops.size(); i-- > 0;) {
    const auto& op = std::get<ConvolveOp>(ops[i]);
    const FilterBank& bank = op.convolution->bank();
    ConvolvedAxis& axis = strip.first_axis[i] = op.axes[0];
    const auto needed = narrow(bank.transposed, axis, bank.size[0], op.in[0], strip.needed);
    if (!needed) return std::nullopt;
    strip.needed = *needed;
  }
  return strip;
}

// How the convolutions at the beginning of `ops` are made together in parts: strips of each sample
// of the batch, or, where these are small, several samples at a time. That depends on shapes
// alone. No strips: they are made whole, one by one.
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

// From where the samples lie to where they belong; only what is between two convolutions is kept by
// the thread.
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

// `dtype` is float32, or what the sums are rounded to while they are near.
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

// Whether run_plan can run on this: whole samples, and the part of the input that is needed.
Result<Done> check_source(const Plan& plan, const Tensor& source, const Window& origin) {
  if (plan.ops.empty()) {
    return Error{ErrorCode::Usage, plan.skip.empty()
                                       ? "a plan without operations: it is no plan of make_plan"
                                       : "this image is to be left out: " + plan.skip};
  }
  // Where all is fill, nothing of the source is looked at but what its samples are.
  const bool fill = plan.window.pixels() == 0;
  if (!fill) {
    if (auto right = check_tensor(source); !right) return right;
    if (auto inside = check_window(origin, plan.input); !inside) return inside;
  }
  bool holds = source.shape.rank == plan.input.rank;
  bool covers = true;
  for (int a = 0; !fill && holds && a < plan.input.rank; ++a) {
    holds = origin.rank == plan.input.rank && source.shape[a] == origin[a].length();
    covers =
        covers && origin[a].begin <= plan.window[a].begin && plan.window[a].end <= origin[a].end;
  }
  if (!holds || source.shape.channels != plan.input.channels || source.dtype != plan.input_dtype) {
    return Error{ErrorCode::Usage, "samples of " + to_string(source.shape) + " " +
                                       std::string(name_of(source.dtype)) + " are not the part " +
                                       to_string(origin) + " of " + to_string(plan.input) + " " +
                                       std::string(name_of(plan.input_dtype))};
  }
  if (!covers) {
    return Error{ErrorCode::Usage, "the plan needs " + to_string(plan.window) +
                                       " of the input, not " + to_string(origin)};
  }
  return Done{};
}

// What the output's channels mean, where it is not usual. A convolution's are features.
std::optional<Bands> bands_of(const Plan& plan, const ImageInfo& info) {
  const auto convolves = [](const Op& op) { return std::holds_alternative<ConvolveOp>(op); };
  if (std::any_of(plan.ops.begin(), plan.ops.end(), convolves)) return std::nullopt;
  return info.seen.bands;
}

// Whether samples that are indices come out as indices that the output's palette has.
Result<Done> check_indices(const Codec& target, const Plan& plan, const ImageInfo& source,
                           DType dtype) {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorCode::Depth,
                 why + R"(; "input": {"palette": "expand"} takes colours and grey instead)"};
  };
  const std::size_t colours = source.palette.size();
  for (const Op& op : plan.ops) {
    const auto* gather = std::get_if<GatherOp>(&op);
    if (gather == nullptr && !std::holds_alternative<CastOp>(op)) {
      return refuse(
          "the chain mixes or scales values, and the samples are indices, which only "
          "\"interpolation\": \"nearest\" and the like move");
    }
    for (std::size_t i = 0; gather != nullptr && colours > 0 && i < gather->fills.size(); ++i) {
      for (const double value : gather->fills[i]) {
        if (target.format == Format::Npy || value < static_cast<double>(colours)) continue;
        return refuse("it is padded with " + std::to_string(std::lround(value)) +
                      ", and its palette has " + std::to_string(colours) + " colours");
      }
    }
  }
  if (target.format == Format::Npy) return Done{};
  if (dtype != source.dtype) {
    return refuse("indices of " + std::string(name_of(source.dtype)) + " would be scaled to " +
                  std::string(name_of(dtype)));
  }
  if (target.format == Format::Jpeg || target.format == Format::Webp)
    return refuse(std::string(target.name) + " holds no indices; png does");
  if (colours == 0) return Done{};
  constexpr std::size_t kMost = 256;
  const bool alpha = std::any_of(source.palette.begin(), source.palette.end(),
                                 [](const Colour& colour) { return colour[3] != 0xFFFF; });
  const bool png = target.format == Format::Png;
  const bool tiff = target.format == Format::Tiff;
  if (!png && !tiff && target.format != Format::Bmp)
    return refuse(std::string(target.name) + " holds no palette; png, tiff and bmp do");
  if (alpha && !png)
    return refuse("its palette has alpha, which " + std::string(target.name) +
                  " does not hold; png does");
  if (colours > kMost && !tiff) {
    return refuse("its palette has " + std::to_string(colours) + " colours; " +
                  std::string(target.name) + " holds 256, tiff more");
  }
  return Done{};
}

}  // namespace

Result<std::vector<Shape>> plan_shapes(const Chain& chain, const Shape& input) {
  if (auto right = check_shape(input); !right) return right.error();
  std::vector<Shape> shapes{input};
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    auto out = next_shape(chain, i, shapes.back());
    if (!out) return out.error();
    shapes.push_back(*out);
  }
  return shapes;
}

Result<Plan> make_plan(const Chain& chain, const Shape& input, DType dtype,
                       const ImageIdentity& image, const ArrayLayout& given) {
  if (image.index < 0 || image.copy < 0) {
    return Error{ErrorCode::Usage, "place " + std::to_string(image.index) + " and copy " +
                                       std::to_string(image.copy) + ": both count from 0"};
  }
  if (chain.batch_size < 1 || chain.copies < 1) {
    return Error{ErrorCode::Usage, "a chain with batch_size " + std::to_string(chain.batch_size) +
                                       " and copies " + std::to_string(chain.copies) +
                                       ": both are at least 1"};
  }
  if (chain.needs_seed() && !chain.seed)
    return Error{ErrorCode::Usage, "the chain draws and has no seed"};
  ArrayLayout layout = given;
  layout.channels_first = chain.channels_first;
  int ordinal = 0;
  std::int64_t counting = 0;  // layers that count the calls of one generator, this one's number
  std::int64_t all_counting = 0;
  for (const Layer& layer : chain.layers)
    all_counting += layer.generator == Generator::TensorFlow && !layer.seed ? 1 : 0;
  return plan_with(chain, input, dtype, layout, [&](std::size_t index, const Shape& shape) {
    const Layer& layer = chain.layers[index];
    Draws draws;
    draws.layout = layout;
    // Copies are calls one after the other, of the same batch.
    draws.call = image.index / chain.batch_size * chain.copies + image.copy;
    if (chain.seed) draws.global_seed = chain.seed->a;
    if (layer.generator == Generator::Stateless) {
      draws.seed = layer.seed ? derive_seed(*layer.seed, chain.seed_from, 0, image)
                              : derive_seed(*chain.seed, chain.seed_from, ordinal++, image);
    } else if (layer.generator == Generator::TensorFlow && !layer.seed) {
      draws.call = draws.call * all_counting + counting++;
    }
    return layer.choose(shape, draws);
  });
}

Result<Plan> replay_plan(const Chain& chain, const Shape& input, DType dtype,
                         const std::vector<Draw>& draws, const ArrayLayout& layout) {
  return plan_with(
      chain, input, dtype, layout, [&](std::size_t index, const Shape&) -> Result<Choice> {
        for (const Draw& draw : draws) {
          if (draw.layer == index) return draw.choice;
        }
        return Error{ErrorCode::Usage, "no draw is recorded for layer " + std::to_string(index) +
                                           ", " + std::string(chain.layers[index].spec->name)};
      });
}

DType output_dtype(const Chain& chain, const Plan& plan, Format target) {
  const bool as_keras = target == Format::Npy;
  return chain.output.dtype.value_or(as_keras ? plan.dtype : plan.input_dtype);
}

Error not_lossless(const std::string& why) {
  return {ErrorCode::Unsupported,
          "cannot be cut without loss: " + why +
              R"(. Leave "jpeg": "lossless" out where it may be encoded again)"};
}

Result<Done> check_lossless(const Chain& chain, const Plan& plan, const ImageInfo& info, Bytes file,
                            const Codec& target) {
  if (!target.lossless_crop)
    return not_lossless(std::string(target.name) + " has no coefficients to copy");
  if (info.format != target.format) {
    return not_lossless("it is " + std::string(codec_of(info.format).name) + ", the output " +
                        std::string(target.name));
  }
  if (chain.input.apply_orientation && info.orientation != 1)
    return not_lossless("its orientation tag (" + std::to_string(info.orientation) + ") turns it");
  const auto colours = ColourChange::of(info, chain.input);
  if (!colours) return colours.error();
  if (!colours->empty()) return not_lossless("its colours are converted");
  const auto* gather = std::get_if<GatherOp>(&plan.ops.front());
  if (plan.ops.size() != 1 || gather == nullptr ||
      output_dtype(chain, plan, target.format) != info.dtype)
    return not_lossless("the chain does more than crop");
  for (const AxisTable& axis : gather->axes) {
    AxisTable cropped(axis.source_span().end);
    cropped.crop(axis.source_span().begin, 0);
    if (axis != cropped) return not_lossless("the chain does more than crop");
  }
  if (const auto can = target.lossless_crop->check(file, plan.window); !can) {
    return can.error().code == ErrorCode::Unsupported ? not_lossless(can.error().message)
                                                      : can.error();
  }
  return Done{};
}

Result<Done> check_output(const Codec& target, const Plan& plan, const ImageInfo& info,
                          DType dtype) {
  if (!target.encoder) return read_only(target);
  if (const auto bands = bands_of(plan, info);
      bands && target.format != Format::Tiff && target.format != Format::Npy) {
    return Error{ErrorCode::Depth, std::string(target.name) +
                                       " cannot say what the channels are (" + to_string(*bands) +
                                       R"(); tiff can: "output": {"format": "tiff"}; npy holds )"
                                       "the numbers alone"};
  }
  if (plan.layout.batch && target.format != Format::Npy)
    return holds_no_batch(target, *plan.layout.batch);
  if (target.format != Format::Npy && dtype != plan.input_dtype && !deckle::info(dtype).is_float &&
      deckle::info(plan.input_dtype).white == 0) {
    return Error{ErrorCode::Depth,
                 "samples of " + std::string(name_of(plan.input_dtype)) +
                     " have no white, and cannot be scaled to " + std::string(name_of(dtype)) +
                     R"(; tiff and npy hold them: "output": {"format": "tiff"} without a dtype)"};
  }
  if (info.indexed) {
    if (auto kept = check_indices(target, plan, info, dtype); !kept) return kept;
  }
  return target.encoder->check(plan.output, dtype);
}

void fuse_final_rounding(Plan& plan, DType depth) {
  if (plan.ops.empty() || plan.input_dtype != depth || info(depth).is_float || size_of(depth) > 2)
    return;
  const auto* cast = std::get_if<CastOp>(&plan.ops.back());
  const bool rounds = cast != nullptr && cast->rounded && cast->to == depth;
  const std::size_t last = plan.ops.size() - (rounds ? 2 : 1);
  auto* resize = std::get_if<ResizeOp>(&plan.ops[last]);
  if (resize == nullptr || resize->to != DType::Float32) return;
  // Nothing but such integers may come to it: of others the rounding is not this one.
  for (std::size_t i = 0; i < last; ++i) {
    if (!std::holds_alternative<GatherOp>(plan.ops[i])) return;
  }
  resize->to = depth;
  plan.ops.resize(last + 1);
}

Result<const Tensor*> run_plan(const Plan& plan, const Tensor& source, const Window& origin,
                               PlanScratch& scratch, const Runner& runner,
                               std::optional<DType> rounded, const Stop& stop) {
  if (auto right = check_source(plan, source, origin); !right) return right.error();
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
  for (std::size_t i = 0; i < plan.ops.size(); ++i) {
    if (is_told(stop)) return given_up();
    const std::span<const Op> rest(plan.ops.data() + i, plan.ops.size() - i);
    if (const Parts parts = parts_of(rest, *now); !parts.strips.empty()) {
      const bool last = parts.ops == rest.size() && rounded && rounds_quickly(*rounded);
      step([&](const Tensor& from, Tensor& to) {
        convolve_parts(rest.first(parts.ops), parts, from, runner, last ? *rounded : DType::Float32,
                       to, stop);
      });
      i += parts.ops - 1;
    } else {
      std::visit(run, plan.ops[i]);
    }
  }
  if (is_told(stop)) return given_up();  // and what was made is not whole
  if (rounded && now->dtype != *rounded) {
    step([&](const Tensor& from, Tensor& to) { to_file_depth(from, *rounded, *rounded, to); });
  }
  return now;
}

GoingAlong going_along(const Chain& chain, const Plan& plan, const ImageInfo& info, Bytes file,
                       const Codec& target) {
  GoingAlong goes;
  Metadata& metadata = goes.metadata;
  if (chain.output.metadata == Goes::None) return goes;
  const Carries carries = target.encoder ? target.encoder->carries : Carries{};
  // Layers may turn colours into grey, or grey into colours; WebP holds grey as RGB.
  const bool grey = plan.output.channels < 3 && target.format != Format::Webp;
  const bool fits = !info.palette.empty() || (info.seen.shape.channels < 3) == grey;
  if (info.seen.icc && fits && carries.icc && !is_srgb(info.icc)) metadata.icc = info.icc;
  if (chain.output.metadata != Goes::All) return goes;
  Metadata has = codec_of(info.format).read_metadata(file);
  goes.left_out =
      has.more || (!has.exif.empty() && !carries.exif) || (!has.xmp.empty() && !carries.xmp);
  // What the pixels were not turned by stays true.
  const bool turned = chain.input.apply_orientation && info.orientation != 1;
  if (carries.exif && !has.exif.empty()) {
    metadata.exif = upright_exif(std::move(has.exif), turned, plan.output[plan.output.rank - 2],
                                 plan.output[plan.output.rank - 1]);
    goes.left_out = goes.left_out || metadata.exif.empty();
  }
  if (carries.xmp) metadata.xmp = turned ? upright_xmp(std::move(has.xmp)) : std::move(has.xmp);
  return goes;
}

EncodeOptions encode_options(const Chain& chain, const Plan& plan, const ImageInfo& info,
                             Metadata metadata, Format target) {
  EncodeOptions options{target,
                        chain.output.quality,
                        chain.output.lossless,
                        chain.output.compression,
                        chain.output.channels_first.value_or(chain.channels_first),
                        info.batch.has_value(),
                        bands_of(plan, info)};
  options.metadata = std::move(metadata);
  if (info.indexed && target != Format::Npy) options.palette = info.palette;
  // A lossless webp stays one, unless a quality is asked for.
  if (!chain.output.format && info.lossless && !options.quality) options.lossless = true;
  return options;
}

Result<const Tensor*> make_samples(const Plan& plan, const Tensor& source, const Window& origin,
                                   Format target, DType depth, PlanScratch& scratch,
                                   Tensor& converted, const Runner& runner, const Stop& stop) {
  const bool array = target == Format::Npy;
  const DType dtype = plan.input_dtype;
  const auto rounded = array || dtype != depth ? std::nullopt : std::optional(depth);
  const auto made = run_plan(plan, source, origin, scratch, runner, rounded, stop);
  if (!made || ((*made)->dtype == depth && (dtype == depth || array))) return made;
  if (array) {
    if (auto finite = check_finite_for(**made, depth); !finite) return finite.error();
  }
  to_file_depth(**made, array ? depth : dtype, depth, converted);
  return &converted;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/convolve.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <numbers>
#include <unordered_map>
#include <utility>

#include "kernels/convert.h"
#include "kernels/onednn.h"

namespace deckle {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

// The number of primitives that a thread keeps: images of so many sizes need no new ones.
constexpr std::size_t kKeptPrimitives = 32;

// The memory that a thread keeps for samples that were converted to floats.
constexpr std::size_t kKeptFloats = std::size_t{16} << 20U;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// oneDNN divides its work by the number of threads when a primitive is made. With one thread, no
// result depends on the number of threads. Images run in parallel instead.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

Tag channels_last(int rank) {
  constexpr std::array kTags{Tag::nwc, Tag::nhwc, Tag::ndhwc};
  return kTags.at(static_cast<std::size_t>(rank) - 1);
}

memory::desc image_desc(const Shape& shape, std::int64_t batch) {
  memory::dims dims{batch, shape.channels};
  for (int a = 0; a < shape.rank; ++a)
    dims.push_back(shape[a]);
  return {dims, memory::data_type::f32, channels_last(shape.rank)};
}

// The dimensions of a kernel in oneDNN's order: (groups), out, in, size...
memory::dims kernel_dims(const FilterBank& bank) {
  memory::dims dims;
  if (bank.groups > 1) dims.push_back(bank.groups);
  dims.push_back(bank.out / bank.groups);
  dims.push_back(bank.in / bank.groups);
  for (int a = 0; a < bank.rank; ++a)
    dims.push_back(bank.size.at(static_cast<std::size_t>(a)));
  return dims;
}

// The same for the array in the bank.
memory::desc plain_kernel(const FilterBank& bank) {
  const std::int64_t per_group = bank.in / bank.groups;
  memory::dims strides;
  if (bank.groups > 1) strides.push_back(bank.out / bank.groups);
  strides.push_back(bank.transposed ? bank.in : 1);
  strides.push_back(bank.transposed ? 1 : bank.out);
  std::int64_t stride = per_group * bank.out;
  memory::dims along(static_cast<std::size_t>(bank.rank));
  for (std::size_t a = along.size(); a-- > 0; stride *= bank.size.at(a))
    along[a] = stride;
  strides.insert(strides.end(), along.begin(), along.end());
  return {kernel_dims(bank), memory::data_type::f32, strides};
}

struct Primitive {
  dnnl::primitive primitive;
  memory::desc kernel;
  memory::desc from;
  memory::desc to;
};

template <typename Forward>
Primitive make_primitive(const FilterBank& bank, dnnl::algorithm algorithm,
                         const memory::desc& from, const memory::desc& to,
                         std::span<const ConvolvedAxis> axes, const Shape& in) {
  onednn::Geometry geometry;
  for (int a = 0; a < bank.rank; ++a) {
    const ConvolvedAxis& axis = axes[static_cast<std::size_t>(a)];
    const std::int64_t reach = (bank.size.at(static_cast<std::size_t>(a)) - 1) * axis.dilation + 1;
    const std::int64_t narrow = bank.transposed ? in[a] : axis.out;
    const std::int64_t wide = bank.transposed ? axis.out : in[a];
    geometry.strides.push_back(axis.stride);
    geometry.dilations.push_back(axis.dilation - 1);
    geometry.before.push_back(axis.before);
    geometry.after.push_back((narrow - 1) * axis.stride + reach - wide - axis.before);
  }
  const memory::desc kernel(kernel_dims(bank), memory::data_type::f32, Tag::any);
  const memory::desc bias =
      bank.bias.empty() ? memory::desc() : memory::desc({bank.out}, memory::data_type::f32, Tag::x);
  dnnl::primitive_attr attributes;
  if (bank.activation == Activation::Relu) {  // the only one that oneDNN computes exactly
    dnnl::post_ops after_sum;
    onednn::append_relu(after_sum);
    attributes.set_post_ops(after_sum);
  }
  const auto primitive =
      onednn::forward<Forward>(algorithm, from, kernel, bias, to, geometry, attributes, cpu());
  return {Forward(primitive), primitive.weights_desc(), from, to};
}

float activated(Activation activation, float x) {
  const double v = x;
  const auto clip = [](float y) { return std::clamp(y, 0.0F, 1.0F); };
  const auto sigmoid = [](double y) { return 1 / (1 + std::exp(-y)); };
  switch (activation) {
    case Activation::Linear:
    case Activation::Softmax:
      break;
    case Activation::Relu:
      return std::max(x, 0.0F);
    case Activation::Relu6:
      return std::clamp(x, 0.0F, 6.0F);
    case Activation::Elu:
      return x > 0 ? x : static_cast<float>(std::expm1(v));
    case Activation::Selu: {
      constexpr double kScale = 1.0507009873554805;
      constexpr double kAlpha = 1.6732632423543772;
      return static_cast<float>(kScale * (v > 0 ? v : kAlpha * std::expm1(v)));
    }
    case Activation::Softplus:
      return static_cast<float>(std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))));
    case Activation::Softsign:
      return x / (1 + std::abs(x));
    case Activation::Tanh:
      return static_cast<float>(std::tanh(v));
    case Activation::Sigmoid:
      return static_cast<float>(sigmoid(v));
    case Activation::HardSigmoid:
      return clip(0.2F * x + 0.5F);
    case Activation::HardSigmoid3:
      return clip(x / 6 + 0.5F);
    case Activation::Exponential:
      return static_cast<float>(std::exp(v));
    case Activation::Swish:
      return static_cast<float>(v * sigmoid(v));
    case Activation::Gelu:
      return static_cast<float>(0.5 * v * (1 + std::erf(v / std::numbers::sqrt2)));
    case Activation::GeluTanh: {
      const double inner = std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v);
      return static_cast<float>(0.5 * v * (1 + std::tanh(inner)));
    }
  }
  return x;
}

// exp(x) / sum of exp along an axis of `n` samples that lie `step` apart.
void softmax(float* first, std::int64_t n, std::int64_t step) {
  float most = first[0];
  for (std::int64_t i = 1; i < n; ++i)
    most = std::max(most, first[i * step]);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i)
    sum += std::exp(static_cast<double>(first[i * step]) - most);
  for (std::int64_t i = 0; i < n; ++i) {
    first[i * step] =
        static_cast<float>(std::exp(static_cast<double>(first[i * step]) - most) / sum);
  }
}

void activate(Activation activation, int softmax_axis, const Shape& shape, std::int64_t batch,
              float* samples) {
  if (activation == Activation::Linear) return;
  const std::int64_t count = batch * shape.pixels() * shape.channels;
  if (activation != Activation::Softmax) {
    for (std::int64_t i = 0; i < count; ++i)
      samples[i] = activated(activation, samples[i]);
    return;
  }
  std::int64_t step = 1;  // from one sample to the next on the axis
  if (softmax_axis >= 0) {
    step = shape.channels;
    for (int a = shape.rank - 1; a > softmax_axis; --a)
      step *= shape[a];
  }
  const std::int64_t n = softmax_axis < 0 ? shape.channels : shape[softmax_axis];
  for (std::int64_t block = 0; block < count; block += n * step) {
    for (std::int64_t i = 0; i < step; ++i)
      softmax(samples + block + i, n, step);
  }
}

// If a filter uses no neighbours on the last axis, adjacent pixels can be channels: then a vector
// register is full. The row must be a multiple of their number, which has this limit.
constexpr std::int64_t kLanes = 64;

using Taps = std::array<TapRange, 3>;  // of each axis; [0, 1) for an axis that does not exist

bool is_upright(const FilterBank& bank, const Taps& taps, const Shape& shape,
                std::span<const ConvolvedAxis> axes) {
  const auto last = static_cast<std::size_t>(shape.rank) - 1;
  const ConvolvedAxis as_it_is{1, axes[last].dilation, 0, shape[shape.rank - 1]};
  return bank.each_channel && shape.rank > 1 && taps.at(last).end - taps.at(last).first == 1 &&
         axes[last] == as_it_is && bank.activation != Activation::Softmax;
}

// The filter with only these taps.
FilterBank trimmed(const FilterBank& all, const Taps& taps) {
  FilterBank bank = all;
  for (std::size_t a = 0; a < taps.size(); ++a)
    bank.size.at(a) = taps.at(a).end - taps.at(a).first;
  const std::int64_t tap =
      static_cast<std::int64_t>(all.kernel.size()) / (all.size[0] * all.size[1] * all.size[2]);
  bank.kernel.clear();
  for (std::int64_t x = taps[0].first; x < taps[0].end; ++x) {
    for (std::int64_t y = taps[1].first; y < taps[1].end; ++y) {
      const std::int64_t row = (x * all.size[1] + y) * all.size[2];
      bank.kernel.insert(bank.kernel.end(), all.kernel.begin() + (row + taps[2].first) * tap,
                         all.kernel.begin() + (row + taps[2].end) * tap);
    }
  }
  return bank;
}

// The filter of one channel, repeated for `channels` channels.
FilterBank repeated(const FilterBank& one, std::int64_t channels) {
  const auto times = static_cast<std::size_t>(channels);
  FilterBank bank = one;
  bank.in = bank.out = bank.groups = channels;
  bank.kernel.clear();
  for (const float value : one.kernel)
    bank.kernel.insert(bank.kernel.end(), times, value);
  if (!one.bias.empty()) bank.bias.assign(times, one.bias.front());
  return bank;
}

// The part of the samples that begins at `begin` and has the size of `part`.
void copy_part(const SampleView& from, const std::array<std::int64_t, 3>& begin, const Shape& part,
               std::uint8_t* to) {
  std::array<std::int64_t, 3> all{1, 1, 1};
  std::array<std::int64_t, 3> n{1, 1, 1};
  for (int a = 0; a < part.rank; ++a) {
    all.at(static_cast<std::size_t>(a)) = from.shape[a];
    n.at(static_cast<std::size_t>(a)) = part[a];
  }
  const auto pixel = static_cast<std::size_t>(part.channels) * size_of(from.dtype);
  const auto run = static_cast<std::size_t>(n[2]) * pixel;
  for (std::int64_t b = 0; b < from.batch; ++b) {
    for (std::int64_t x = begin[0]; x < begin[0] + n[0]; ++x) {
      for (std::int64_t y = begin[1]; y < begin[1] + n[1]; ++y) {
        const std::int64_t at = ((b * all[0] + x) * all[1] + y) * all[2] + begin[2];
        std::memcpy(to, from.samples + static_cast<std::size_t>(at) * pixel, run);
        to += run;
      }
    }
  }
}

struct Key {
  std::uint64_t convolution;
  Shape in;
  std::int64_t batch;
  std::vector<ConvolvedAxis> axes;
  Taps taps;
  bool operator==(const Key&) const = default;
};

// The primitives of this thread; the last used is the first.
std::list<std::pair<Key, Primitive>>& kept_primitives() {
  thread_local std::list<std::pair<Key, Primitive>> kept;
  return kept;
}

}  // namespace

struct Convolution::Prepared {
  std::uint64_t id;  // different for each convolution, also for deleted ones
  std::mutex mutex;
  // The banks in use, by taps and by number of repeated channels, with the layouts of each. No
  // element is removed or moved.
  std::map<std::pair<std::array<std::int64_t, 6>, std::int64_t>, FilterBank> banks;
  std::map<const FilterBank*, std::list<std::pair<memory::desc, memory>>> kernels;

  const FilterBank& bank(const FilterBank& all, const Taps& taps, std::int64_t channels) {
    std::array<std::int64_t, 6> ends{};
    bool whole = true;
    for (std::size_t a = 0; a < taps.size(); ++a) {
      ends.at(2 * a) = taps.at(a).first;
      ends.at(2 * a + 1) = taps.at(a).end;
      whole = whole && taps.at(a) == TapRange{0, all.size.at(a)};
    }
    if (whole && !all.each_channel) return all;
    const std::lock_guard lock(mutex);
    const std::pair key(ends, all.each_channel ? channels : 0);
    const auto found = banks.find(key);
    if (found != banks.end()) return found->second;
    const FilterBank part = trimmed(all, taps);
    return banks.emplace(key, all.each_channel ? repeated(part, channels) : part).first->second;
  }

  // The kernel in this layout. Memory that was returned once is not written again.
  const memory& kernel(const FilterBank& bank, const memory::desc& layout) {
    const std::lock_guard lock(mutex);
    auto& layouts = kernels[&bank];
    for (const auto& [desc, kernel] : layouts) {
      if (desc == layout) return kernel;
    }
    memory plain(plain_kernel(bank), cpu(), const_cast<float*>(bank.kernel.data()));
    memory laid_out(layout, cpu());
    dnnl::stream stream(cpu());
    dnnl::reorder(plain, laid_out).execute(stream, plain, laid_out);
    stream.wait();
    return layouts.emplace_back(layout, laid_out).second;
  }
};

TapRange used_taps(const ConvolvedAxis& axis, std::int64_t size, std::int64_t in, bool transposed) {
  const std::int64_t narrow = transposed ? in : axis.out;
  const std::int64_t wide = transposed ? axis.out : in;
  // Whether one of the places p * stride + offset, p = 0 .. narrow - 1, is in [0, wide).
  const auto meets = [&](std::int64_t tap) {
    const std::int64_t offset = tap * axis.dilation - axis.before;
    const std::int64_t p = offset < 0 ? (-offset + axis.stride - 1) / axis.stride : 0;
    return p < narrow && p * axis.stride + offset < wide;
  };
  TapRange taps{0, size};
  while (taps.first < taps.end && !meets(taps.first))
    ++taps.first;
  if (taps.first == taps.end) return {0, 0};
  while (!meets(taps.end - 1))
    --taps.end;
  return taps;
}

Convolution::Convolution(FilterBank bank)
    : bank_(std::move(bank)), prepared_(std::make_unique<Prepared>()) {
  static std::atomic<std::uint64_t> count{0};
  prepared_->id = count++;
  assert(bank_.in % bank_.groups == 0 && bank_.out % bank_.groups == 0);
  assert(!bank_.transposed || (bank_.groups == 1 && !bank_.each_channel));
}

Convolution::~Convolution() = default;

Shape Convolution::shape_of(const Shape& in, std::span<const ConvolvedAxis> axes) const {
  Shape out = in;
  out.channels = channels_of(in.channels);
  for (int a = 0; a < out.rank; ++a)
    out[a] = axes[static_cast<std::size_t>(a)].out;
  return out;
}

void Convolution::run(const Tensor& from, std::span<const ConvolvedAxis> axes, Tensor& to) const {
  to.reset(shape_of(from.shape, axes), DType::Float32, from.batch);
  run(SampleView{from.data.data(), from.shape, from.dtype, from.batch}, axes,
      reinterpret_cast<float*>(to.data.data()));
}

void Convolution::run(const SampleView& from, std::span<const ConvolvedAxis> axes,
                      float* to) const {
  assert(from.shape.rank == bank_.rank);
  assert(bank_.each_channel || from.shape.channels == bank_.in);
  const Shape shape = shape_of(from.shape, axes);
  Shape out = shape;

  // oneDNN does not get the taps at the ends of an axis that meet only padding. They cost time, and
  // oneDNN 3.7.2 adds them wrongly on AVX-512 if the output is one column wide.
  Key key{prepared_->id, from.shape, from.batch, {axes.begin(), axes.end()}, {}};
  std::array<std::int64_t, 3> begin{};  // of the part of the input that is used
  for (int a = 0; a < bank_.rank; ++a) {
    const auto i = static_cast<std::size_t>(a);
    ConvolvedAxis& axis = key.axes[i];
    TapRange& taps = key.taps.at(i);
    taps = used_taps(axis, bank_.size.at(i), from.shape[a], bank_.transposed);
    if (taps == TapRange{0, 0}) return fill_without_sum(shape, from.batch, to);
    // oneDNN accepts no negative padding before the image; after it, padding must be more than
    // -stride. Input that no tap meets is cut off. Output must always be made, therefore its taps
    // stay.
    const auto end = [&] {  // of the last window, from the beginning of the longer side
      const std::int64_t windows = bank_.transposed ? from.shape[a] : axis.out;
      const std::int64_t reach = (taps.end - taps.first - 1) * axis.dilation + 1;
      return (windows - 1) * axis.stride + reach - axis.before;
    };
    if (bank_.transposed) {
      taps.first = std::min(taps.first, axis.before / axis.dilation);
      axis.before -= taps.first * axis.dilation;
      while (taps.end < bank_.size.at(i) && end() + axis.stride <= axis.out)
        ++taps.end;
    } else {
      axis.before -= taps.first * axis.dilation;
      begin.at(i) = std::max<std::int64_t>(-axis.before, 0);
      axis.before += begin.at(i);
      key.in[a] -= begin.at(i);
      if (end() + axis.stride <= key.in[a]) key.in[a] = end();
    }
  }

  const std::uint8_t* source = from.samples;
  const auto count = static_cast<std::size_t>(from.batch * key.in.pixels() * key.in.channels);
  thread_local Buffer part;
  // Only if the kernel has gaps and the image is not larger than they are.
  if (key.in != from.shape) {
    part.resize(count * size_of(from.dtype));
    copy_part(from, begin, key.in, part.data());
    source = part.data();
  }
  thread_local Buffer floats;
  if (from.dtype != DType::Float32) {
    floats.resize(count * sizeof(float));
    cast_to_float(source, from.dtype, count, reinterpret_cast<float*>(floats.data()));
    source = floats.data();
  }

  if (is_upright(bank_, key.taps, key.in, key.axes)) {
    const int last = out.rank - 1;
    const std::int64_t row = out[last] * out.channels;
    std::int64_t lanes = std::min(row, kLanes);
    while (row % lanes != 0)
      --lanes;
    if (lanes > out.channels) {
      key.in.channels = out.channels = lanes;
      key.in[last] = out[last] = key.axes.back().out = row / lanes;
    }
  }
  const FilterBank& bank = prepared_->bank(bank_, key.taps, key.in.channels);
  const OneThread one_thread;
  auto& kept = kept_primitives();
  const auto found =
      std::find_if(kept.begin(), kept.end(), [&](const auto& entry) { return entry.first == key; });
  if (found != kept.end()) {
    kept.splice(kept.begin(), kept, found);
  } else {
    const memory::desc in_desc = image_desc(key.in, key.batch);
    const memory::desc out_desc = image_desc(out, key.batch);
    Primitive made =
        bank.transposed
            ? make_primitive<dnnl::deconvolution_forward>(
                  bank, dnnl::algorithm::deconvolution_direct, in_desc, out_desc, key.axes, key.in)
            : make_primitive<dnnl::convolution_forward>(bank, dnnl::algorithm::convolution_direct,
                                                        in_desc, out_desc, key.axes, key.in);
    kept.emplace_front(std::move(key), std::move(made));
    if (kept.size() > kKeptPrimitives) kept.pop_back();
  }
  const Primitive& ready = kept.front().second;

  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, memory(ready.from, cpu(), const_cast<std::uint8_t*>(source))},
      {DNNL_ARG_WEIGHTS, prepared_->kernel(bank, ready.kernel)},
      {DNNL_ARG_DST, memory(ready.to, cpu(), to)}};
  if (!bank.bias.empty()) {
    arguments.emplace(DNNL_ARG_BIAS, memory({{bank.out}, memory::data_type::f32, Tag::x}, cpu(),
                                            const_cast<float*>(bank.bias.data())));
  }
  dnnl::stream stream(cpu());
  ready.primitive.execute(stream, arguments);
  stream.wait();
  floats.shrink(kKeptFloats);
  part.shrink(kKeptFloats);
  if (bank.activation != Activation::Relu)
    activate(bank.activation, bank.softmax_axis, shape, from.batch, to);
}

// No tap meets the image: every sum is 0.
void Convolution::fill_without_sum(const Shape& shape, std::int64_t batch, float* to) const {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const auto count = static_cast<std::size_t>(batch * shape.pixels()) * channels;
  for (std::size_t i = 0; i < count; ++i)
    to[i] = bank_.bias.empty() ? 0.0F : bank_.bias[bank_.each_channel ? 0 : i % channels];
  activate(bank_.activation, bank_.softmax_axis, shape, batch, to);
}

bool can_convolve() {
  return true;
}

std::string convolution_library() {
  const dnnl_version_t* version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch) + ", " +
         onednn::processor_name(onednn::kProcessors, dnnl::get_effective_cpu_isa());
}

void activate(Activation activation, int softmax_axis, Tensor& tensor) {
  assert(tensor.dtype == DType::Float32);
  activate(activation, softmax_axis, tensor.shape, tensor.batch,
           reinterpret_cast<float*>(tensor.data.data()));
}

}  // namespace deckle

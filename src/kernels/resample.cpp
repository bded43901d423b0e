// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <numbers>
#include <span>
#include <type_traits>

#include "kernels/convert.h"

// A second copy for processors with 256-bit registers, chosen at start-up. The sums are the same in
// the same order, without FMA (-ffp-contract=off), so the bits are the same too. clang 14 cannot do
// this to templates.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define DECKLE_WIDE __attribute__((target_clones("default", "avx2")))
#else
#define DECKLE_WIDE
#endif

namespace deckle {
namespace {

// ---- kernels
//
// Of a distance x >= 0 in source pixels. The elementary functions are our own sums: those of C
// libraries differ in the last bit between versions and processors.

constexpr auto kSineSeries = [] {  // (-1)^k / (2k + 1)!
  std::array<double, 12> series{};
  double term = 1;
  for (std::size_t k = 0; k < series.size(); ++k) {
    series.at(k) = term;
    term /= -static_cast<double>((2 * k + 2) * (2 * k + 3));
  }
  return series;
}();

double sin_pi(double x) {
  const double nearest = std::floor(x + 0.5);
  const double y = std::numbers::pi * (x - nearest);  // -pi/2 to pi/2
  double sum = 0;
  for (std::size_t k = kSineSeries.size(); k-- > 0;)
    sum = sum * (y * y) + kSineSeries[k];
  const bool odd = static_cast<std::int64_t>(nearest) % 2 != 0;
  return odd ? -y * sum : y * sum;
}

double exp_of_minus(double x) {  // 0 <= x < 5
  double sum = 1;
  for (double k = 16; k > 0; --k)
    sum = 1 - x / 16 / k * sum;
  for (int i = 0; i < 4; ++i)
    sum *= sum;
  return sum;
}

double triangle(double x) {
  return x < 1 ? 1 - x : 0;
}

double keys(double x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

double mitchell(double x) {
  if (x < 1) return (7.0 * x - 12.0) * x * x / 6 + 8.0 / 9;
  if (x < 2) return ((-7.0 / 3 * x + 12.0) * x - 20.0) * x / 6 + 16.0 / 9;
  return 0;
}

double gaussian(double x) {
  return x < 1.5 ? exp_of_minus(2 * x * x) : 0;  // x^2 / (2 * 0.5^2)
}

template <int kRadius>
double lanczos(double x) {
  if (x <= 1e-3) return 1;
  if (x >= kRadius) return 0;
  const double pi_x = std::numbers::pi * x;
  return kRadius * sin_pi(x) * sin_pi(x / kRadius) / (pi_x * pi_x);
}

struct Kernel {
  double radius;
  double (*at)(double distance);
};

// In the order of Interpolation. Nearest and area have taps of their own.
constexpr std::array<Kernel, kInterpolations.size()> kKernels{{{0, nullptr},
                                                               {1, triangle},
                                                               {2, keys},
                                                               {0, nullptr},
                                                               {3, lanczos<3>},
                                                               {5, lanczos<5>},
                                                               {1.5, gaussian},
                                                               {2, mitchell}}};

// ---- taps

// Zeros at the ends are left out: they would only spread NaN.
void add_output(AxisTaps& taps, std::int64_t first, std::span<const double> weights) {
  while (weights.front() == 0) {
    weights = weights.subspan(1);
    ++first;
  }
  while (weights.back() == 0)
    weights = weights.first(weights.size() - 1);
  double sum = 0;
  for (const double weight : weights)
    sum += weight;
  taps.first.push_back(static_cast<std::int32_t>(first));
  for (const double weight : weights)
    taps.weights.push_back(weight / sum);
  taps.offset.push_back(static_cast<std::int64_t>(taps.weights.size()));
}

// TensorFlow's own rule for two taps: a centre in floating point, its neighbours held inside.
template <typename T>
void add_bilinear(AxisTaps& taps, std::int64_t in, std::int64_t out) {
  const T scale = static_cast<T>(in) / static_cast<T>(out);
  for (std::int64_t j = 0; j < out; ++j) {
    const T centre = (static_cast<T>(j) + T{0.5}) * scale - T{0.5};
    const auto inside = [&](T index) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(index), 0, in - 1);
    };
    const std::int64_t low = inside(std::floor(centre));
    const T weight = centre - std::floor(centre);
    taps.first.push_back(static_cast<std::int32_t>(low));
    if (inside(std::ceil(centre)) == low) {
      taps.weights.push_back(1);
    } else {
      taps.weights.push_back(1 - static_cast<double>(weight));
      taps.weights.push_back(static_cast<double>(weight));
    }
    taps.offset.push_back(static_cast<std::int64_t>(taps.weights.size()));
  }
}

// Overlaps of [j * in, (j + 1) * in) with [i * out, (i + 1) * out): whole numbers, nothing to
// round.
void add_area(AxisTaps& taps, std::int64_t in, std::int64_t out) {
  std::vector<double> weights;
  for (std::int64_t j = 0; j < out; ++j) {
    const std::int64_t begin = j * in;
    const std::int64_t end = begin + in;
    const std::int64_t first = begin / out;
    weights.clear();
    for (std::int64_t i = first; i * out < end; ++i) {
      weights.push_back(
          static_cast<double>(std::min(end, (i + 1) * out) - std::max(begin, i * out)));
    }
    add_output(taps, first, weights);
  }
}

// Distances are fractions of whole numbers, each rounded once: what is symmetric stays so, and a
// kernel's end is met exactly.
void add_kernel(AxisTaps& taps, std::int64_t in, std::int64_t out, const Kernel& kernel,
                bool antialias) {
  const std::int64_t unit = antialias ? std::max(in, out) : out;  // of the kernel, in 1 / out
  const double reach = kernel.radius * static_cast<double>(unit) / static_cast<double>(out);
  std::vector<double> weights;
  for (std::int64_t j = 0; j < out; ++j) {
    const double centre =
        static_cast<double>((2 * j + 1) * in) / (2 * static_cast<double>(out)) - 0.5;
    const auto first = static_cast<std::int64_t>(std::max(std::floor(centre - reach), 0.0));
    const auto last = std::min(static_cast<std::int64_t>(std::ceil(centre + reach)), in - 1);
    weights.clear();
    for (std::int64_t i = first; i <= last; ++i) {
      const std::int64_t twice = (2 * j + 1) * in - (2 * i + 1) * out;
      weights.push_back(
          kernel.at(static_cast<double>(std::abs(twice)) / (2 * static_cast<double>(unit))));
    }
    add_output(taps, first, weights);
  }
}

bool widened(std::int64_t in, std::int64_t out, const Resampling& how) {
  return how.antialias && in > out;
}

// ---- rows
//
// Rows are arrays of width = cols * channels samples. A row of our own has room for kSpare more, so
// that three channels can be read and written as four.

constexpr std::size_t kSpare = 4;

template <typename T>
std::vector<T> spare_row(std::size_t width) {
  return std::vector<T>(width + kSpare);
}

template <typename S, typename T>
DECKLE_WIDE void convert_row(const S* from, std::size_t width, T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = static_cast<T>(from[i]);
}

template <typename T>
T between(T low, T high, T weight) {
  return low + (high - low) * weight;
}

template <typename S, typename T>
DECKLE_WIDE void blend_rows(const S* low, const S* high, const T* weights, std::size_t width,
                            T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = between(static_cast<T>(low[i]), static_cast<T>(high[i]), weights[i]);
}

template <typename T>
DECKLE_WIDE void blend_rows_evenly(const T* low, const T* high, T weight, std::size_t width,
                                   T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = between(low[i], high[i], weight);
}

// The first kCount taps of an output row, or the next ones.
template <std::size_t kCount, bool kFirst, typename S, typename T>
DECKLE_WIDE void add_rows(const S* const* rows, const T* weights, std::size_t width, T* to) {
  const S* row[kCount];
  T weight[kCount];
  for (std::size_t k = 0; k < kCount; ++k) {
    row[k] = rows[k];
    weight[k] = weights[k];
  }
  for (std::size_t i = 0; i < width; ++i) {
    T sum = kFirst ? weight[0] * static_cast<T>(row[0][i])
                   : to[i] + weight[0] * static_cast<T>(row[0][i]);
    for (std::size_t k = 1; k < kCount; ++k)
      sum += weight[k] * static_cast<T>(row[k][i]);
    to[i] = sum;
  }
}

// Four taps at a time keep the sums in registers; the order is that of one at a time.
template <bool kFirst, typename S, typename T>
void add_up_to_four_rows(const S* const* rows, const T* weights, std::size_t count,
                         std::size_t width, T* to) {
  switch (count) {
    case 1:
      return add_rows<1, kFirst>(rows, weights, width, to);
    case 2:
      return add_rows<2, kFirst>(rows, weights, width, to);
    case 3:
      return add_rows<3, kFirst>(rows, weights, width, to);
    default:
      return add_rows<4, kFirst>(rows, weights, width, to);
  }
}

template <typename S, typename T>
void filter_rows(const S* const* rows, const T* weights, std::size_t count, std::size_t width,
                 T* to) {
  add_up_to_four_rows<true>(rows, weights, std::min<std::size_t>(count, 4), width, to);
  for (std::size_t k = 4; k < count; k += 4) {
    add_up_to_four_rows<false>(rows + k, weights + k, std::min<std::size_t>(count - k, 4), width,
                               to);
  }
}

// Taps with weights of the type that is computed in.
template <typename T>
struct Taps {
  explicit Taps(const AxisTaps& taps)
      : first(taps.first), offset(taps.offset), weights(taps.weights.begin(), taps.weights.end()) {}

  const std::vector<std::int32_t>& first;
  const std::vector<std::int64_t>& offset;
  std::vector<T> weights;

  struct Output {
    std::size_t first;
    std::size_t count;
    const T* weights;
  };
  [[nodiscard]] Output operator[](std::size_t j) const {
    return {static_cast<std::size_t>(first[j]), static_cast<std::size_t>(offset[j + 1] - offset[j]),
            weights.data() + offset[j]};
  }
  [[nodiscard]] std::size_t size() const { return first.size(); }
};

template <typename T>
void filter_pixel(const T* from, const typename Taps<T>::Output& output, std::size_t channels,
                  T* to) {
  for (std::size_t c = 0; c < channels; ++c) {
    const T* sample = from + output.first * channels + c;
    T sum = output.weights[0] * *sample;
    for (std::size_t k = 1; k < output.count; ++k)
      sum += output.weights[k] * sample[k * channels];
    to[c] = sum;
  }
}

template <typename T>
struct FourOf {
  typedef T Type __attribute__((vector_size(4 * sizeof(T))));
};

// Three or four channels at once. `from` has kSpare.
template <std::size_t kChannels, typename T>
void filter_four_cols(const T* from, const Taps<T>& cols, T* to) {
  using Four = typename FourOf<T>::Type;
  const std::size_t last = cols.size() - 1;
  for (std::size_t j = 0; j < last; ++j) {
    const auto output = cols[j];
    const T* pixel = from + output.first * kChannels;
    Four samples;
    std::memcpy(&samples, pixel, sizeof samples);
    Four sum = samples * output.weights[0];
    for (std::size_t k = 1; k < output.count; ++k) {
      std::memcpy(&samples, pixel + k * kChannels, sizeof samples);
      sum += samples * output.weights[k];
    }
    std::memcpy(to + j * kChannels, &sum, sizeof sum);
  }
  filter_pixel(from, cols[last], kChannels, to + last * kChannels);
}

// Four taps, bicubic's number, without a loop.
template <typename T>
void filter_one_channel(const T* from, const Taps<T>& cols, T* to) {
  for (std::size_t j = 0; j < cols.size(); ++j) {
    const auto output = cols[j];
    if (output.count == 4) {
      const T* x = from + output.first;
      const T* w = output.weights;
      to[j] = w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
    } else {
      filter_pixel(from, output, 1, to + j);
    }
  }
}

template <typename T>
void filter_cols(const T* from, const Taps<T>& cols, std::size_t channels, T* to) {
  if (channels == 3) return filter_four_cols<3>(from, cols, to);
  if (channels == 4) return filter_four_cols<4>(from, cols, to);
  if (channels == 1) return filter_one_channel(from, cols, to);
  for (std::size_t j = 0; j < cols.size(); ++j)
    filter_pixel(from, cols[j], channels, to + j * channels);
}

template <typename T, typename To>
DECKLE_WIDE void round_row(const T* from, std::size_t width, To* to) {
  if constexpr (std::is_floating_point_v<To>) {
    for (std::size_t i = 0; i < width; ++i)
      to[i] = static_cast<To>(from[i]);
  } else if constexpr (sizeof(To) <= 2) {
    // In a float of 1.5 * 2^23 and more the last bit is worth 1: adding that rounds, half to even,
    // and leaves the integer in the low bits. Vectorises.
    constexpr float kWhole = 12582912;
    constexpr float kLow = std::numeric_limits<To>::lowest();
    constexpr float kHigh = std::numeric_limits<To>::max();
    for (std::size_t i = 0; i < width; ++i) {
      auto value = static_cast<float>(from[i]);
      if constexpr (kLow < 0) value = value == value ? value : 0;
      value = value > kLow ? value : kLow;  // NaN too
      value = value < kHigh ? value : kHigh;
      to[i] = static_cast<To>(std::bit_cast<std::uint32_t>(value + kWhole));
    }
  } else {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<To>::lowest());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<To>::max());
    for (std::size_t i = 0; i < width; ++i) {
      const auto value = static_cast<double>(from[i]);
      to[i] = std::isnan(value) ? To{0}
              : value >= kHigh  ? std::numeric_limits<To>::max()
                                : static_cast<To>(std::nearbyint(std::max(value, kLow)));
    }
  }
}

// The rows of the result: written in place where it has the type that is computed in, else rounded.
template <typename T>
class Target {
 public:
  explicit Target(Tensor& out)
      : out_(out), width_(out.row_bytes() / size_of(out.dtype)), in_place_(is_type(out.dtype)) {
    if (!in_place_) row_ = spare_row<T>(width_);
  }
  [[nodiscard]] std::size_t width() const { return width_; }

  /// `fill` writes `width` samples.
  template <typename F>
  void row(std::int64_t r, F&& fill) {
    if (in_place_) return fill(reinterpret_cast<T*>(out_.row(r)));
    fill(row_.data());
    with_image_type(out_.dtype, [&](auto zero) {
      round_row(row_.data(), width_, reinterpret_cast<decltype(zero)*>(out_.row(r)));
    });
  }

 private:
  static bool is_type(DType dtype) {
    return with_image_type(dtype, [](auto zero) { return std::is_same_v<decltype(zero), T>; });
  }
  Tensor& out_;
  std::size_t width_;
  bool in_place_;
  std::vector<T> row_;
};

// ---- by two taps

// low + (high - low) * weight, along the columns, then along the rows: TensorFlow's bits.
template <typename T>
struct TwoTaps {
  std::vector<std::int32_t> low;
  std::vector<T> weight;              ///< of high = low + 1
  std::vector<std::size_t> only_low;  ///< outputs where high = low

  explicit TwoTaps(const AxisTaps& taps) : low(taps.first), weight(taps.first.size()) {
    for (std::size_t j = 0; j < low.size(); ++j) {
      const auto begin = static_cast<std::size_t>(taps.offset[j]);
      if (taps.offset[j + 1] - taps.offset[j] == 2) {
        weight[j] = static_cast<T>(taps.weights[begin + 1]);
      } else {
        only_low.push_back(j);
      }
    }
  }
};

// The pixels of both taps side by side, so that the sums vectorise over whole rows. Where there is
// room behind, `kMoved` samples are moved at once: four take one load and one store, three take
// two.
template <std::size_t kChannels, std::size_t kMoved, typename S, typename T>
void pick_pixels(const S* from, const TwoTaps<T>& cols, std::int64_t in, S* lows, S* highs) {
  const std::size_t n = cols.low.size();
  const auto end = std::lower_bound(cols.low.begin(), cols.low.end(), in - 2);
  const auto with_room = static_cast<std::size_t>(end - cols.low.begin());
  for (std::size_t j = 0; j < with_room; ++j) {
    const S* pixel = from + static_cast<std::size_t>(cols.low[j]) * kChannels;
    std::memcpy(lows + j * kChannels, pixel, kMoved * sizeof(S));
    std::memcpy(highs + j * kChannels, pixel + kChannels, kMoved * sizeof(S));
  }
  for (std::size_t j = with_room; j < n; ++j) {
    const S* pixel = from + static_cast<std::size_t>(cols.low[j]) * kChannels;
    const bool second = cols.low[j] + 1 < in;
    std::memcpy(lows + j * kChannels, pixel, kChannels * sizeof(S));
    std::memcpy(highs + j * kChannels, pixel + (second ? kChannels : 0), kChannels * sizeof(S));
  }
  for (const std::size_t j : cols.only_low)
    std::memcpy(highs + j * kChannels, lows + j * kChannels, kChannels * sizeof(S));
}

// One channel: both taps of an output by one load, and told apart by the vectorised sum.
template <typename S, typename T>
void pick_pairs(const S* from, const TwoTaps<T>& cols, std::int64_t in, S* pairs) {
  const std::size_t n = cols.low.size();
  const auto end = std::lower_bound(cols.low.begin(), cols.low.end(), in - 1);
  const auto with_room = static_cast<std::size_t>(end - cols.low.begin());
  for (std::size_t j = 0; j < with_room; ++j)
    std::memcpy(pairs + 2 * j, from + cols.low[j], 2 * sizeof(S));
  for (std::size_t j = with_room; j < n; ++j)
    pairs[2 * j] = pairs[2 * j + 1] = from[in - 1];
  for (const std::size_t j : cols.only_low)
    pairs[2 * j + 1] = pairs[2 * j];
}

template <typename S, typename T>
DECKLE_WIDE void blend_pairs(const S* pairs, const T* weights, std::size_t width, T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = between(static_cast<T>(pairs[2 * i]), static_cast<T>(pairs[2 * i + 1]), weights[i]);
}

template <typename S, typename T>
void pick_pixels(const S* from, const TwoTaps<T>& cols, std::int64_t in, std::size_t channels,
                 S* lows, S* highs) {
  switch (channels) {
    case 2:
      return pick_pixels<2, 2>(from, cols, in, lows, highs);
    case 3:
      return pick_pixels<3, 4>(from, cols, in, lows, highs);
    case 4:
      return pick_pixels<4, 4>(from, cols, in, lows, highs);
    default:
      break;
  }
  for (std::size_t j = 0; j < cols.low.size(); ++j) {
    const S* pixel = from + static_cast<std::size_t>(cols.low[j]) * channels;
    const bool second = cols.low[j] + 1 < in;
    std::copy_n(pixel, channels, lows + j * channels);
    std::copy_n(pixel + (second ? channels : 0), channels, highs + j * channels);
  }
  for (const std::size_t j : cols.only_low)
    std::copy_n(lows + j * channels, channels, highs + j * channels);
}

template <typename S, typename T>
void resample_by_two(const Tensor& source, const TwoTaps<T>& rows, const TwoTaps<T>& cols,
                     Target<T>& target) {
  const std::int64_t in = source.shape.cols();
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  const std::size_t width = target.width();
  std::vector<T> weights;  // of samples
  weights.reserve(width);
  for (const T weight : cols.weight)
    weights.insert(weights.end(), channels, weight);

  std::vector<S> lows = spare_row<S>(channels == 1 ? 2 * width : width);
  std::vector<S> highs = spare_row<S>(width);
  const auto load = [&](std::int32_t r, std::vector<T>& into) {
    const auto* from = reinterpret_cast<const S*>(source.row(r));
    if (channels == 1) {
      pick_pairs(from, cols, in, lows.data());
      return blend_pairs(lows.data(), weights.data(), width, into.data());
    }
    pick_pixels(from, cols, in, channels, lows.data(), highs.data());
    blend_rows(lows.data(), highs.data(), weights.data(), width, into.data());
  };

  // The two source rows at hand, each resampled along the columns once.
  std::vector<T> low(width);
  std::vector<T> high(width);
  std::int32_t low_row = -1;
  std::int32_t high_row = -1;
  auto only_low = rows.only_low.begin();
  for (std::size_t r = 0; r < rows.low.size(); ++r) {
    if (rows.low[r] != low_row) {
      low_row = rows.low[r];
      if (low_row == high_row) {
        low.swap(high);
        high_row = -1;
      } else {
        load(low_row, low);
      }
    }
    const T* second = low.data();
    if (only_low != rows.only_low.end() && *only_low == r) {
      ++only_low;
    } else {
      if (high_row != low_row + 1) {
        high_row = low_row + 1;
        load(high_row, high);
      }
      second = high.data();
    }
    target.row(static_cast<std::int64_t>(r),
               [&](T* to) { blend_rows_evenly(low.data(), second, rows.weight[r], width, to); });
  }
}

// ---- by any number of taps

// Rows first: one pass over the source rows of each output row, then the columns of that.
template <typename S, typename T>
void resample_rows_first(const Tensor& source, const Taps<T>& rows, const Taps<T>& cols,
                         Target<T>& target) {
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  const std::size_t width = static_cast<std::size_t>(source.shape.cols()) * channels;
  std::vector<T> filtered = spare_row<T>(width);
  std::vector<const S*> from;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto output = rows[r];
    from.clear();
    for (std::size_t k = 0; k < output.count; ++k) {
      from.push_back(
          reinterpret_cast<const S*>(source.row(static_cast<std::int64_t>(output.first + k))));
    }
    filter_rows(from.data(), output.weights, output.count, width, filtered.data());
    target.row(static_cast<std::int64_t>(r),
               [&](T* to) { filter_cols(filtered.data(), cols, channels, to); });
  }
}

// Columns first: each source row once, kept in a ring until no output row needs it any more.
template <typename S, typename T>
void resample_cols_first(const Tensor& source, const Taps<T>& rows, const Taps<T>& cols,
                         Target<T>& target) {
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  const std::size_t width = static_cast<std::size_t>(source.shape.cols()) * channels;
  std::vector<T> converted = spare_row<T>(width);
  std::size_t most = 0;
  for (std::size_t r = 0; r < rows.size(); ++r)
    most = std::max(most, rows[r].count);
  std::vector<std::vector<T>> ring(most, spare_row<T>(target.width()));
  std::vector<std::int64_t> held(most, -1);  // by place in the ring: which source row
  std::vector<const T*> from;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto output = rows[r];
    from.clear();
    for (std::size_t k = 0; k < output.count; ++k) {
      const std::size_t row = output.first + k;
      const std::size_t place = row % most;
      if (held[place] != static_cast<std::int64_t>(row)) {
        held[place] = static_cast<std::int64_t>(row);
        convert_row(reinterpret_cast<const S*>(source.row(held[place])), width, converted.data());
        filter_cols(converted.data(), cols, channels, ring[place].data());
      }
      from.push_back(ring[place].data());
    }
    target.row(static_cast<std::int64_t>(r), [&](T* to) {
      filter_rows(from.data(), output.weights, output.count, target.width(), to);
    });
  }
}

// Which order costs less. A tap along the columns counts twice: those vectorise over channels only.
bool rows_are_first(const Shape& source, const AxisTaps& rows, const AxisTaps& cols) {
  const auto row_taps = static_cast<double>(rows.weights.size());
  const auto col_taps = 2 * static_cast<double>(cols.weights.size());
  const auto read =
      static_cast<double>(std::min(source.rows(), static_cast<std::int64_t>(rows.weights.size())));
  const double rows_first =
      row_taps * static_cast<double>(source.cols()) + static_cast<double>(rows.length()) * col_taps;
  const double cols_first = read * col_taps + row_taps * static_cast<double>(cols.length());
  return rows_first <= cols_first;
}

template <typename T>
void resample_in(const Tensor& source, const AxisTaps& rows, const AxisTaps& cols, bool by_two,
                 Tensor& out) {
  Target<T> target(out);
  with_image_type(source.dtype, [&](auto zero) {
    using S = decltype(zero);
    if (by_two) {
      resample_by_two<S, T>(source, TwoTaps<T>(rows), TwoTaps<T>(cols), target);
    } else if (rows_are_first(source.shape, rows, cols)) {
      resample_rows_first<S, T>(source, Taps<T>(rows), Taps<T>(cols), target);
    } else {
      resample_cols_first<S, T>(source, Taps<T>(rows), Taps<T>(cols), target);
    }
  });
}

void resample_nearest(const Tensor& source, const Shape& shape, DType to, Tensor& out) {
  const auto rows = nearest_indices(source.shape.rows(), shape.rows());
  const auto cols = nearest_indices(source.shape.cols(), shape.cols());
  const std::size_t pixel = source.pixel_bytes();
  Tensor other;
  Tensor& moved = to == source.dtype ? out : other;
  moved.reset(shape, source.dtype);
  std::uint8_t* next = moved.data.data();
  for (const std::int32_t r : rows) {
    for (const std::int32_t c : cols) {
      std::memcpy(next, source.row(r) + static_cast<std::size_t>(c) * pixel, pixel);
      next += pixel;
    }
  }
  if (&moved != &out) cast(moved, to, out);
}

}  // namespace

AxisTaps taps_of(std::int64_t in, std::int64_t out, const Resampling& how, DType computed_in) {
  assert(in >= 1 && out >= 1);
  AxisTaps taps;
  taps.first.reserve(static_cast<std::size_t>(out));
  taps.offset.reserve(static_cast<std::size_t>(out) + 1);
  taps.offset.push_back(0);
  const Interpolation by = how.interpolation;
  if (by == Interpolation::Nearest) {
    for (const std::int32_t index : nearest_indices(in, out))
      add_output(taps, index, std::array{1.0});
  } else if (by == Interpolation::Area) {
    add_area(taps, in, out);
  } else if (by == Interpolation::Bilinear && !widened(in, out, how)) {
    if (computed_in == DType::Float64) {
      add_bilinear<double>(taps, in, out);
    } else {
      add_bilinear<float>(taps, in, out);
    }
  } else {
    add_kernel(taps, in, out, kKernels.at(static_cast<std::size_t>(by)), how.antialias);
  }
  return taps;
}

Interval sources_of(const AxisTaps& taps, const Interval& outputs) {
  if (outputs.length() <= 0) return {0, 0};
  Interval sources{std::numeric_limits<std::int64_t>::max(), 0};
  for (std::int64_t j = outputs.begin; j < outputs.end; ++j) {
    const std::int64_t first = taps.first[static_cast<std::size_t>(j)];
    sources.begin = std::min(sources.begin, first);
    sources.end = std::max(sources.end, first + taps.count(j));
  }
  return sources;
}

std::vector<std::int32_t> nearest_indices(std::int64_t in, std::int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<std::int32_t> indices;
  indices.reserve(static_cast<std::size_t>(out));
  for (std::int64_t j = 0; j < out; ++j) {
    const float at = std::floor((static_cast<float>(j) + 0.5F) * scale);
    indices.push_back(static_cast<std::int32_t>(std::min(static_cast<std::int64_t>(at), in - 1)));
  }
  return indices;
}

void resample(const Tensor& source, std::int64_t rows, std::int64_t cols, const Resampling& how,
              DType to, Tensor& out) {
  assert(source.shape.rank == 2);
  const Shape shape = Shape::image(rows, cols, source.shape.channels);
  if (how.interpolation == Interpolation::Nearest) return resample_nearest(source, shape, to, out);

  out.reset(shape, to);
  const std::int64_t in_rows = source.shape.rows();
  const std::int64_t in_cols = source.shape.cols();
  const AxisTaps row_taps = taps_of(in_rows, rows, how, to);
  const AxisTaps col_taps = taps_of(in_cols, cols, how, to);
  const bool by_two = how.interpolation == Interpolation::Bilinear &&
                      !widened(in_rows, rows, how) && !widened(in_cols, cols, how);
  if (to == DType::Float64) {
    resample_in<double>(source, row_taps, col_taps, by_two, out);
  } else {
    resample_in<float>(source, row_taps, col_taps, by_two, out);
  }
}

void resample_bilinear(const Tensor& source, std::int64_t rows, std::int64_t cols, Tensor& out) {
  resample(source, rows, cols, {}, DType::Float32, out);
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/taps.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>

namespace deckle {
namespace {

// ---- kernels
//
// Functions of a distance x >= 0 in source pixels. Sine and exponential are series here, because
// those of C libraries differ in the last bit between versions and processors.

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

// Weights of zero at the ends are dropped: they would only spread NaN.
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

// TensorFlow's rule for two taps: the centre is a float, and its neighbours are clamped to the
// source.
template <typename T>
void add_bilinear(AxisTaps& taps, std::int64_t in, std::int64_t out, bool from_corners) {
  const T scale = static_cast<T>(in) / static_cast<T>(out);
  for (std::int64_t j = 0; j < out; ++j) {
    const T centre =
        from_corners ? static_cast<T>(j) * scale : (static_cast<T>(j) + T{0.5}) * scale - T{0.5};
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

// Distances are fractions of whole numbers, each rounded once. Therefore symmetric taps have equal
// weights, and a kernel ends exactly.
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
  } else if (by == Interpolation::Bilinear && !(how.antialias && in > out)) {
    if (computed_in == DType::Float64) {
      add_bilinear<double>(taps, in, out, how.from_corners);
    } else {
      add_bilinear<float>(taps, in, out, how.from_corners);
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

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace deckle {
namespace {

struct Tap {
  std::int64_t low;
  std::int64_t high;
  float weight;  ///< of `high`; 1 - weight is that of `low`
};

// Output j looks at (j + 0.5) * in / out - 0.5, in float32 throughout, as TensorFlow's kernel does.
std::vector<Tap> taps(std::int64_t in, std::int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Tap> result;
  result.reserve(static_cast<std::size_t>(out));
  for (std::int64_t j = 0; j < out; ++j) {
    const float centre = (static_cast<float>(j) + 0.5F) * scale - 0.5F;
    const float floor = std::floor(centre);
    const auto inside = [&](float index) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(index), 0, in - 1);
    };
    result.push_back({inside(floor), inside(std::ceil(centre)), centre - floor});
  }
  return result;
}

float between(float low, float high, float weight) {
  return low + (high - low) * weight;
}

// One source row, resampled along the columns.
template <typename T>
void resample_row(const T* from, const std::vector<Tap>& cols, std::size_t channels, float* to) {
  for (const Tap& tap : cols) {
    const T* low = from + static_cast<std::size_t>(tap.low) * channels;
    const T* high = from + static_cast<std::size_t>(tap.high) * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      *to++ = between(static_cast<float>(low[c]), static_cast<float>(high[c]), tap.weight);
    }
  }
}

}  // namespace

void resample_bilinear(const Tensor& source, std::int64_t rows, std::int64_t cols, Tensor& out) {
  out.reset(Shape::image(rows, cols, source.shape.channels), DType::Float32);
  const std::vector<Tap> row_taps = taps(source.shape.rows(), rows);
  const std::vector<Tap> col_taps = taps(source.shape.cols(), cols);
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  const std::size_t width = static_cast<std::size_t>(cols) * channels;

  with_type(source.dtype, [&](auto zero) {
    using T = decltype(zero);
    // The two source rows at hand, each resampled along the columns once.
    std::vector<float> low(width);
    std::vector<float> high(width);
    std::int64_t low_row = -1;
    std::int64_t high_row = -1;
    const auto load = [&](std::int64_t r, std::vector<float>& into) {
      resample_row(reinterpret_cast<const T*>(source.row(r)), col_taps, channels, into.data());
    };
    for (std::int64_t r = 0; r < rows; ++r) {
      const Tap& tap = row_taps[static_cast<std::size_t>(r)];
      if (tap.low != low_row) {
        if (tap.low == high_row) {
          low.swap(high);
          high_row = -1;
        } else {
          load(tap.low, low);
        }
        low_row = tap.low;
      }
      if (tap.high != high_row) {
        if (tap.high == low_row) {
          high = low;
        } else {
          load(tap.high, high);
        }
        high_row = tap.high;
      }
      auto* to = reinterpret_cast<float*>(out.row(r));
      for (std::size_t i = 0; i < width; ++i)
        to[i] = between(low[i], high[i], tap.weight);
    }
  });
}

}  // namespace deckle

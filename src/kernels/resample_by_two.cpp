// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample_by_two.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/resample_avx2.h"
#include "kernels/resample_rows.h"

namespace deckle {
namespace {

template <typename T>
T between(T low, T high, T weight) {
  return low + (high - low) * weight;
}

// Whether T computes exactly with all values of S and their differences. Then a weight of 0 gives
// the low sample and 1 the high one, and the other sample has no effect. (A float may be infinite.)
template <typename S>
constexpr bool kSmall = std::is_integral_v<S> && sizeof(S) <= 2;

// A blend of two values of a type is in the type's range: it needs no saturation.
template <typename To>
To rounded(float value) {
  return static_cast<To>(std::bit_cast<std::uint32_t>(value + kWhole));
}

// ---- taps

template <typename T>
struct TwoTaps {
  /// The high tap is low + 1, inside the source unless all outputs have one tap.
  std::vector<std::int32_t> low;
  std::vector<T> weight;                  ///< of the high tap
  std::vector<std::size_t> single;        ///< outputs of one tap ..
  std::vector<std::int32_t> single_from;  ///< .. and of which

  TwoTaps(const AxisTaps& taps, std::int64_t in) : low(taps.first), weight(taps.first.size()) {
    for (std::size_t j = 0; j < low.size(); ++j) {
      const auto begin = static_cast<std::size_t>(taps.offset[j]);
      if (taps.offset[j + 1] - taps.offset[j] == 2) {
        weight[j] = static_cast<T>(taps.weights[begin + 1]);
        continue;
      }
      single.push_back(j);
      single_from.push_back(low[j]);
      if (low[j] == in - 1) {
        --low[j];
        weight[j] = 1;
      }
    }
  }
};

// ---- one row along the columns

// One channel, the two taps of an output side by side.
template <typename S, typename T>
DECKLE_WIDE void blend_pairs(const S* pairs, const T* weights, std::size_t width, T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = between(static_cast<T>(pairs[2 * i]), static_cast<T>(pairs[2 * i + 1]), weights[i]);
}

template <typename S, typename T>
DECKLE_WIDE void blend_samples(const S* low, const S* high, const T* weights, std::size_t width,
                               T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = between(static_cast<T>(low[i]), static_cast<T>(high[i]), weights[i]);
}

// Pixels of three or four channels as four samples: the low pixel, then the high pixel. For `count`
// outputs they end inside the row.
template <std::size_t kChannels, typename S>
void pick_pixels(const S* from, const std::int32_t* low, std::size_t count, S* lows, S* highs) {
  for (std::size_t j = 0; j < count; ++j) {
    const S* pixel = from + static_cast<std::size_t>(low[j]) * kChannels;
    std::memcpy(lows + j * kChannels, pixel, 4 * sizeof(S));
    std::memcpy(highs + j * kChannels, pixel + kChannels, 4 * sizeof(S));
  }
}

template <std::size_t kChannels>
void blend_floats(const float* from, const std::int32_t* low, std::size_t count,
                  const float* weights, float* to) {
  using Four = FourOf<float>::Type;
  for (std::size_t j = 0; j < count; ++j) {
    const float* pixel = from + static_cast<std::size_t>(low[j]) * kChannels;
    prefetch_ahead(pixel);
    Four sum;
    Four high;
    std::memcpy(&sum, pixel, sizeof sum);
    std::memcpy(&high, pixel + kChannels, sizeof high);
    sum += (high - sum) * weights[j * kChannels];
    std::memcpy(to + j * kChannels, &sum, sizeof sum);
  }
}

// The combinations that have kernels in resample_avx2.
template <typename S, typename T>
constexpr bool kWindows = kAvx2Built&& std::is_same_v<T, float> &&
                          (std::is_same_v<S, std::uint8_t> || std::is_same_v<S, std::uint16_t> ||
                           std::is_same_v<S, float>);
template <typename S, typename T>
constexpr bool kPixels = kWindows<S, T>&& std::is_integral_v<S>;

// The rows of a source, resized to the width of the result. Values that do not change from row to
// row are computed once.
template <typename S, typename T>
class Columns {
 public:
  Columns(const AxisTaps& taps, std::int64_t in, std::int64_t channels)
      : taps_(taps, in),
        in_(in),
        channels_(static_cast<std::size_t>(channels)),
        all_single_(in == 1 || (!kSmall<S> && taps_.single.size() == taps_.low.size())) {
    const std::size_t n = taps_.low.size();
    weights_.reserve(n * channels_ + kSpare);
    for (const T weight : taps_.weight)
      weights_.insert(weights_.end(), channels_, weight);
    weights_.resize(n * channels_ + kSpare);
    if (channels == 1) {
      if constexpr (kWindows<S, T>) {
        if (has_avx2()) set_windows();
      }
      if (first_.empty()) lows_.resize(2 * n);
    } else if (channels == 3 || channels == 4) {
      // The outputs whose four samples of the high pixel end inside the row.
      const std::int64_t last = channels == 3 ? in - 3 : in - 2;
      const auto end = std::upper_bound(taps_.low.begin(), taps_.low.end(), last);
      fours_ = static_cast<std::size_t>(end - taps_.low.begin());
      fours_ -= fours_ % 2;
      lows_ = highs_ = spare_row<S>(n * channels_);
    }
  }

  /// `to` has kSpare samples more.
  void blend(const S* from, T* to) {
    if (all_single_) return blend_singles(from, to);
    std::size_t done = 0;
    if (channels_ == 1) {
      done = blend_grey(from, to);
    } else if (fours_ > 0) {
      blend_fours(from, to);
      done = fours_;
    }
    for (std::size_t i = done * channels_; i < weights_.size() - kSpare; ++i)
      to[i] = sample(from, i);
    if constexpr (!kSmall<S>) blend_singles(from, to);
  }

  /// Whether a kernel makes the blend of two rows directly.
  [[nodiscard]] bool blends_two() const {
    if constexpr (std::is_same_v<S, std::uint8_t> && kPixels<S, T>) return fours_ > 0 && has_avx2();
    return false;
  }

  void blend_two(const S* first, const S* second, T weight, S* to) const {
    if constexpr (std::is_same_v<S, std::uint8_t> && kPixels<S, T>) {
      blend_pixels_of_two(channels_, first, second, taps_.low.data(), fours_, weights_.data(),
                          weight, to);
      for (std::size_t i = fours_ * channels_; i < weights_.size() - kSpare; ++i)
        to[i] = rounded<S>(between(sample(first, i), sample(second, i), weight));
    }
  }

 private:
  // Blocks of eight outputs, from one window or two; none if the taps are too far apart.
  void set_windows() {
    far_ = !set_windows(1);
    if (far_) set_windows(2);
  }

  bool set_windows(std::size_t windows) {
    constexpr std::int64_t kReach = Places<S>::kReach;
    const std::size_t each = kEight / windows;
    const std::size_t blocks = taps_.low.size() / kEight;
    first_.clear();
    places_.assign(blocks, {});
    if (in_ < kReach) return false;
    for (std::size_t j = 0; j < blocks * kEight; j += each) {
      const auto first =
          static_cast<std::int32_t>(std::min<std::int64_t>(taps_.low[j], in_ - kReach));
      if (taps_.low[j + each - 1] + 2 - first > kReach) {
        first_.clear();
        return false;
      }
      first_.push_back(first);
      for (std::size_t i = j; i < j + each; ++i)
        set_place(places_[j / kEight], i % kEight, taps_.low[i] - first);
    }
    return true;
  }

  // Returns the number of outputs that were made.
  std::size_t blend_grey(const S* from, T* to) {
    if constexpr (kWindows<S, T>) {
      if (!first_.empty()) {
        blend_windows(far_, from, first_.data(), places_.data(), places_.size(), weights_.data(),
                      to);
        return places_.size() * kEight;
      }
    }
    const std::size_t n = taps_.low.size();
    if constexpr (kWindows<S, T> && std::is_same_v<S, float>) {
      if (has_avx2()) {
        blend_float_pairs(from, taps_.low.data(), n / 4, weights_.data(), to);
        return n / 4 * 4;
      }
    }
    for (std::size_t j = 0; j < n; ++j)
      std::memcpy(&lows_[2 * j], from + taps_.low[j], 2 * sizeof(S));
    if constexpr (kWindows<S, T> && sizeof(S) == 1) {
      if (has_avx2()) {
        blend_byte_pairs(lows_.data(), weights_.data(), n / kEight, to);
        return n / kEight * kEight;
      }
    }
    blend_pairs(lows_.data(), weights_.data(), n, to);
    return n;
  }

  void blend_fours(const S* from, T* to) {
    const std::int32_t* low = taps_.low.data();
    const T* weights = weights_.data();
    if constexpr (kPixels<S, T>) {
      if (has_avx2()) return blend_pixels(channels_, from, low, fours_, weights, to);
    } else if constexpr (std::is_same_v<S, float> && std::is_same_v<T, float>) {
      return channels_ == 3 ? blend_floats<3>(from, low, fours_, weights, to)
                            : blend_floats<4>(from, low, fours_, weights, to);
    }
    if (channels_ == 3) {
      pick_pixels<3>(from, low, fours_, lows_.data(), highs_.data());
    } else {
      pick_pixels<4>(from, low, fours_, lows_.data(), highs_.data());
    }
    blend_samples(lows_.data(), highs_.data(), weights, fours_ * channels_, to);
  }

  // Output sample i of two taps.
  T sample(const S* from, std::size_t i) const {
    const S* low =
        from + static_cast<std::size_t>(taps_.low[i / channels_]) * channels_ + i % channels_;
    return between(static_cast<T>(low[0]), static_cast<T>(low[channels_]), weights_[i]);
  }

  // Their high sample must have no effect, even if it is infinite.
  void blend_singles(const S* from, T* to) const {
    if (all_single_ && channels_ == 1) {
      for (std::size_t j = 0; j < taps_.single_from.size(); ++j) {
        const auto sample = static_cast<T>(from[taps_.single_from[j]]);
        to[j] = between(sample, sample, T{0});
      }
      return;
    }
    for (std::size_t i = 0; i < taps_.single.size(); ++i) {
      const S* pixel = from + static_cast<std::size_t>(taps_.single_from[i]) * channels_;
      for (std::size_t c = 0; c < channels_; ++c) {
        const auto sample = static_cast<T>(pixel[c]);
        to[taps_.single[i] * channels_ + c] = between(sample, sample, T{0});
      }
    }
  }

  TwoTaps<T> taps_;
  std::int64_t in_;
  std::size_t channels_;
  bool all_single_;
  std::vector<T> weights_;  ///< of samples
  bool far_ = false;
  std::vector<std::int32_t> first_;
  std::vector<Places<std::conditional_t<kWindows<S, T>, S, float>>> places_;
  std::vector<S> lows_;  ///< for one channel: the two taps of each output
  std::vector<S> highs_;
  std::size_t fours_ = 0;  ///< number of pixels of three or four channels that use vectors of four
};

// ---- two rows to one

template <typename T>
DECKLE_WIDE void blend_rows(const T* low, const T* high, T weight, std::size_t width, T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = between(low[i], high[i], weight);
}

template <typename To>
DECKLE_WIDE void blend_rows_rounded(const float* low, const float* high, float weight,
                                    std::size_t width, To* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = rounded<To>(between(low[i], high[i], weight));
}

// ---- half of both sides, from two rows at once

// The order of the sums is that of the general kernel. Sums of small integers are exact, and their
// order has no effect.
struct Bilinear {
  template <typename V>
  static void half(const V& a, const V& b, const V& c, const V& d, V& made) {
    const V above = a + (b - a) * 0.5F;
    const V below = c + (d - c) * 0.5F;
    made = above + (below - above) * 0.5F;
  }
};
struct Area {
  template <typename V>
  static void half(const V& a, const V& b, const V& c, const V& d, V& made) {
    made = (a * 0.5F + c * 0.5F) * 0.5F + (b * 0.5F + d * 0.5F) * 0.5F;
  }
};

template <typename By>
DECKLE_WIDE void halve_grey(const float* first, const float* second, std::size_t count, float* to) {
  constexpr std::size_t kStep = 32;  // 256 bytes of each row
  std::size_t j = 0;
  for (; j + kStep <= count; j += kStep) {
    for (std::size_t line = 0; line < 2 * kStep; line += 16) {
      prefetch_ahead(first + 2 * j + line);
      prefetch_ahead(second + 2 * j + line);
    }
    for (std::size_t i = j; i < j + kStep; ++i)
      By::half(first[2 * i], first[2 * i + 1], second[2 * i], second[2 * i + 1], to[i]);
  }
  for (; j < count; ++j)
    By::half(first[2 * j], first[2 * j + 1], second[2 * j], second[2 * j + 1], to[j]);
}

// A result that is larger than the caches is written past them. Otherwise the processor would read
// that memory first.
constexpr std::size_t kStreamed = 8 << 20;

template <typename By, bool kStream>
void halve_rgba(const float* first, const float* second, std::size_t count, float* to) {
  using Four = FourOf<float>::Type;
  for (std::size_t i = 0; i < 4 * count; i += 4) {
    prefetch_ahead(first + 2 * i);
    prefetch_ahead(second + 2 * i);
    Four four[4];
    std::memcpy(four, first + 2 * i, 2 * sizeof(Four));
    std::memcpy(four + 2, second + 2 * i, 2 * sizeof(Four));
    By::half(four[0], four[1], four[2], four[3], four[0]);
    if constexpr (kStream) {
      stream(to + i, four[0]);
    } else {
      std::memcpy(to + i, four, sizeof(Four));
    }
  }
}

template <typename S, typename F>
bool halve_rows(const Tensor& source, Tensor& out, F&& halve) {
  for (std::int64_t r = 0; r < out.shape.rows(); ++r) {
    halve(reinterpret_cast<const S*>(source.row(2 * r)),
          reinterpret_cast<const S*>(source.row(2 * r + 1)),
          static_cast<std::size_t>(out.shape.cols()), reinterpret_cast<S*>(out.row(r)));
  }
  return true;
}

template <typename S>
bool halve_integers(const Tensor& source, Tensor& out) {
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  if constexpr (kAvx2Built) {
    if (has_avx2() && (channels == 1 || channels == 3 || channels == 4)) {
      return halve_rows<S>(source, out, [&](const S* first, const S* second, std::size_t n, S* to) {
        halve_row(channels, first, second, n, to);
      });
    }
  }
  return false;
}

template <typename By>
bool halve_floats(const Tensor& source, Tensor& out) {
  if (source.shape.channels == 1) return halve_rows<float>(source, out, halve_grey<By>);
  if (source.shape.channels != 4) return false;
  if (out.byte_count() < kStreamed || !can_stream(out.data.data()))
    return halve_rows<float>(source, out, halve_rgba<By, false>);
  halve_rows<float>(source, out, halve_rgba<By, true>);
  end_of_stream();
  return true;
}

template <typename S, typename T>
void resample_rows(const Tensor& source, const AxisTaps& row_taps, const AxisTaps& col_taps,
                   Tensor& out, const Stop& stop) {
  const TwoTaps<T> rows(row_taps, source.shape.rows());
  Columns<S, T> columns(col_taps, source.shape.cols(), source.shape.channels);
  Target<T> target(out);
  const std::size_t width = target.width();
  const auto row_of = [&](std::int32_t r) { return reinterpret_cast<const S*>(source.row(r)); };
  const auto load = [&](std::int32_t r, std::vector<T>& into) {
    columns.blend(row_of(r), into.data());
  };
  const bool two_at_once = out.dtype == source.dtype && columns.blends_two();

  // The two source rows that are in memory now.
  std::vector<T> low = spare_row<T>(width);
  std::vector<T> high = spare_row<T>(width);
  std::int32_t low_row = -1;
  std::int32_t high_row = -1;
  std::size_t singles = 0;
  for (std::size_t r = 0; r < rows.low.size(); ++r) {
    if (is_told(stop)) return;
    const bool single = singles < rows.single.size() && rows.single[singles] == r;
    const std::int32_t first = single ? rows.single_from[singles++] : rows.low[r];
    if constexpr (kSmall<S>) {
      // No other output uses these two rows.
      if (two_at_once && !single && first > std::max(low_row, high_row) &&
          (r + 1 == rows.low.size() || rows.low[r + 1] > first + 1)) {
        columns.blend_two(row_of(first), row_of(first + 1), rows.weight[r],
                          reinterpret_cast<S*>(out.row(static_cast<std::int64_t>(r))));
        continue;
      }
    }
    if (first != low_row) {
      low_row = first;
      if (low_row == high_row) {
        low.swap(high);
        high_row = -1;
      } else {
        load(low_row, low);
      }
    }
    if (!single && high_row != low_row + 1) {
      high_row = low_row + 1;
      load(high_row, high);
    }
    const T* second = single ? low.data() : high.data();
    const T weight = single ? T{0} : rows.weight[r];
    if constexpr (std::is_same_v<T, float> && kSmall<S>) {
      if (out.dtype == source.dtype) {
        blend_rows_rounded(low.data(), second, weight, width,
                           reinterpret_cast<S*>(out.row(static_cast<std::int64_t>(r))));
        continue;
      }
    }
    target.row(static_cast<std::int64_t>(r),
               [&](T* to) { blend_rows(low.data(), second, weight, width, to); });
  }
}

}  // namespace

bool resample_half(const Tensor& source, bool area, Tensor& out) {
  if (out.dtype != source.dtype || source.shape.rows() != 2 * out.shape.rows() ||
      source.shape.cols() != 2 * out.shape.cols()) {
    return false;
  }
  switch (out.dtype) {
    case DType::UInt8:
      return halve_integers<std::uint8_t>(source, out);
    case DType::UInt16:
      return halve_integers<std::uint16_t>(source, out);
    case DType::Float32:
      return area ? halve_floats<Area>(source, out) : halve_floats<Bilinear>(source, out);
    default:
      return false;
  }
}

template <typename T>
void resample_by_two(const Tensor& source, const AxisTaps& rows, const AxisTaps& cols, Tensor& out,
                     const Stop& stop) {
  with_image_type(source.dtype, [&](auto zero) {
    resample_rows<decltype(zero), T>(source, rows, cols, out, stop);
  });
}

template void resample_by_two<float>(const Tensor&, const AxisTaps&, const AxisTaps&, Tensor&,
                                     const Stop&);
template void resample_by_two<double>(const Tensor&, const AxisTaps&, const AxisTaps&, Tensor&,
                                      const Stop&);

}  // namespace deckle

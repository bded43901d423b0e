// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/convert.h"
#include "kernels/resample_avx2.h"
#include "kernels/resample_by_two.h"
#include "kernels/resample_rows.h"

namespace deckle {
namespace {

template <typename S, typename T>
DECKLE_WIDE void convert_row(const S* from, std::size_t width, T* to) {
  for (std::size_t i = 0; i < width; ++i)
    to[i] = static_cast<T>(from[i]);
}

// Sums kCount taps of an output row: the first ones, or the next ones.
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

// Four taps at a time keep the sums in registers. The order of the sums is the same as with one.
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

// Taps whose weights have the type of the computation.
template <typename T>
struct Taps {
  /// For an axis of `in` pixels. `blocks`: it is the axis of columns, and there is one channel.
  Taps(const AxisTaps& taps, std::int64_t in, bool with_blocks)
      : first(taps.first), offset(taps.offset), weights(taps.weights.begin(), taps.weights.end()) {
    if constexpr (kAvx2Built && std::is_same_v<T, float>) {
      if (with_blocks && has_avx2()) make_blocks(in);
    }
  }

  const std::vector<std::int32_t>& first;
  const std::vector<std::int64_t>& offset;
  std::vector<T> weights;

  /// Outputs 8 b to 8 b + 7. `taps` is 0 if their taps are not near each other.
  struct Block {
    std::size_t taps = 0;  ///< of the output that has the most
    bool alike = true;     ///< all outputs have the same number
    std::int32_t first = 0;
    std::size_t weights = 0;  ///< index of the first one, in the order of filter_window
    Places<float> places;
  };
  std::vector<Block> blocks;
  std::vector<float> block_weights;

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

 private:
  void make_blocks(std::int64_t in) {
    blocks.resize(size() / kEight);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      Block& block = blocks[b];
      const std::size_t j = b * kEight;
      std::size_t taps = 0;
      for (std::size_t i = 0; i < kEight; ++i)
        taps = std::max(taps, (*this)[j + i].count);
      const auto [low, high] = std::minmax_element(&first[j], &first[j] + kEight);
      block.first = static_cast<std::int32_t>(
          std::min<std::int64_t>(*low, in - static_cast<std::int64_t>(kEight + taps - 1)));
      if (block.first < 0 || *high - block.first >= 8) continue;
      block.taps = taps;
      block.weights = block_weights.size();
      for (std::size_t i = 0; i < kEight; ++i) {
        set_place(block.places, i, first[j + i] - block.first);
        block.alike = block.alike && (*this)[j + i].count == taps;
      }
      for (std::size_t k = 0; k < taps; ++k) {
        for (std::size_t i = 0; i < kEight; ++i) {
          const Output output = (*this)[j + i];
          block_weights.push_back(k < output.count ? output.weights[k] : kNoTap);
        }
      }
    }
    const auto without = std::count_if(blocks.begin(), blocks.end(),
                                       [](const Block& block) { return block.taps == 0; });
    if (2 * static_cast<std::size_t>(without) > blocks.size()) blocks.clear();
  }
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

// Three or four channels at once. `from` has kSpare samples more.
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
    prefetch_ahead(pixel);
    for (std::size_t k = 1; k < output.count; ++k) {
      std::memcpy(&samples, pixel + k * kChannels, sizeof samples);
      sum += samples * output.weights[k];
    }
    std::memcpy(to + j * kChannels, &sum, sizeof sum);
  }
  filter_pixel(from, cols[last], kChannels, to + last * kChannels);
}

// Three and four taps without a loop: for a third of the size by area, and for bicubic.
template <typename T>
void filter_samples(const T* from, const Taps<T>& cols, std::size_t begin, std::size_t end, T* to) {
  for (std::size_t j = begin; j < end; ++j) {
    const auto output = cols[j];
    const T* x = from + output.first;
    const T* w = output.weights;
    if (output.count == 4) {
      to[j] = w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
    } else if (output.count == 3) {
      to[j] = w[0] * x[0] + w[1] * x[1] + w[2] * x[2];
    } else {
      filter_pixel(from, output, 1, to + j);
    }
  }
}

template <typename T>
void filter_one_channel(const T* from, const Taps<T>& cols, T* to) {
  std::size_t j = 0;
  if constexpr (kAvx2Built && std::is_same_v<T, float>) {
    for (const auto& block : cols.blocks) {
      if (block.taps > 0) {
        filter_window(from + block.first, block.places, block.taps, block.alike,
                      cols.block_weights.data() + block.weights, to + j);
      } else {
        filter_samples(from, cols, j, j + kEight, to);
      }
      j += kEight;
    }
  }
  filter_samples(from, cols, j, cols.size(), to);
}

template <typename T>
void filter_cols(const T* from, const Taps<T>& cols, std::size_t channels, T* to) {
  if (channels == 3) return filter_four_cols<3>(from, cols, to);
  if (channels == 4) return filter_four_cols<4>(from, cols, to);
  if (channels == 1) return filter_one_channel(from, cols, to);
  for (std::size_t j = 0; j < cols.size(); ++j)
    filter_pixel(from, cols[j], channels, to + j * channels);
}

// Rows first: sums the source rows of each output row, then the columns of the sum.
template <typename S, typename T>
void resample_rows_first(const Tensor& source, const Taps<T>& rows, const Taps<T>& cols,
                         Target<T>& target, const Stop& stop) {
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  const std::size_t width = static_cast<std::size_t>(source.shape.cols()) * channels;
  std::vector<T> filtered = spare_row<T>(width);
  std::vector<const S*> from;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (is_told(stop)) return;
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

// Columns first: each source row once. A ring keeps the results while an output row needs them.
template <typename S, typename T>
void resample_cols_first(const Tensor& source, const Taps<T>& rows, const Taps<T>& cols,
                         Target<T>& target, const Stop& stop) {
  const auto channels = static_cast<std::size_t>(source.shape.channels);
  const std::size_t width = static_cast<std::size_t>(source.shape.cols()) * channels;
  std::vector<T> converted = spare_row<T>(width);
  // The row behind each row is its spare memory.
  const auto row_of = [&](std::int64_t r) {
    const auto* row = reinterpret_cast<const S*>(source.row(r));
    if constexpr (std::is_same_v<S, T>) {
      if (r + 1 < source.shape.rows() && width >= kSpare) return row;
    }
    convert_row(row, width, converted.data());
    return static_cast<const T*>(converted.data());
  };
  std::size_t most = 0;
  for (std::size_t r = 0; r < rows.size(); ++r)
    most = std::max(most, rows[r].count);
  std::vector<std::vector<T>> ring(most, spare_row<T>(target.width()));
  std::vector<std::int64_t> held(most, -1);  // the source row at each place in the ring
  std::vector<const T*> from;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (is_told(stop)) return;
    const auto output = rows[r];
    from.clear();
    for (std::size_t k = 0; k < output.count; ++k) {
      const std::size_t row = output.first + k;
      const std::size_t place = row % most;
      if (held[place] != static_cast<std::int64_t>(row)) {
        held[place] = static_cast<std::int64_t>(row);
        filter_cols(row_of(held[place]), cols, channels, ring[place].data());
      }
      from.push_back(ring[place].data());
    }
    target.row(static_cast<std::int64_t>(r), [&](T* to) {
      filter_rows(from.data(), output.weights, output.count, target.width(), to);
    });
  }
}

// Whether this order costs less. A tap along the columns counts twice, because these vectorise over
// channels only.
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
                 Tensor& out, const Stop& stop) {
  if (by_two) return resample_by_two<T>(source, rows, cols, out, stop);
  Target<T> target(out);
  const Taps<T> row_taps(rows, source.shape.rows(), false);
  const Taps<T> col_taps(cols, source.shape.cols(), source.shape.channels == 1);
  with_image_type(source.dtype, [&](auto zero) {
    using S = decltype(zero);
    rows_are_first(source.shape, rows, cols)
        ? resample_rows_first<S, T>(source, row_taps, col_taps, target, stop)
        : resample_cols_first<S, T>(source, row_taps, col_taps, target, stop);
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

void resample(const Tensor& source, std::int64_t rows, std::int64_t cols, const Resampling& how,
              DType to, Tensor& out, const Stop& stop) {
  assert(source.shape.rank == 2);
  const Shape shape = Shape::image(rows, cols, source.shape.channels);
  if (how.interpolation == Interpolation::Nearest) return resample_nearest(source, shape, to, out);

  out.reset(shape, to);
  const AxisTaps row_taps = taps_of(source.shape.rows(), rows, how, to);
  const AxisTaps col_taps = taps_of(source.shape.cols(), cols, how, to);
  const bool area = how.interpolation == Interpolation::Area;
  const bool smaller = rows < source.shape.rows() || cols < source.shape.cols();
  const bool bilinear = how.interpolation == Interpolation::Bilinear && !(how.antialias && smaller);
  if (((bilinear && !how.from_corners) || area) && resample_half(source, area, out)) return;
  // For integers, the two taps of a larger area are blended too: the difference is smaller than the
  // rounding. (Floats may be infinite, and infinity minus infinity is NaN.)
  const bool by_two =
      bilinear || (area && !smaller && !info(source.dtype).is_float && !info(to).is_float);
  if (to == DType::Float64) {
    resample_in<double>(source, row_taps, col_taps, by_two, out, stop);
  } else {
    resample_in<float>(source, row_taps, col_taps, by_two, out, stop);
  }
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// orientation: turns and mirrors whole pixels.
// Shapes  H x W x C  ->  H x W x C for 1 to 4, W x H x C for 5 to 8; any dtype
// Fails   never
// Source  EXIF 2.32, 4.6.4 (the sides of the picture where the stored row 0 and column 0 belong);
//         tests/codecs/orientation_test.cpp compares with a pixel-by-pixel twin
#include "codecs/orientation.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace deckle {
namespace {

// The places of the upright pixels in the stored picture, in bytes.
struct Walk {
  std::ptrdiff_t origin;   // of upright (0, 0)
  std::ptrdiff_t per_row;  // to the pixel below
  std::ptrdiff_t per_col;  // to the pixel on the right
};

Walk walk_of(const Tensor& stored, int orientation) {
  const auto pixel = static_cast<std::ptrdiff_t>(stored.pixel_bytes());
  const auto row = static_cast<std::ptrdiff_t>(stored.row_bytes());
  const std::ptrdiff_t right = row - pixel;  // the last column
  const std::ptrdiff_t bottom = (stored.shape.rows() - 1) * row;
  switch (orientation) {
    case 2:
      return {right, row, -pixel};
    case 3:
      return {bottom + right, -row, -pixel};
    case 4:
      return {bottom, -row, pixel};
    case 5:
      return {0, pixel, row};
    case 6:
      return {bottom, pixel, -row};
    case 7:
      return {bottom + right, -pixel, -row};
    case 8:
      return {right, -pixel, row};
    default:
      return {0, row, pixel};
  }
}

// kPixel: bytes of a pixel, known when compiling; 0: known only at run time.
template <std::size_t kPixel>
void gather(const Tensor& stored, const Walk& walk, Tensor& upright) {
  // A block of both pictures fits in the first-level cache, also if one picture is read column by
  // column.
  constexpr std::int64_t kBlock = 32;
  const std::size_t pixel = kPixel != 0 ? kPixel : stored.pixel_bytes();
  const std::int64_t rows = upright.shape.rows();
  const std::int64_t cols = upright.shape.cols();
  const std::uint8_t* const from = stored.data.data() + walk.origin;
  for (std::int64_t top = 0; top < rows; top += kBlock) {
    const std::int64_t bottom = std::min(top + kBlock, rows);
    for (std::int64_t left = 0; left < cols; left += kBlock) {
      const std::int64_t right = std::min(left + kBlock, cols);
      for (std::int64_t r = top; r < bottom; ++r) {
        std::uint8_t* to = upright.row(r) + static_cast<std::size_t>(left) * pixel;
        const std::uint8_t* at = from + r * walk.per_row + left * walk.per_col;
        for (std::int64_t c = left; c < right; ++c) {
          std::memcpy(to, at, kPixel != 0 ? kPixel : pixel);
          to += pixel;
          // Another step after the last pixel would give a pointer outside of the picture, which is
          // invalid.
          if (c + 1 < right) at += walk.per_col;
        }
      }
    }
  }
}

}  // namespace

void apply_orientation(const Tensor& stored, int orientation, Tensor& upright) {
  assert(stored.shape.rank == 2 && &stored != &upright);
  Shape shape = stored.shape;
  if (orientation >= 5 && orientation <= 8) std::swap(shape[0], shape[1]);
  upright.reset(shape, stored.dtype);
  if (upright.byte_count() == 0) return;

  const Walk walk = walk_of(stored, orientation);
  const bool whole_rows = orientation < 2 || orientation == 4 || orientation > 8;
  if (whole_rows) {
    for (std::int64_t r = 0; r < shape.rows(); ++r) {
      std::memcpy(upright.row(r), stored.data.data() + walk.origin + r * walk.per_row,
                  stored.row_bytes());
    }
    return;
  }
  switch (stored.pixel_bytes()) {
    case 1:
      return gather<1>(stored, walk, upright);
    case 2:
      return gather<2>(stored, walk, upright);
    case 3:
      return gather<3>(stored, walk, upright);
    case 4:
      return gather<4>(stored, walk, upright);
    case 6:
      return gather<6>(stored, walk, upright);
    case 8:
      return gather<8>(stored, walk, upright);
    case 12:
      return gather<12>(stored, walk, upright);
    case 16:
      return gather<16>(stored, walk, upright);
    default:
      return gather<0>(stored, walk, upright);
  }
}

namespace {

Interval mirrored(const Interval& range, std::int64_t length) {
  return {length - range.end, length - range.begin};
}

// An orientation is a transposition (or none), then mirrored axes (or none).
bool exchanges_axes(int orientation) {
  return orientation >= 5 && orientation <= 8;
}
bool mirrors_rows(int o) {
  return o == 3 || o == 4 || o == 6 || o == 7;
}
bool mirrors_cols(int o) {
  return o == 2 || o == 3 || o == 7 || o == 8;
}

Window mirror_stored(Window window, int orientation, const Shape& stored) {
  if (mirrors_rows(orientation)) window[0] = mirrored(window[0], stored.rows());
  if (mirrors_cols(orientation)) window[1] = mirrored(window[1], stored.cols());
  return window;
}

}  // namespace

Window to_stored(const Window& upright, int orientation, const Shape& stored) {
  Window window = upright;
  if (exchanges_axes(orientation)) std::swap(window[0], window[1]);
  return mirror_stored(window, orientation, stored);
}

Window to_upright(const Window& in_stored, int orientation, const Shape& stored) {
  Window window = mirror_stored(in_stored, orientation, stored);
  if (exchanges_axes(orientation)) std::swap(window[0], window[1]);
  return window;
}

}  // namespace deckle

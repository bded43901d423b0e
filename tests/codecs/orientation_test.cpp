// SPDX-License-Identifier: Apache-2.0
#include "codecs/orientation.h"

#include <array>
#include <cstring>

#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;

namespace {

// As EXIF defines it: the side of the picture where stored row 0 is, and the side where stored
// column 0 is.
struct Sides {
  char row0;
  char col0;
};
constexpr std::array<Sides, 9> kSides{{{'t', 'l'},
                                       {'t', 'l'},
                                       {'t', 'r'},
                                       {'b', 'r'},
                                       {'b', 'l'},
                                       {'l', 't'},
                                       {'r', 't'},
                                       {'r', 'b'},
                                       {'l', 'b'}}};

// Pixel by pixel, from this definition alone.
Tensor naive(const Tensor& in, int orientation) {
  const Sides sides = kSides.at(static_cast<std::size_t>(orientation));
  const bool turned = sides.row0 == 'l' || sides.row0 == 'r';
  const std::int64_t rows = turned ? in.shape.cols() : in.shape.rows();
  const std::int64_t cols = turned ? in.shape.rows() : in.shape.cols();
  Tensor out;
  out.reset(Shape::image(rows, cols, in.shape.channels), in.dtype);
  const auto place = [&](char side, std::int64_t distance, std::int64_t& row, std::int64_t& col) {
    if (side == 't') row = distance;
    if (side == 'b') row = rows - 1 - distance;
    if (side == 'l') col = distance;
    if (side == 'r') col = cols - 1 - distance;
  };
  for (std::int64_t r = 0; r < in.shape.rows(); ++r) {
    for (std::int64_t c = 0; c < in.shape.cols(); ++c) {
      std::int64_t row = 0;
      std::int64_t col = 0;
      place(sides.row0, r, row, col);
      place(sides.col0, c, row, col);
      const std::size_t pixel = in.pixel_bytes();
      std::memcpy(out.row(row) + static_cast<std::size_t>(col) * pixel,
                  in.row(r) + static_cast<std::size_t>(c) * pixel, pixel);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("every orientation equals its pixel-by-pixel twin for every pixel size",
          "[codecs][orientation]") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const DType dtype : {DType::UInt8, DType::UInt16, DType::Float32, DType::Float64}) {
      for (std::int64_t channels = 1; channels <= 5; ++channels) {
        for (const auto& [rows, cols] : {std::pair{1, 1}, {1, 70}, {70, 1}, {33, 64}, {65, 40}}) {
          const Tensor in = test::picture(rows, cols, channels, dtype);
          Tensor out;
          apply_orientation(in, orientation, out);
          INFO(orientation << " " << to_string(in.shape) << " " << name_of(dtype));
          REQUIRE(test::same(out, naive(in, orientation)));
        }
      }
    }
  }
}

TEST_CASE("an orientation outside 1 to 8 leaves the picture as it is", "[codecs][orientation]") {
  const Tensor in = test::picture(5, 7, 3);
  for (const int orientation : {0, 9, -1}) {
    Tensor out;
    apply_orientation(in, orientation, out);
    CHECK(test::same(in, out));
  }
}

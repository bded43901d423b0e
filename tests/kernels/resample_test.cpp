// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.h"
#include "support/samples.h"

using namespace deckle;
using Numbers = std::vector<double>;

namespace {

// The rule in double precision. Per axis: centre f = (j + 0.5) * in / out - 0.5, the two neighbours
// floor f and ceil f held inside the image, weight f - floor f for the second.
struct Neighbours {
  std::int64_t low;
  std::int64_t high;
  double weight;
};
Neighbours neighbours(std::int64_t j, std::int64_t in, std::int64_t out) {
  const double f =
      (static_cast<double>(j) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
  return {std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(f)), 0),
          std::min<std::int64_t>(static_cast<std::int64_t>(std::ceil(f)), in - 1),
          f - std::floor(f)};
}

double naive_bilinear(const Tensor& image, std::int64_t rows, std::int64_t cols, std::int64_t r,
                      std::int64_t c, std::int64_t k) {
  const Neighbours y = neighbours(r, image.shape.rows(), rows);
  const Neighbours x = neighbours(c, image.shape.cols(), cols);
  const double top = test::sample(image, y.low, x.low, k) * (1 - x.weight) +
                     test::sample(image, y.low, x.high, k) * x.weight;
  const double bottom = test::sample(image, y.high, x.low, k) * (1 - x.weight) +
                        test::sample(image, y.high, x.high, k) * x.weight;
  return top * (1 - y.weight) + bottom * y.weight;
}

Numbers resized(const Tensor& image, std::int64_t rows, std::int64_t cols) {
  Tensor out;
  resample_bilinear(image, rows, cols, out);
  CHECK(out.dtype == DType::Float32);
  CHECK(out.shape == Shape::image(rows, cols, image.shape.channels));
  return test::samples(out);
}

}  // namespace

TEST_CASE("bilinear resizing agrees with its twin in double precision") {
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp): the same in every run
  const auto side = [&] { return std::int64_t{1} + static_cast<std::int64_t>(random() % 40); };
  for (const DType dtype :
       {DType::UInt8, DType::Int8, DType::UInt16, DType::Int16, DType::Float32, DType::Float64}) {
    // Floats of 24 bits: the weight is wrong by up to about 40 * 2^-24 (the centre's rounding),
    // each of four sums by 2^-24 of the values. 64 * 2^-24 of the largest contrast covers both.
    const double contrast = info(dtype).is_float ? 2000.0 : size_of(dtype) == 1 ? 255.0 : 65535.0;
    const double tolerance = 64.0 / 16777216.0 * contrast;
    for (int round = 0; round < 60; ++round) {
      const std::int64_t channels = 1 + round % 4;
      const Tensor image = test::noise(Shape::image(side(), side(), channels), dtype, random);
      const std::int64_t rows = side();
      const std::int64_t cols = side();
      INFO(name_of(dtype) << ", " << to_string(image.shape) << " to " << rows << " x " << cols);
      Tensor out = test::noise(Shape::image(2, 3, 1), DType::UInt8, random);  // an old use
      resample_bilinear(image, rows, cols, out);
      REQUIRE(out.shape == Shape::image(rows, cols, channels));
      REQUIRE(out.dtype == DType::Float32);
      double worst = 0;
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < cols; ++c) {
          for (std::int64_t k = 0; k < channels; ++k) {
            worst = std::max(worst, std::abs(test::sample(out, r, c, k) -
                                             naive_bilinear(image, rows, cols, r, c, k)));
          }
        }
      }
      REQUIRE(worst <= tolerance);
    }
  }
}

TEST_CASE("resizing looks at the centres of pixels and clamps at the edges") {
  const Tensor two = test::tensor_of(Shape::image(1, 2, 1), DType::UInt8, {0, 100});
  CHECK(resized(two, 1, 4) == Numbers{0, 25, 75, 100});
  const Tensor four = test::tensor_of(Shape::image(4, 1, 1), DType::UInt8, {0, 10, 20, 40});
  CHECK(resized(four, 2, 1) == Numbers{5, 30});
}

TEST_CASE("making smaller looks at two pixels and skips the others") {
  // An average of all eight would not be 0.
  const Tensor eight =
      test::tensor_of(Shape::image(1, 8, 1), DType::UInt8, {9, 9, 9, 0, 0, 9, 9, 9});
  CHECK(resized(eight, 1, 1) == Numbers{0});
}

TEST_CASE("the same size gives every pixel back") {
  std::mt19937 random(4);  // NOLINT(cert-msc51-cpp)
  const Tensor image = test::noise(Shape::image(7, 5, 3), DType::UInt16, random);
  CHECK(resized(image, 7, 5) == test::samples(image));
}

TEST_CASE("one pixel becomes an even picture") {
  const Tensor one = test::tensor_of(Shape::image(1, 1, 2), DType::Float32, {1.5, -2});
  CHECK(resized(one, 1, 3) == Numbers{1.5, -2, 1.5, -2, 1.5, -2});
  CHECK(resized(one, 3, 1) == Numbers{1.5, -2, 1.5, -2, 1.5, -2});
}

TEST_CASE("enlarging by whole factors is exact where the weights are") {
  const Tensor image = test::tensor_of(Shape::image(2, 2, 1), DType::UInt8, {0, 40, 80, 120});
  CHECK(resized(image, 4, 4) ==
        Numbers{0, 10, 30, 40, 20, 30, 50, 60, 60, 70, 90, 100, 80, 90, 110, 120});
}

TEST_CASE("channels are not mixed") {
  const Tensor image =
      test::tensor_of(Shape::image(1, 2, 3), DType::UInt8, {0, 100, 200, 4, 104, 204});
  CHECK(resized(image, 1, 4) == Numbers{0, 100, 200, 1, 101, 201, 3, 103, 203, 4, 104, 204});
}

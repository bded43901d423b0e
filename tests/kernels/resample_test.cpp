// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.h"
#include "support/samples.h"

using namespace deckle;
using Numbers = std::vector<double>;

namespace {

// The rule in double precision. For each axis: centre f = (j + 0.5) * in / out - 0.5, the two
// neighbours floor f and ceil f clamped to the image, weight f - floor f for the second.
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

// The rule in the type of the computation, with the order of its sums: TensorFlow's bits. Columns
// first.
template <typename T>
struct ExactNeighbours {
  std::int64_t low;
  std::int64_t high;
  T weight;
  ExactNeighbours(std::int64_t j, std::int64_t in, std::int64_t out) {
    const T scale = static_cast<T>(in) / static_cast<T>(out);
    const T centre = (static_cast<T>(j) + T{0.5}) * scale - T{0.5};
    low = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(centre)), 0, in - 1);
    high = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(centre)), 0, in - 1);
    weight = low == high ? 0 : centre - std::floor(centre);
  }
  [[nodiscard]] T between(T a, T b) const { return a + (b - a) * weight; }
};

template <typename T>
T exact_bilinear(const Tensor& image, const Tensor& out, std::int64_t r, std::int64_t c,
                 std::int64_t k) {
  const ExactNeighbours<T> y(r, image.shape.rows(), out.shape.rows());
  const ExactNeighbours<T> x(c, image.shape.cols(), out.shape.cols());
  const auto at = [&](std::int64_t row) {
    return x.between(static_cast<T>(test::sample(image, row, x.low, k)),
                     static_cast<T>(test::sample(image, row, x.high, k)));
  };
  return y.between(at(y.low), at(y.high));
}

double rounded(double value, DType to) {
  if (info(to).is_float) return value;
  if (std::isnan(value)) return 0;
  return with_image_type(to, [&](auto zero) {
    using Limits = std::numeric_limits<decltype(zero)>;
    return std::clamp(std::nearbyint(value), static_cast<double>(Limits::lowest()),
                      static_cast<double>(Limits::max()));
  });
}

std::int64_t bilinear_mistakes(const Tensor& image, const Tensor& out) {
  std::int64_t wrong = 0;
  for (std::int64_t r = 0; r < out.shape.rows(); ++r) {
    for (std::int64_t c = 0; c < out.shape.cols(); ++c) {
      for (std::int64_t k = 0; k < out.shape.channels; ++k) {
        const double want = out.dtype == DType::Float64
                                ? exact_bilinear<double>(image, out, r, c, k)
                                : rounded(exact_bilinear<float>(image, out, r, c, k), out.dtype);
        const double got = test::sample(out, r, c, k);
        wrong += got == want || (std::isnan(got) && std::isnan(want)) ? 0 : 1;
      }
    }
  }
  return wrong;
}

Numbers resized(const Tensor& image, std::int64_t rows, std::int64_t cols) {
  Tensor out;
  resample(image, rows, cols, {}, DType::Float32, out);
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
      resample(image, rows, cols, {}, DType::Float32, out);
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

TEST_CASE("bilinear resizing equals its twin to the bit, with every kernel") {
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same in every run
  const auto side = [&] { return std::int64_t{1} + static_cast<std::int64_t>(random() % 70); };
  struct Ratio {
    std::int64_t in, out;  // 0: any
  };
  for (const DType dtype : {DType::UInt8, DType::Int8, DType::UInt16, DType::Int16, DType::UInt32,
                            DType::Float32, DType::Float64}) {
    for (const Ratio ratio : {Ratio{1, 1},
                              {1, 2},
                              {1, 3},
                              {1, 4},
                              {2, 3},
                              {2, 1},
                              {3, 1},
                              {4, 1},
                              {10, 7},
                              {0, 0},
                              {0, 0},
                              {0, 0}}) {
      for (const std::int64_t channels : {1, 2, 3, 4, 5}) {
        // Few rows, and more columns than a vector has: every kernel's blocks and the columns after
        // them.
        const bool any = ratio.in == 0;
        const std::int64_t factor = std::max<std::int64_t>({ratio.in, ratio.out, 1});
        const std::int64_t n = 1 + side() % 16;
        const std::int64_t m = 1 + side() % std::min<std::int64_t>(70, 140 / factor);
        Tensor image = test::noise(
            any ? Shape::image(n, m, channels) : Shape::image(n * ratio.in, m * ratio.in, channels),
            dtype, random);
        if (dtype == DType::Float32 &&
            channels % 2 == 1) {  // must have no effect if its weight is 0
          auto* samples = reinterpret_cast<float*>(image.data.data());
          samples[random() % (image.byte_count() / sizeof(float))] =
              std::numeric_limits<float>::infinity();
        }
        const std::int64_t rows = any ? 1 + side() % 16 : n * ratio.out;
        const std::int64_t cols = any ? side() : m * ratio.out;
        for (const DType to : {dtype, DType::Float32, DType::UInt8}) {
          INFO(name_of(dtype) << ", " << to_string(image.shape) << " to " << rows << " x " << cols
                              << ", " << name_of(to));
          Tensor out;
          resample(image, rows, cols, {}, to, out);
          REQUIRE(bilinear_mistakes(image, out) == 0);
        }
      }
    }
  }
}

TEST_CASE("from the corners of pixels is TensorFlow 1's rule, and repeats the last pixel") {
  // j * in / out: 0, 1/2, 1, 3/2; the last one has no right neighbour.
  const Tensor image = test::tensor_of(Shape::image(2, 2, 1), DType::UInt8, {0, 40, 80, 120});
  const Resampling how{Interpolation::Bilinear, false, true};
  Tensor out;
  resample(image, 4, 4, how, DType::Float32, out);
  CHECK(test::samples(out) ==
        Numbers{0, 20, 40, 40, 40, 60, 80, 80, 80, 100, 120, 120, 80, 100, 120, 120});
  resample(image, 1, 1, how, DType::UInt8, out);
  CHECK(test::samples(out) == Numbers{0});  // not the mean of the four
  const Tensor line = test::tensor_of(Shape::image(1, 3, 1), DType::Float32, {0, 3, 9});
  resample(line, 1, 9, how, DType::Float32, out);
  const Numbers wanted{0, 1, 2, 3, 5, 7, 9, 9, 9};
  for (std::size_t j = 0; j < wanted.size(); ++j)
    CHECK(std::abs(test::sample(out, j) - wanted[j]) < 1e-5);
}

TEST_CASE("halving both sides is the mean of four, half to even, with bilinear and area") {
  // All sums of four bytes, at every place of the kernels' blocks.
  for (const std::int64_t channels : {1, 3, 4}) {
    for (const std::int64_t scale : {1, 257}) {
      const DType dtype = scale == 1 ? DType::UInt8 : DType::UInt16;
      const std::int64_t cols = 1021 + 7;
      Numbers values;
      for (std::int64_t r = 0; r < 2; ++r) {
        for (std::int64_t c = 0; c < 2 * cols; ++c) {
          for (std::int64_t k = 0; k < channels; ++k) {
            const std::int64_t sum = (c / 2 + 341 * k) % 1021;  // of the four
            const std::int64_t place = 2 * r + c % 2;
            values.push_back(static_cast<double>((sum / 4 + (place < sum % 4 ? 1 : 0)) * scale));
          }
        }
      }
      const Tensor image = test::tensor_of(Shape::image(2, 2 * cols, channels), dtype, values);
      for (const Interpolation by : {Interpolation::Bilinear, Interpolation::Area}) {
        Tensor out;
        resample(image, 1, cols, {by}, dtype, out);
        std::int64_t wrong = 0;
        for (std::int64_t c = 0; c < cols; ++c) {
          for (std::int64_t k = 0; k < channels; ++k) {
            const auto sum = static_cast<double>((c + 341 * k) % 1021 * scale);
            wrong += test::sample(out, 0, c, k) == std::nearbyint(sum / 4) ? 0 : 1;
          }
        }
        INFO(channels << " channels of " << name_of(dtype));
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("resizing uses the centres of pixels and clamps at the edges") {
  const Tensor two = test::tensor_of(Shape::image(1, 2, 1), DType::UInt8, {0, 100});
  CHECK(resized(two, 1, 4) == Numbers{0, 25, 75, 100});
  const Tensor four = test::tensor_of(Shape::image(4, 1, 1), DType::UInt8, {0, 10, 20, 40});
  CHECK(resized(four, 2, 1) == Numbers{5, 30});
}

TEST_CASE("bilinear downsampling uses two pixels and skips the others") {
  // An average of all eight would not be 0.
  const Tensor eight =
      test::tensor_of(Shape::image(1, 8, 1), DType::UInt8, {9, 9, 9, 0, 0, 9, 9, 9});
  CHECK(resized(eight, 1, 1) == Numbers{0});
}

TEST_CASE("the same size keeps every pixel") {
  std::mt19937 random(4);  // NOLINT(cert-msc51-cpp)
  const Tensor image = test::noise(Shape::image(7, 5, 3), DType::UInt16, random);
  CHECK(resized(image, 7, 5) == test::samples(image));
}

TEST_CASE("one pixel becomes a picture of its value") {
  const Tensor one = test::tensor_of(Shape::image(1, 1, 2), DType::Float32, {1.5, -2});
  CHECK(resized(one, 1, 3) == Numbers{1.5, -2, 1.5, -2, 1.5, -2});
  CHECK(resized(one, 3, 1) == Numbers{1.5, -2, 1.5, -2, 1.5, -2});
}

TEST_CASE("enlarging by whole factors is exact if the weights are") {
  const Tensor image = test::tensor_of(Shape::image(2, 2, 1), DType::UInt8, {0, 40, 80, 120});
  CHECK(resized(image, 4, 4) ==
        Numbers{0, 10, 30, 40, 20, 30, 50, 60, 60, 70, 90, 100, 80, 90, 110, 120});
}

TEST_CASE("channels are not mixed") {
  const Tensor image =
      test::tensor_of(Shape::image(1, 2, 3), DType::UInt8, {0, 100, 200, 4, 104, 204});
  CHECK(resized(image, 1, 4) == Numbers{0, 100, 200, 1, 101, 201, 3, 103, 203, 4, 104, 204});
}

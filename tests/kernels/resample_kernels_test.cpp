// SPDX-License-Identifier: Apache-2.0
// All interpolations of resample, compared with a slow twin and with Keras' results.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/convert.h"
#include "kernels/resample.h"
#include "support/catch.h"
#include "support/npy.h"
#include "support/samples.h"

using namespace deckle;
using Numbers = std::vector<double>;
using enum Interpolation;

namespace {

constexpr std::array kAll{Nearest,  Bilinear, Bicubic,  Area,
                          Lanczos3, Lanczos5, Gaussian, MitchellCubic};

// ---- the rules in double precision

double kernel(Interpolation by, double x) {
  x = std::abs(x);
  const auto lanczos = [&](double r) {
    if (x >= r) return 0.0;
    const double p = std::numbers::pi * x;
    return x <= 1e-3 ? 1.0 : r * std::sin(p) * std::sin(p / r) / (p * p);
  };
  switch (by) {
    case Bilinear:
      return std::max(1 - x, 0.0);
    case Bicubic:  // Keys with a = -1/2
      if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
      return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
    case Lanczos3:
      return lanczos(3);
    case Lanczos5:
      return lanczos(5);
    case Gaussian:
      return x < 1.5 ? std::exp(-x * x / (2 * 0.5 * 0.5)) : 0;
    default:  // Mitchell and Netravali with B = C = 1/3
      if (x < 1) return (7 * x * x * x - 12 * x * x + 16.0 / 3) / 6;
      return x < 2 ? (-7.0 / 3 * x * x * x + 12 * x * x - 20 * x + 32.0 / 3) / 6 : 0;
  }
}

// The weights of all source indices for output j. With c = (j + 0.5) * in and s = (i + 0.5) * out,
// (c - s) / out is how far output j's centre lies from source i, in source pixels, and (c - s) / in
// in output pixels.
Numbers weights_of(std::int64_t in, std::int64_t out, const Resampling& how, std::int64_t j) {
  const auto n = static_cast<double>(in);
  const auto m = static_cast<double>(out);
  const auto at = static_cast<double>(j);
  const bool wide = how.antialias && in > out;
  Numbers weights;
  double sum = 0;
  for (std::int64_t index = 0; index < in; ++index) {
    const auto i = static_cast<double>(index);
    double weight = 0;
    if (how.interpolation == Nearest) {
      const float exact =
          (static_cast<float>(j) + 0.5F) * (static_cast<float>(in) / static_cast<float>(out));
      weight = std::min(std::floor(static_cast<double>(exact)), n - 1) == i ? 1 : 0;
    } else if (how.interpolation == Area) {  // the box from j * in / out to (j + 1) * in / out
      weight = std::max(std::min((at + 1) * n, (i + 1) * m) - std::max(at * n, i * m), 0.0);
    } else if (how.interpolation == Bilinear && !wide) {
      const double f = (at + 0.5) * n / m - 0.5;
      if (std::max(std::floor(f), 0.0) == i) weight += 1 - (f - std::floor(f));
      if (std::min(std::ceil(f), n - 1) == i) weight += f - std::floor(f);
    } else {
      weight = kernel(how.interpolation, ((at + 0.5) * n - (i + 0.5) * m) / (wide ? n : m));
    }
    weights.push_back(weight);
    sum += weight;
  }
  for (double& weight : weights)
    weight /= sum;
  return weights;
}

Numbers naive(const Tensor& image, std::int64_t rows, std::int64_t cols, const Resampling& how) {
  Numbers result;
  for (std::int64_t r = 0; r < rows; ++r) {
    const Numbers down = weights_of(image.shape.rows(), rows, how, r);
    for (std::int64_t c = 0; c < cols; ++c) {
      const Numbers across = weights_of(image.shape.cols(), cols, how, c);
      for (std::int64_t k = 0; k < image.shape.channels; ++k) {
        double sum = 0;
        for (std::int64_t y = 0; y < image.shape.rows(); ++y) {
          const double weight = down[static_cast<std::size_t>(y)];
          if (weight == 0) continue;
          for (std::int64_t x = 0; x < image.shape.cols(); ++x)
            sum += weight * across[static_cast<std::size_t>(x)] * test::sample(image, y, x, k);
        }
        result.push_back(sum);
      }
    }
  }
  return result;
}

// ---- helpers

Tensor resampled(const Tensor& image, std::int64_t rows, std::int64_t cols, const Resampling& how,
                 DType to = DType::Float32) {
  Tensor out;
  resample(image, rows, cols, how, to, out);
  REQUIRE(out.shape == Shape::image(rows, cols, image.shape.channels));
  REQUIRE(out.dtype == to);
  return out;
}

double worst_difference(const Tensor& got, const Numbers& want) {
  double worst = 0;
  for (std::size_t i = 0; i < want.size(); ++i)
    worst = std::max(worst, std::abs(test::sample(got, i) - want[i]));
  return worst;
}

double value_range(DType dtype) {
  return info(dtype).is_float ? 2000.0 : size_of(dtype) == 1 ? 255.0 : 65535.0;
}

Tensor flipped(const Tensor& image) {
  Numbers values;
  for (std::int64_t r = image.shape.rows(); r-- > 0;) {
    for (std::int64_t c = image.shape.cols(); c-- > 0;) {
      for (std::int64_t k = 0; k < image.shape.channels; ++k)
        values.push_back(test::sample(image, r, c, k));
    }
  }
  return test::tensor_of(image.shape, image.dtype, values);
}

std::string label(const Resampling& how) {
  return std::string(kInterpolations.at(static_cast<std::size_t>(how.interpolation))) +
         (how.antialias ? ", antialias" : "");
}

std::vector<Resampling> all_ways() {
  std::vector<Resampling> ways;
  for (const Interpolation by : kAll) {
    ways.push_back({by, false});
    ways.push_back({by, true});
  }
  return ways;
}

// One axis in float32, one tap after the other.
Tensor along_rows(const Tensor& image, const AxisTaps& taps) {
  const std::int64_t width = image.shape.cols() * image.shape.channels;
  Numbers values;
  for (std::int64_t j = 0; j < taps.length(); ++j) {
    for (std::int64_t i = 0; i < width; ++i) {
      float sum = 0;
      for (std::int64_t k = 0; k < taps.count(j); ++k) {
        const auto at = static_cast<std::size_t>(j);
        const auto weight =
            static_cast<float>(taps.weights[static_cast<std::size_t>(taps.offset[at] + k)]);
        const auto sample = static_cast<float>(
            test::sample(image, static_cast<std::size_t>((taps.first[at] + k) * width + i)));
        const float product = weight * sample;
        sum = k == 0 ? product : sum + product;
      }
      values.push_back(static_cast<double>(sum));
    }
  }
  return test::tensor_of(Shape::image(taps.length(), image.shape.cols(), image.shape.channels),
                         DType::Float32, values);
}

Tensor transposed(const Tensor& image) {
  Numbers values;
  for (std::int64_t c = 0; c < image.shape.cols(); ++c) {
    for (std::int64_t r = 0; r < image.shape.rows(); ++r) {
      for (std::int64_t k = 0; k < image.shape.channels; ++k)
        values.push_back(test::sample(image, r, c, k));
    }
  }
  return test::tensor_of(Shape::image(image.shape.cols(), image.shape.rows(), image.shape.channels),
                         image.dtype, values);
}

Tensor along_cols(const Tensor& image, const AxisTaps& taps) {
  return transposed(along_rows(transposed(image), taps));
}

}  // namespace

TEST_CASE("every interpolation agrees with its twin in double precision") {
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same in every run
  const std::array sizes{1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 23, 31};
  const auto side = [&] { return std::int64_t{sizes.at(random() % sizes.size())}; };
  for (const Resampling& how : all_ways()) {
    for (const DType dtype : {DType::UInt8, DType::UInt16, DType::Float32, DType::Float64}) {
      for (int round = 0; round < 15; ++round) {
        const Tensor image =
            test::noise(Shape::image(side(), side(), 1 + round % 5), dtype, random);
        const std::int64_t rows = side();
        const std::int64_t cols = side();
        INFO(label(how) << ", " << name_of(dtype) << ", " << to_string(image.shape) << " to "
                        << rows << " x " << cols);
        const Numbers want = naive(image, rows, cols, how);
        const double range = value_range(dtype);
        REQUIRE(worst_difference(resampled(image, rows, cols, how), want) <= 1e-5 * range);
        REQUIRE(worst_difference(resampled(image, rows, cols, how, DType::Float64), want) <=
                1e-13 * range);
      }
    }
  }
}

TEST_CASE("float32 sums are those of plain loops to the bit, one axis after the other") {
  std::mt19937 random(6);  // NOLINT(cert-msc51-cpp)
  const auto side = [&] { return std::int64_t{1} + static_cast<std::int64_t>(random() % 50); };
  for (const Resampling& how : all_ways()) {
    if (how.interpolation == Nearest || how == Resampling{Bilinear, false}) continue;
    for (int round = 0; round < 30; ++round) {
      const DType dtype = round % 2 == 0 ? DType::Float32 : DType::UInt8;
      const Tensor image = test::noise(Shape::image(side(), side(), 1 + round % 5), dtype, random);
      const std::int64_t rows = side();
      const std::int64_t cols = side();
      if (how == Resampling{Bilinear, true} && rows >= image.shape.rows() &&
          cols >= image.shape.cols())
        continue;
      INFO(label(how) << ", " << to_string(image.shape) << " to " << rows << " x " << cols);
      const AxisTaps down = taps_of(image.shape.rows(), rows, how);
      const AxisTaps across = taps_of(image.shape.cols(), cols, how);
      const Tensor got = resampled(image, rows, cols, how);
      REQUIRE((test::same_bytes(got, along_cols(along_rows(image, down), across)) ||
               test::same_bytes(got, along_rows(along_cols(image, across), down))));
    }
  }
}

TEST_CASE("bilinear float32 is low + (high - low) * weight to the bit, columns first") {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp)
  const auto side = [&] { return std::int64_t{1} + static_cast<std::int64_t>(random() % 50); };
  struct Tap {
    std::int64_t low;
    std::int64_t high;
    float weight;
  };
  const auto tap = [](std::int64_t j, std::int64_t in, std::int64_t out) {
    const float scale = static_cast<float>(in) / static_cast<float>(out);
    const float f = (static_cast<float>(j) + 0.5F) * scale - 0.5F;
    return Tap{std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(f)), 0),
               std::min<std::int64_t>(static_cast<std::int64_t>(std::ceil(f)), in - 1),
               f - std::floor(f)};
  };
  const auto mix = [](float low, float high, float weight) { return low + (high - low) * weight; };
  for (const DType dtype : test::kImageTypes) {
    for (int round = 0; round < 30; ++round) {
      const std::int64_t channels = 1 + round % 5;
      Tensor image = test::noise(Shape::image(side(), side(), channels), dtype, random);
      const std::int64_t rows = round % 7 == 0 ? image.shape.rows() : side();
      const std::int64_t cols = round % 5 == 0 ? (image.shape.cols() + 2) / 3 : side();
      const auto at = [&](std::int64_t r, std::int64_t c, std::int64_t k) {
        return static_cast<float>(test::sample(image, r, c, k));
      };
      Numbers want;
      for (std::int64_t r = 0; r < rows; ++r) {
        const Tap y = tap(r, image.shape.rows(), rows);
        for (std::int64_t c = 0; c < cols; ++c) {
          const Tap x = tap(c, image.shape.cols(), cols);
          for (std::int64_t k = 0; k < channels; ++k) {
            want.push_back(static_cast<double>(
                mix(mix(at(y.low, x.low, k), at(y.low, x.high, k), x.weight),
                    mix(at(y.high, x.low, k), at(y.high, x.high, k), x.weight), y.weight)));
          }
        }
      }
      INFO(name_of(dtype) << ", " << to_string(image.shape) << " to " << rows << " x " << cols);
      REQUIRE(test::same_bytes(
          resampled(image, rows, cols, {}),
          test::tensor_of(Shape::image(rows, cols, channels), DType::Float32, want)));
    }
  }
}

TEST_CASE("Keras' answers to UpSampling2D and Resizing") {
  struct Case {
    std::string id;
    Resampling how;
    double atol;
    bool channels_first = false;
  };
  const std::vector<Case> cases{
      {"p053-keras3-upsampling2d", {Bilinear}, 3.91e-05},
      {"p054-keras3-upsampling2d", {Bilinear}, 0.0051},
      {"p055-keras3-upsampling2d", {Bilinear}, 3.41e-05, true},
      {"p056-keras3-upsampling2d", {Bilinear}, 4.14e-05},
      {"p057-keras3-upsampling2d", {Bicubic}, 5.82e-05},
      {"p058-keras3-upsampling2d", {Bicubic}, 0.00531},
      {"p059-keras3-upsampling2d", {Lanczos3}, 5.03e-05},
      {"p060-keras3-upsampling2d", {Lanczos5}, 4.66e-05},
      {"p061-keras3-upsampling2d", {Bilinear}, 0},  // uint8: rounded and saturated
      {"p141-keras2-resizing", {Bilinear}, 0.00475},
      {"p142-keras2-resizing", {Nearest}, 0},
      {"p145-keras3-resizing", {Bilinear, true}, 0.00339},
  };
  for (const Case& item : cases) {
    INFO(item.id);
    const test::Array input = test::read_npy("keras/data/" + item.id + ".x.npy");
    const test::Array output = test::read_npy("keras/data/" + item.id + ".y.npy");
    REQUIRE(input.shape.size() == 4);
    // Image n of a batch, channels last.
    const auto image_at = [&](const test::Array& array, std::int64_t n) {
      const auto& s = array.shape;
      const Shape shape =
          item.channels_first ? Shape::image(s[2], s[3], s[1]) : Shape::image(s[1], s[2], s[3]);
      Numbers values;
      for (std::int64_t r = 0; r < shape.rows(); ++r) {
        for (std::int64_t c = 0; c < shape.cols(); ++c) {
          for (std::int64_t k = 0; k < shape.channels; ++k) {
            const std::int64_t inside = item.channels_first
                                            ? (k * shape.rows() + r) * shape.cols() + c
                                            : (r * shape.cols() + c) * shape.channels + k;
            values.push_back(array.values.at(
                static_cast<std::size_t>(n * shape.pixels() * shape.channels + inside)));
          }
        }
      }
      return test::tensor_of(shape, array.dtype, values);
    };
    for (std::int64_t n = 0; n < input.shape[0]; ++n) {
      const Tensor want = image_at(output, n);
      const Tensor got =
          resampled(image_at(input, n), want.shape.rows(), want.shape.cols(), item.how, want.dtype);
      double worst = 0;  // error above the tolerance
      for (std::size_t i = 0; i < test::sample_count(want); ++i) {
        const double w = test::sample(want, i);
        const double rtol = item.atol == 0 ? 0 : 1e-5;
        worst =
            std::max(worst, std::abs(test::sample(got, i) - w) - (item.atol + rtol * std::abs(w)));
      }
      CHECK(worst <= 0);
    }
  }
}

TEST_CASE("a picture of one value keeps it") {
  for (const Resampling& how : all_ways()) {
    for (const auto& [rows, cols] : {std::pair{3, 50}, {17, 5}, {40, 40}, {1, 1}}) {
      INFO(label(how) << " to " << rows << " x " << cols);
      const Tensor image =
          test::tensor_of(Shape::image(17, 11, 3), DType::UInt8, Numbers(17 * 11 * 3, 200));
      const Numbers want(static_cast<std::size_t>(rows * cols * 3), 200);
      CHECK(worst_difference(resampled(image, rows, cols, how), want) <= 1e-4);
      CHECK(test::samples(resampled(image, rows, cols, how, DType::UInt8)) == want);
    }
  }
}

TEST_CASE("the same size keeps every pixel, except with kernels that blur") {
  std::mt19937 random(8);  // NOLINT(cert-msc51-cpp)
  const Tensor image = test::noise(Shape::image(9, 14, 3), DType::Float32, random);
  for (const Resampling& how : all_ways()) {
    INFO(label(how));
    const bool blurs = how.interpolation == Gaussian || how.interpolation == MitchellCubic;
    CHECK((test::samples(resampled(image, 9, 14, how)) == test::samples(image)) == !blurs);
  }
}

TEST_CASE("enlarging by whole factors: area is nearest") {
  std::mt19937 random(9);  // NOLINT(cert-msc51-cpp)
  const Tensor image = test::noise(Shape::image(7, 5, 2), DType::Float32, random);
  for (const int factor : {1, 2, 3, 7}) {
    CHECK(test::same_bytes(resampled(image, 7 * factor, 5 * factor, {Area}),
                           resampled(image, 7 * factor, 5 * factor, {Nearest})));
  }
}

TEST_CASE("area of integers is the true mean, rounded") {
  std::mt19937 random(8);  // NOLINT(cert-msc51-cpp): the same in every run
  const auto side = [&] { return std::int64_t{1} + static_cast<std::int64_t>(random() % 40); };
  // The part of [j * in, (j + 1) * in) that lies in [i * out, (i + 1) * out).
  const auto overlap = [](std::int64_t i, std::int64_t j, std::int64_t in, std::int64_t out) {
    return std::max<std::int64_t>(
        0, std::min((j + 1) * in, (i + 1) * out) - std::max(j * in, i * out));
  };
  for (const DType dtype : {DType::UInt8, DType::Int8}) {
    for (int round = 0; round < 60; ++round) {
      const std::int64_t channels = 1 + round % 5;
      const Tensor image = test::noise(Shape::image(side(), side(), channels), dtype, random);
      const std::int64_t in_rows = image.shape.rows();
      const std::int64_t in_cols = image.shape.cols();
      const bool larger = round % 3 != 0;
      const std::int64_t rows = larger ? in_rows + side() : side();
      const std::int64_t cols = larger ? in_cols + side() : side();
      const Tensor got = resampled(image, rows, cols, {Area}, dtype);
      INFO(name_of(dtype) << ", " << to_string(image.shape) << " to " << rows << " x " << cols);
      std::int64_t wrong = 0;
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < cols; ++c) {
          for (std::int64_t k = 0; k < channels; ++k) {
            std::int64_t sum = 0;
            for (std::int64_t i = r * in_rows / rows; i < in_rows && i * rows < (r + 1) * in_rows;
                 ++i) {
              for (std::int64_t l = c * in_cols / cols; l < in_cols && l * cols < (c + 1) * in_cols;
                   ++l) {
                sum += overlap(i, r, in_rows, rows) * overlap(l, c, in_cols, cols) *
                       static_cast<std::int64_t>(test::sample(image, i, l, k));
              }
            }
            // A value halfway between two integers may become either.
            const auto twice = 2 * static_cast<std::int64_t>(test::sample(got, r, c, k));
            wrong += std::abs(2 * sum - twice * in_rows * in_cols) <= in_rows * in_cols ? 0 : 1;
          }
        }
      }
      REQUIRE(wrong == 0);
    }
  }
}

TEST_CASE("a picture larger than the caches is halved like its parts") {
  std::mt19937 random(9);  // NOLINT(cert-msc51-cpp): the same in every run
  const Tensor part = test::noise(Shape::image(128, 2048, 4), DType::Float32, random);
  Tensor whole;
  whole.reset(Shape::image(16 * 128, 2048, 4), DType::Float32);
  for (std::int64_t r = 0; r < whole.shape.rows(); ++r)
    std::copy_n(part.row(r % 128), part.row_bytes(), whole.row(r));
  for (const Interpolation by : {Bilinear, Area}) {
    const Tensor want = resampled(part, 64, 1024, {by}, DType::Float32);
    const Tensor got = resampled(whole, 16 * 64, 1024, {by}, DType::Float32);
    std::int64_t wrong = 0;
    for (std::int64_t r = 0; r < got.shape.rows(); ++r) {
      const bool same = std::equal(got.row(r), got.row(r) + got.row_bytes(), want.row(r % 64));
      wrong += same ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("flipping and resampling commute") {
  std::mt19937 random(10);  // NOLINT(cert-msc51-cpp)
  const auto side = [&] { return std::int64_t{1} + static_cast<std::int64_t>(random() % 30); };
  for (const Resampling& how : all_ways()) {
    if (how.interpolation == Nearest)
      continue;  // takes the right one of two pixels that are equally near
    for (int round = 0; round < 10; ++round) {
      const Tensor image = test::noise(Shape::image(side(), side(), 3), DType::Float32, random);
      const std::int64_t rows = side();
      const std::int64_t cols = side();
      INFO(label(how) << ", " << to_string(image.shape) << " to " << rows << " x " << cols);
      CHECK(worst_difference(resampled(flipped(image), rows, cols, how),
                             test::samples(flipped(resampled(image, rows, cols, how)))) <=
            1e-5 * 2000);
    }
  }
}

TEST_CASE("taps: those outside are dropped and the others normalised") {
  // 2 to 4, bicubic: the first centre is -0.25, its taps lie at -2, -1, 0 and 1.
  const AxisTaps taps = taps_of(2, 4, {Bicubic});
  CHECK(taps.first == std::vector<std::int32_t>{0, 0, 0, 0});
  CHECK(taps.offset == std::vector<std::int64_t>{0, 2, 4, 6, 8});
  const double near = kernel(Bicubic, 0.25);
  const double far = kernel(Bicubic, 1.25);
  CHECK(taps.weights[0] == Approx(near / (near + far)));
  CHECK(taps.weights[1] == Approx(far / (near + far)));
  // 5 to 2, area: two whole pixels and half of the one in the middle.
  CHECK(taps_of(5, 2, {Area}).weights == Numbers{0.4, 0.4, 0.2, 0.2, 0.4, 0.4});
  CHECK(taps_of(5, 2, {Area}).first == std::vector<std::int32_t>{0, 2});
  CHECK(taps_of(5, 2, {Area, true}).weights == taps_of(5, 2, {Area}).weights);
  // 4 to 2, antialias: a triangle twice as wide, its centre between two pixels.
  CHECK(taps_of(4, 2, {Bilinear, true}).first == std::vector<std::int32_t>{0, 1});
  CHECK(taps_of(4, 2, {Bilinear, true}).count(0) == 3);
  // Antialias changes nothing in enlarging.
  CHECK(taps_of(7, 9, {Lanczos3, true}).weights == taps_of(7, 9, {Lanczos3}).weights);
}

TEST_CASE("nearest takes the pixel under the centre") {
  CHECK(nearest_indices(4, 2) == std::vector<std::int32_t>{1, 3});
  CHECK(nearest_indices(2, 5) == std::vector<std::int32_t>{0, 0, 1, 1, 1});
  CHECK(nearest_indices(3, 3) == std::vector<std::int32_t>{0, 1, 2});
  const Tensor image = test::tensor_of(Shape::image(1, 3, 1), DType::UInt8, {10, 20, 30});
  CHECK(test::samples(resampled(image, 2, 5, {Nearest}, DType::UInt8)) ==
        Numbers{10, 10, 20, 30, 30, 10, 10, 20, 30, 30});
}

TEST_CASE("outputs depend on no row outside sources_of") {
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp)
  for (const Resampling& how : all_ways()) {
    for (const std::int64_t rows : {7, 40, 91}) {
      const Tensor image = test::noise(Shape::image(40, 6, 3), DType::Float32, random);
      const Tensor whole = resampled(image, rows, 5, how);
      const Interval range{rows / 3, rows / 3 + 3};
      const Interval sources = sources_of(taps_of(40, rows, how), range);
      Tensor spoilt;
      cast(image, DType::Float32, spoilt);
      for (std::int64_t r = 0; r < 40; ++r) {
        if (r >= sources.begin && r < sources.end) continue;
        auto* samples = reinterpret_cast<float*>(spoilt.row(r));
        std::fill_n(samples, 6 * 3, std::numeric_limits<float>::quiet_NaN());
      }
      const Tensor got = resampled(spoilt, rows, 5, how);
      const Window part{2, {range, Interval{0, 5}}};
      INFO(label(how) << " to " << rows << " rows");
      CHECK(test::same_bytes(test::part_of(got, part), test::part_of(whole, part)));
    }
  }
  CHECK(sources_of(taps_of(8, 4, {Area}), {1, 3}) == Interval{2, 6});
  CHECK(sources_of(taps_of(8, 4, {Area}), {2, 2}).length() == 0);
}

TEST_CASE("integers are rounded half to even and saturated, NaN becomes 0") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto halves =
      test::tensor_of(Shape::image(1, 8, 1), DType::Float32, {0, 1, 1, 2, -1, 0, -300, -300});
  CHECK(test::samples(resampled(halves, 1, 4, {Area}, DType::UInt8)) == Numbers{0, 2, 0, 0});
  CHECK(test::samples(resampled(halves, 1, 4, {Area}, DType::Int8)) == Numbers{0, 2, 0, -128});
  CHECK(test::samples(resampled(halves, 1, 4, {Area}, DType::Int16)) == Numbers{0, 2, 0, -300});
  CHECK(test::samples(resampled(halves, 1, 4, {Area}, DType::UInt32)) == Numbers{0, 2, 0, 0});
  CHECK(test::samples(resampled(halves, 1, 4, {Area}, DType::Int32)) == Numbers{0, 2, 0, -300});
  const auto odd = test::tensor_of(Shape::image(1, 4, 1), DType::Float32,
                                   {static_cast<double>(nan), 1e30, -1e30, 70000});
  for (const DType dtype :
       {DType::UInt8, DType::Int8, DType::UInt16, DType::Int16, DType::UInt32, DType::Int32}) {
    INFO(name_of(dtype));
    with_type(dtype, [&]<typename T>(T) {
      const auto low = static_cast<double>(std::numeric_limits<T>::lowest());
      const auto high = static_cast<double>(std::numeric_limits<T>::max());
      CHECK(test::samples(resampled(odd, 1, 4, {Bicubic}, dtype)) ==
            Numbers{0, high, low, std::min(70000.0, high)});
    });
  }
}

TEST_CASE("a NaN reaches only the outputs whose taps include it") {
  for (const Resampling& how : all_ways()) {
    Numbers values(15, 1);
    values[7] = std::numeric_limits<double>::quiet_NaN();
    const Tensor image = test::tensor_of(Shape::image(1, 15, 1), DType::Float32, values);
    if (how.interpolation != Nearest && how.interpolation != Bilinear) {
      const Tensor out = resampled(image, 1, 23, how);
      for (std::int64_t j = 0; j < 23; ++j) {
        INFO(label(how) << ", output " << j);
        const bool reached = weights_of(15, 23, how, j)[7] != 0;
        CHECK(std::isnan(test::sample(out, 0, j, 0)) == reached);
      }
    }
  }
}

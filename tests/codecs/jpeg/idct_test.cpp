// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg_pixels.h"

#include <algorithm>
#include <random>
#include <vector>

#include "support/catch.h"
#include "support/jpeg.h"

using namespace deckle;
using namespace deckle::test;

namespace {

std::mt19937 random_numbers(5);  // NOLINT: the same in every run

int below(int n) {
  return std::uniform_int_distribution<int>(0, n - 1)(random_numbers);
}

std::vector<std::uint8_t> noise(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(below(256));
  return bytes;
}

}  // namespace

TEST_CASE("blocks are transformed alike by all kernels", "[codecs][jpeg]") {
  for (int round = 0; round < 3000; ++round) {
    BlockPair pair;
    StepPair steps;
    const int coefficients = 1 + below(round % 2 == 0 ? 6 : 64);
    const int most = round % 4 < 2 ? 20 : 32767;  // also what no encoder makes
    const std::size_t end = round % 3 == 0 ? BlockPair::kStride : BlockPair::kNowhere;
    for (std::size_t i = 0; i < BlockPair::kNowhere; ++i)
      steps.values.at(i) = static_cast<std::int16_t>(1 + below(2 * most));
    for (std::size_t i = round % 5 == 0 ? 8 : 0; i < end; ++i) {
      if (below(64) < coefficients)
        pair.values.at(i) = static_cast<std::int16_t>(below(2 * most + 1) - most);
    }
    BlockPair again = pair;
    std::vector<std::uint8_t> one(8 * 40, 7);
    std::vector<std::uint8_t> other = one;
    const auto transform = [&](const PixelKernels& kernels, BlockPair& values, auto& out) {
      kernels.transform(values, steps, {out.data() + 3, 40}, {out.data() + 20, 40});
    };
    transform(pixel_kernels(), pair, one);
    transform(plain_pixel_kernels(), again, other);
    REQUIRE(one == other);
    const auto cleared = [](const BlockPair& p) {
      return std::all_of(p.values.begin(), p.values.begin() + BlockPair::kNowhere,
                         [](std::int16_t v) { return v == 0; });
    };
    REQUIRE(cleared(pair));
    REQUIRE(cleared(again));
  }
}

TEST_CASE("samples are interpolated and coloured alike by all kernels", "[codecs][jpeg]") {
  for (const std::size_t count : {1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 64U, 100U, 225U}) {
    for (int round = 0; round < 20; ++round) {
      const auto a = noise(count + 100);
      const auto b = noise(count + 100);
      const auto c = noise(count + 100);
      const auto made = [&](const PixelKernels& kernels, int which) {
        std::vector<std::uint8_t> out(3 * count + 200, 9);
        switch (which) {
          case 0:
            kernels.upsample_both(a.data() + 1, b.data() + 1, count, out.data());
            out.resize(2 * count);
            break;
          case 1:
            kernels.upsample_cols(a.data() + 1, count, out.data());
            out.resize(2 * count);
            break;
          case 2:
          case 3:
            kernels.upsample_rows(a.data() + 1, b.data() + 1, which == 3, count, out.data());
            out.resize(count);
            break;
          default:
            kernels.to_rgb(a.data() + 1, b.data() + 1, c.data() + 1, count, out.data());
        }
        return out;
      };
      for (int which = 0; which < 5; ++which) {
        CAPTURE(count, which);
        REQUIRE(made(pixel_kernels(), which) == made(plain_pixel_kernels(), which));
      }
    }
  }
}

TEST_CASE("every colour of YCbCr becomes the RGB of JFIF", "[codecs][jpeg]") {
  const auto rounded = [](double x) { return static_cast<int>(std::clamp(x + 0.5, 0.0, 255.0)); };
  std::vector<std::uint8_t> y(256 + 32);
  std::vector<std::uint8_t> cb(256 + 32);
  std::vector<std::uint8_t> cr(256 + 32);
  std::vector<std::uint8_t> rgb(256 * 3);
  for (std::size_t i = 0; i < 256; ++i)
    y[i] = static_cast<std::uint8_t>(i);
  int largest = 0;
  for (int blue = 0; blue < 256; blue += 5) {
    for (int red = 0; red < 256; red += 5) {
      std::fill(cb.begin(), cb.end(), static_cast<std::uint8_t>(blue));
      std::fill(cr.begin(), cr.end(), static_cast<std::uint8_t>(red));
      pixel_kernels().to_rgb(y.data(), cb.data(), cr.data(), 256, rgb.data());
      for (int i = 0; i < 256; ++i) {
        const int expected[3]{rounded(i + 1.402 * (red - 128)),
                              rounded(i - 0.344136 * (blue - 128) - 0.714136 * (red - 128)),
                              rounded(i + 1.772 * (blue - 128))};
        for (int c = 0; c < 3; ++c) {
          largest =
              std::max(largest, std::abs(expected[c] - rgb[static_cast<std::size_t>(3 * i + c)]));
        }
      }
    }
  }
  CHECK(largest <= 1);
}

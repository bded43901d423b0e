// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/ycbcr.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include "support/catch.h"

using namespace deckle;

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

TEST_CASE("plain and AVX2 kernels convert to the same YCbCr, and average chroma alike",
          "[codecs][jpeg]") {
  if (avx2_color_kernels() == nullptr) {
    WARN("SKIPPED: this processor has no AVX2");
    return;
  }
  for (const std::size_t count : {1U, 2U, 31U, 32U, 33U, 64U, 100U, 226U}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::uint8_t> rgb(3 * count);
      for (std::uint8_t& sample : rgb)
        sample = static_cast<std::uint8_t>(round == 0 ? 255 * below(2) : below(256));
      const auto made = [&](const ColorKernels& kernels) {
        std::vector<std::vector<std::uint8_t>> out(4, std::vector<std::uint8_t>(2 * count + 200));
        kernels.from_rgb(rgb.data(), count, out[0].data(), out[1].data(), out[2].data());
        for (std::size_t i = 0; i < 3; ++i)
          std::fill(out[i].begin() + static_cast<std::ptrdiff_t>(count), out[i].end(), 0);
        kernels.halve(out[0].data(), out[1].data(), (count + 1) / 2, out[3].data());
        out[3].resize((count + 1) / 2);
        return out;
      };
      CAPTURE(count);
      REQUIRE(made(color_kernels()) == made(plain_color_kernels()));
    }
  }
}

TEST_CASE("plain and AVX2 kernels upsample and convert to the same RGB", "[codecs][jpeg]") {
  if (avx2_color_kernels() == nullptr) {
    WARN("SKIPPED: this processor has no AVX2");
    return;
  }
  for (const std::size_t count : {1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 64U, 100U, 225U}) {
    for (int round = 0; round < 20; ++round) {
      const auto a = noise(count + 100);
      const auto b = noise(count + 100);
      const auto c = noise(count + 100);
      const auto made = [&](const ColorKernels& kernels, int which) {
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
        REQUIRE(made(color_kernels(), which) == made(plain_color_kernels(), which));
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
      color_kernels().to_rgb(y.data(), cb.data(), cr.data(), 256, rgb.data());
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

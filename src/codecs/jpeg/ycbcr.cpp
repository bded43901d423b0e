// SPDX-License-Identifier: Apache-2.0
// Source  JFIF 1.02 (YCbCr); libjpeg-turbo for how sums are rounded
#include "codecs/jpeg/ycbcr.h"

#include <algorithm>
#include <array>

#include "codecs/jpeg/jpeg_block.h"

namespace deckle {
namespace {

void from_rgb(const std::uint8_t* rgb, std::size_t count, std::uint8_t* y, std::uint8_t* cb,
              std::uint8_t* cr) {
  constexpr std::int32_t kOne = 1 << 16;
  constexpr std::int32_t kMiddle = 128 * kOne + kOne / 2 - 1;
  const auto part = [](double x) { return fixed(x, 16); };
  for (std::size_t i = 0; i < count; ++i, rgb += 3) {
    const std::int32_t r = rgb[0];
    const std::int32_t g = rgb[1];
    const std::int32_t b = rgb[2];
    y[i] = static_cast<std::uint8_t>(
        (part(0.29900) * r + part(0.58700) * g + part(0.11400) * b + kOne / 2) >> 16);
    cb[i] = static_cast<std::uint8_t>(
        (-part(0.16874) * r - part(0.33126) * g + part(0.5) * b + kMiddle) >> 16);
    cr[i] = static_cast<std::uint8_t>(
        (part(0.5) * r - part(0.41869) * g - part(0.08131) * b + kMiddle) >> 16);
  }
}

void halve(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t count,
           std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const int sum = upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1];
    out[i] = static_cast<std::uint8_t>((sum + 1 + static_cast<int>(i % 2)) >> 2);
  }
}

void upsample_both(const std::uint8_t* near, const std::uint8_t* far, std::size_t count,
                   std::uint8_t* out) {
  const auto sum = [&](std::ptrdiff_t i) { return 3 * near[i] + far[i]; };
  for (std::size_t n = 0; n < count; ++n) {
    const auto i = static_cast<std::ptrdiff_t>(n);
    out[2 * n] = static_cast<std::uint8_t>((3 * sum(i) + sum(i - 1) + 8) >> 4);
    out[2 * n + 1] = static_cast<std::uint8_t>((3 * sum(i) + sum(i + 1) + 7) >> 4);
  }
}

void upsample_cols(const std::uint8_t* from, std::size_t count, std::uint8_t* out) {
  for (std::size_t n = 0; n < count; ++n) {
    const auto i = static_cast<std::ptrdiff_t>(n);
    out[2 * n] = static_cast<std::uint8_t>((3 * from[i] + from[i - 1] + 1) >> 2);
    out[2 * n + 1] = static_cast<std::uint8_t>((3 * from[i] + from[i + 1] + 2) >> 2);
  }
}

void upsample_rows(const std::uint8_t* near, const std::uint8_t* far, bool below, std::size_t count,
                   std::uint8_t* out) {
  const int half = below ? 2 : 1;
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<std::uint8_t>((3 * near[i] + far[i] + half) >> 2);
}

void to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr,
            std::size_t count, std::uint8_t* out) {
  constexpr std::int32_t kOne = 1 << 16;
  constexpr std::int32_t kHalf = kOne / 2;
  const auto part = [](double x) { return fixed(x, 16); };
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t blue = cb[i] - 128;
    const std::int32_t red = cr[i] - 128;
    const std::array<std::int32_t, 3> rgb{
        y[i] + ((part(1.40200) * red + kHalf) >> 16),
        y[i] + ((-part(0.34414) * blue - part(0.71414) * red + kHalf) >> 16),
        y[i] + ((part(1.77200) * blue + kHalf) >> 16)};
    for (std::size_t c = 0; c < 3; ++c)
      out[3 * i + c] = static_cast<std::uint8_t>(std::clamp(rgb[c], 0, 255));
  }
}

}  // namespace

const ColorKernels& plain_color_kernels() {
  static constexpr ColorKernels kernels{.from_rgb = from_rgb,
                                        .halve = halve,
                                        .upsample_both = upsample_both,
                                        .upsample_cols = upsample_cols,
                                        .upsample_rows = upsample_rows,
                                        .to_rgb = to_rgb};
  return kernels;
}

const ColorKernels& color_kernels() {
  static const ColorKernels* const wide = avx2_color_kernels();
  return wide != nullptr ? *wide : plain_color_kernels();
}

}  // namespace deckle

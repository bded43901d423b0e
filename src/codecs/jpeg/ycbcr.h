// SPDX-License-Identifier: Apache-2.0
// ycbcr: RGB to YCbCr and back; chroma of half size and of full size. The samples are those of
// libjpeg-turbo with its defaults: "fancy" (triangle) upsampling, chroma averaged over 2 x 2.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

struct ColorKernels {
  /// `count` pixels of RGB to YCbCr. Up to 31 more samples are written.
  void (*from_rgb)(const std::uint8_t* rgb, std::size_t count, std::uint8_t* y, std::uint8_t* cb,
                   std::uint8_t* cr);
  /// `count` averages of 2 x 2 samples; halves are rounded down and up alternately. Up to 31 more
  /// are written, and twice as many read.
  void (*halve)(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t count,
                std::uint8_t* out);

  /// Twice as many samples: 3/4 from the row `near`, 1/4 from the row `far` above or below it, and
  /// the same along the row. Reads one sample before `count` and up to 32 after; writes up to 64
  /// more.
  void (*upsample_both)(const std::uint8_t* near, const std::uint8_t* far, std::size_t count,
                        std::uint8_t* out);
  /// The same along the row only.
  void (*upsample_cols)(const std::uint8_t* from, std::size_t count, std::uint8_t* out);
  /// As many samples, between `near` and `far` only; `below`: `far` is the row below.
  void (*upsample_rows)(const std::uint8_t* near, const std::uint8_t* far, bool below,
                        std::size_t count, std::uint8_t* out);
  /// YCbCr to exactly 3 * count bytes of RGB. Reads up to 32 more samples of each row.
  void (*to_rgb)(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr,
                 std::size_t count, std::uint8_t* out);
};

/// The fastest for this processor.
[[nodiscard]] const ColorKernels& color_kernels();
/// The reference: plain code, the same samples.
[[nodiscard]] const ColorKernels& plain_color_kernels();
/// Null if the processor has no AVX2.
[[nodiscard]] const ColorKernels* avx2_color_kernels();

}  // namespace deckle

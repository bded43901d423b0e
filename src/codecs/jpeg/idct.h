// SPDX-License-Identifier: Apache-2.0
// jpeg_pixels: from the coefficients of JPEG to pixels, the samples that libjpeg-turbo gives with
// its defaults: the exact integer transform (islow), triangle ("fancy") upsampling. Numbers that no
// encoder makes wrap and saturate as in its vectors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/jpeg_block.h"

namespace deckle {

/// Quantisation steps of two blocks, in the same order, as numbers of 16 bits.
using StepPair = BlockPair;

struct PixelKernels {
  /// Dequantises, transforms and clears the coefficients.
  void (*transform)(BlockPair& pair, const StepPair& steps, const BlockPlace& first,
                    const BlockPlace& second);
  /// Twice as many samples, between `near` and, by a quarter, the row `far` above or below. Looks
  /// at one more on each side of `count`; up to 32 more are read and 64 more written behind.
  void (*upsample_both)(const std::uint8_t* near, const std::uint8_t* far, std::size_t count,
                        std::uint8_t* out);
  /// The same along the row alone.
  void (*upsample_cols)(const std::uint8_t* from, std::size_t count, std::uint8_t* out);
  /// As many samples, between `near` and `far` alone; `below`: `far` is the row below.
  void (*upsample_rows)(const std::uint8_t* near, const std::uint8_t* far, bool below,
                        std::size_t count, std::uint8_t* out);
  /// YCbCr to 3 * count bytes of RGB, and not one more; of the rows up to 32 more are read.
  void (*to_rgb)(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr,
                 std::size_t count, std::uint8_t* out);
};

/// For this processor.
[[nodiscard]] const PixelKernels& pixel_kernels();
/// Written plainly: the same samples.
[[nodiscard]] const PixelKernels& plain_pixel_kernels();
/// Null where the processor has no AVX2.
[[nodiscard]] const PixelKernels* avx2_pixel_kernels();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// jpeg_coefficients: from pixels to the coefficients of JPEG, those that libjpeg-turbo computes
// with its defaults: the exact integer transform (islow), chroma averaged over 2 x 2 pixels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/jpeg_block.h"

namespace deckle {

/// Steps of quantisation of one block, row by row.
using Steps = std::array<std::uint16_t, kCoefficients>;

/// Divides by the steps of two blocks without a division: x / (8 * step), rounded, is
/// ((x + half) * reciprocal >> 16) * scale >> 16.
struct alignas(64) Quantiser {
  using Numbers = std::array<std::uint16_t, std::size_t{2} * kCoefficients>;  // as in a BlockPair
  Quantiser(const Steps& first, const Steps& second);
  Numbers divisor, half, reciprocal, scale;
};

struct CoefficientPair {
  BlockPair blocks;
  /// Which coefficients are not zero, of each block: bit k for the k-th in zigzag order.
  std::array<std::uint64_t, 2> nonzero{};
};

struct CoefficientKernels {
  /// `count` pixels of RGB to YCbCr. Up to 31 samples more are written.
  void (*from_rgb)(const std::uint8_t* rgb, std::size_t count, std::uint8_t* y, std::uint8_t* cb,
                   std::uint8_t* cr);
  /// `count` averages of 2 x 2 samples, halves rounded down and up in turns. Up to 31 more are
  /// written, and twice as many read.
  void (*halve)(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t count,
                std::uint8_t* out);
  void (*transform)(const BlockPlace& first, const BlockPlace& second, const Quantiser& quantiser,
                    CoefficientPair& out);
};

/// For this processor.
[[nodiscard]] const CoefficientKernels& coefficient_kernels();
/// Written plainly: the same coefficients.
[[nodiscard]] const CoefficientKernels& plain_coefficient_kernels();
/// Null where the processor has no AVX2.
[[nodiscard]] const CoefficientKernels* avx2_coefficient_kernels();

}  // namespace deckle

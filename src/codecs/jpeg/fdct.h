// SPDX-License-Identifier: Apache-2.0
// fdct: samples to quantised coefficients, by the exact integer transform of libjpeg-turbo (islow).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/jpeg/jpeg_block.h"

namespace deckle {

/// The quantisation table of a block, row by row.
using QuantTable = std::array<std::uint16_t, kCoefficients>;

/// Divides by the quantisation tables of two blocks without a division: x / (8 * q), rounded, is
/// ((x + half) * reciprocal >> 16) * scale >> 16.
struct alignas(64) Quantiser {
  using Numbers = std::array<std::uint16_t, std::size_t{2} * kCoefficients>;  // as in a BlockPair
  Quantiser(const QuantTable& first, const QuantTable& second);
  Numbers divisor, half, reciprocal, scale;
};

struct CoefficientPair {
  BlockPair blocks;
  /// For each block, the coefficients that are not zero: bit k is set for the k-th in zigzag order.
  std::array<std::uint64_t, 2> nonzero{};
};

using ForwardTransform = void (*)(const BlockPlace& first, const BlockPlace& second,
                                  const Quantiser& quantiser, CoefficientPair& out);

/// The fastest for this processor.
[[nodiscard]] ForwardTransform fdct();
/// The reference: plain code, the same coefficients.
[[nodiscard]] ForwardTransform plain_fdct();
/// Null if the processor has no AVX2.
[[nodiscard]] ForwardTransform avx2_fdct();

}  // namespace deckle

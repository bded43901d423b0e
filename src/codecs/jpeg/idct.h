// SPDX-License-Identifier: Apache-2.0
// idct: coefficients to samples, by the exact integer transform of libjpeg-turbo (islow). Values
// that no encoder writes wrap and saturate as in its vector code.
#pragma once

#include "codecs/jpeg/jpeg_block.h"

namespace deckle {

/// The quantisation tables of two blocks, in the order of their coefficients.
using QuantTablePair = BlockPair;

/// Dequantises and transforms two blocks, and clears their coefficients.
using InverseTransform = void (*)(BlockPair& pair, const QuantTablePair& quant_tables,
                                  const BlockPlace& first, const BlockPlace& second);

/// The fastest for this processor.
[[nodiscard]] InverseTransform idct();
/// The reference: plain code, the same samples.
[[nodiscard]] InverseTransform plain_idct();
/// Null if the processor has no AVX2.
[[nodiscard]] InverseTransform avx2_idct();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "codecs/jpeg_pixels.h"

namespace deckle {

/// Null where the processor has no AVX2. Sums wrap at 16 bits where libjpeg-turbo's do.
[[nodiscard]] const PixelKernels* avx2_pixel_kernels();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// lossless_crop: a window of a JPEG without decoding it to pixels. Coefficients are copied.
// Fails   Unsupported for windows that do not begin at an MCU, for CMYK, and for progressive files
//         whose scans omit bits; else as for reading the whole picture
// Source  ITU-T T.81, A.2; libjpeg.txt, "Really raw data: DCT coefficients"
#pragma once

#include "codecs/metadata.h"
#include "core/bytes.h"
#include "core/result.h"
#include "geometry/window.h"

namespace deckle {

/// `window` is a window of the picture as stored: rows and cols. Reads only the header.
[[nodiscard]] Result<Done> check_lossless_crop(Bytes file, const Window& window);
[[nodiscard]] Result<Done> lossless_crop(Bytes file, const Window& window, const Metadata& metadata,
                                         Buffer& out);

}  // namespace deckle

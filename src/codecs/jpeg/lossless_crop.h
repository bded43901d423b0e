// SPDX-License-Identifier: Apache-2.0
// jpeg_cut: a part of a JPEG without decoding it: its coefficients are copied as they are.
// Fails   Unsupported for windows that do not begin at a block, for CMYK and for scans that leave
//         bits out; else as reading the whole picture does
// Source  ITU-T T.81, A.2; libjpeg.txt, "Really raw data: DCT coefficients"
#pragma once

#include "codecs/codec.h"

namespace deckle {

/// `window` is of the picture as it is stored, rows and cols.
[[nodiscard]] Result<Done> can_cut_jpeg(Bytes file, const Window& window);
[[nodiscard]] Result<Done> cut_jpeg(Bytes file, const Window& window, const Metadata& metadata,
                                    Buffer& out);

}  // namespace deckle

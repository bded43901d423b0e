// SPDX-License-Identifier: Apache-2.0
// exif: the orientation tag of an EXIF block, as JPEG (APP1), PNG (eXIf) and WebP (EXIF) carry it.
#pragma once

#include "core/bytes.h"

namespace deckle {

/// The orientation, 1 to 8, of a TIFF-structured block with or without "Exif\0\0" before it; 1
/// where there is none or it is not valid.
[[nodiscard]] int exif_orientation(Bytes block);

}  // namespace deckle

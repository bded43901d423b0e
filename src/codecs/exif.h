// SPDX-License-Identifier: Apache-2.0
// exif: the orientation in an EXIF block, as JPEG (APP1), PNG (eXIf) and WebP (EXIF) carry it, and
// in XMP.
#pragma once

#include <optional>
#include <string_view>

#include "core/bytes.h"

namespace deckle {

/// The orientation, 1 to 8, of a TIFF-structured block with or without "Exif\0\0" before it; none
/// where it is not there or not valid.
[[nodiscard]] std::optional<int> exif_orientation(Bytes block);

/// The orientation, 1 to 8, in an XMP packet, or in anything that holds one: the property
/// tiff:Orientation, as an attribute or an element.
[[nodiscard]] std::optional<int> xmp_orientation(std::string_view packet);

}  // namespace deckle

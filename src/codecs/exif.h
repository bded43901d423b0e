// SPDX-License-Identifier: Apache-2.0
// exif: reads the orientation from EXIF blocks, as in JPEG (APP1), PNG (eXIf) and WebP (EXIF), and
// from XMP; edits both for a picture that was turned upright, cropped or resized.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace deckle {

/// The orientation, 1 to 8, of a TIFF-structured block with or without "Exif\0\0" before it; none
/// if it is missing or invalid.
[[nodiscard]] std::optional<int> exif_orientation(Bytes block);

/// The orientation, 1 to 8, in an XMP packet, or in bytes that contain one: the property
/// tiff:Orientation, as an attribute or an element.
[[nodiscard]] std::optional<int> xmp_orientation(std::string_view packet);

/// Metadata::exif from the EXIF of a file. Removes "Exif\0\0", which some writers put before the
/// block.
[[nodiscard]] std::vector<std::uint8_t> exif_block(Bytes stored);
/// Metadata::xmp from the XMP of a file. Removes zero bytes, which some writers put after it.
[[nodiscard]] std::string xmp_packet(Bytes stored);

/// The block for an output of `rows` x `cols` pixels. No byte of the block moves, because maker
/// notes contain offsets in a format that only the camera's maker knows.
/// - If `turned` (the pixels were turned upright), Orientation becomes 1.
/// - Size tags get the size of the output.
/// - The thumbnail and its directory are removed: it shows the picture before it was turned,
///   cropped or resized.
///
/// Empty for an invalid block, or if its directories overlap other data.
[[nodiscard]] std::vector<std::uint8_t> upright_exif(std::vector<std::uint8_t> block, bool turned,
                                                     std::int64_t rows, std::int64_t cols);

/// The packet for a picture that was turned upright: every tiff:Orientation that xmp_orientation
/// reads becomes 1. The length does not change.
[[nodiscard]] std::string upright_xmp(std::string packet);

}  // namespace deckle

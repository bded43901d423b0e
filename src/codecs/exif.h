// SPDX-License-Identifier: Apache-2.0
// exif: the orientation in an EXIF block, as JPEG (APP1), PNG (eXIf) and WebP (EXIF) carry it, and
// in XMP; and both changed to fit a picture that was turned upright, cut or resized.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace deckle {

/// The orientation, 1 to 8, of a TIFF-structured block with or without "Exif\0\0" before it; none
/// where it is not there or not valid.
[[nodiscard]] std::optional<int> exif_orientation(Bytes block);

/// The orientation, 1 to 8, in an XMP packet, or in anything that holds one: the property
/// tiff:Orientation, as an attribute or an element.
[[nodiscard]] std::optional<int> xmp_orientation(std::string_view packet);

/// Metadata::exif of what a file holds as EXIF: some writers put "Exif\0\0" before the block.
[[nodiscard]] std::vector<std::uint8_t> exif_block(Bytes stored);
/// Metadata::xmp of what a file holds as XMP: some writers fill up with zero bytes.
[[nodiscard]] std::string xmp_packet(Bytes stored);

/// The block for an output of `rows` x `cols` pixels. Nothing that is kept moves, because maker
/// notes hold offsets that only their maker knows.
/// - Orientation becomes 1 where `turned`: the pixels were turned upright.
/// - The size becomes the output's, where it is said.
/// - The thumbnail goes, with its directory: it shows the picture as it was before.
/// Empty where the block is not one, or its directories cannot be told from other data.
[[nodiscard]] std::vector<std::uint8_t> upright_exif(std::vector<std::uint8_t> block, bool turned,
                                                     std::int64_t rows, std::int64_t cols);

/// The packet for a picture that was turned upright: every tiff:Orientation that xmp_orientation
/// reads becomes 1. Its length stays.
[[nodiscard]] std::string upright_xmp(std::string packet);

}  // namespace deckle

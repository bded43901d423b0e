// SPDX-License-Identifier: Apache-2.0
// jpeg_metadata: ICC, EXIF and XMP in the APPn segments of a JPEG.
// Shapes  none: no pixels here
// Fails   TooLarge if a kind of metadata does not fit; reading never fails
// Source  ICC.1:2022, B.4; Exif 3.0, 4.7.2; XMP part 3, 1.1.3 (one packet; extended XMP is neither
//         read nor written)
#pragma once

#include <cstdint>
#include <vector>

#include "codecs/codec.h"
#include "codecs/jpeg/jpeg_writer.h"
#include "codecs/jpeg/libjpeg.h"

namespace deckle {

/// Makes `decoder` keep the segments of metadata. Call it before the header is read.
[[nodiscard]] bool keep_metadata(LibjpegDecoder& decoder);
/// The ICC profile, after the header was read; empty if there is none.
[[nodiscard]] std::vector<std::uint8_t> icc_of(LibjpegDecoder& decoder);
[[nodiscard]] Bytes exif_of(const LibjpegDecoder& decoder);
/// Codec::read_metadata.
[[nodiscard]] Metadata read_jpeg_metadata(Bytes file);

/// The segments after SOI and APP0. Fails with TooLarge.
[[nodiscard]] Result<std::vector<JpegSegment>> segments_of(const Metadata& metadata);
/// Called inside `guarded`, after jpeg_start_compress or jpeg_write_coefficients.
void write_segments(jpeg_compress_struct& jpeg, const std::vector<JpegSegment>& segments);

}  // namespace deckle

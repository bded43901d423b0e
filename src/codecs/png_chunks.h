// SPDX-License-Identifier: Apache-2.0
// png_chunks: reads the chunks of a PNG without libpng, and the metadata in them.
// Shapes  none: no pixels here
// Fails   reading never fails: metadata that cannot be read count as missing. chunks_of: TooLarge
//         if metadata do not fit
// Source  PNG specification, 3rd edition (W3C 2025), 5.3 and 11.3; XMP part 3, 1.1.5; ImageMagick's
//         png.c, for profiles in texts
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/codec.h"

namespace deckle {

struct PngChunks {
  std::size_t data_bytes = 0;  ///< of all IDAT chunks, as far as they are in the file
  bool data_whole = false;     ///< the last IDAT is complete in the file, with its checksum
  std::string unknown;         ///< type of the first unknown critical chunk before the picture data
  Bytes exif;                  ///< eXIf
  Bytes icc;                   ///< iCCP
  struct Text {
    char type;  ///< of tEXt, zTXt or iTXt
    Bytes data;
  };
  std::vector<Text> texts;
};

/// Reads up to IEND, or to the first incomplete chunk.
[[nodiscard]] PngChunks png_chunks(Bytes file);
/// Whether the checksum of a chunk is right. `data` points to the `length` bytes of its data; the
/// type is before them, the checksum after them.
[[nodiscard]] bool is_intact_chunk(const std::uint8_t* data, std::size_t length);

[[nodiscard]] std::vector<std::uint8_t> icc_of(const PngChunks& chunks);
[[nodiscard]] int orientation_of(const PngChunks& chunks);
/// Codec::read_metadata.
[[nodiscard]] Metadata read_png_metadata(Bytes file);

struct PngChunk {
  std::string_view type;
  std::vector<std::uint8_t> data;
};
/// The chunks between IHDR and the picture data. Fails with TooLarge. Profiles are compressed by
/// zlib at level 9, whatever the level of the picture.
[[nodiscard]] Result<std::vector<PngChunk>> chunks_of(const Metadata& metadata);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// jpeg_writer: baseline JPEG out of rows of pixels, the very bytes that libjpeg-turbo writes with
// its usual settings (grey, or YCbCr 4:2:0; the usual Huffman tables), in about two thirds of its
// time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codecs/jpeg_bits.h"
#include "codecs/jpeg_coefficients.h"
#include "core/rows.h"
#include "core/sink.h"

namespace deckle {

/// A marker segment.
struct JpegSegment {
  std::uint8_t marker = 0;         ///< the byte behind 0xFF
  std::vector<std::uint8_t> data;  ///< behind the length; at most 65533 bytes
};

/// Tables for luma, and for chroma.
struct JpegTables {
  std::array<Steps, 2> steps{};  // 1 to 255
  std::array<HuffmanCode, 2> dc;
  std::array<HuffmanCode, 2> ac;
};

/// rows.shape: rows x cols x 1 or 3, of 1 to 65535 rows and columns. `segments` come behind APP0.
/// False where a row or a write failed; only the caller's `rows` and `out` know why.
[[nodiscard]] bool write_jpeg(const RowSource& rows, const JpegTables& tables,
                              const std::vector<JpegSegment>& segments, Sink& out);

}  // namespace deckle

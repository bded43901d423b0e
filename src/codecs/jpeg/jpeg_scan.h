// SPDX-License-Identifier: Apache-2.0
// jpeg_scan: rows of pixels from sequential Huffman JPEG of one scan. Most JPEG files are of this
// kind. The samples are those of libjpeg-turbo.
//  libjpeg-turbo spends most of its time on Huffman codes. This decoder needs about half of that
// time. It skips blocks that are not needed in less time, and restart intervals that are not needed
// in almost no time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "codecs/jpeg/jpeg_bits.h"
#include "core/bytes.h"
#include "geometry/window.h"

namespace deckle {

// What the header of a file says.
struct JpegScanHeader {
  struct Component {
    int v_sampling = 1;  // blocks in an MCU, vertically and horizontally
    int h_sampling = 1;
    std::array<std::uint16_t, 64> quant_table{};  // row by row
    HuffmanCode dc, ac;
  };
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::array<Component, 4> components;
  std::size_t component_count = 0;  // 1: grey, 3: colour, 4: CMYK, which gives no rows
  bool ycbcr = false;               // YCbCr or YCCK; else RGB or CMYK
  std::int64_t interval = 0;        // MCUs between restart markers, or 0
  Bytes data;                       // from the end of the scan's header to the end of the file
};

class JpegScan {
 public:
  /// For the window `needed`. Null if libjpeg must read the file: its chroma has neither full nor
  /// half size, or a Huffman table is invalid.
  [[nodiscard]] static std::unique_ptr<JpegScan> open(const JpegScanHeader& header,
                                                      const Window& needed);
  JpegScan(const JpegScan&) = delete;
  JpegScan& operator=(const JpegScan&) = delete;
  virtual ~JpegScan() = default;

  /// Columns needed[1] of row `r` of needed[0], grey or RGB; `r` never decreases. False if the data
  /// are damaged; libjpeg then finds the reason.
  virtual bool row(std::int64_t r, std::uint8_t* out) = 0;
  /// For a window that ends at the last pixel: reads the rest. True if it is correct up to the end
  /// marker.
  virtual bool finish() = 0;
  /// For a window that ends at the last pixel: reads the rest, and returns the stray bytes between
  /// the picture data and the end marker. Empty if there are none, or if the decoder may have lost
  /// synchronisation: the bits after the last MCU are not padding, or all bytes up to the end
  /// marker can be decoded as blocks.
  virtual Bytes stray_bytes() = 0;

 protected:
  JpegScan() = default;
};

}  // namespace deckle

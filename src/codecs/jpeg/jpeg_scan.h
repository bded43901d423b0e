// SPDX-License-Identifier: Apache-2.0
// jpeg_scan: rows of pixels out of sequential Huffman JPEG of one scan, as most JPEG files are.
//
// libjpeg-turbo takes most of its time to take Huffman codes apart. Here that takes about half as
// long, and less where nothing is needed of a block, or next to nothing where restart markers show
// the way. The samples are libjpeg-turbo's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "codecs/jpeg_bits.h"
#include "core/bytes.h"
#include "geometry/window.h"

namespace deckle {

// What a file's header says.
struct JpegScanHeader {
  struct Component {
    int down = 1;  // sampling factors: blocks in an MCU
    int across = 1;
    std::array<std::uint16_t, 64> steps{};  // of quantisation, row by row
    HuffmanCode dc, ac;
  };
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::array<Component, 4> components;
  std::size_t component_count = 0;  // 1: grey, 3: colour, 4: inks, of which no rows are made
  bool ycbcr = false;               // else they are RGB; YCCK for YCbCr, CMYK for RGB
  std::int64_t interval = 0;        // MCUs between restart markers, or 0
  Bytes data;                       // from behind the header of the scan to the end of the file
};

class JpegScan {
 public:
  /// For the window `needed`. Null where the header is of a kind that is left to libjpeg: chroma
  /// that is neither whole nor half in a direction, or codes that do not fit.
  [[nodiscard]] static std::unique_ptr<JpegScan> open(const JpegScanHeader& header,
                                                      const Window& needed);
  JpegScan(const JpegScan&) = delete;
  JpegScan& operator=(const JpegScan&) = delete;
  virtual ~JpegScan() = default;

  /// Columns needed[1] of row `r` of needed[0], grey or RGB; never a row before the last one. False
  /// where the data are not as they should be: what is wrong with them, only libjpeg can tell.
  virtual bool row(std::int64_t r, std::uint8_t* out) = 0;
  /// Of a window that ends at the last pixel: reads what is left, and says whether all is well up
  /// to the end marker.
  virtual bool finish() = 0;
  /// Of such a window: reads what is left, and finds bytes between the picture data and the end
  /// marker that are not picture data; empty where there are none. They are not where the reading
  /// lost its way: then the bits behind the last MCU are not the padding of a byte, or they go on
  /// as blocks to the end.
  virtual Bytes stray_bytes() = 0;

 protected:
  JpegScan() = default;
};

}  // namespace deckle

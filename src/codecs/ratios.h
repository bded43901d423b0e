// SPDX-License-Identifier: Apache-2.0
// ratios: the largest number of bytes of samples that one byte of a file can be decoded to. Headers
// are checked against it before memory is allocated.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace deckle {

/// How samples are coded in a file.
enum class Coding : std::uint8_t {
  None,
  PackBits,   ///< TIFF
  Lzw,        ///< TIFF: codes of 9 to 12 bits
  Deflate,    ///< PNG, TIFF, npz, EXR (ZIP, ZIPS)
  PixarLog,   ///< TIFF: deflate of logarithms
  Lzma,       ///< TIFF
  Zstd,       ///< TIFF
  FaxRuns,    ///< TIFF: CCITT with one-dimensional rows
  FaxRows,    ///< TIFF: CCITT with two-dimensional rows, T.4 and T.6
  Thunder,    ///< TIFF: ThunderScan
  LogLuv,     ///< TIFF: SGILog, as floats
  LogLuv24,   ///< TIFF: SGILog24, as floats
  TiffJpeg,   ///< JPEG in TIFF, also with subsampled colours
  JpegScan,   ///< one scan of Huffman codes; subsampled chroma counts as stored
  JpegScans,  ///< several scans of Huffman codes
  Vp8,        ///< lossy WebP; a pixel counts as 3 bytes
  Radiance,   ///< HDR: runs of the planes of a row
  ExrRuns,    ///< EXR: RLE
  Piz,        ///< EXR
  Pxr24,      ///< EXR
  B44,        ///< EXR: B44, B44A
  Dwa,        ///< EXR: DWAA, DWAB
  Unlimited,  ///< a few bytes may be decoded to a picture of any size
};

/// A row of the table of ratios.
struct Ratio {
  Coding coding = Coding::None;
  std::uint64_t most = 1;  ///< bytes of samples from one byte of a file; FaxRows: rows; 0: no limit
  std::string_view source;  ///< the reason for `most`
};

/// All codings, in the order of the enumeration.
[[nodiscard]] std::span<const Ratio> ratios();

/// The result of `most_unpacked` for a coding without a limit.
inline constexpr std::uint64_t kNoMost = std::numeric_limits<std::uint64_t>::max();

/// The most bytes of samples that `stored` bytes of a file can be decoded to; kNoMost if there is
/// no limit. `row_bytes`: bytes of a row of samples, for FaxRows.
[[nodiscard]] std::uint64_t most_unpacked(Coding coding, std::uint64_t stored,
                                          std::uint64_t row_bytes = 1);

}  // namespace deckle

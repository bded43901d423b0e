// SPDX-License-Identifier: Apache-2.0
#include "codecs/ratios.h"

#include <array>
#include <cstddef>

namespace deckle {

std::span<const Ratio> ratios() {
  static constexpr std::array kRatios{
      Ratio{Coding::None, 1, "samples as they are"},
      Ratio{Coding::PackBits, 64, "TIFF 6.0, section 9: 2 bytes are up to 128"},
      Ratio{Coding::Lzw, 2560,
            "TIFF 6.0, section 13: a code of 12 bits is a string of at most 4096 - 256 bytes, and "
            "shorter codes are shorter strings"},
      Ratio{Coding::Deflate, 1032, "RFC 1951: 2 bits, a length and a distance, are up to 258"},
      Ratio{Coding::PixarLog, 2064, "libtiff's tif_pixarlog.c: deflate of 2 bytes for up to 4"},
      Ratio{Coding::Lzma, 8192,
            "lzma-specification.txt: 273 bytes need 14 decisions of 0.022 bits: 7089, rounded up"},
      Ratio{Coding::Zstd, 32768, "RFC 8878: a block of 4 bytes is up to 128 KiB"},
      Ratio{Coding::FaxRuns, 214, "T.4: 12 bits are a run of 2560 pixels of one bit"},
      Ratio{Coding::FaxRows, 8, "T.4 and T.6: a bit, V(0), is the rest of a row"},
      Ratio{Coding::Thunder, 32, "libtiff's tif_thunder.c: a byte is up to 63 pixels of 4 bits"},
      Ratio{Coding::LogLuv, 194,
            "libtiff's tif_luv.c: 2 bytes are up to 129 of a plane; 4 planes are 12 bytes a pixel"},
      Ratio{Coding::LogLuv24, 4, "libtiff's tif_luv.c: 3 bytes are a pixel of 12"},
      Ratio{Coding::TiffJpeg, 1366,
            "as JpegScans; with 4 x 4 subsampling 18 blocks are 1024 pixels of 3 bytes"},
      Ratio{Coding::JpegScan, 256,
            "T.81, F.1.2: a block of 64 samples has 2 codes of a bit or more"},
      Ratio{Coding::JpegScans, 512, "T.81, G.1.2: its first scan has a code for each block"},
      Ratio{Coding::Vp8, 2048,
            "RFC 6386, 11.2 and 11.4: the modes of 16 x 16 pixels cost 3.4 bits: 1808, rounded up"},
      Ratio{Coding::Radiance, 64, "Radiance's filefmts: 2 bytes are up to 127 of a plane"},
      Ratio{Coding::ExrRuns, 64, "OpenEXR's ImfRle.cpp: 2 bytes are up to 128"},
      Ratio{Coding::Piz, 512,
            "OpenEXR's ImfHuf.cpp: 10 bits are up to 256 samples of 2 bytes: 410, rounded up"},
      Ratio{Coding::Pxr24, 1376, "OpenEXR's ImfPxr24Compressor.cpp: deflate of 3 bytes for 4"},
      Ratio{Coding::B44, 11, "OpenEXR's ImfB44Compressor.cpp: 3 bytes are 4 x 4 samples of 2"},
      Ratio{Coding::Dwa, 66048,
            "OpenEXR's ImfDwaCompressor.cpp: deflate of 4 bytes for a block of 64 floats"},
      Ratio{Coding::Unlimited, 0,
            "JPEG 2000: packets without data. Lossless WebP: codes of no bits. Arithmetic JPEG and "
            "JBIG: decisions that cost next to nothing. LERC: blocks of one value. BMP: jumps and "
            "the end of the picture. JPEG in TIFF of the old kind: its data lie anywhere"},
  };
  static_assert(kRatios.size() == static_cast<std::size_t>(Coding::Unlimited) + 1);
  return kRatios;
}

std::uint64_t most_unpacked(Coding coding, std::uint64_t stored, std::uint64_t row_bytes) {
  const std::uint64_t most = ratios()[static_cast<std::size_t>(coding)].most;
  if (stored == 0) return 0;
  const std::uint64_t each = coding == Coding::FaxRows ? most * row_bytes : most;
  return most == 0 || each > kNoMost / stored ? kNoMost : each * stored;
}

}  // namespace deckle

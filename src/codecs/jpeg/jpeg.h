// SPDX-License-Identifier: Apache-2.0
// jpeg: the JPEG engine. Code outside of this folder includes only this header.
//
// The engine is fast. It gives the pixels of libjpeg-turbo and writes its bytes, with
// libjpeg-turbo's default settings. libjpeg-turbo itself does everything that the engine does not:
// progressive and arithmetic files, CMYK, damaged files, processors without AVX2.
//
//   jpeg.cpp         the codec: chooses between the engine and libjpeg-turbo
//   jpeg_scan        file to pixels: huffman (codes to coefficients), idct, ycbcr
//   jpeg_writer      pixels to file: ycbcr, fdct, Huffman codes
//   lossless_crop    a window of a file, its coefficients copied
//   jpeg_metadata    ICC, EXIF and XMP
//   libjpeg          libjpeg-turbo as C++ objects
// Source  ITU-T T.81; JFIF 1.02
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec jpeg_codec();

}  // namespace deckle

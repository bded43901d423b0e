// SPDX-License-Identifier: Apache-2.0
// jpeg: the JPEG engine. Code outside of this folder includes only this header.
//  The engine is faster than libjpeg-turbo, and gives the same pixels and bytes as libjpeg-turbo
// with its default settings. libjpeg-turbo itself is used for progressive and arithmetic files,
// CMYK, damaged files, and processors without AVX2.
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

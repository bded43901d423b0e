// SPDX-License-Identifier: Apache-2.0
// tiff_writer: pictures and volumes to TIFF; each plane becomes a page.
// Shapes  H x W x 1 to 4, planes x H x W x 1 to 4
// Fails   Shape, Depth, TooLarge as check_format_limits; Usage if the bands do not match the shape
// Source  TIFF 6.0; libtiff's tiffio.h
#pragma once

#include <string>

#include "codecs/codec.h"

namespace deckle {

// The functions of tiff's Encoder: see codec.h.
[[nodiscard]] Result<Done> check_tiff(const Shape& shape, DType dtype);
[[nodiscard]] Result<Done> encode_tiff(const Tensor& pixels, const EncodeOptions& options,
                                       Buffer& out);
[[nodiscard]] Result<Done> encode_tiff_rows(const RowSource& pixels, const EncodeOptions& options,
                                            Sink& out);
[[nodiscard]] std::string tiff_version(const EncodeOptions& options);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// read_picture: reading for all formats: checks of the header, windows, orientation, colours.
// Shapes  a file's bytes -> rows x cols x channels. Only this file turns pictures upright
// Fails   NotAnImage or Unsupported as `recognise` does; TooLarge before memory is allocated;
//         Truncated if the header promises far more than the file can contain; Damaged for empty
//         pictures; Usage for wrong arguments; else as the codec
#pragma once

#include <memory>

#include "codecs/codec.h"
#include "codecs/codec_options.h"
#include "codecs/image_info.h"
#include "core/bytes.h"
#include "core/result.h"
#include "core/tensor.h"
#include "geometry/window.h"

namespace deckle {

/// Reads the header and checks it against `max_pixels` and the size of the file. `options.rank` is
/// 1 to 3.
[[nodiscard]] Result<ImageInfo> read_info(Bytes file, const DecodeOptions& options);

/// Decodes upright unless `apply_orientation` is off. `info` is what `read_info` gave for this
/// file. Fails with Truncated or Damaged if the picture is not whole, unless `accept_truncated`.
[[nodiscard]] Result<Damage> decode(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                                    Tensor& out);

/// Decodes at least the window `needed` of the upright picture, with the samples of a full decode.
/// A truncated file fails, unless `accept_truncated`. Damage outside `needed` is found only with
/// `check_all`. Fails with Usage if `needed` is not inside the picture.
[[nodiscard]] Result<Part> decode_window(Bytes file, const ImageInfo& info,
                                         const DecodeOptions& options, const Window& needed,
                                         Tensor& out);

/// Whether decode_window decodes the whole picture, even for a small window.
[[nodiscard]] bool decodes_whole(Bytes file, const ImageInfo& info, const DecodeOptions& options);

/// Rows by RowStreaming::open, in the requested color_mode. The codec must have `rows`.
[[nodiscard]] Result<std::unique_ptr<RowReader>> open_rows(Bytes file, const ImageInfo& info,
                                                           const DecodeOptions& options,
                                                           const Window& needed);

}  // namespace deckle

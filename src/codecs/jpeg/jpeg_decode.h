// SPDX-License-Identifier: Apache-2.0
// jpeg_decode: what the codec shares with lossless_crop and the tests.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "codecs/jpeg/jpeg_scan.h"
#include "core/bytes.h"
#include "core/result.h"
#include "geometry/window.h"

namespace deckle {

class LibjpegDecoder;

/// Opens a file for a window, as the codec does. Null if libjpeg must read the file.
[[nodiscard]] std::unique_ptr<JpegScan> scan_jpeg(Bytes file, const Window& needed);

/// The Error for zero bytes within the picture data. `decoder` has read the header.
[[nodiscard]] std::optional<Error> jpeg_hole(const LibjpegDecoder& decoder, Bytes file);

/// What is wrong with a picture that `decoder` has read to its end. Sets `note` to what is unusual
/// but harmless.
[[nodiscard]] std::optional<Error> jpeg_damage(const LibjpegDecoder& decoder, Bytes file,
                                               std::string& note);

}  // namespace deckle

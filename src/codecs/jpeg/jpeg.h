// SPDX-License-Identifier: Apache-2.0
// jpeg: JPEG through libjpeg-turbo and, where they are faster, jpeg_scan and jpeg_writer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "codecs/codec.h"
#include "codecs/jpeg_scan.h"

namespace deckle {

class LibjpegDecoder;

[[nodiscard]] Codec jpeg_codec();

/// The scan of a file for a window, as the codec opens it; null where it leaves the file to
/// libjpeg.
[[nodiscard]] std::unique_ptr<JpegScan> scan_jpeg(Bytes file, const Window& needed);

/// Zero bytes amid the picture data, where `decoder` has read the header.
[[nodiscard]] std::optional<Error> jpeg_hole(const LibjpegDecoder& decoder, Bytes file);

/// What is wrong with a picture that `decoder` read to its end, and in `note` what is odd but
/// harmless.
[[nodiscard]] std::optional<Error> jpeg_damage(const LibjpegDecoder& decoder, Bytes file,
                                               std::string& note);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// jpeg: JPEG through libjpeg-turbo and, where they are faster, jpeg_scan and jpeg_writer.
#pragma once

#include <memory>

#include "codecs/codec.h"
#include "codecs/jpeg_scan.h"

namespace deckle {

[[nodiscard]] Codec jpeg_codec();

/// The scan of a file for a window, as the codec opens it; null where it leaves the file to
/// libjpeg.
[[nodiscard]] std::unique_ptr<JpegScan> scan_jpeg(Bytes file, const Window& needed);

}  // namespace deckle

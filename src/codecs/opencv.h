// SPDX-License-Identifier: Apache-2.0
// opencv: OpenCV's imread, for codecs that need it. OpenCV is in a plug-in, libdeckle_opencv.so: it
// takes 60 ms to load, and is not trusted with unknown files. Each thread starts a helper process
// for it when the first file needs it.
#pragma once

#include <string>

#include "codecs/codec.h"

namespace deckle {

/// "OpenCV 4.6.0": the version that runs. Starts the helper; "" if it cannot be started.
[[nodiscard]] std::string opencv_version();

/// Decodes an OpenEXR file to `out`, with the shape and type in `info`: uint8, uint16 or float32.
/// Fails with Damaged, TooLarge, or Unsupported if the plug-in cannot be used: "OpenEXR needs ..",
/// Unreadable if no process can be started, Stopped if `stop` is set. Any thread may call it.
[[nodiscard]] Result<Done> decode_by_opencv(Bytes file, const ImageInfo& info, Tensor& out,
                                            const Stop* stop = nullptr);

}  // namespace deckle

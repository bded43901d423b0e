// SPDX-License-Identifier: Apache-2.0
// opencv: OpenCV's imread, for codecs that need it. It is in a plug-in, libdeckle_opencv.so, that
// is opened for the first file that needs it: linked in, it would cost every command 60 ms.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "codecs/codec.h"
#include "codecs/opencv_plugin.h"
#include "codecs/plugin.h"

namespace deckle {

inline constexpr Plugin kOpenCvPlugin{"libdeckle_opencv.so", "deckle_opencv_interface",
                                      kOpenCvInterface, "deckle-opencv"};

/// "OpenCV 4.6.0": what runs. Opens the plug-in; "" where it cannot be opened.
[[nodiscard]] std::string opencv_version();

/// Decodes to `out`, as `info` says: uint8, uint16 or float32. Fails with Damaged, TooLarge, or
/// Unsupported where the plug-in cannot be opened: "`format` needs ..". Any thread may call it.
[[nodiscard]] Result<Done> decode_by_opencv(Bytes file, std::string_view format,
                                            const ImageInfo& info, Tensor& out);

struct OpenCvPlugin {
  decltype(&deckle_opencv_decode) decode = nullptr;
  decltype(&deckle_opencv_version) version = nullptr;
};

/// Opens the plug-in in the first of these folders that has it, for good. An error's message begins
/// with its name: "libdeckle_opencv.so, which is not installed: ...".
[[nodiscard]] Result<OpenCvPlugin> open_opencv(std::span<const std::filesystem::path> folders);

}  // namespace deckle

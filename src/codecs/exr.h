// SPDX-License-Identifier: Apache-2.0
// exr: OpenEXR; read only. Headers are read here, pixels by OpenCV (opencv.h).
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec exr_codec();

}  // namespace deckle

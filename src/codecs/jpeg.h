// SPDX-License-Identifier: Apache-2.0
// jpeg: JPEG through libjpeg-turbo.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec jpeg_codec();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// webp: WebP through libwebp; still pictures.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec webp_codec();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// png: PNG through libpng.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec png_codec();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// bmp: BMP, by a reader and a writer of our own.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec bmp_codec();

}  // namespace deckle

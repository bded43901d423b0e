// SPDX-License-Identifier: Apache-2.0
// hdr: Radiance HDR, by a reader of our own; read only.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec hdr_codec();

}  // namespace deckle

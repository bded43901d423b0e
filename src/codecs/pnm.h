// SPDX-License-Identifier: Apache-2.0
// pnm: PBM, PGM and PPM, and their float sibling PFM, by our own code.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec pnm_codec();
[[nodiscard]] Codec pfm_codec();

}  // namespace deckle

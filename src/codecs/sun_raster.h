// SPDX-License-Identifier: Apache-2.0
// sun_raster: Sun raster, by a reader of our own; read only.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec sun_raster_codec();

}  // namespace deckle

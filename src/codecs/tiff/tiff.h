// SPDX-License-Identifier: Apache-2.0
// tiff: TIFF through libtiff; the first page, or all of them as a volume.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec tiff_codec();

}  // namespace deckle

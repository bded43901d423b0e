// SPDX-License-Identifier: Apache-2.0
// jp2: JPEG 2000; read only. Headers are read here, pixels by OpenJPEG.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec jp2_codec();

}  // namespace deckle

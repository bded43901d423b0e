// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec npy_codec();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// jpeg_cut: a small window of a large JPEG, without the picture data around it.
//
// libjpeg has to take every coefficient above and beside a window apart to find where the next one
// begins. Whoever wants only to pass over them can look several up at once; that takes some 0.6 of
// libjpeg's time, and next to none where the file has restart markers.
#pragma once

#include <optional>

#include "codecs/codec.h"

namespace deckle {

/// How much of a picture's data has to be passed over before a cut is made.
enum class Cutting { WherePays, Always };

/// `out` becomes a JPEG of a part of the picture: the MCUs that hold the window `needed` and the
/// neighbours that upsampling looks at, their coefficients as they were. Gives the part.
/// Nothing where cutting does not pay, for all but sequential Huffman-coded 8-bit JPEG of one scan
/// and 1 or 3 components, and where the data are not as they should be: only a decoder can tell
/// what is wrong with them.
[[nodiscard]] std::optional<Window> cut_jpeg(Bytes file, const Window& needed, Buffer& out,
                                             Cutting cutting = Cutting::WherePays);

}  // namespace deckle

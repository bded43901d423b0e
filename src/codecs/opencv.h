// SPDX-License-Identifier: Apache-2.0
// opencv: the formats that are seldom met, through OpenCV's imgcodecs. Nothing of OpenCV shows
// here, so that the one .cpp behind it can become a plug-in: linking imgcodecs costs tens of
// milliseconds of start-up.
#pragma once

#include "codecs/codec.h"

namespace deckle {

[[nodiscard]] Codec bmp_codec();
[[nodiscard]] Codec pnm_codec();
[[nodiscard]] Codec jp2_codec();
[[nodiscard]] Codec hdr_codec();
[[nodiscard]] Codec sun_raster_codec();
[[nodiscard]] Codec pfm_codec();

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// codec_options: how files are decoded and encoded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "codecs/format.h"
#include "codecs/metadata.h"
#include "core/bands.h"
#include "core/stop.h"

namespace deckle {

/// A colour of a palette: red, green, blue, alpha, each 0 to 65535.
using Colour = std::array<std::uint16_t, 4>;

struct DecodeOptions {
  bool apply_orientation = true;
  bool accept_truncated = false;  ///< keep what can be read of a truncated or damaged picture
  bool check_all = false;         ///< also decode parts that are not needed, to find all damage
  /// rows x cols; a larger picture is an Error before memory is allocated
  std::int64_t max_pixels = std::int64_t{1} << 28;
  int rank = 2;                            ///< number of spatial axes that the layers take
  bool volume = false;                     ///< all pages of a TIFF, as planes; else the first page
  bool channels_first = false;             ///< layout of arrays
  ColorMode color_mode = ColorMode::Keep;  ///< pictures are converted; arrays must match
  /// The colour behind transparent pixels when alpha is removed: red, green, blue, 0 to 255.
  /// Empty: alpha is dropped.
  std::optional<std::array<int, 3>> background{};
  bool index = false;    ///< keep palette indices, and grey of fewer than 8 bits, as stored
  bool to_srgb = false;  ///< convert colours from the picture's ICC profile to sRGB
  /// Asked after each row of JPEG and PNG, after each strip of TIFF, and while a plug-in decodes.
  /// If it stops, decoding fails with Stopped. Null: never asked. The caller of a RowReader stops
  /// by asking for no more rows.
  const Stop* stop = nullptr;
};

struct EncodeOptions {
  Format format = Format::Png;
  std::optional<int> quality{};      ///< 1 to 100: jpeg, and lossy webp
  bool lossless = false;             ///< webp
  std::optional<int> compression{};  ///< 0 (none, fastest) to 9 (smallest): png, tiff
  bool channels_first = false;       ///< npy
  bool batch_axis = false;           ///< npy: write the batch axis even for a batch of 1
  std::optional<Bands> bands{};      ///< tiff: if they are not usual_bands
  Metadata metadata{};               ///< the kinds that the format carries are written
  std::vector<Colour> palette{};  ///< png, tiff, bmp: if not empty, the samples are indices of it
  /// webp asks it during encoding. If it stops, encoding fails with Stopped. Null: never asked. A
  /// RowSource stops by returning null for a row.
  const Stop* stop = nullptr;
};

}  // namespace deckle

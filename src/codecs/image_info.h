// SPDX-License-Identifier: Apache-2.0
// image_info: what a header says, and the damage that decoding found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codecs/codec_options.h"
#include "codecs/format.h"
#include "core/bands.h"
#include "core/dtype.h"
#include "core/shape.h"
#include "geometry/window.h"

namespace deckle {

/// A picture as the layers see it, after DecodeOptions are applied.
struct Seen {
  Shape shape;                   ///< upright, in the requested color_mode
  std::optional<Bands> bands{};  ///< if they are not usual_bands
  bool icc = false;              ///< ImageInfo::icc describes these samples
  bool icc_unfit = false;        ///< the profile cannot be read, or is for another kind of samples
};

/// What a header says about a picture.
struct ImageInfo {
  Format format = Format::Jpeg;
  Shape shape;  ///< rows, cols, channels as stored: before any orientation is applied
  DType dtype = DType::UInt8;
  int orientation = 1;    ///< 1 to 8, as in EXIF and TIFF; invalid values count as 1
  bool lossless = false;  ///< the file's own compression is lossless
  /// The ICC profile of the file (bmp, jp2, jpg, png, tiff, webp), unchecked; empty if it has none.
  std::vector<std::uint8_t> icc{};
  /// npy: the axes in the order of the file. interpret_array derives `shape` and `batch` from them.
  std::vector<std::int64_t> array{};
  std::optional<std::int64_t> batch{};  ///< number of pictures, if the array has a batch axis
  /// Meaning of the channels, if it is not usual_bands of their number: TIFF.
  std::optional<Bands> bands{};
  /// The colours that the samples are indices of (bmp, png, ras, tiff); empty without a palette.
  std::vector<Colour> palette{};
  /// The white level of the file, if grey samples were scaled to the full range of `dtype` (png,
  /// pnm, tiff); else 0.
  std::uint32_t white = 0;
  /// The samples are as stored: indices of `palette`, or grey up to `white`.
  bool indexed = false;
  Seen seen{};  ///< set by deckle::read_info

  /// The shape after the orientation is applied. Orientations 5 to 8 exchange rows and cols.
  [[nodiscard]] Shape upright_shape() const;
};

/// What is wrong with a picture that could be decoded. Both texts are empty if nothing is wrong.
struct Damage {
  std::string missing{};  ///< samples that are missing or wrong, with `accept_truncated`
  std::string note{};     ///< unusual but harmless: no sample is missing or guessed

  [[nodiscard]] bool empty() const { return missing.empty() && note.empty(); }
  bool operator==(const Damage&) const = default;
};

/// A decoded window of a picture. A tensor contains its samples.
struct Part {
  Damage damage;
  Window window;  ///< within the picture; contains the requested window
};

}  // namespace deckle

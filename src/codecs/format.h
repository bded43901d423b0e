// SPDX-License-Identifier: Apache-2.0
// format: names of formats and color modes. This header includes nearly nothing: any file may
// include it cheaply.
#pragma once

#include <cstdint>
#include <string_view>

namespace deckle {

/// A format, by its name in chain files and manifests. The name identifies a row of the table of
/// codecs (codecs/formats.h). A format needs a constant here only if other code asks for it.
struct Format {
  std::string_view name;  ///< a literal: "png"

  bool operator==(const Format&) const = default;

  static const Format Jpeg, Png, Webp, Tiff, Bmp, Pnm, Jp2, Hdr, SunRaster, Pfm, Exr, Npy;
};

inline constexpr Format Format::Jpeg{"jpg"};
inline constexpr Format Format::Png{"png"};
inline constexpr Format Format::Webp{"webp"};
inline constexpr Format Format::Tiff{"tiff"};
inline constexpr Format Format::Bmp{"bmp"};
inline constexpr Format Format::Pnm{"pnm"};
inline constexpr Format Format::Jp2{"jp2"};
inline constexpr Format Format::Hdr{"hdr"};
inline constexpr Format Format::SunRaster{"ras"};
inline constexpr Format Format::Pfm{"pfm"};
inline constexpr Format Format::Exr{"exr"};
inline constexpr Format Format::Npy{"npy"};

/// The channels that each picture is converted to before the first layer. Keras' names.
enum class ColorMode : std::uint8_t { Keep, Grayscale, Rgb, Rgba };

}  // namespace deckle

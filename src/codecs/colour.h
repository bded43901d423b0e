// SPDX-License-Identifier: Apache-2.0
// colour: converts samples before the first layer: to a color_mode, to sRGB, or to indices.
// Shapes  rows x cols x 1 to 4; grey; grey, alpha; R, G, B; R, G, B, alpha
// Fails   Depth if the bands cannot be converted; Unsupported as in icc.h
// Source  Keras' load_img, which is Pillow's convert: grey by ITU-R 601-2; alpha_composite
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "codecs/codec.h"
#include "codecs/icc.h"

namespace deckle {

/// Sets `info.seen`, and `info.indexed` if `options` request indices. Fails with Shape if an array
/// does not have the channels of the color_mode; else as above.
[[nodiscard]] Result<Done> see(ImageInfo& info, const DecodeOptions& options);

/// Converts decoded samples to those that `info.seen` describes.
class ColourChange {
 public:
  /// `info` was filled by see(). Fails with Unsupported if the ICC profile cannot be applied.
  [[nodiscard]] static Result<ColourChange> of(const ImageInfo& info, const DecodeOptions& options);

  /// Whether no conversion is needed.
  [[nodiscard]] bool empty() const { return !to_srgb_ && !changes_channels_; }
  /// Converts `pixels` adjacent pixels. `from` and `to` must not overlap.
  void run(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) const;
  /// Converts all samples; their number of channels may change.
  void run(Tensor& samples) const;

 private:
  ColourChange() = default;

  DType dtype_ = DType::UInt8;
  std::int64_t from_ = 3;  ///< channels
  std::int64_t to_ = 3;
  bool changes_channels_ = false;
  std::optional<std::array<int, 3>> background_;
  std::optional<ToSrgb> to_srgb_;
};

}  // namespace deckle

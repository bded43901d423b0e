// SPDX-License-Identifier: Apache-2.0
// icc: reads ICC profiles, and converts colours to sRGB.
// Shapes  pixels of 1 to 4 channels. With 2 or 4, the last channel is alpha; it does not change
// Fails   Unsupported if a profile cannot be applied to these samples
// Source  ICC.1; sRGB: IEC 61966-2-1; Little CMS 2
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"

namespace deckle {

/// The colour space of a profile.
enum class IccSpace : std::uint8_t { None, Grey, Rgb, Cmyk, Other };

/// From the header of the profile; None if the header is invalid or truncated.
[[nodiscard]] IccSpace icc_space(Bytes profile);

/// Whether colours by this profile differ from those of sRGB by at most 1 of 255.
[[nodiscard]] bool is_srgb(Bytes profile);

/// Converts one kind of samples from a profile to sRGB; grey gets the tone curve of sRGB. The
/// rendering intent is that of the profile. Floats outside of sRGB are not clipped.
class ToSrgb {
 public:
  /// Fails with Unsupported if the profile is for other samples, or cannot be used.
  [[nodiscard]] static Result<ToSrgb> of(Bytes profile, std::int64_t channels, DType dtype);

  /// `to` may equal `from`.
  void run(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) const;

 private:
  explicit ToSrgb(std::shared_ptr<void> transform) : transform_(std::move(transform)) {}

  std::shared_ptr<void> transform_;
};

/// "Little CMS 2.14".
[[nodiscard]] std::string icc_version();

}  // namespace deckle

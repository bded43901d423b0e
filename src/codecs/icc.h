// SPDX-License-Identifier: Apache-2.0
// icc: what an ICC profile says, and colours from it to sRGB.
// Shapes  pixels of 1 to 4 channels, the last of 2 and 4 alpha, which stays as it is
// Fails   Unsupported where a profile cannot be applied to these samples
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

/// What the numbers of a profile are.
enum class IccSpace : std::uint8_t { None, Grey, Rgb, Cmyk, Other };

/// By the profile's header; None where it is no profile, or is cut short.
[[nodiscard]] IccSpace icc_space(Bytes profile);

/// Whether colours are the same with it and with sRGB, to one of 255.
[[nodiscard]] bool is_srgb(Bytes profile);

/// Colours of one kind of samples from a profile to sRGB, grey to the same tone curve. The
/// rendering intent is the profile's own. Floats outside of sRGB are not clipped.
class ToSrgb {
 public:
  /// Fails with Unsupported where the profile is not for such samples, or not to be used.
  [[nodiscard]] static Result<ToSrgb> of(Bytes profile, std::int64_t channels, DType dtype);

  /// `to` may be `from`.
  void run(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) const;

 private:
  explicit ToSrgb(std::shared_ptr<void> transform) : transform_(std::move(transform)) {}

  std::shared_ptr<void> transform_;
};

/// "Little CMS 2.14".
[[nodiscard]] std::string icc_version();

}  // namespace deckle

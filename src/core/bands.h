// SPDX-License-Identifier: Apache-2.0
// bands: what the channels of a picture mean, if their number does not say it.
// Source  TIFF 6.0, ExtraSamples and PhotometricInterpretation
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deckle {

/// A channel that is no colour; the values are TIFF's.
enum class Extra : std::uint8_t { Unspecified = 0, AssociatedAlpha = 1, Alpha = 2 };

/// The colours come first.
struct Bands {
  int colours = 1;            ///< 1: grey; 3: red, green, blue
  std::vector<Extra> others;  ///< what each of the other channels is

  bool operator==(const Bands&) const = default;
};

/// The usual meaning of 1 to 4 channels: grey; grey, alpha; red, green, blue; red, green, blue,
/// alpha.
[[nodiscard]] Bands usual_bands(std::int64_t channels);

/// "grey and 3 bands of unstated meaning".
[[nodiscard]] std::string to_string(const Bands& bands);

}  // namespace deckle

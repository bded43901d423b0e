// SPDX-License-Identifier: Apache-2.0
// metadata: what a picture's file holds beside its samples, and what goes along to an output.
// Source  ICC.1; Exif 3.0 (CIPA DC-008); XMP part 3, storage in files (ISO 16684-1)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deckle {

/// Each is as a file holds it, without what its format puts around it; empty where there is none.
struct Metadata {
  std::vector<std::uint8_t> icc;   ///< an ICC profile
  std::vector<std::uint8_t> exif;  ///< a block of the structure of TIFF, without "Exif\0\0"
  std::string xmp;                 ///< a packet

  [[nodiscard]] bool empty() const { return icc.empty() && exif.empty() && xmp.empty(); }
  bool operator==(const Metadata&) const = default;
};

}  // namespace deckle

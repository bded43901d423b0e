// SPDX-License-Identifier: Apache-2.0
// metadata: ICC profile, EXIF and XMP of a file, and of an output.
// Source  ICC.1; Exif 3.0 (CIPA DC-008); XMP part 3, storage in files (ISO 16684-1)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deckle {

/// ImageInfo::icc for a profile that cannot be joined from its parts. No real profile has one byte.
[[nodiscard]] inline std::vector<std::uint8_t> unreadable_icc() {
  return {0};
}

/// Each kind as in the file, without the marker or chunk header around it; empty if there is none.
struct Metadata {
  std::vector<std::uint8_t> icc;   ///< an ICC profile
  std::vector<std::uint8_t> exif;  ///< a block of the structure of TIFF, without "Exif\0\0"
  std::string xmp;                 ///< a packet
  bool more = false;               ///< TIFF: the file has EXIF that cannot be copied as a block

  [[nodiscard]] bool empty() const { return icc.empty() && exif.empty() && xmp.empty() && !more; }
  bool operator==(const Metadata&) const = default;
};

}  // namespace deckle

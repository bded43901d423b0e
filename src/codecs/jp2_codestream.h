// SPDX-License-Identifier: Apache-2.0
// jp2_codestream: finds missing, damaged or surplus data in a JPEG 2000 codestream without decoding
// it.
// Fails   Truncated and Damaged with bytes or tiles, Unsupported for what OpenJPEG reads wrongly,
//         or with too much memory
// Source  ISO/IEC 15444-1, A and B
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace deckle {

inline constexpr std::size_t kMostJp2Components = 4;

/// An area on the grid of the codestream, in samples. `right` and `bottom` are the first ones
/// outside.
struct Jp2Area {
  std::int64_t left = 0;
  std::int64_t top = 0;
  std::int64_t right = 0;
  std::int64_t bottom = 0;

  [[nodiscard]] double size() const {
    return left >= right || top >= bottom
               ? 0
               : static_cast<double>(right - left) * static_cast<double>(bottom - top);
  }
  /// The cells of this area, in a grid whose cells have 2^across x 2^down samples.
  [[nodiscard]] Jp2Area cells(unsigned across, unsigned down) const {
    const auto up = [](std::int64_t n, unsigned bits) {
      return (n + (std::int64_t{1} << bits) - 1) >> bits;
    };
    return {left >> across, top >> down, up(right, across), up(bottom, down)};
  }
  /// This area at a resolution that was halved `levels` times.
  [[nodiscard]] Jp2Area halved(unsigned levels) const {
    const Jp2Area all = cells(levels, levels);
    const std::int64_t rest = (std::int64_t{1} << levels) - 1;
    return {all.left + ((left & rest) != 0 ? 1 : 0), all.top + ((top & rest) != 0 ? 1 : 0),
            all.right, all.bottom};
  }
};

/// The tiles, as in the SIZ marker.
struct Jp2Tiling {
  Jp2Area picture;
  Jp2Area first;  ///< the first tile, not clipped to the picture
  std::int64_t across = 0;
  std::int64_t down = 0;
  std::size_t components = 0;

  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(across * down); }
  [[nodiscard]] Jp2Area at(std::size_t index) const {
    const auto i = static_cast<std::int64_t>(index);
    const std::int64_t right = i % across * (first.right - first.left);
    const std::int64_t down_by = i / across * (first.bottom - first.top);
    return {std::max(first.left + right, picture.left), std::max(first.top + down_by, picture.top),
            std::min(first.right + right, picture.right),
            std::min(first.bottom + down_by, picture.bottom)};
  }
};

/// "JPEG 2000 `what` is not read".
[[nodiscard]] Error unsupported_jp2(const std::string& what);

/// Checks the markers and tile-parts of `codestream`, which is a part of `file`.
[[nodiscard]] std::optional<Error> find_wrong_in_tiles(Bytes file, Bytes codestream,
                                                       const Jp2Tiling& tiling);

}  // namespace deckle

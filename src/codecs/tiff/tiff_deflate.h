// SPDX-License-Identifier: Apache-2.0
// tiff_deflate: unpacks deflated strips and tiles by libdeflate, in half of zlib's time, and counts
// the bytes.
// Source  TIFF 6.0, "Differencing Predictor"; libdeflate.h
// libtiff 4.5 also uses libdeflate. But if the data are longer than the strip, it leaves the end of
// the strip unwritten and reports nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"

namespace deckle {

enum class Deflated : std::uint8_t {
  Whole,   ///< every byte is written, and the checksum is right
  Longer,  ///< the data are longer than the strip
  Wrong,   ///< the data are shorter or damaged, or the checksum is wrong
};

/// Unpacks a zlib stream to `size` bytes at `to`. They are valid only if the result is Whole.
[[nodiscard]] Deflated unpack_deflate(Bytes packed, std::uint8_t* to, std::size_t size);

/// Undoes the horizontal predictor in `size` bytes of rows of `row_bytes`: samples of 1, 2 or 4
/// bytes, each the difference to the one `step` samples before.
void undo_differences(std::uint8_t* rows, std::size_t size, std::size_t row_bytes,
                      std::size_t sample_bytes, std::size_t step);

}  // namespace deckle

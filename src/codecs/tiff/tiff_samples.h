// SPDX-License-Identifier: Apache-2.0
// tiff_samples: converts stored samples of a TIFF to those of a Tensor.
// Shapes  rows of any number of adjacent samples or pixels
// Fails   never: read_tiff_layout has refused unknown kinds
// Source  TIFF 6.0; TIFF Technical Note 3 for floats of 16 and 24 bits
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/tiff/tiff_layout.h"

namespace deckle {

/// Unpacks `count` samples, from the beginning of a byte, to `layout.sample`. With `layout.scaled`,
/// integers of fewer bits than their type are scaled to its full range.
void unpack_samples(const TiffLayout& layout, const std::uint8_t* from, std::uint8_t* to,
                    std::size_t count);

/// Pixels of `layout.stored` samples to pixels of the Tensor.
void convert_colours(const TiffLayout& layout, const std::uint8_t* from, std::uint8_t* to,
                     std::size_t pixels);

/// In place: inverts WhiteIsZero, and divides colours by associated alpha.
void finish_samples(const TiffLayout& layout, std::uint8_t* samples, std::size_t pixels);

}  // namespace deckle

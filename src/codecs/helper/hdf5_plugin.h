// SPDX-License-Identifier: Apache-2.0
// hdf5_plugin: the jobs of libdeckle_hdf5.so, which keeps the file of its first job open.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

/// Answers with all that the file holds, as `Packer` packs it: numbers of Hdf5Entry, and what
/// belongs to each. Paths have no slash in front; the root's is "".
inline constexpr std::uint32_t kHdf5List = 0;
/// The numbers of a dataset, as float32 in C order, into the room, which has place for just them;
/// the argument is its path.
inline constexpr std::uint32_t kHdf5Read = 1;

enum class Hdf5Entry : std::uint64_t {
  Dataset = 0,  ///< path, rank, that many extents
  Texts = 1     ///< path, the attribute's name, count, that many texts
};

/// A file of Keras' has a few thousand.
inline constexpr std::size_t kMostHdf5Objects = 100'000;

/// How many times larger deflate can make what it is given.
inline constexpr std::uint64_t kMostHdf5Inflation = 1032;

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// hdf5_plugin: the jobs of libdeckle_hdf5.so, which keeps the file of its first job open.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

/// Answers with the contents of the file, packed by `Packer`: for each entry a number of Hdf5Entry
/// and its fields. Paths do not begin with a slash; that of the root is "".
inline constexpr std::uint32_t kHdf5List = 0;
/// Writes the numbers of a dataset, as float32 in C order, to the room, which has exactly their
/// size. The argument is the path.
inline constexpr std::uint32_t kHdf5Read = 1;

enum class Hdf5Entry : std::uint64_t {
  Dataset = 0,  ///< path, rank, that many extents
  Texts = 1     ///< path, the attribute's name, count, that many texts
};

/// A file of Keras has a few thousand.
inline constexpr std::size_t kMostHdf5Objects = 100'000;

/// The largest ratio of deflate.
inline constexpr std::uint64_t kMostHdf5Inflation = 1032;

}  // namespace deckle

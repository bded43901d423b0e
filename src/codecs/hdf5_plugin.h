// SPDX-License-Identifier: Apache-2.0
// hdf5_plugin: what libdeckle_hdf5.so offers, in C so that nothing of HDF5, nor of deckle, has to
// agree on both sides.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

/// Goes up with every change of what stands below; a plug-in with another number is not used.
inline constexpr int kHdf5Interface = 1;

}  // namespace deckle

extern "C" {

struct DeckleHdf5File;

/// Gets a reason, and a zero byte behind it.
struct DeckleHdf5Why {
  char* text;
  std::size_t bytes;
};

/// Is told of all that a file holds. Paths have no slash in front; the root's is "".
struct DeckleHdf5Visitor {
  void* self;
  /// An attribute of texts.
  void (*texts)(void* self, const char* path, const char* name, const char* const* texts,
                std::size_t count);
  void (*dataset)(void* self, const char* path, const std::uint64_t* extents, std::size_t rank);
};

int deckle_hdf5_interface();
/// The file at `path`, or, where `path` is null, the one in memory, which must stay there. Null and
/// the reason where there is no such file.
DeckleHdf5File* deckle_hdf5_open(const char* path, const std::uint8_t* image, std::size_t bytes,
                                 const DeckleHdf5Why* why);
/// 1, or 0 and the reason.
int deckle_hdf5_visit(DeckleHdf5File* file, const DeckleHdf5Visitor* visitor,
                      const DeckleHdf5Why* why);
/// The numbers of a dataset, of which there are `count`, in C order. 1, or 0 and the reason.
int deckle_hdf5_read(DeckleHdf5File* file, const char* path, float* numbers, std::size_t count,
                     const DeckleHdf5Why* why);
void deckle_hdf5_close(DeckleHdf5File* file);
}

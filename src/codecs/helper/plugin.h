// SPDX-License-Identifier: Apache-2.0
// plugin: parts of deckle that are not linked into it, because their libraries would slow the start
// of every command, or are not trusted with unknown files. They run in a helper process
// (helper_process.h). Both are looked for in these folders, never in the search path of the loader:
// in the folder `plugins` beside the executable (a build), in the install folder relative to the
// executable, and in the configured install folder (for programs that link the library).
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/result.h"

namespace deckle {

struct Plugin {
  const char* file;     ///< "libdeckle_opencv.so"
  const char* package;  ///< "deckle-opencv": the package that contains it
  const char* reads;    ///< "OpenEXR": the format that it decodes, for messages
};

inline constexpr Plugin kOpenCvPlugin{"libdeckle_opencv.so", "deckle-opencv", "OpenEXR"};
inline constexpr Plugin kHdf5Plugin{"libdeckle_hdf5.so", "deckle-hdf5", "HDF5"};

/// The program that runs plug-ins.
inline constexpr Plugin kHelperProgram{"deckle-decoder", "deckle", ""};

[[nodiscard]] std::vector<std::filesystem::path> plugin_folders();

/// The path of the first file of this name in the folders. It is not opened. Empty if there is
/// none.
[[nodiscard]] std::filesystem::path find_plugin(const Plugin& plugin,
                                                std::span<const std::filesystem::path> folders);

/// The same; Unsupported if there is none: "libdeckle_opencv.so, which is not installed: ...".
[[nodiscard]] Result<std::filesystem::path> need_plugin(
    const Plugin& plugin, std::span<const std::filesystem::path> folders);

}  // namespace deckle

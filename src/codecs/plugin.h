// SPDX-License-Identifier: Apache-2.0
// plugin: opens the parts of deckle that are not linked into it, because their libraries would slow
// the start of every command. A plug-in is looked for by full path: beside the executable (a
// build), in the install folder relative to the executable, and in the configured install folder
// (for programs that link the library).
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/result.h"

namespace deckle {

struct Plugin {
  const char* file;       ///< "libdeckle_opencv.so"
  const char* interface;  ///< its function that gives the number of its interface
  int number;             ///< what that has to be
  const char* package;    ///< "deckle-opencv": what has to be installed for it
};

[[nodiscard]] std::vector<std::filesystem::path> plugin_folders();

/// The path of the first that is there; it is not opened. Empty where there is none.
[[nodiscard]] std::filesystem::path find_plugin(const Plugin& plugin,
                                                std::span<const std::filesystem::path> folders);

/// Opens it in the first of these folders that has it, for good: a handle for dlsym, which finds
/// all of `functions`. Unsupported where that cannot be; the message begins with its name:
/// "libdeckle_opencv.so, which is not installed: ...".
[[nodiscard]] Result<void*> open_plugin(const Plugin& plugin,
                                        std::span<const std::filesystem::path> folders,
                                        std::span<const char* const> functions);

}  // namespace deckle

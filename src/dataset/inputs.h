// SPDX-License-Identifier: Apache-2.0
// inputs: which files a run is over, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace deckle {

/// One file. A record is small: there may be millions.
struct InputFile {
  std::string
      path;  ///< relative to its root, '/' between folders: what the manifest and the seeds know
  std::uint32_t root = 0;  ///< index into InputList::roots
  bool named = false;      ///< named one by one: then it is an error where it is no image
  std::uint32_t index =
      0;  ///< its place in the whole list, also where only a part of it is worked on
};

struct InputList {
  std::vector<std::string> roots;    ///< "" is the current folder
  std::vector<bool> root_is_folder;  ///< the user gave the root itself, not a file in it
  std::vector<InputFile> files;      ///< sorted by the bytes of `path`
  std::vector<std::string> outputs;  ///< folders that were left out: a run of ours wrote into them

  [[nodiscard]] std::string file_path(const InputFile& file) const;
};

struct InputRequest {
  std::vector<std::string> inputs;  ///< folders (taken whole, recursively) and files
  std::optional<std::string>
      file_list;              ///< the text of --files-from: paths under the one folder in `inputs`,
                              ///< or under the current folder where `inputs` is empty
  char separator = '\n';      ///< between the paths of file_list
  std::string output_folder;  ///< is left out where it lies in an input folder
};

/// Lists, sorts and drops repetitions. A folder below an input folder that holds a manifest, or the
/// journal of a run that did not end, is left out with all below it. Hidden files and folders are
/// left out unless they are named; links are followed, those that lead round in a circle are not.
/// Fails with Usage (an input that does not exist, a path outside its folder) or Unreadable (a
/// folder that cannot be listed); the message names the path.
[[nodiscard]] Result<InputList> list_inputs(const InputRequest& request);

/// Gives every file its place in the list as it is now.
void number_inputs(InputList& list);

}  // namespace deckle

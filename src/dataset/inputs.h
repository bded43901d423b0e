// SPDX-License-Identifier: Apache-2.0
// inputs: the files that a run processes, and their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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
  std::uint32_t root = 0;   ///< index into InputList::roots
  bool named = false;       ///< named one by one: then it is an error where it is no image
  std::uint32_t index = 0;  ///< in the whole list, also where only a part of the list is processed
};

/// A file in an input folder that is not an input.
struct LeftOut {
  std::string path;  ///< as it would be opened
  std::string why;   ///< "hidden"
};

/// What the names of inputs are relative to.
enum class NamesFrom : std::uint8_t {
  InputFolder,   ///< the folder that was given, or that of a file that was given; or --root
  CurrentFolder  ///< a list of paths alone
};

struct InputList {
  std::vector<std::string> roots;    ///< "" is the current folder
  std::vector<bool> root_is_folder;  ///< the user gave the root itself, not a file in it
  std::vector<InputFile> files;      ///< sorted by the bytes of `path`
  std::vector<std::string> outputs;  ///< folders that were left out: a run of ours wrote into them
  std::vector<LeftOut> left_out;     ///< sorted by path
  std::vector<std::string> folders;  ///< that were listed, as they would be opened; sorted
  /// Folders that could not be listed, by file_path. They are in `files` too, and fail.
  std::map<std::string, Error> unlisted;
  NamesFrom names_from = NamesFrom::InputFolder;

  [[nodiscard]] std::string file_path(const InputFile& file) const;
};

struct InputRequest {
  std::vector<std::string> inputs;       ///< folders (taken whole, recursively) and files
  std::optional<std::string> file_list;  ///< the text of --files-from: paths under the one folder
                                         ///< in `inputs`, or under the current folder where
                                         ///< `inputs` is empty; a folder is taken whole
  char separator = '\n';                 ///< between the paths of file_list
  std::string output_folder;             ///< is left out where it lies in an input folder
  /// --root: names are relative to this folder, in which all inputs lie. A listed path is then
  /// relative to the current folder, as it is everywhere else. "": not given.
  std::string root{};
};

/// Lists, sorts and drops repetitions. A folder below an input folder that holds a manifest, or the
/// journal of a run that did not end, is left out with all below it. Hidden files and folders, and
/// what is neither file nor folder, are left out unless they are named; links are followed, those
/// that lead round in a circle are not. Fails with Usage (an input that does not exist, a path
/// outside its folder) or Unreadable (a folder that was given cannot be listed); the message names
/// the path. A folder below it that cannot be listed is an input that fails.
[[nodiscard]] Result<InputList> list_inputs(const InputRequest& request);

/// Sets the index of every file to its position in the list.
void number_inputs(InputList& list);

}  // namespace deckle

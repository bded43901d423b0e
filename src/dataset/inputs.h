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

/// One input. This struct is small, because there may be millions.
struct InputFile {
  std::string path;  ///< relative to its root, with '/' between folders; the manifest and the seeds
                     ///< use this name
  std::uint32_t root = 0;  ///< index into InputList::roots
  bool named = false;      ///< named by the user: it is an error if it is not an image
  std::uint32_t index =
      0;  ///< place in the whole list, even if only a part of the list is processed
};

/// A file in an input folder that does not become an input.
struct LeftOut {
  std::string path;  ///< the path that would be opened
  std::string why;   ///< "hidden"
};

/// What the names of inputs are relative to.
enum class NamesFrom : std::uint8_t {
  InputFolder,   ///< the given folder, or the folder of the given file; or --root
  CurrentFolder  ///< for a list of paths without a folder
};

struct InputList {
  std::vector<std::string> roots;    ///< "" is the current folder
  std::vector<bool> root_is_folder;  ///< whether the user gave the root itself, not a file in it
  std::vector<InputFile> files;      ///< sorted by the bytes of `path`
  std::vector<std::string> outputs;  ///< folders that were left out because a run wrote into them
  std::vector<LeftOut> left_out;     ///< sorted by path
  std::vector<std::string>
      folders;  ///< folders that were listed, by the path that is opened; sorted
  /// Folders that could not be listed, by file_path. They are in `files` too, and fail.
  std::map<std::string, Error> unlisted;
  NamesFrom names_from = NamesFrom::InputFolder;

  [[nodiscard]] std::string file_path(const InputFile& file) const;
};

struct InputRequest {
  std::vector<std::string> inputs;       ///< folders (processed recursively) and files
  std::optional<std::string> file_list;  ///< the text of --files-from: paths under the one folder
                                         ///< in `inputs`, or under the current folder if `inputs`
                                         ///< is empty; a folder is processed recursively
  char separator = '\n';                 ///< between the paths of file_list
  std::string output_folder;             ///< left out if it is below an input folder
  /// --root: names are relative to this folder, in which all inputs lie. A listed path is then
  /// relative to the current folder, like other paths. "": not given.
  std::string root{};
};

/// Lists and sorts the inputs and drops repetitions. A folder below an input folder is left out,
/// with everything below it, if it contains a manifest or the journal of a run that did not end.
/// Hidden files and folders, and anything that is neither a file nor a folder, are left out unless
/// the user names them. Links are followed, except a link to a folder that contains it. Fails with
/// Usage (an input does not exist, a path is outside its folder) or Unreadable (a given folder
/// cannot be listed); the message names the path. A folder below it that cannot be listed becomes
/// an input that fails.
[[nodiscard]] Result<InputList> list_inputs(const InputRequest& request);

/// Sets the index of every file to its position in the list.
void number_inputs(InputList& list);

}  // namespace deckle

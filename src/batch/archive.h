// SPDX-License-Identifier: Apache-2.0
// archive: the arrays inside .npz files as inputs of their own: "runs/a.npz/x.npy" is the array "x"
// of runs/a.npz.
#pragma once

#include <optional>
#include <string>

#include "codecs/codec_options.h"
#include "codecs/npz.h"
#include "core/bytes.h"
#include "core/digest.h"
#include "core/result.h"
#include "dataset/files.h"
#include "dataset/inputs.h"

namespace deckle {

struct Codec;

struct ArchiveMember {
  std::string archive;  ///< the path of the .npz file
  std::string array;    ///< its name in there, without .npy
};

/// The archive and the array, where `path` names an array in an .npz file. Asks the file system
/// only for paths that contain ".npz/".
[[nodiscard]] std::optional<ArchiveMember> archive_member(const std::string& path);

/// The file itself, or the archive that it is a part of.
[[nodiscard]] std::string file_behind(const std::string& path);

/// Replaces every .npz file in the list by its arrays. A file that cannot be listed, or has no
/// arrays, stays in the list and fails later.
void expand_archives(InputList& list);

/// The codec of an input, by the beginning of its file. For an .npz file that stayed in the list,
/// the error says why.
[[nodiscard]] Result<const Codec*> recognise_input(Bytes head, const std::string& path);

/// For `read_npz`: refuses an array by its header, as `read_info` does.
[[nodiscard]] CheckHead check_array(const DecodeOptions& options);

/// The stamp of an input; of an array, that of its archive.
[[nodiscard]] std::optional<FileStamp> input_stamp(const std::string& path);

/// The SHA-256 of an input's bytes; nothing where it cannot be read.
[[nodiscard]] std::optional<Sha256> input_digest(const std::string& path, Buffer& buffer);

}  // namespace deckle

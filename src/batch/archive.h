// SPDX-License-Identifier: Apache-2.0
// archive: each array in an .npz file is an input: "runs/a.npz/x.npy" is the array "x" of
// runs/a.npz.
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
  std::string array;    ///< the member's name, without .npy
};

/// The archive and the array, if `path` names an array in an .npz file. Asks the file system only
/// for paths that contain ".npz/".
[[nodiscard]] std::optional<ArchiveMember> archive_member(const std::string& path);

/// The archive if `path` names an array in one, else `path` itself.
[[nodiscard]] std::string file_behind(const std::string& path);

/// Replaces every .npz file in the list by its arrays. A file that cannot be listed, or has no
/// arrays, stays in the list and fails later.
void expand_archives(InputList& list);

/// The codec of an input, recognised by the first bytes of its file. For an .npz file that stayed
/// in the list, the error says why it did.
[[nodiscard]] Result<const Codec*> recognise_input(Bytes head, const std::string& path);

/// For `read_npz`: refuses an array by its header, as `read_info` does.
[[nodiscard]] CheckHead check_array(const DecodeOptions& options);

/// The stamp of an input. For an array it is the stamp of the archive.
[[nodiscard]] std::optional<FileStamp> input_stamp(const std::string& path);

/// The SHA-256 of an input's bytes; nothing if it cannot be read.
[[nodiscard]] std::optional<Sha256> input_digest(const std::string& path, Buffer& buffer);

}  // namespace deckle

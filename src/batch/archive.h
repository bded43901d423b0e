// SPDX-License-Identifier: Apache-2.0
// archive: the arrays inside .npz files as inputs of their own: "runs/a.npz/x.npy" is the array "x"
// of runs/a.npz.
#pragma once

#include <optional>
#include <string>

#include "codecs/npz.h"
#include "codecs/options.h"
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

/// Where `path` leads into an .npz file. Asks the file system only for paths with ".npz/" in them.
[[nodiscard]] std::optional<ArchiveMember> archive_member(const std::string& path);

/// The file itself, or the archive that it is a part of.
[[nodiscard]] std::string file_behind(const std::string& path);

/// Puts the arrays of every .npz file in the place of the file. One that cannot be listed, or that
/// holds none, stays: it is that input's error.
void expand_archives(InputList& list);

/// The codec of an input, by the beginning of its file. What is wrong with an .npz file that stayed
/// one is said as such.
[[nodiscard]] Result<const Codec*> recognise_input(Bytes head, const std::string& path);

/// For `read_npz`: refuses an array by its header, as `read_info` does.
[[nodiscard]] CheckHead check_array(const DecodeOptions& options);

/// What tells that an input is probably the same: of an array, its archive's.
[[nodiscard]] std::optional<FileStamp> input_stamp(const std::string& path);

/// The SHA-256 of an input's bytes; nothing where it cannot be read.
[[nodiscard]] std::optional<Sha256> input_digest(const std::string& path, Buffer& buffer);

}  // namespace deckle

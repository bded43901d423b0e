// SPDX-License-Identifier: Apache-2.0
// npz: NumPy's .npz files, zip archives of .npy files, by libzip.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace deckle {

struct NpzMember {
  std::string name;         ///< as NumPy says it: without .npy
  std::uint64_t bytes = 0;  ///< of the .npy file, as the archive's directory has it
};

struct NpzListing {
  std::vector<NpzMember> arrays;    ///< in the order of the archive's directory
  std::vector<std::string> others;  ///< members that are no .npy, by their whole names
};

/// The most members that an archive may have.
inline constexpr std::uint64_t kMostNpzMembers = 1000000;

/// Asked with the beginning of a large member, 4096 bytes, before memory is taken for the whole.
using CheckHead = std::function<Result<Done>(Bytes head)>;

/// The largest member that `read_npz` takes unless it is told otherwise.
inline constexpr std::uint64_t kMostNpzBytes = std::uint64_t{1} << 32U;

/// What is in the archive. Unreadable, NotAnImage (no zip archive), Truncated, Damaged (also where
/// two members have one name, or a name leads out of the archive), Unsupported (encrypted members,
/// compression other than deflate), TooLarge (more than kMostNpzMembers). Each thread keeps the
/// archive that it read last open, and its directory in memory: reading all arrays of an archive
/// opens it once.
[[nodiscard]] Result<NpzListing> list_npz(const std::string& file);

/// The .npy file of an array, whole and with its checksum verified; `read_npy_header` and
/// `read_npy` take it from there. Fails as `list_npz` does, and with Unreadable where there is no
/// such array, TooLarge where it is larger than `max_bytes`, before memory is taken, and as
/// `check` does.
[[nodiscard]] Result<Done> read_npz(const std::string& file, std::string_view name, Buffer& out,
                                    std::uint64_t max_bytes = kMostNpzBytes,
                                    const CheckHead& check = {});

/// A member of any zip archive by its whole name, in the same way.
[[nodiscard]] Result<Done> read_zip_member(const std::string& file, std::string_view name,
                                           Buffer& out, std::uint64_t max_bytes = kMostNpzBytes);

}  // namespace deckle

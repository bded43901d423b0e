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
  std::string name;         ///< NumPy's name: without .npy
  std::uint64_t bytes = 0;  ///< size of the .npy file, as in the directory of the archive
};

struct NpzListing {
  std::vector<NpzMember> arrays;    ///< in the order of the archive's directory
  std::vector<std::string> others;  ///< full names of members that are no .npy
};

/// The most members that an archive may have.
inline constexpr std::uint64_t kMostNpzMembers = 1000000;

/// Called with the first 4096 bytes of a large member, before memory is allocated for the whole.
using CheckHead = std::function<Result<Done>(Bytes head)>;

/// The default limit of `read_npz` for the size of a member.
inline constexpr std::uint64_t kMostNpzBytes = std::uint64_t{1} << 32U;

/// Lists the archive. Unreadable, NotAnImage (no zip archive), Truncated, Damaged (also if two
/// members have one name, or a name is an absolute path or contains ".."), Unsupported (encrypted
/// members, compression other than deflate), TooLarge (more than kMostNpzMembers). Each thread
/// keeps its last archive open and the directory in memory: an archive is opened once for all its
/// arrays.
[[nodiscard]] Result<NpzListing> list_npz(const std::string& file);

/// The whole .npy file of an array, with its checksum verified, for `read_npy_header` and
/// `read_npy`. Fails as `list_npz` and `check` do; also with Unreadable if there is no array of
/// this name, and with TooLarge, before memory is allocated, if it is larger than `max_bytes`.
[[nodiscard]] Result<Done> read_npz(const std::string& file, std::string_view name, Buffer& out,
                                    std::uint64_t max_bytes = kMostNpzBytes,
                                    const CheckHead& check = {});

/// The same for any member of a zip archive, by its full name.
[[nodiscard]] Result<Done> read_zip_member(const std::string& file, std::string_view name,
                                           Buffer& out, std::uint64_t max_bytes = kMostNpzBytes);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// identity: which process made an unfinished file. The file's name contains this text. From it
// another process, maybe on another machine, can tell whether the maker may still be at work.
// Source  /proc/sys/kernel/random/boot_id, /etc/machine-id, proc(5), pid_namespaces(7)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deckle {

/// A process among all that may share a folder. `host` and `kernel` are digests: of the machine's
/// name and id; of its boot and the process namespace.
struct Identity {
  std::uint32_t host = 0;
  std::uint32_t kernel = 0;
  std::int32_t pid = 0;
  std::uint64_t started = 0;  ///< in clock ticks since the boot; 0: not known
  std::uint64_t random = 0;

  bool operator==(const Identity&) const = default;
};

/// Of this process; always the same.
[[nodiscard]] const Identity& own_identity();

/// "1f3c0a52-9be1d077-4711-8812345-a1b2c3d4e5f60718".
[[nodiscard]] std::string to_text(const Identity& identity);
/// The identity that `text` begins with; `rest`, where given, is what comes behind it.
[[nodiscard]] std::optional<Identity> parse_identity(std::string_view text,
                                                     std::string_view* rest = nullptr);

enum class Life {
  Alive,
  Dead,
  Unknown,  ///< another machine's or container's: nothing here can tell
};

/// Whether a process may still be at work. `mtime_ns`: when it last changed the file in question; a
/// file of this machine that is older than its boot has no maker any more.
[[nodiscard]] Life life_of(const Identity& identity, std::int64_t mtime_ns);

/// What a process of another machine leaves is deleted after a day without a change.
inline constexpr std::int64_t kUnknownLifeNs = std::int64_t{24} * 3600 * 1'000'000'000;

}  // namespace deckle

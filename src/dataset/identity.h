// SPDX-License-Identifier: Apache-2.0
// identity: which process made an unfinished file. The file's name contains this text. It tells
// another process, perhaps on another machine, whether the maker may still be running.
// Source  /proc/sys/kernel/random/boot_id, /etc/machine-id, proc(5), pid_namespaces(7)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deckle {

/// Identifies a process among all processes that may share a folder. `host` is a digest of the
/// machine's name and id, `kernel` one of its boot and the process namespace.
struct Identity {
  std::uint32_t host = 0;
  std::uint32_t kernel = 0;
  std::int32_t pid = 0;
  std::uint64_t started = 0;  ///< in clock ticks since the boot; 0: not known
  std::uint64_t random = 0;

  bool operator==(const Identity&) const = default;
};

/// The identity of this process; always the same.
[[nodiscard]] const Identity& own_identity();

/// "1f3c0a52-9be1d077-4711-8812345-a1b2c3d4e5f60718".
[[nodiscard]] std::string to_text(const Identity& identity);
/// The identity at the beginning of `text`; `rest`, if given, is set to the text after it.
[[nodiscard]] std::optional<Identity> parse_identity(std::string_view text,
                                                     std::string_view* rest = nullptr);

enum class Life {
  Alive,
  Dead,
  Unknown,  ///< it is on another machine or in another container
};

/// Whether a process may still be running. `mtime_ns`: when it last changed its file. If a file of
/// this machine is older than the boot, its process is dead.
[[nodiscard]] Life life_of(const Identity& identity, std::int64_t mtime_ns);

/// Files of processes on another machine are deleted after a day without a change.
inline constexpr std::int64_t kUnknownLifeNs = std::int64_t{24} * 3600 * 1'000'000'000;

}  // namespace deckle

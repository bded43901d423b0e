// SPDX-License-Identifier: Apache-2.0
#include "dataset/identity.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <random>

namespace deckle {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::uint32_t digest_of(const std::string& text) {
  return static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()));
}

std::uint32_t this_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return digest_of(std::string(name.data()) + "\n" + first_line("/etc/machine-id"));
}

std::uint32_t this_kernel() {
  struct stat space {};
  const bool known = ::stat("/proc/self/ns/pid", &space) == 0;
  return digest_of(first_line("/proc/sys/kernel/random/boot_id") + "\n" +
                   (known ? std::to_string(space.st_ino) : ""));
}

// The 22nd field of /proc/PID/stat; the second, a name in brackets, may contain spaces.
std::uint64_t start_of(std::int32_t pid) {
  const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
  std::size_t at = line.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field)
    at = line.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  std::uint64_t ticks = 0;
  std::from_chars(line.data() + at + 1, line.data() + line.size(), ticks);
  return ticks;
}

// When this machine was started, in nanoseconds since 1970.
std::int64_t boot_time() {
  timespec now{};
  timespec up{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0 || ::clock_gettime(CLOCK_BOOTTIME, &up) != 0)
    return 0;
  return (std::int64_t{now.tv_sec} - up.tv_sec) * 1'000'000'000;
}

}  // namespace

const Identity& own_identity() {
  static const Identity identity = [] {
    std::random_device device;
    const auto pid = static_cast<std::int32_t>(::getpid());
    return Identity{this_host(), this_kernel(), pid, start_of(pid),
                    std::uint64_t{device()} << 32U | device()};
  }();
  return identity;
}

std::string to_text(const Identity& identity) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%08x-%08x-%d-%llu-%016llx", identity.host,
                identity.kernel, identity.pid, static_cast<unsigned long long>(identity.started),
                static_cast<unsigned long long>(identity.random));
  return text.data();
}

std::optional<Identity> parse_identity(std::string_view text, std::string_view* rest) {
  Identity identity;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  const auto number = [&](auto& value, int base) {
    const auto [behind, error] = std::from_chars(at, end, value, base);
    if (error != std::errc{}) return false;
    at = behind;
    return true;
  };
  const auto dash = [&] { return at != end && *at++ == '-'; };
  if (!number(identity.host, 16) || !dash() || !number(identity.kernel, 16) || !dash() ||
      !number(identity.pid, 10) || !dash() || !number(identity.started, 10) || !dash() ||
      !number(identity.random, 16) || identity.pid <= 0)
    return std::nullopt;
  if (rest != nullptr) *rest = text.substr(static_cast<std::size_t>(at - text.data()));
  return identity;
}

Life life_of(const Identity& identity, std::int64_t mtime_ns) {
  const Identity& own = own_identity();
  if (identity.kernel == own.kernel && identity.host == own.host) {
    if (::kill(identity.pid, 0) != 0 && errno == ESRCH) return Life::Dead;
    // Another process may have this number now.
    const std::uint64_t started = start_of(identity.pid);
    return started != 0 && identity.started != 0 && started != identity.started ? Life::Dead
                                                                                : Life::Alive;
  }
  return identity.host == own.host && mtime_ns < boot_time() ? Life::Dead : Life::Unknown;
}

}  // namespace deckle

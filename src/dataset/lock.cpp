// SPDX-License-Identifier: Apache-2.0
// Source  flock(2), open(2) O_EXCL
#include "dataset/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "dataset/identity.h"

namespace deckle {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// Moves the file of a dead process away. Several processes may try this. If the moved file is the
// new file of another process, it is put back.
void move_away(const std::string& held, const std::string& content) {
  const std::string aside = temporary_name(held);
  if (::rename(held.c_str(), aside.c_str()) != 0) return;
  const auto moved = read_text(aside);
  if (!moved || *moved != content) (void)::link(aside.c_str(), held.c_str());
  ::unlink(aside.c_str());
}

}  // namespace

Result<std::optional<FolderLock>> FolderLock::take(const std::string& path, int no_locks) {
  FolderLock lock;
  lock.file_ =
      File(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0666));
  if (!lock.file_.is_open()) return errno_error(ErrorCode::Write, "cannot write", errno);
  if (no_locks != 0) return take_file(path, no_locks);
  if (::flock(lock.file_.fd(), LOCK_EX | LOCK_NB) == 0)
    return std::optional<FolderLock>(std::move(lock));
  if (errno == EWOULDBLOCK) return std::optional<FolderLock>();
  if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)
    return take_file(path, errno);
  return errno_error(ErrorCode::Write, "cannot lock", errno);
}

Result<std::optional<FolderLock>> FolderLock::take_file(const std::string& path, int error_number) {
  const std::string held = path + ".held";
  for (int attempt = 0; attempt < 3; ++attempt) {
    const File made(
        ::open(held.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (made.is_open()) {
      FolderLock lock;
      lock.held_ = held;
      const std::string text = to_text(own_identity()) + " " + host_name() + "\n";
      if (auto written = write_all(made, as_bytes(text)); !written) return written.error();
      lock.note_ =
          errno_error(ErrorCode::Write, "the file system has no locks", error_number).message +
          "; the file " + printable(held) + " keeps other runs out instead";
      return std::optional<FolderLock>(std::move(lock));
    }
    if (errno != EEXIST) return errno_error(ErrorCode::Write, "cannot write", errno);
    FileStamp stamp;
    const auto file = open_to_read(held, &stamp);
    if (!file && file.error().sys_errno == ENOENT) continue;
    if (!file) return file.error();
    const auto content = read_part(*file, 0, stamp.size);
    std::string_view rest;
    const auto holder = content ? parse_identity(*content, &rest) : std::nullopt;
    const Life life = holder ? life_of(*holder, stamp.mtime_ns) : Life::Unknown;
    if (life == Life::Alive) return std::optional<FolderLock>();
    if (life == Life::Unknown) {
      std::string host(rest.substr(std::min<std::size_t>(rest.size(), 1)));
      if (!host.empty() && host.back() == '\n') host.pop_back();
      return Error{
          ErrorCode::Write,
          "another run is using this folder" +
              (holder ? " (process " + std::to_string(holder->pid) + " on " + printable(host) + ")"
                      : std::string()) +
              "; if that run has ended, delete " + printable(held),
          EWOULDBLOCK};
    }
    move_away(held, *content);
  }
  return std::optional<FolderLock>();
}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(held_, other.held_);
  std::swap(note_, other.note_);
  return *this;
}

FolderLock::~FolderLock() {
  if (held_) ::unlink(held_->c_str());
}

}  // namespace deckle

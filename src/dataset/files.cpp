// SPDX-License-Identifier: Apache-2.0
#include "dataset/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <system_error>
#include <vector>

#include "dataset/identity.h"

namespace deckle {
namespace {

// Repeats open() if a signal interrupts it, as on network file systems.
int open_at(int folder, const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::openat(folder, path.c_str(), flags | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

Result<File> create(const std::string& path, int folder = AT_FDCWD) {
  const int fd = open_at(folder, path, O_RDWR | O_CREAT | O_EXCL);
  if (fd < 0) return errno_error(ErrorCode::Write, "cannot write", errno);
  return File(fd);
}

// The same under a temporary name beside `path`, in a folder that may not exist yet.
Result<File> create_beside(const std::string& path, const std::string& temporary) {
  auto file = create(temporary);
  if (file || file.error().sys_errno != ENOENT) return file;
  if (auto made = make_folders(std::string(folder_of(path))); !made) return made.error();
  return create(temporary);
}

Result<Done> rename_at(int from_folder, const std::string& from, int to_folder,
                       const std::string& to, bool replace) {
  if (replace) {
    if (::renameat(from_folder, from.c_str(), to_folder, to.c_str()) == 0) return Done{};
    return errno_error(ErrorCode::Write, "cannot write", errno);
  }
  if (::renameat2(from_folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE) == 0)
    return Done{};
  if (errno == EINVAL || errno == ENOSYS) {
    // This file system does not support RENAME_NOREPLACE. A hard link never replaces a file either.
    if (::linkat(from_folder, from.c_str(), to_folder, to.c_str(), 0) == 0) {
      ::unlinkat(from_folder, from.c_str(), 0);
      return Done{};
    }
    if (errno == EPERM || errno == EOPNOTSUPP) {  // no hard links either: check first, then rename
      struct stat status {};
      if (::fstatat(to_folder, to.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return rename_at(from_folder, from, to_folder, to, true);
      errno = EEXIST;
    }
  }
  return errno_error(ErrorCode::Write, "cannot write", errno);
}

// The name is short: its folder identifies the process.
std::string name_in_workshop() {
  static std::atomic<std::uint64_t> counter{0};
  return std::to_string(counter.fetch_add(1));
}

std::optional<FileStamp> stamp_of(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return FileStamp{static_cast<std::uint64_t>(status.st_size),
                   std::int64_t{status.st_mtim.tv_sec} * 1000000000 + status.st_mtim.tv_nsec};
}

// O_NONBLOCK: opening a fifo must not block the run.
constexpr int kToRead = O_RDONLY | O_NONBLOCK;
constexpr int kFolder = O_RDONLY | O_DIRECTORY;

// The opened file, or an Error with errno.
Result<File> regular_file(int fd, FileStamp* stamp) {
  if (fd < 0) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
  File file(fd);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
  const auto is = stamp_of(status);
  if (!is) return Error{ErrorCode::Unreadable, "not a regular file"};
  if (stamp != nullptr) *stamp = *is;
  return file;
}

bool has_dead_maker(std::string_view name, const struct stat& status) {
  const std::int64_t mtime =
      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  const auto maker = parse_identity(name.substr(kTemporaryPrefix.size()));
  const Life life = maker ? life_of(*maker, mtime) : Life::Unknown;
  if (life != Life::Unknown) return life == Life::Dead;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 - mtime > kUnknownLifeNs;
}

// The names in a folder. Closes `opened`. Fails with errno's text if not all names can be read.
Result<std::vector<std::string>> names_in(int opened) {
  const auto cannot = [](int error_number) {
    return errno_error(ErrorCode::Unreadable, "cannot list the folder", error_number);
  };
  if (opened < 0) return cannot(errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(opened), &::closedir);
  if (!folder) {
    const int why = errno;
    ::close(opened);
    return cannot(why);
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr && errno != 0) return cannot(errno);
    if (entry == nullptr) return names;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

bool delete_file(int folder, const std::string& name) {
  struct stat status {};
  return ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode) && ::unlinkat(folder, name.c_str(), 0) == 0;
}

}  // namespace

std::string unique_id() {
  static const std::string process = to_text(own_identity());
  static std::atomic<std::uint64_t> counter{0};
  return process + "-" + std::to_string(counter.fetch_add(1));
}

bool File::close() {
  if (fd_ < 0) return true;
  const int fd = std::exchange(fd_, -1);
  return ::close(fd) == 0;
}

Error errno_error(ErrorCode code, std::string_view what, int error_number) {
  return {code, std::string(what) + ": " + std::generic_category().message(error_number),
          error_number};
}

bool is_not_there(const Error& error) {
  return error.sys_errno == ENOENT || error.sys_errno == ENOTDIR;
}

Error named(std::string_view path, Error error) {
  error.message = printable(path) + ": " + error.message;
  return error;
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  std::string path(folder);
  if (path.back() != '/') path += '/';
  path += name;
  return path;
}

Result<File> open_to_read(const std::string& path, FileStamp* stamp) {
  return regular_file(open_at(AT_FDCWD, path, kToRead), stamp);
}

Result<File> open_to_read(const File& folder, const std::string& name, FileStamp* stamp) {
  return regular_file(open_at(folder.fd(), name, kToRead | O_NOFOLLOW), stamp);
}

Result<Done> read_head(const File& file, std::size_t limit, Buffer& out) {
  out.resize(limit);
  std::size_t have = 0;
  while (have < limit) {
    const ssize_t n = ::pread(file.fd(), out.data() + have, limit - have, static_cast<off_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return Done{};
}

Result<std::string> read_part(const File& file, std::uint64_t offset, std::size_t length) {
  std::string text(length, '\0');
  std::size_t have = 0;
  while (have < length) {
    const ssize_t n =
        ::pread(file.fd(), text.data() + have, length - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error(ErrorCode::Unreadable, "cannot read", n < 0 ? errno : EIO);
    have += static_cast<std::size_t>(n);
  }
  return text;
}

Result<std::string_view> PartReader::read(const File& file, std::uint64_t offset,
                                          std::size_t length) {
  constexpr std::size_t kAhead = std::size_t{1} << 15U;
  constexpr std::size_t kBehind =
      kAhead / 4;  // several threads read in turns, in approximate order
  if (offset < begin_ || offset + length > begin_ + block_.size()) {
    begin_ = offset - std::min<std::uint64_t>(offset, kBehind);
    block_.resize(static_cast<std::size_t>(offset - begin_) + std::max(length, kAhead));
    std::size_t have = 0;
    while (have < block_.size()) {
      const ssize_t n = ::pread(file.fd(), block_.data() + have, block_.size() - have,
                                static_cast<off_t>(begin_ + have));
      if (n < 0 && errno == EINTR) continue;
      const int why = errno;
      if (n <= 0) block_.resize(have);
      if (n < 0) return errno_error(ErrorCode::Unreadable, "cannot read", why);
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
    }
    if (offset + length > begin_ + block_.size())
      return errno_error(ErrorCode::Unreadable, "cannot read", EIO);
  }
  return std::string_view(block_).substr(static_cast<std::size_t>(offset - begin_), length);
}

Result<std::optional<std::string_view>> LineReader::next(const File& file) {
  constexpr std::size_t kBlock = std::size_t{1} << 18U;
  if (base_ + buffer_.size() == 0) {
    struct stat status {};
    if (::fstat(file.fd(), &status) != 0)
      return errno_error(ErrorCode::Unreadable, "cannot read", errno);
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  std::size_t searched = at_;
  for (;;) {
    const auto newline = buffer_.find('\n', searched);
    if (newline != std::string::npos) {
      begin_ = base_ + at_;
      const std::string_view line = std::string_view(buffer_).substr(at_, newline - at_);
      at_ = newline + 1;
      is_whole_ = true;
      return std::optional(line);
    }
    buffer_.erase(0, at_);
    base_ += at_;
    at_ = 0;
    const std::size_t have = buffer_.size();
    searched = have;
    buffer_.resize(have + kBlock);
    const ssize_t n =
        ::pread(file.fd(), buffer_.data() + have, kBlock, static_cast<off_t>(base_ + have));
    const int why = errno;
    buffer_.resize(have + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n < 0 && why == EINTR) continue;
    if (n < 0) return errno_error(ErrorCode::Unreadable, "cannot read", why);
    if (n > 0) continue;
    // Logs may grow while they are read, but no file becomes shorter.
    if (base_ + have < size_) {
      return Error{ErrorCode::Unreadable, "cannot read: " + std::to_string(base_ + have) +
                                              " of its " + std::to_string(size_) + " bytes came"};
    }
    if (have == 0) return std::optional<std::string_view>();
    begin_ = base_;
    at_ = have;
    is_whole_ = false;
    return std::optional(std::string_view(buffer_));
  }
}

Result<Done> read_all(const File& file, Buffer& out) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0)
    return errno_error(ErrorCode::Unreadable, "cannot read", errno);
  return read_all(file, static_cast<std::uint64_t>(status.st_size), out);
}

Result<Done> read_all(const File& file, std::uint64_t size, Buffer& out) {
  if (auto read = read_head(file, static_cast<std::size_t>(size), out); !read) return read;
  if (out.size() != size) {
    return Error{ErrorCode::Unreadable, "the file shrank while it was read, from " +
                                            std::to_string(size) + " to " +
                                            std::to_string(out.size()) + " bytes"};
  }
  return Done{};
}

Result<Sha256> sha256_of(const File& file, std::uint64_t size, Buffer& piece) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20U;
  piece.resize(static_cast<std::size_t>(std::min(size, kPiece)));
  Sha256Stream digest;
  std::uint64_t at = 0;
  while (at < size) {
    const auto wanted = static_cast<std::size_t>(std::min(kPiece, size - at));
    const ssize_t n = ::pread(file.fd(), piece.data(), wanted, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error(ErrorCode::Unreadable, "cannot read", n < 0 ? errno : EIO);
    digest.update({piece.data(), static_cast<std::size_t>(n)});
    at += static_cast<std::uint64_t>(n);
  }
  return digest.finish();
}

MappedFile::MappedFile(const File& file) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0 || status.st_size == 0) return;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (address == MAP_FAILED) return;
  data_ = static_cast<const std::uint8_t*>(address);
  size_ = size;
}

MappedFile::~MappedFile() {
  // munmap takes a pointer to non-const, but does not write
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);  // NOLINT
}

Result<std::string> read_text(const std::string& path, std::uint64_t most) {
  File file;
  int fd = STDIN_FILENO;
  if (path != "-") {
    file = File(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
    fd = file.fd();
  }
  std::string text;
  std::array<char, 65536> block{};
  for (;;) {
    const ssize_t n = ::read(fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
    if (n == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(n));
    if (text.size() > most) {
      return Error{ErrorCode::TooLarge,
                   "has more than " + byte_size(most) + ", the most that is read, which is fixed"};
    }
  }
}

Result<Done> write_all(const File& file, Bytes data) {
  while (!data.empty()) {
    const ssize_t n = ::write(file.fd(), data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(ErrorCode::Write, "cannot write", errno);
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return Done{};
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  auto names = names_in(open_at(AT_FDCWD, path.empty() ? "." : path, kFolder));
  if (names) return names;
  Error error = names.error();
  error.message.insert(std::string("cannot list the folder").size(),
                       " " + printable(path.empty() ? "." : path));
  return error;
}

Result<bool> is_there(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return errno_error(ErrorCode::Unreadable, printable(path) + ": cannot read", errno);
}

Result<Done> make_folders(const std::string& path) {
  if (path.empty() || ::mkdir(path.c_str(), 0777) == 0) return Done{};
  if (errno == ENOENT) {
    const std::string above(folder_of(path));
    if (above.size() < path.size()) {
      if (auto made = make_folders(above); !made) return made;
    }
    if (::mkdir(path.c_str(), 0777) == 0) return Done{};
  }
  if (errno == EEXIST) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return Done{};
    return Error{ErrorCode::Write,
                 "cannot make the folder: " + printable(path) + " exists and is not a folder",
                 ENOTDIR};
  }
  return errno_error(ErrorCode::Write, "cannot make the folder", errno);
}

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return stamp_of(status);
}

std::optional<FileStamp> stamp_of(const File& file) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return std::nullopt;
  return stamp_of(status);
}

Result<bool> ignores_case(const std::string& folder) {
  const std::string name = temporary_name(join_path(folder, "x"));
  std::string other(name_of_path(name));
  std::transform(other.begin(), other.end(), other.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  auto file = create(name);
  if (!file) return file.error();
  auto there = is_there(join_path(folder, other));
  ::unlink(name.c_str());
  return there;
}

std::string temporary_name(const std::string& path) {
  return join_path(parent_of(path), std::string(kTemporaryPrefix) + unique_id() + ".tmp");
}

Result<std::shared_ptr<const Workshop>> Workshop::make(const File& parent) {
  File own(::fcntl(parent.fd(), F_DUPFD_CLOEXEC, 0));
  if (!own.is_open()) return errno_error(ErrorCode::Write, "cannot write", errno);
  const std::shared_ptr<Workshop> workshop(
      new Workshop(std::move(own), std::string(kTemporaryPrefix) + unique_id()));
  const char* const name = workshop->name_.c_str();
  if (::mkdirat(parent.fd(), name, 0777) != 0)
    return errno_error(ErrorCode::Write, "cannot write", errno);
  workshop->folder_ =
      File(::openat(parent.fd(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!workshop->folder_.is_open()) return errno_error(ErrorCode::Write, "cannot write", errno);
  return std::shared_ptr<const Workshop>(workshop);
}

Workshop::~Workshop() {
  ::unlinkat(parent_.fd(), name_.c_str(), AT_REMOVEDIR);
}

Result<PendingFile> PendingFile::fill(File file, PendingFile pending, Bytes data) {
  if (auto written = write_all(file, data); !written) return written.error();
  pending.stamp_ = deckle::stamp_of(file).value_or(FileStamp{});
  if (!file.close()) return errno_error(ErrorCode::Write, "cannot write", errno);
  return pending;
}

Result<PendingFile> PendingFile::write(const std::string& path, Bytes data) {
  const std::string temporary = temporary_name(path);
  auto file = create_beside(path, temporary);
  if (!file) return file.error();
  return fill(*std::move(file), PendingFile(nullptr, temporary, path), data);
}

Result<PendingFile> PendingFile::write(std::shared_ptr<const Workshop> workshop, Bytes data) {
  const std::string name = name_in_workshop();
  auto file = create(name, workshop->fd());
  if (!file) return file.error();
  return fill(*std::move(file), PendingFile(std::move(workshop), name, ""), data);
}

Result<std::unique_ptr<PendingWriter>> PendingWriter::open(const std::string& path) {
  const std::string temporary = temporary_name(path);
  auto file = create_beside(path, temporary);
  if (!file) return file.error();
  return std::unique_ptr<PendingWriter>(
      new PendingWriter(*std::move(file), PendingFile(nullptr, temporary, path)));
}

Result<std::unique_ptr<PendingWriter>> PendingWriter::open(
    std::shared_ptr<const Workshop> workshop) {
  const std::string name = name_in_workshop();
  auto file = create(name, workshop->fd());
  if (!file) return file.error();
  return std::unique_ptr<PendingWriter>(
      new PendingWriter(*std::move(file), PendingFile(std::move(workshop), name, "")));
}

bool PendingWriter::put(std::uint64_t at, Bytes data) {
  while (!data.empty()) {
    const ssize_t n = ::pwrite(file_.fd(), data.data(), data.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error_ = errno_error(ErrorCode::Write, "cannot write", errno);
      return false;
    }
    at += static_cast<std::uint64_t>(n);
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool PendingWriter::flush() {
  const Bytes data = waiting_.bytes();
  if (!put(written_, data)) return false;
  digest_.update(data);
  written_ += data.size();
  waiting_.clear();
  return true;
}

bool PendingWriter::write(std::uint64_t at, Bytes data) {
  constexpr std::size_t kMostWaiting = std::size_t{1} << 20U;
  if (error_) return false;
  if (at < size()) {
    if (!flush()) return false;
    const auto over = static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), written_ - at));
    overwritten_ = true;
    if (!put(at, data.first(over))) return false;
    data = data.subspan(over);
  }
  if (waiting_.size() + data.size() > kMostWaiting && !flush()) return false;
  try {
    waiting_.append(data);
  } catch (const std::bad_alloc&) {
    error_ = Error{ErrorCode::TooLarge, "not enough memory for this image"};
  }
  return !error_;
}

Result<PendingWriter::Written> PendingWriter::finish() {
  if (!error_) flush();
  if (error_) return *error_;
  auto digest =
      overwritten_ ? sha256_of(file_, written_, waiting_) : Result<Sha256>(digest_.finish());
  if (!digest) return digest.error();
  pending_.stamp_ = deckle::stamp_of(file_).value_or(FileStamp{});
  if (!file_.close()) return errno_error(ErrorCode::Write, "cannot write", errno);
  return Written{std::move(pending_), *digest, written_};
}

Result<Done> replace_file(const std::string& path, Bytes data) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    File file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open()) return errno_error(ErrorCode::Write, "cannot write", errno);
    return write_all(file, data);
  }
  auto pending = PendingFile::write(path, data);
  if (!pending) return pending.error();
  if (auto safe = pending->sync(); !safe) return safe;
  return pending->commit(true);
}

PendingFile::~PendingFile() {
  if (!temporary_.empty()) ::unlinkat(folder(), temporary_.c_str(), 0);
}

int PendingFile::folder() const {
  return workshop_ ? workshop_->fd() : AT_FDCWD;
}

Result<Done> PendingFile::move(int to_folder, const std::string& to, bool replace) {
  auto moved = rename_at(folder(), temporary_, to_folder, to, replace);
  if (moved) temporary_.clear();
  return moved;
}

Result<Done> PendingFile::commit(bool replace) {
  return move(AT_FDCWD, path_, replace);
}

Result<Done> PendingFile::commit_to(const File& folder, const std::string& name, bool replace) {
  auto moved = move(folder.fd(), name, replace);
  if (moved || moved.error().sys_errno != EXDEV) return moved;
  // The folder is another mount: the file is copied there first.
  const std::string copy = std::string(kTemporaryPrefix) + unique_id() + ".tmp";
  File from(::openat(this->folder(), temporary_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from.is_open()) return errno_error(ErrorCode::Write, "cannot read what was written", errno);
  auto to = create(copy, folder.fd());
  if (!to) return to.error();
  const auto fill = [&]() -> Result<Done> {
    Buffer all;
    if (auto read = read_all(from, all); !read) return read;
    if (auto written = write_all(*to, all.bytes()); !written) return written;
    // Later runs recognise the file by its time.
    const std::array<timespec, 2> times{
        timespec{0, UTIME_OMIT},
        timespec{stamp_.mtime_ns / 1'000'000'000, stamp_.mtime_ns % 1'000'000'000}};
    if (::futimens(to->fd(), times.data()) != 0 || ::fdatasync(to->fd()) != 0 || !to->close())
      return errno_error(ErrorCode::Write, "cannot write", errno);
    return rename_at(folder.fd(), copy, folder.fd(), name, replace);
  };
  if (auto filled = fill(); !filled) {
    ::unlinkat(folder.fd(), copy.c_str(), 0);
    return filled;
  }
  ::unlinkat(this->folder(), temporary_.c_str(), 0);
  temporary_.clear();
  return Done{};
}

Result<Done> PendingFile::sync() const {
  const File file(::openat(folder(), temporary_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() || ::fdatasync(file.fd()) != 0)
    return errno_error(ErrorCode::Write, "cannot write", errno);
  return Done{};
}

Result<Done> sync_folder(const std::string& path) {
  const File folder(open_at(AT_FDCWD, path.empty() ? "." : path, kFolder));
  if (!folder.is_open()) {
    // A folder that cannot be read cannot be synced, and a deleted folder need not be.
    if (errno == EACCES || errno == ENOENT) return Done{};
    return errno_error(ErrorCode::Write, "cannot open the folder", errno);
  }
  // Some file systems cannot sync folders, and need not.
  if (::fsync(folder.fd()) != 0 && errno != EINVAL && errno != EROFS)
    return errno_error(ErrorCode::Write, "cannot write", errno);
  return Done{};
}

std::size_t sweep_unfinished(const std::string& folder) {
  std::size_t deleted = 0;
  const File open(open_at(AT_FDCWD, folder.empty() ? "." : folder, kFolder));
  const auto names = open.is_open() ? list_folder(folder) : std::vector<std::string>();
  if (!names) return 0;  // a later run will try again
  for (const std::string& name : *names) {
    struct stat status {};
    if (!name.starts_with(kTemporaryPrefix) ||
        ::fstatat(open.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (S_ISREG(status.st_mode) && name.ends_with(".tmp") && has_dead_maker(name, status)) {
      deleted += delete_file(open.fd(), name) ? 1 : 0;
    } else if (S_ISDIR(status.st_mode) &&
               parse_identity(std::string_view(name).substr(kTemporaryPrefix.size())) &&
               has_dead_maker(name, status)) {
      const File workshop(open_at(open.fd(), name, kFolder | O_NOFOLLOW));
      const auto files = names_in(open_at(open.fd(), name, kFolder | O_NOFOLLOW));
      for (std::size_t i = 0; files && i < files->size(); ++i)
        deleted += delete_file(workshop.fd(), (*files)[i]) ? 1 : 0;
      ::unlinkat(open.fd(), name.c_str(), AT_REMOVEDIR);
    }
  }
  return deleted;
}

FileStamp without_recent_time(FileStamp stamp) {
  constexpr std::int64_t kSettled = 2'000'000'000;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec - stamp.mtime_ns < kSettled)
    stamp.mtime_ns = 0;
  return stamp;
}

FileStamp without_recent_coarse_time(FileStamp stamp) {
  return stamp.mtime_ns % 1'000'000'000 == 0 ? without_recent_time(stamp) : stamp;
}

}  // namespace deckle

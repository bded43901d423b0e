// SPDX-License-Identifier: Apache-2.0
// Source  openat(2) O_NOFOLLOW, syncfs(2)
#include "dataset/out_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace deckle {
namespace {

constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;

// The errno of open() with O_DIRECTORY on a link depends on the file system.
Error not_a_folder(int above, const std::string& name, std::string_view path, int error_number) {
  struct stat status {};
  if (::fstatat(above, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISLNK(status.st_mode)) {
      return {ErrorCode::Write,
              "the folder " + printable(path) +
                  " is a link; links in an output folder are not followed",
              ELOOP};
    }
    if (!S_ISDIR(status.st_mode)) {
      return {ErrorCode::Write,
              "cannot make the folder: " + printable(path) + " exists and is not a folder",
              ENOTDIR};
    }
  }
  return errno_error(ErrorCode::Write, "cannot open the folder " + printable(path), error_number);
}

}  // namespace

Result<OutTree> OutTree::open(const std::string& path) {
  if (auto made = make_folders(path); !made) return made.error();
  OutTree tree;
  tree.path_ = path;
  // Not O_PATH: syncfs reports the errors since this open().
  tree.folder_ =
      File(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!tree.folder_.is_open())
    return errno_error(ErrorCode::Write, "cannot open the folder", errno);
  return tree;
}

Result<File> OutTree::folder(std::string_view relative, bool make) const {
  File at(::openat(folder_.fd(), ".", kFolder));
  if (!at.is_open()) return errno_error(ErrorCode::Write, "cannot open the folder", errno);
  std::size_t begin = 0;
  while (begin < relative.size()) {
    const std::size_t end = std::min(relative.find('/', begin), relative.size());
    const std::string name(relative.substr(begin, end - begin));
    const std::string_view so_far = relative.substr(0, end);
    begin = end + 1;
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      return Error{ErrorCode::Write, printable(relative) + " leads out of the output folder",
                   EXDEV};
    }
    int fd = ::openat(at.fd(), name.c_str(), kFolder | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && make) {
      if (::mkdirat(at.fd(), name.c_str(), 0777) != 0 && errno != EEXIST)
        return errno_error(ErrorCode::Write, "cannot make the folder " + printable(so_far), errno);
      fd = ::openat(at.fd(), name.c_str(), kFolder | O_NOFOLLOW);
    }
    if (fd < 0) return not_a_folder(at.fd(), name, so_far, errno);
    at = File(fd);
  }
  return at;
}

Result<std::shared_ptr<const Workshop>> OutTree::workshop() const {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->workshop == nullptr) {
    auto made = Workshop::make(folder_);
    if (!made) return made.error();
    shared_->workshop = *std::move(made);
  }
  return shared_->workshop;
}

Result<PendingFile> OutTree::write(Bytes data) const {
  auto in = workshop();
  if (!in) return in.error();
  return PendingFile::write(*std::move(in), data);
}

Result<std::unique_ptr<PendingWriter>> OutTree::writer() const {
  auto in = workshop();
  if (!in) return in.error();
  return PendingWriter::open(*std::move(in));
}

bool OutTree::has(const std::string& relative) const {
  const auto in = folder(folder_of(relative));
  struct stat status {};
  return in && ::fstatat(in->fd(), std::string(name_of_path(relative)).c_str(), &status,
                         AT_SYMLINK_NOFOLLOW) == 0;
}

Result<File> OutTree::open_file(const std::string& relative, FileStamp* stamp) const {
  const auto in = folder(folder_of(relative));
  if (!in) return in.error();
  return open_to_read(*in, std::string(name_of_path(relative)), stamp);
}

Result<Done> OutTree::remove(const std::string& relative) const {
  const auto in = folder(folder_of(relative));
  if (!in) return in.error();
  if (::unlinkat(in->fd(), std::string(name_of_path(relative)).c_str(), 0) != 0)
    return errno_error(ErrorCode::Write, "cannot delete", errno);
  return Done{};
}

void OutTree::remove_empty(std::string_view relative) const {
  for (std::string_view above = relative; !above.empty(); above = folder_of(above)) {
    const auto in = folder(folder_of(above));
    if (!in || ::unlinkat(in->fd(), std::string(name_of_path(above)).c_str(), AT_REMOVEDIR) != 0)
      return;
  }
}

Result<Done> OutTree::sync() const {
  if (::syncfs(folder_.fd()) != 0) return errno_error(ErrorCode::Write, "cannot write", errno);
  return Done{};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace deckle {
namespace {

// Collects what is written into calls of a sensible size.
class BufferedWriter {
 public:
  explicit BufferedWriter(const File& file) : file_(file) { buffer_.reserve(kBlock); }

  Result<Done> write(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kBlock ? Result<Done>(Done{}) : flush();
  }
  Result<Done> flush() {
    auto written = write_all(file_, as_bytes(buffer_));
    buffer_.clear();
    return written;
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 20U;
  const File& file_;
  std::string buffer_;
};

Result<File> create_file(const std::string& path) {
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.is_open()) return errno_error(ErrorCode::Write, "cannot write", errno);
  return file;
}

}  // namespace

Result<Journal> Journal::create(const std::string& path, std::size_t inputs,
                                std::string_view header) {
  auto file = create_file(path);
  if (!file) return file.error();
  Journal journal(path, *std::move(file), inputs);
  const std::string line = std::string(header) + "\n";
  if (auto written = write_all(journal.file_, as_bytes(line)); !written) return written.error();
  journal.size_ = line.size();
  return journal;
}

Result<Done> Journal::append(std::size_t input, std::string_view lines) {
  const std::lock_guard lock(*mutex_);
  if (auto written = write_all(file_, as_bytes(lines)); !written) {
    // Half a line must not stay: the next one would be spoilt too.
    if (::ftruncate(file_.fd(), static_cast<off_t>(size_)) == 0) {
      ::lseek(file_.fd(), static_cast<off_t>(size_), SEEK_SET);
    }
    return written;
  }
  lines_[input] = {size_, static_cast<std::uint32_t>(lines.size())};
  size_ += lines.size();
  return Done{};
}

Result<Done> Journal::finish(const std::string& manifest_path, std::string_view header) {
  const std::string temporary = temporary_name(manifest_path);
  auto file = create_file(temporary);
  if (!file) return file.error();
  BufferedWriter writer(*file);
  const auto write_manifest = [&]() -> Result<Done> {
    if (auto written = writer.write(std::string(header) + "\n"); !written) return written;
    std::string text;
    for (const Lines& lines : lines_) {
      text.resize(lines.length);
      std::size_t have = 0;
      while (have < text.size()) {
        const ssize_t n = ::pread(file_.fd(), text.data() + have, text.size() - have,
                                  static_cast<off_t>(lines.offset + have));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
          return errno_error(ErrorCode::Write, "cannot read the journal back", n < 0 ? errno : EIO);
        have += static_cast<std::size_t>(n);
      }
      if (auto written = writer.write(text); !written) return written;
    }
    if (auto written = writer.flush(); !written) return written;
    if (::fsync(file->fd()) != 0 || !file->close() ||
        ::rename(temporary.c_str(), manifest_path.c_str()) != 0) {
      return errno_error(ErrorCode::Write, "cannot write", errno);
    }
    return Done{};
  };
  auto written = write_manifest();
  if (written) {
    ::unlink(path_.c_str());
  } else {
    ::unlink(temporary.c_str());
  }
  return written;
}

}  // namespace deckle

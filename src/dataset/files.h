// SPDX-License-Identifier: Apache-2.0
// files: POSIX files, with errno's text in every error. Only this file opens and renames files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/digest.h"
#include "core/result.h"
#include "core/sink.h"
#include "core/text.h"

namespace deckle {

/// A file descriptor. The destructor closes it.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { close(); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// Closes the file. False if that fails: some file systems report a full disk only then.
  bool close();

 private:
  int fd_ = -1;
};

/// An Error with errno's text after `what`: "cannot write: No space left on device".
[[nodiscard]] Error errno_error(ErrorCode code, std::string_view what, int error_number);
/// The error with a file's name before its message: "a.png: cannot read: ...".
[[nodiscard]] Error named(std::string_view path, Error error);

/// Whether the error is that the file does not exist.
[[nodiscard]] bool is_not_there(const Error& error);

/// folder + "/" + name; `name` alone if `folder` is empty.
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);

/// Size and time of the last change. If both are the same, the file is probably unchanged.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;  ///< since 1970; 0: not reliable

  bool operator==(const FileStamp&) const = default;
};

/// The stamp, with the time 0 if the file changed less than two seconds ago: it may change again
/// within the same tick of the file system's clock.
[[nodiscard]] FileStamp without_recent_time(FileStamp stamp);
/// The same, but only if the time is a whole second, as on file systems with coarse times.
[[nodiscard]] FileStamp without_recent_coarse_time(FileStamp stamp);

/// Opens a regular file for reading. `stamp`, if given, is set to the file's stamp.
[[nodiscard]] Result<File> open_to_read(const std::string& path, FileStamp* stamp = nullptr);
/// The same for a name in an open folder; a link is not followed.
[[nodiscard]] Result<File> open_to_read(const File& folder, const std::string& name,
                                        FileStamp* stamp);

/// The first bytes of an open file, at most `limit`.
[[nodiscard]] Result<Done> read_head(const File& file, std::size_t limit, Buffer& out);
/// `length` bytes from `offset`; fewer are an error.
[[nodiscard]] Result<std::string> read_part(const File& file, std::uint64_t offset,
                                            std::size_t length);

/// Reads parts of a file that mostly follow each other: it reads ahead.
class PartReader {
 public:
  /// Valid until the next call.
  [[nodiscard]] Result<std::string_view> read(const File& file, std::uint64_t offset,
                                              std::size_t length);

 private:
  std::string block_;
  std::uint64_t begin_ = 0;
};

/// Reads a file line by line, and knows the offset of each line. A failed read is an error, not the
/// end of the file.
class LineReader {
 public:
  /// The next line, without its newline, valid until the next call; nothing at the end.
  [[nodiscard]] Result<std::optional<std::string_view>> next(const File& file);
  /// Whether the last line ended in a newline. A line that is cut short does not.
  [[nodiscard]] bool is_whole() const { return is_whole_; }
  /// The offsets at which the last line begins and the next line will begin.
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  [[nodiscard]] std::uint64_t end() const { return base_ + at_; }

 private:
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t base_ = 0;  ///< of the buffer, in the file
  std::uint64_t begin_ = 0;
  std::uint64_t size_ = 0;  ///< of the file when reading began
  bool is_whole_ = true;
};

/// Reads an open file completely. Use the second form if the size is known.
[[nodiscard]] Result<Done> read_all(const File& file, Buffer& out);
[[nodiscard]] Result<Done> read_all(const File& file, std::uint64_t size, Buffer& out);
/// The digest of an open file's first `size` bytes. They are read in parts into `piece`.
[[nodiscard]] Result<Sha256> sha256_of(const File& file, std::uint64_t size, Buffer& piece);

/// Maps a file into memory, so that only the pages that are used are read: a header is often one or
/// two pages of many megabytes. Empty if the file cannot be mapped.
class MappedFile {
 public:
  explicit MappedFile(const File& file);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] Bytes bytes() const { return {data_, size_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The largest size of a chain or model, and of a list of files, in bytes.
inline constexpr std::uint64_t kMostText = std::uint64_t{1} << 28U;
inline constexpr std::uint64_t kMostList = std::uint64_t{1} << 32U;

/// Opens and reads a whole file, or standard input if the path is "-". TooLarge above `most` bytes:
/// a device may have no end.
[[nodiscard]] Result<std::string> read_text(const std::string& path,
                                            std::uint64_t most = kMostText);

/// Writes all of `data`, in several calls if needed.
[[nodiscard]] Result<Done> write_all(const File& file, Bytes data);

/// The names in a folder, unsorted, including hidden names but not "." and "..". Fails if not all
/// names can be read. "" is the current folder.
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& path);

/// Whether something with that name exists (links are followed). Fails if this cannot be found out.
[[nodiscard]] Result<bool> is_there(const std::string& path);

/// Whether the folder ignores the case of names. Makes a temporary file to find out.
[[nodiscard]] Result<bool> ignores_case(const std::string& folder);

/// Makes a folder and its parent folders.
[[nodiscard]] Result<Done> make_folders(const std::string& path);

/// Prefix of the names of unfinished files and their folders. These names are hidden and unique to
/// the process; later runs delete such files.
inline constexpr std::string_view kTemporaryPrefix = ".deckle-";

/// Nothing if there is no regular file of that name (links are followed).
[[nodiscard]] std::optional<FileStamp> stamp_of(const std::string& path);
[[nodiscard]] std::optional<FileStamp> stamp_of(const File& file);

/// A folder for the unfinished files of this process. It is deleted with the last of these files.
class Workshop {
 public:
  /// Makes it in an open folder. Its name identifies the process: see identity.h.
  static Result<std::shared_ptr<const Workshop>> make(const File& parent);
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop();

  [[nodiscard]] int fd() const { return folder_.fd(); }

 private:
  Workshop(File parent, std::string name) : parent_(std::move(parent)), name_(std::move(name)) {}

  File parent_;
  std::string name_;
  File folder_;
};

/// A complete file with a temporary name. It is deleted unless it is committed. Therefore a file
/// with its final name is always whole.
class PendingFile {
 public:
  /// Writes it beside its final name. Makes missing folders.
  static Result<PendingFile> write(const std::string& path, Bytes data);
  /// Writes it in a workshop; its final name is given to commit_to().
  static Result<PendingFile> write(std::shared_ptr<const Workshop> workshop, Bytes data);

  PendingFile(PendingFile&& other) noexcept
      : workshop_(std::move(other.workshop_)),
        temporary_(std::exchange(other.temporary_, {})),
        path_(std::move(other.path_)),
        stamp_(other.stamp_) {}
  PendingFile& operator=(PendingFile&& other) noexcept {
    std::swap(workshop_, other.workshop_);
    std::swap(temporary_, other.temporary_);
    std::swap(path_, other.path_);
    std::swap(stamp_, other.stamp_);
    return *this;
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile();

  /// Renames it to its final name. Without `replace`, an existing file is kept, and this is an
  /// error (EEXIST).
  Result<Done> commit(bool replace);
  /// The same, for a name in an open folder.
  Result<Done> commit_to(const File& folder, const std::string& name, bool replace);

  /// Writes the file's data to the disk.
  [[nodiscard]] Result<Done> sync() const;

  /// The stamp of the written file; renaming keeps it.
  [[nodiscard]] FileStamp stamp() const { return stamp_; }

 private:
  friend class PendingWriter;
  PendingFile(std::shared_ptr<const Workshop> workshop, std::string temporary, std::string path)
      : workshop_(std::move(workshop)), temporary_(std::move(temporary)), path_(std::move(path)) {}
  static Result<PendingFile> fill(File file, PendingFile pending, Bytes data);
  [[nodiscard]] int folder() const;
  Result<Done> move(int to_folder, const std::string& to, bool replace);

  std::shared_ptr<const Workshop> workshop_;  ///< null: the name is a path
  std::string temporary_;                     ///< empty after it is committed
  std::string path_;
  FileStamp stamp_;
};

/// Writes a PendingFile in parts.
class PendingWriter final : public Sink {
 public:
  /// As PendingFile::write.
  static Result<std::unique_ptr<PendingWriter>> open(const std::string& path);
  static Result<std::unique_ptr<PendingWriter>> open(std::shared_ptr<const Workshop> workshop);

  bool write(std::uint64_t at, Bytes data) override;
  [[nodiscard]] std::uint64_t size() const override { return written_ + waiting_.size(); }
  /// The error of the first write that failed, if any.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  struct Written {
    PendingFile file;
    Sha256 sha256;
    std::uint64_t bytes;
  };
  /// Nothing may be written after this.
  Result<Written> finish();

 private:
  PendingWriter(File file, PendingFile pending)
      : file_(std::move(file)), pending_(std::move(pending)) {}
  bool flush();
  bool put(std::uint64_t at, Bytes data);

  File file_;
  PendingFile pending_;
  Buffer waiting_;             ///< to be appended
  std::uint64_t written_ = 0;  ///< bytes of the file so far
  Sha256Stream digest_;        ///< of the bytes so far, unless some were overwritten
  bool overwritten_ = false;
  std::optional<Error> error_;
};

/// Writes a small file under a temporary name and renames it. If `path` is not a regular file (a
/// device, a pipe), writes into it.
[[nodiscard]] Result<Done> replace_file(const std::string& path, Bytes data);

/// A new name beside `path` for an unfinished file.
[[nodiscard]] std::string temporary_name(const std::string& path);
/// A text that is unique over all calls and processes: the process's identity and a number.
[[nodiscard]] std::string unique_id();

/// Writes all renames in a folder to the disk.
[[nodiscard]] Result<Done> sync_folder(const std::string& path);

/// Deletes unfinished files directly in a folder if their processes are certainly dead, or are
/// unknown and the file has not changed for a day; see identity.h. Returns the number of deleted
/// files.
std::size_t sweep_unfinished(const std::string& folder);

}  // namespace deckle

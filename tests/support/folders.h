// SPDX-License-Identifier: Apache-2.0
// Folders for tests, and what is needed to run chains over them.
#pragma once

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/chain.h"
#include "codecs/format.h"
#include "core/bytes.h"
#include "dataset/files.h"
#include "dataset/inputs.h"
#include "support/pictures.h"

namespace deckle::test {

/// An empty folder. It is removed at the end, with its contents. Names may have any bytes.
class Folder {
 public:
  Folder() {
    const char* parent = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): one thread
    path_ = std::string(parent == nullptr ? "/tmp" : parent) + "/deckle-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder " + path_);
    path_ = std::filesystem::canonical(path_).string();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return join_path(path_, name);
  }

  /// Writes a file, with the folders that it needs.
  void put(std::string_view name, std::string_view content) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(std::string(folder_of(path)));
    std::ofstream stream(path, std::ios::binary);
    stream << content;
    stream.close();
    if (!stream) throw std::runtime_error("cannot write " + path);
  }
  void put(std::string_view name, const test::File& content) const {
    put(name, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
  }
  void link(const std::string& target, std::string_view name) const {
    std::filesystem::create_symlink(target, *this / name);
  }

 private:
  std::string path_;
};

inline std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path);
  return {(std::istreambuf_iterator<char>(stream)), {}};
}

/// Every file below a folder, hidden ones too, with its content.
inline std::map<std::string, std::string> tree(const std::string& folder) {
  std::map<std::string, std::string> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    const std::string path = entry.path().string();
    files[path.substr(folder.size() + 1)] = text_of(path);
  }
  return files;
}

/// Only the names, sorted.
inline std::vector<std::string> names(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& [name, content] : tree(folder))
    found.push_back(name);
  return found;
}

/// The files of a listing, as they were given to the manifest.
inline std::vector<std::string> paths(const InputList& list) {
  std::vector<std::string> found;
  for (const InputFile& file : list.files)
    found.push_back(file.path);
  return found;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

/// The chain of a text that has no mistakes.
inline Chain chain_of(std::string_view text) {
  auto parsed = parse_chain(text);
  if (const auto* mistakes = std::get_if<Mistakes>(&parsed)) {
    throw std::runtime_error(mistakes->front().pointer + ": " + mistakes->front().message);
  }
  return std::get<Chain>(std::move(parsed));
}

/// A list that has no errors.
inline InputList listed(const InputRequest& request) {
  auto list = list_inputs(request);
  if (!list) throw std::runtime_error(list.error().message);
  return *std::move(list);
}
inline InputList listed(const std::string& folder) {
  return listed(InputRequest{{folder}, {}, '\n', ""});
}

inline test::File png(std::int64_t rows, std::int64_t cols, std::int64_t channels = 3,
                      DType dtype = DType::UInt8) {
  return encoded(picture(rows, cols, channels, dtype), {Format::Png, {}, false, 1});
}
inline test::File jpg(std::int64_t rows, std::int64_t cols, std::int64_t channels = 3) {
  return encoded(picture(rows, cols, channels), {Format::Jpeg, 80, false, {}});
}

/// During its lifetime, writing more than this number of bytes to a file fails with EFBIG. It
/// simulates a full disk, without root.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int) = SIG_DFL;
};

}  // namespace deckle::test

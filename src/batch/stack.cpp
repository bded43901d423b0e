// SPDX-License-Identifier: Apache-2.0
#include "batch/stack.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>

#include "batch/manifest.h"
#include "codecs/npy.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

constexpr std::string_view kStack = "deckle-stack";

// One folder's array on its way: under a temporary name until it is whole.
struct Stack {
  std::size_t outputs = 0;
  std::string temporary;
  std::vector<std::int64_t> shape;
  DType dtype = DType::UInt8;
};

class Stacker {
 public:
  Stacker(const std::string& out, std::string name) : out_(out), name_(std::move(name)) {}
  ~Stacker() {
    for (const auto& [folder, stack] : stacks_) {
      if (!stack.temporary.empty()) ::unlink(stack.temporary.c_str());
    }
  }
  Stacker(const Stacker&) = delete;
  Stacker& operator=(const Stacker&) = delete;

  void count(const ManifestOutput& output) {
    ++stacks_[std::string(folder_of(output.path))].outputs;
  }

  [[nodiscard]] bool all_there() const {
    return std::all_of(stacks_.begin(), stacks_.end(), [&](const auto& stack) {
      return stamp_of(join_path(join_path(out_, stack.first), name_)).has_value();
    });
  }

  Result<Done> append(const std::string& output) {
    const std::string folder(folder_of(output));
    const auto file = open_to_read(join_path(out_, output));
    if (!file) return named(output, file.error());
    if (auto read = read_all(*file, buffer_); !read) return named(output, read.error());
    const auto header = read_npy_header(buffer_.bytes());
    if (!header) return named(output, header.error());
    Stack& stack = stacks_.at(folder);
    if (stack.temporary.empty()) {
      if (auto begun = begin(folder, stack, *header); !begun) return begun;
    } else if (header->shape != stack.shape || header->dtype != stack.dtype) {
      return named(output, {ErrorCode::Shape,
                            "is of another shape or type than the outputs before it in its folder, "
                            "so they make no one array; crop or resize them to one size"});
    }
    if (auto open = select(folder, stack); !open) return open;
    return write_all(*file_, buffer_.bytes().subspan(header->data_at));
  }

  Result<std::vector<std::string>> finish() {
    if (auto closed = close(); !closed) return closed.error();
    std::vector<std::string> written;
    for (auto& [folder, stack] : stacks_) {
      const std::string path = join_path(join_path(out_, folder), name_);
      if (::rename(stack.temporary.c_str(), path.c_str()) != 0)
        return errno_error(ErrorCode::Write, "cannot rename " + printable(path), errno);
      stack.temporary.clear();
      written.push_back(path);
    }
    return written;
  }

 private:
  static Error named(const std::string& output, Error error) {
    error.message = printable(output) + ": " + error.message;
    return error;
  }

  Result<Done> begin(const std::string& folder, Stack& stack, const ArrayHeader& header) {
    stack.shape = header.shape;
    stack.dtype = header.dtype;
    std::vector<std::int64_t> shape{static_cast<std::int64_t>(stack.outputs)};
    shape.insert(shape.end(), header.shape.begin(), header.shape.end());
    stack.temporary =
        join_path(join_path(out_, folder),
                  std::string(kTemporaryPrefix) + std::to_string(::getpid()) + "-" + name_);
    if (auto open = select(folder, stack); !open) return open;
    return write_all(*file_, as_bytes(npy_header(shape, stack.dtype)));
  }

  // One file is open at a time: there may be more folders than files may be.
  Result<Done> select(const std::string& folder, const Stack& stack) {
    if (file_ && open_folder_ == folder) return Done{};
    if (auto closed = close(); !closed) return closed;
    const int fd = ::open(stack.temporary.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
      return errno_error(ErrorCode::Write, "cannot write " + printable(stack.temporary), errno);
    file_ = File(fd);
    open_folder_ = folder;
    return Done{};
  }

  Result<Done> close() {
    if (file_ && !file_->close())
      return errno_error(ErrorCode::Write, "cannot write in " + printable(open_folder_), errno);
    file_.reset();
    return Done{};
  }

  const std::string& out_;
  std::string name_;
  std::map<std::string, Stack> stacks_;  ///< by folder, relative to out_
  std::optional<File> file_;
  std::string open_folder_;
  Buffer buffer_;
};

}  // namespace

std::string stack_name(const std::optional<Shard>& shard) {
  if (!shard) return std::string(kStack) + ".npy";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "-%04d-of-%04d.npy", static_cast<int>(shard->index),
                static_cast<int>(shard->of));
  return std::string(kStack) + text.data();
}

bool is_stack_name(std::string_view name) {
  return name.starts_with(kStack) && name.ends_with(".npy");
}

Result<std::vector<std::string>> stack_outputs(const std::string& out, const std::string& manifest,
                                               const std::optional<Shard>& shard, bool changed) {
  Stacker stacker(out, stack_name(shard));
  // Twice through the manifest: the header comes first and says how many there are.
  if (auto counted = read_outputs(manifest, [&](const ManifestOutput& o) { stacker.count(o); });
      !counted) {
    return counted.error();
  }
  if (!changed && stacker.all_there()) return std::vector<std::string>{};
  std::optional<Error> failed;
  auto read = read_outputs(manifest, [&](const ManifestOutput& output) {
    if (failed) return;
    if (auto appended = stacker.append(output.path); !appended) failed = appended.error();
  });
  if (!read) return read.error();
  if (failed) return *failed;
  return stacker.finish();
}

}  // namespace deckle

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
#include "batch/output_folder.h"
#include "codecs/npy.h"
#include "core/digest.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

constexpr std::string_view kStack = "deckle-stack";

// The array of one folder while it is written, under a temporary name until it is whole.
struct Stack {
  std::size_t outputs = 0;
  std::uint64_t bytes = 0;  // of their files
  bool wanted = true;       // it will be made, and no error has occurred
  std::string temporary;
  std::vector<std::int64_t> shape;
  DType dtype = DType::UInt8;
};

// "20 x 20 x 3 uint8"
std::string kind_text(const std::vector<std::int64_t>& shape, DType dtype) {
  std::string text;
  for (const std::int64_t& extent : shape)
    text += std::to_string(extent) + (&extent == &shape.back() ? " " : " x ");
  return text + std::string(name_of(dtype));
}

// The header of a stack. Fails if the stack is not one of `outputs` arrays with the given total of
// bytes.
Result<ArrayHeader> read_stack(const File& file, std::uint64_t size, std::size_t outputs,
                               std::uint64_t bytes) {
  constexpr std::size_t kHead = 4096;
  Buffer head;
  if (auto read = read_head(file, kHead, head); !read) return read.error();
  auto header = read_npy_header(head.bytes());
  if (!header) return header;
  if (header->shape.empty() || header->fortran_order || header->big_endian ||
      header->shape.front() != static_cast<std::int64_t>(outputs)) {
    return Error{ErrorCode::Shape, "it is " + kind_text(header->shape, header->dtype) +
                                       ", and there are " + grouped(outputs) + " to be stacked"};
  }
  const std::vector<std::int64_t> one(header->shape.begin() + 1, header->shape.end());
  const std::uint64_t expected =
      header->data_at + bytes - outputs * npy_header(one, header->dtype).size();
  if (size != expected || size != header->data_at + header->data_bytes()) {
    return Error{ErrorCode::Shape, grouped(size) + " bytes, " + grouped(expected) + " expected"};
  }
  return header;
}

class Stacker {
 public:
  Stacker(const std::string& out, std::string name, bool sync)
      : out_(out), name_(std::move(name)), sync_(sync) {}
  ~Stacker() {
    for (const auto& [folder, stack] : stacks_) {
      if (!stack.temporary.empty()) ::unlink(stack.temporary.c_str());
    }
  }
  Stacker(const Stacker&) = delete;
  Stacker& operator=(const Stacker&) = delete;

  void count(const ManifestOutput& output) {
    Stack& stack = stacks_[std::string(folder_of(output.path))];
    ++stack.outputs;
    stack.bytes += output.bytes;
  }

  // Keeps arrays that were made after the manifest was written, and deletes older ones. False if no
  // array has to be made.
  bool keep_current(const OutTree& tree, const std::optional<FileStamp>& manifest) {
    bool any = false;
    for (auto& [folder, stack] : stacks_) {
      if (const auto in = tree.folder(folder);
          !in) {  // reached through a link, which may lead anywhere
        give_up(stack, in.error().message);
        continue;
      }
      const std::string path = path_in(folder);
      FileStamp stamp;
      const auto file = open_to_read(path, &stamp);
      stack.wanted = !file || !manifest || stamp.mtime_ns < manifest->mtime_ns ||
                     !read_stack(*file, stamp.size, stack.outputs, stack.bytes);
      if (stack.wanted) ::unlink(path.c_str());
      any = any || stack.wanted;
    }
    return any;
  }

  // Only errors that concern all folders are returned.
  Result<Done> append(const std::string& output) {
    const std::string folder(folder_of(output));
    Stack& stack = stacks_.at(folder);
    if (!stack.wanted) return Done{};
    const auto header = read(output);
    if (!header) {
      give_up(stack, printable(output) + ": " + header.error().message);
      return Done{};
    }
    if (stack.temporary.empty()) {
      if (auto begun = begin(folder, stack, *header); !begun) return begun;
    } else if (header->shape != stack.shape || header->dtype != stack.dtype) {
      give_up(stack, printable(output) + " is " + kind_text(header->shape, header->dtype) +
                         ", those before it " + kind_text(stack.shape, stack.dtype));
      return Done{};
    }
    if (auto open = select(folder, stack); !open) return open;
    return write_all(*file_, buffer_.bytes().subspan(header->data_at));
  }

  Result<Stacked> finish() {
    if (auto closed = close(); !closed) return closed.error();
    for (auto& [folder, stack] : stacks_) {
      if (!stack.wanted) continue;
      const std::string path = path_in(folder);
      if (auto synced = sync(stack.temporary); !synced) return synced.error();
      if (::rename(stack.temporary.c_str(), path.c_str()) != 0)
        return errno_error(ErrorCode::Write, "cannot rename " + printable(path), errno);
      stack.temporary.clear();
      result_.written.push_back(path);
      if (!sync_) continue;
      if (auto synced = sync_folder(join_path(out_, folder)); !synced) return synced.error();
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::string path_in(const std::string& folder) const {
    return join_path(join_path(out_, folder), name_);
  }

  // Reads an output into the buffer.
  Result<ArrayHeader> read(const std::string& output) {
    const auto file = open_to_read(join_path(out_, output));
    if (!file) return file.error();
    if (auto all = read_all(*file, buffer_); !all) return all.error();
    return read_npy_header(buffer_.bytes());
  }

  void give_up(Stack& stack, std::string why) {
    stack.wanted = false;
    if (!stack.temporary.empty()) ::unlink(stack.temporary.c_str());
    stack.temporary.clear();
    result_.problems.push_back(std::move(why));
  }

  Result<Done> begin(const std::string& folder, Stack& stack, const ArrayHeader& header) {
    stack.shape = header.shape;
    stack.dtype = header.dtype;
    std::vector<std::int64_t> shape{static_cast<std::int64_t>(stack.outputs)};
    shape.insert(shape.end(), header.shape.begin(), header.shape.end());
    stack.temporary =
        temporary_name(join_path(out_, name_));  // where later runs delete unfinished files
    if (auto open = select(folder, stack); !open) return open;
    return write_all(*file_, as_bytes(npy_header(shape, stack.dtype)));
  }

  [[nodiscard]] Result<Done> sync(const std::string& path) const {
    if (!sync_) return Done{};
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open() || ::fdatasync(file.fd()) != 0)
      return errno_error(ErrorCode::Write, "cannot write " + printable(path), errno);
    return Done{};
  }

  // One file is open at a time: there may be more folders than files that can be open.
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
  bool sync_;
  std::map<std::string, Stack> stacks_;  ///< by folder, relative to out_
  std::optional<File> file_;
  std::string open_folder_;
  Buffer buffer_;
  Stacked result_;
};

// Compares the stack of one folder with the digests that the manifest records of its outputs.
Result<Done> check_stack(const std::string& path,
                         const std::vector<const ManifestOutput*>& outputs) {
  FileStamp stamp;
  const auto file = open_to_read(path, &stamp);
  if (!file) return file.error();
  std::uint64_t bytes = 0;
  for (const ManifestOutput* output : outputs)
    bytes += output->bytes;
  const auto header = read_stack(*file, stamp.size, outputs.size(), bytes);
  if (!header) return header.error();
  const std::string head = npy_header(
      std::vector<std::int64_t>(header->shape.begin() + 1, header->shape.end()), header->dtype);
  const std::size_t length = header->data_bytes() / outputs.size();
  std::uint64_t at = header->data_at;
  for (const ManifestOutput* output : outputs) {
    // The bytes of the output's file, rebuilt from the stack.
    const auto slice = read_part(*file, at, length);
    if (!slice) return slice.error();
    if (hex(sha256(as_bytes(head + *slice))) != output->sha256)
      return Error{ErrorCode::Damaged, "what it has of " + printable(output->path) + " differs"};
    at += length;
  }
  return Done{};
}

// The manifests that stacks were made from: after a merge, those of the shards.
Result<std::vector<std::string>> stacked_from(const std::string& manifest, const Json& header) {
  std::vector<std::string> shards;
  if (!header.contains("shard")) {
    auto manifests = manifests_in(std::string(folder_of(manifest)));
    if (!manifests) return manifests;
    for (const std::string& path : *manifests) {
      if (!name_of_path(path).starts_with("manifest-")) continue;
      const auto there = is_there(path);
      if (!there) return there.error();
      if (*there) shards.push_back(path);
    }
  }
  if (shards.empty()) shards.push_back(manifest);
  return shards;
}

}  // namespace

std::string stack_name(const std::optional<Shard>& shard) {
  if (!shard) return std::string(kStack) + ".npy";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "-%04d-of-%04d.npy", static_cast<int>(shard->index),
                static_cast<int>(shard->of));
  return std::string(kStack).append(text.data());
}

bool is_stack_name(std::string_view name) {
  return name.starts_with(kStack) && name.ends_with(".npy");
}

Result<Stacked> stack_outputs(const std::string& out, const std::string& manifest,
                              const std::optional<Shard>& shard, bool sync) {
  Stacker stacker(out, stack_name(shard), sync);
  // The manifest is read twice, because the header of a stack needs the number of its arrays.
  if (auto counted = read_outputs(manifest, [&](const ManifestOutput& o) { stacker.count(o); });
      !counted) {
    return counted.error();
  }
  const auto tree = OutTree::open(out);
  if (!tree) return tree.error();
  if (!stacker.keep_current(*tree, stamp_of(manifest))) return stacker.finish();
  std::optional<Error> failed;
  auto read = read_outputs(manifest, [&](const ManifestOutput& output) {
    if (failed) return;
    if (auto appended = stacker.append(output.path); !appended)
      failed = named(output.path, appended.error());
  });
  if (!read) return read.error();
  if (failed) return *failed;
  return stacker.finish();
}

void remove_stack(const OutTree& tree, std::string_view folder, const std::optional<Shard>& shard) {
  (void)tree.remove(join_path(folder, stack_name(shard)));
}

Result<std::vector<StackCheck>> check_stacks(const std::string& manifest) {
  const auto first = ManifestReader::open(manifest);
  if (!first) return first.error();
  const std::string out(parent_of(manifest));
  std::vector<StackCheck> checks;
  const auto manifests = stacked_from(manifest, first->header());
  if (!manifests) return manifests.error();
  for (const std::string& path : *manifests) {
    const auto reader = ManifestReader::open(path);
    if (!reader) return reader.error();
    const Json chain = reader->header().value("chain", Json::object());
    if (!chain.value("output", Json::object()).value("stack", false)) continue;
    std::optional<Shard> shard;
    if (const auto part = reader->header().find("shard"); part != reader->header().end())
      shard = Shard{part->value("index", 0U), part->value("of", 1U)};
    std::vector<ManifestOutput> outputs;
    if (auto read = read_outputs(path, [&](const ManifestOutput& o) { outputs.push_back(o); });
        !read) {
      return read.error();
    }
    std::map<std::string_view, std::vector<const ManifestOutput*>> folders;
    for (const ManifestOutput& output : outputs)
      folders[folder_of(output.path)].push_back(&output);
    for (const auto& [folder, within] : folders) {
      StackCheck check{join_path(folder, stack_name(shard)), std::nullopt};
      if (auto good = check_stack(join_path(out, check.path), within); !good)
        check.error = good.error();
      checks.push_back(std::move(check));
    }
  }
  return checks;
}

}  // namespace deckle

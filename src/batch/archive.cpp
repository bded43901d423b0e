// SPDX-License-Identifier: Apache-2.0
#include "batch/archive.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/formats.h"
#include "codecs/read_picture.h"

namespace deckle {
namespace {

constexpr std::string_view kInto = ".npz/";
constexpr std::string_view kArray = ".npy";

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::optional<ArchiveMember> archive_member(const std::string& path) {
  if (!path.ends_with(kArray)) return std::nullopt;
  for (auto at = path.find(kInto); at != std::string::npos; at = path.find(kInto, at + 1)) {
    const std::size_t end = at + kInto.size() - 1;
    std::string archive = path.substr(0, end);
    if (!is_file(archive)) continue;
    return ArchiveMember{std::move(archive),
                         path.substr(end + 1, path.size() - end - 1 - kArray.size())};
  }
  return std::nullopt;
}

std::string file_behind(const std::string& path) {
  auto member = archive_member(path);
  if (member) return std::move(member->archive);
  return path;
}

void expand_archives(InputList& list) {
  std::vector<InputFile> arrays;
  for (InputFile& file : list.files) {
    if (extension_of(file.path) != "npz") continue;
    const auto listing = list_npz(list.file_path(file));
    if (!listing || listing->arrays.empty()) continue;  // it stays in the list and fails later
    for (const NpzMember& member : listing->arrays) {
      arrays.push_back(
          {file.path + "/" + member.name + std::string(kArray), file.root, file.named, 0});
    }
    file.path.clear();
  }
  if (arrays.empty()) return;
  std::erase_if(list.files, [](const InputFile& file) { return file.path.empty(); });
  std::move(arrays.begin(), arrays.end(), std::back_inserter(list.files));
  std::stable_sort(list.files.begin(), list.files.end(),
                   [](const InputFile& x, const InputFile& y) { return x.path < y.path; });
  number_inputs(list);
}

Result<const Codec*> recognise_input(Bytes head, const std::string& path) {
  auto codec = recognise(head);
  if (codec || extension_of(path) != "npz") return codec;
  if (const auto listing = list_npz(path); !listing) return listing.error();
  return Error{ErrorCode::Unsupported, "there are no arrays in it"};
}

CheckHead check_array(const DecodeOptions& options) {
  return [&options](Bytes head) -> Result<Done> {
    const auto info = read_info(head, options);
    // A header that is wrong or longer than these bytes is reported when the whole array is read.
    if (info || info.error().code != ErrorCode::TooLarge) return Done{};
    return info.error();
  };
}

std::optional<FileStamp> input_stamp(const std::string& path) {
  return stamp_of(file_behind(path));
}

std::optional<Sha256> input_digest(const std::string& path, Buffer& buffer) {
  if (const auto member = archive_member(path)) {
    if (!read_npz(member->archive, member->array, buffer)) return std::nullopt;
  } else {
    const auto file = open_to_read(path);
    if (!file || !read_all(*file, buffer)) return std::nullopt;
  }
  return sha256(buffer.bytes());
}

}  // namespace deckle

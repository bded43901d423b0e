// SPDX-License-Identifier: Apache-2.0
#include "dataset/inputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

struct FolderId {
  dev_t device;
  ino_t inode;

  bool operator==(const FolderId&) const = default;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Error usage(std::string_view path, const std::string& why) {
  return {ErrorCode::Usage, printable(path) + ": " + why};
}

Error not_listed(std::string_view path, int error_number) {
  return errno_error(ErrorCode::Unreadable, "cannot list the folder " + printable(path),
                     error_number);
}

// Whether a name is that of a manifest, or of what a run that did not end leaves in its place.
bool is_manifest_name(std::string_view name) {
  return name.starts_with("manifest") && name.ends_with(".jsonl");
}
bool is_journal_name(std::string_view name) {
  return name.starts_with(".manifest") && name.find(".jsonl.") != std::string_view::npos &&
         (name.ends_with(".journal") || name.ends_with(".log"));
}

// Whether a file begins as manifests do.
bool is_manifest(int folder, const char* name) {
  constexpr std::string_view kBegin = "{\"deckle_manifest\"";
  const File file(::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, kBegin.size()> head{};
  return file.is_open() &&
         ::read(file.fd(), head.data(), head.size()) == static_cast<ssize_t>(head.size()) &&
         std::string_view(head.data(), head.size()) == kBegin;
}

class Lister {
 public:
  Lister(InputList& list, std::optional<FolderId> left_out) : list_(list), left_out_(left_out) {}

  // All files below an open folder; `prefix` is its path relative to the root, "" or ending in '/'.
  Result<Done> list(int fd, const std::string& prefix, std::uint32_t root) {
    Folder folder(::fdopendir(fd));
    if (!folder) {
      const int why = errno;
      ::close(fd);
      return not_listed(shown(prefix, root), why);
    }
    struct stat status {};
    if (::fstat(fd, &status) != 0) return not_listed(shown(prefix, root), errno);
    const FolderId id{status.st_dev, status.st_ino};
    if (left_out_ == id || std::find(above_.begin(), above_.end(), id) != above_.end())
      return Done{};
    above_.push_back(id);
    const std::size_t before = list_.files.size();
    const std::size_t outputs_before = list_.outputs.size();
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(folder.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      // A folder that a run wrote into is no place to take inputs from, unless it is named.
      if (!prefix.empty() &&
          (is_journal_name(name) || (is_manifest_name(name) && is_manifest(fd, entry->d_name)))) {
        list_.files.resize(before);
        list_.outputs.resize(outputs_before);
        list_.outputs.push_back(shown(prefix.substr(0, prefix.size() - 1), root));
        errno = 0;
        break;
      }
      if (name.starts_with('.')) continue;  // also "." and ".."
      if (auto taken = take(fd, *entry, prefix + std::string(name), root); !taken) return taken;
    }
    if (errno != 0) return not_listed(shown(prefix, root), errno);
    above_.pop_back();
    return Done{};
  }

 private:
  Result<Done> take(int folder, const dirent& entry, std::string path, std::uint32_t root) {
    unsigned char type = entry.d_type;
    if (type == DT_LNK || type == DT_UNKNOWN) {
      struct stat status {};
      if (::fstatat(folder, entry.d_name, &status, 0) != 0) {
        // A link to nowhere is reported when it is opened, like any file that cannot be read.
        type = DT_REG;
      } else {
        type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
      }
    }
    if (type == DT_REG) {
      list_.files.push_back({std::move(path), root, false, 0});
    } else if (type == DT_DIR) {
      const int fd = ::openat(folder, entry.d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd < 0) return not_listed(shown(path, root), errno);
      return list(fd, path + "/", root);
    }
    return Done{};  // fifos, sockets, devices
  }

  [[nodiscard]] std::string shown(const std::string& path, std::uint32_t root) const {
    return join_path(list_.roots[root], path);
  }

  InputList& list_;
  std::optional<FolderId> left_out_;
  std::vector<FolderId> above_;
};

std::uint32_t add_root(InputList& list, std::string root, bool is_folder) {
  list.roots.push_back(std::move(root));
  list.root_is_folder.push_back(is_folder);
  return static_cast<std::uint32_t>(list.roots.size() - 1);
}

// "a/./b//c" as "a/b/c"; nothing where it is empty, absolute or leads upwards.
std::optional<std::string> tidy_relative(std::string_view path) {
  std::string tidy;
  if (path.starts_with('/')) return std::nullopt;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!tidy.empty()) tidy += '/';
    tidy += part;
  }
  if (tidy.empty()) return std::nullopt;
  return tidy;
}

Result<Done> add_file_list(const InputRequest& request, InputList& list) {
  const std::string root = request.inputs.empty() ? "" : request.inputs.front();
  const std::uint32_t root_index = add_root(list, root, !root.empty());
  std::error_code no_folder;
  const std::string inside =
      join_path(root.empty() ? std::filesystem::current_path(no_folder).string() : root, "");
  std::string_view text = *request.file_list;
  while (!text.empty()) {
    const auto end = text.find(request.separator);
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (request.separator == '\n' && line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    std::string_view relative = line;
    // An absolute path may lie inside as well; a relative one is relative to the folder as it
    // stands.
    if (relative.starts_with('/') && relative.starts_with(inside))
      relative.remove_prefix(inside.size());
    auto path = tidy_relative(relative);
    if (!path) {
      return usage(
          line, root.empty()
                    ? "a listed path is relative to the current folder and stays inside it; or "
                      "give the folder it lies in as INPUT"
                    : "a listed path is relative to " + printable(root) + " and stays inside it");
    }
    list.files.push_back({*std::move(path), root_index, true, 0});
  }
  return Done{};
}

}  // namespace

std::string InputList::file_path(const InputFile& file) const {
  return join_path(roots[file.root], file.path);
}

Result<InputList> list_inputs(const InputRequest& request) {
  InputList list;
  std::optional<FolderId> left_out;
  struct stat status {};
  if (!request.output_folder.empty() && ::stat(request.output_folder.c_str(), &status) == 0) {
    left_out = FolderId{status.st_dev, status.st_ino};
  }

  if (request.file_list) {
    if (request.inputs.size() > 1) {
      return Error{ErrorCode::Usage,
                   "with --files-from, INPUT is the one folder that the listed paths lie in"};
    }
    if (!request.inputs.empty() &&
        (::stat(request.inputs[0].c_str(), &status) != 0 || !S_ISDIR(status.st_mode))) {
      return usage(request.inputs[0],
                   "not a folder; with --files-from, INPUT is the folder that the paths lie in");
    }
    if (auto added = add_file_list(request, list); !added) return added.error();
  } else {
    for (const std::string& input : request.inputs) {
      if (::stat(input.c_str(), &status) != 0)
        return usage(input, std::generic_category().message(errno));
      if (S_ISDIR(status.st_mode)) {
        const int fd = ::open(input.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return not_listed(input, errno);
        const std::uint32_t root = add_root(list, input, true);
        if (auto listed = Lister(list, left_out).list(fd, "", root); !listed) return listed.error();
      } else {
        const std::string folder(folder_of(input));
        const std::uint32_t root =
            add_root(list, folder.empty() && input.starts_with('/') ? "/" : folder, false);
        list.files.push_back({std::string(name_of_path(input)), root, true, 0});
      }
    }
  }

  // One that was named too was taken after all.
  std::sort(list.outputs.begin(), list.outputs.end());
  std::erase_if(list.outputs, [&](const std::string& folder) {
    return std::any_of(list.roots.begin(), list.roots.end(), [&](std::string_view root) {
      while (root.size() > 1 && root.ends_with('/'))
        root.remove_suffix(1);
      return root == folder;
    });
  });
  // Named first among equals, so that a file that is listed and named counts as named.
  std::sort(list.files.begin(), list.files.end(), [&](const InputFile& x, const InputFile& y) {
    if (const int order = x.path.compare(y.path); order != 0) return order < 0;
    if (x.named != y.named) return x.named;
    return x.root < y.root;
  });
  const auto same = [&](const InputFile& x, const InputFile& y) {
    return x.path == y.path && list.roots[x.root] == list.roots[y.root];
  };
  list.files.erase(std::unique(list.files.begin(), list.files.end(), same), list.files.end());
  number_inputs(list);
  return list;
}

void number_inputs(InputList& list) {
  for (std::size_t i = 0; i < list.files.size(); ++i)
    list.files[i].index = static_cast<std::uint32_t>(i);
}

}  // namespace deckle

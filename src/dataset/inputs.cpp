// SPDX-License-Identifier: Apache-2.0
#include "dataset/inputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>

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

// Whether a name is that of a manifest; below, that of a journal, which a run that did not end
// leaves instead.
bool is_manifest_name(std::string_view name) {
  return name.starts_with("manifest") && name.ends_with(".jsonl");
}
bool is_journal_name(std::string_view name) {
  return name.starts_with(".manifest") && name.find(".jsonl.") != std::string_view::npos &&
         (name.ends_with(".journal") || name.ends_with(".log"));
}

// Whether a file begins like a manifest.
Result<bool> is_manifest(int folder, const char* name) {
  constexpr std::string_view kBegin = "{\"deckle_manifest\"";
  const File file(::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) return false;
  if (!file.is_open()) return errno_error(ErrorCode::Unreadable, "cannot read", errno);
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0)
    return errno_error(ErrorCode::Unreadable, "cannot read", errno);
  if (!S_ISREG(status.st_mode)) return false;
  Buffer head;
  if (auto read = read_head(file, kBegin.size(), head); !read) return read.error();
  return std::equal(kBegin.begin(), kBegin.end(), head.data(), head.data() + head.size());
}

// "." and "..", and deckle's own files in an output folder. They are left out without a message.
bool is_own_name(std::string_view name) {
  return name == "." || name == ".." || name.starts_with(".deckle") || is_journal_name(name);
}

std::string_view kind_that_is_no_file(mode_t mode) {
  return S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

class Lister {
 public:
  Lister(InputList& list, std::optional<FolderId> left_out) : list_(list), left_out_(left_out) {}

  // All files below an open folder; `prefix` is its path relative to the root, "" or ending in '/'.
  // Fails if this folder cannot be listed. A folder below it that cannot be listed becomes an input
  // that fails.
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
    if (left_out_ == id) return Done{};
    if (std::find(above_.begin(), above_.end(), id) != above_.end()) {
      leave_out(shown(without_slash(prefix), root), "a link to a folder that contains it");
      return Done{};
    }
    above_.push_back(id);
    const Counts before{list_.files.size(), list_.outputs.size(), list_.left_out.size(),
                        list_.folders.size()};
    list_.folders.push_back(shown(without_slash(prefix), root));
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(folder.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      // A folder that a run wrote into is left out, unless the user named it.
      bool is_outputs = above_.size() > 1 && is_journal_name(name);
      if (above_.size() > 1 && is_manifest_name(name)) {
        const auto is = is_manifest(fd, entry->d_name);
        if (!is) {
          above_.pop_back();
          drop_from(before);
          return Error{is.error().code,
                       printable(shown(prefix + std::string(name), root)) + ": " +
                           is.error().message +
                           "; deckle must read this file to know whether the folder contains "
                           "outputs of a run",
                       is.error().sys_errno};
        }
        is_outputs = *is;
      }
      if (is_outputs) {
        drop_from(before);
        list_.outputs.push_back(shown(without_slash(prefix), root));
        errno = 0;
        break;
      }
      if (is_own_name(name)) continue;
      const std::string path = prefix + std::string(name);
      if (name.starts_with('.')) {
        leave_out(shown(path, root), "hidden");
        continue;
      }
      take(fd, *entry, path, root);
    }
    const int error_number = errno;
    above_.pop_back();
    if (error_number == 0) return Done{};
    drop_from(before);
    return not_listed(shown(prefix, root), error_number);
  }

  // Makes a folder that cannot be listed an input that fails.
  void fail(const std::string& path, std::uint32_t root, const Error& error) {
    list_.files.push_back({path, root, true, 0});
    list_.unlisted.emplace(shown(path, root), error);
  }

 private:
  struct Counts {
    std::size_t files;
    std::size_t outputs;
    std::size_t left_out;
    std::size_t folders;
  };

  void drop_from(const Counts& counts) {
    list_.files.resize(counts.files);
    list_.outputs.resize(counts.outputs);
    list_.left_out.resize(counts.left_out);
    list_.folders.resize(counts.folders);
  }

  void leave_out(std::string path, std::string_view why) {
    list_.left_out.push_back({std::move(path), std::string(why)});
  }

  void take(int folder, const dirent& entry, const std::string& path, std::uint32_t root) {
    struct stat status {};
    auto mode = static_cast<mode_t>(DTTOIF(entry.d_type));
    if (entry.d_type == DT_LNK || entry.d_type == DT_UNKNOWN) {
      // A broken link is reported when it is opened, like any file that cannot be read.
      mode = ::fstatat(folder, entry.d_name, &status, 0) == 0 ? status.st_mode : S_IFREG;
    }
    if (S_ISREG(mode)) {
      list_.files.push_back({path, root, false, 0});
    } else if (S_ISDIR(mode)) {
      const int fd = ::openat(folder, entry.d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      const int why = errno;
      auto listed = fd < 0 ? not_listed(shown(path, root), why) : list(fd, path + "/", root);
      if (!listed) fail(path, root, listed.error());
    } else {
      leave_out(shown(path, root), kind_that_is_no_file(mode));
    }
  }

  [[nodiscard]] std::string shown(std::string_view path, std::uint32_t root) const {
    return join_path(list_.roots[root], path);
  }
  static std::string_view without_slash(std::string_view prefix) {
    return prefix.substr(0, prefix.size() - (prefix.ends_with('/') ? 1 : 0));
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

// "a/./b//c" as "a/b/c", "/" and ".." kept; "" for the current folder.
std::string tidy(std::string_view path) {
  std::string tidy(path.starts_with('/') ? "/" : "");
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (!tidy.empty() && tidy != "/") tidy += '/';
    tidy += part;
  }
  return tidy;
}

bool leads_upwards(std::string_view tidy) {
  return tidy == ".." || tidy.starts_with("../") || tidy.ends_with("/..") ||
         tidy.find("/../") != std::string_view::npos;
}

// The path relative to a folder, by comparing both texts; "" for the folder itself, nothing if the
// path is not below it.
std::optional<std::string> name_below(std::string_view folder, std::string_view path) {
  std::string outer = tidy(folder);
  std::string inner = tidy(path);
  if (outer.starts_with('/') != inner.starts_with('/')) {
    std::error_code none;
    const std::string here = std::filesystem::current_path(none).string();
    std::string& relative = outer.starts_with('/') ? inner : outer;
    relative = tidy(join_path(here, relative));
  }
  if (inner != outer && !outer.empty()) {
    const std::string prefix = outer == "/" ? outer : outer + "/";
    if (!inner.starts_with(prefix)) return std::nullopt;
    inner.erase(0, prefix.size());
  } else if (inner == outer) {
    inner.clear();
  }
  if (leads_upwards(inner)) return std::nullopt;
  return inner;
}

class Collector {
 public:
  Collector(const InputRequest& request, InputList& list) : request_(request), list_(list) {
    struct stat status {};
    if (!request.output_folder.empty() && ::stat(request.output_folder.c_str(), &status) == 0)
      output_ = FolderId{status.st_dev, status.st_ino};
  }

  Result<Done> add_inputs() {
    for (const std::string& input : request_.inputs) {
      struct stat status {};
      if (::stat(input.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
          return usage(input, std::generic_category().message(errno));
        return errno_error(ErrorCode::Unreadable, printable(input) + ": cannot read", errno);
      }
      std::string name;
      std::uint32_t root = 0;
      if (!request_.root.empty()) {
        auto below = name_below(request_.root, input);
        if (!below) return not_below(input);
        name = *std::move(below);
        root = the_root();
      } else if (S_ISDIR(status.st_mode)) {
        root = add_root(list_, input, true);
      } else {
        const std::string folder(folder_of(input));
        root = add_root(list_, folder.empty() && input.starts_with('/') ? "/" : folder, false);
        name = name_of_path(input);
      }
      if (!S_ISDIR(status.st_mode)) {
        list_.files.push_back({std::move(name), root, true, 0});
      } else if (auto listed = add_folder(input, name, root); !listed) {
        return listed;
      }
    }
    return Done{};
  }

  Result<Done> add_list() {
    if (auto right = check_list_request(); !right) return right;
    const bool named_below = !request_.inputs.empty() || !request_.root.empty();
    list_.names_from = named_below ? NamesFrom::InputFolder : NamesFrom::CurrentFolder;
    const std::string folder = !request_.root.empty()     ? request_.root
                               : !request_.inputs.empty() ? request_.inputs.front()
                                                          : "";
    const std::uint32_t root = add_root(list_, folder, named_below);
    std::string_view text = *request_.file_list;
    while (!text.empty()) {
      const auto end = text.find(request_.separator);
      std::string_view line = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      if (request_.separator == '\n' && line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (line.find('\0') != std::string_view::npos) {
        return usage(line,
                     "a listed path contains a zero byte; -0 is for lists whose paths end in "
                     "one");
      }
      // A path below the one INPUT is relative to it, as with rsync, or absolute.
      const bool below_input = !request_.inputs.empty() && !line.starts_with('/');
      const auto name =
          name_below(folder, below_input ? join_path(folder, line) : std::string(line));
      if (!name) return not_below(line);
      const std::string path = join_path(folder, *name);
      struct stat status {};
      if (::stat(path.empty() ? "." : path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        add_listed_folder(path, *name, root);
      } else {
        list_.files.push_back({*name, root, true, 0});
      }
    }
    return Done{};
  }

 private:
  [[nodiscard]] Result<Done> check_list_request() const {
    const auto& inputs = request_.inputs;
    struct stat status {};
    if (inputs.size() > 1 || (!inputs.empty() && !request_.root.empty())) {
      return Error{ErrorCode::Usage,
                   "with --files-from, INPUT is the one folder that the listed paths are relative "
                   "to, or --root the folder that they lie in"};
    }
    if (inputs.empty() || (::stat(inputs[0].c_str(), &status) == 0 && S_ISDIR(status.st_mode)))
      return Done{};
    return usage(inputs[0],
                 "not a folder; with --files-from, INPUT is the folder that the paths lie in");
  }

  [[nodiscard]] Error not_below(std::string_view path) const {
    if (!request_.root.empty())
      return usage(path, "does not lie in --root " + printable(request_.root));
    if (!request_.inputs.empty()) {
      return usage(path, "a listed path is relative to " + printable(request_.inputs.front()) +
                             " and stays inside it");
    }
    return usage(path,
                 "a listed path is relative to the current folder and stays inside it; or give the "
                 "folder that all lie in as --root");
  }

  std::uint32_t the_root() {
    if (list_.roots.empty()) return add_root(list_, request_.root, true);
    return 0;
  }

  Result<Done> add_folder(const std::string& path, const std::string& name, std::uint32_t root) {
    const int fd = ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return not_listed(path, errno);
    return Lister(list_, output_).list(fd, name.empty() ? "" : name + "/", root);
  }

  // A folder in a list is treated like a file: if it cannot be listed, only this input fails.
  void add_listed_folder(const std::string& path, const std::string& name, std::uint32_t root) {
    const auto listed = add_folder(path, name, root);
    if (!listed) Lister(list_, output_).fail(name, root, listed.error());
  }

  const InputRequest& request_;
  InputList& list_;
  std::optional<FolderId> output_;
};

}  // namespace

std::string InputList::file_path(const InputFile& file) const {
  return join_path(roots[file.root], file.path);
}

Result<InputList> list_inputs(const InputRequest& request) {
  InputList list;
  struct stat status {};
  if (!request.root.empty() &&
      (::stat(request.root.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)))
    return usage(request.root, "--root is not a folder");
  Collector collector(request, list);
  auto added = request.file_list ? collector.add_list() : collector.add_inputs();
  if (!added) return added.error();

  // A folder that was also named by the user is not left out.
  std::sort(list.outputs.begin(), list.outputs.end());
  std::erase_if(list.outputs, [&](const std::string& folder) {
    return std::any_of(list.roots.begin(), list.roots.end(), [&](std::string_view root) {
      while (root.size() > 1 && root.ends_with('/'))
        root.remove_suffix(1);
      return root == folder;
    });
  });
  // Of equal paths, named files come first: a file that is both listed and named counts as named.
  std::sort(list.files.begin(), list.files.end(), [&](const InputFile& x, const InputFile& y) {
    if (const int order = x.path.compare(y.path); order != 0) return order < 0;
    if (x.named != y.named) return x.named;
    return x.root < y.root;
  });
  const auto same = [&](const InputFile& x, const InputFile& y) {
    return x.path == y.path && list.roots[x.root] == list.roots[y.root];
  };
  list.files.erase(std::unique(list.files.begin(), list.files.end(), same), list.files.end());
  std::sort(list.left_out.begin(), list.left_out.end(),
            [](const LeftOut& x, const LeftOut& y) { return x.path < y.path; });
  // A file that was also named is not left out. A file below two inputs is reported once.
  std::set<std::string> taken;
  if (!list.left_out.empty()) {
    for (const std::string& input : request.inputs)
      taken.insert(tidy(input));
    for (const InputFile& file : list.files) {
      if (file.named) taken.insert(tidy(list.file_path(file)));
    }
  }
  const auto same_path = [](const LeftOut& x, const LeftOut& y) { return x.path == y.path; };
  list.left_out.erase(std::unique(list.left_out.begin(), list.left_out.end(), same_path),
                      list.left_out.end());
  std::erase_if(list.left_out, [&](const LeftOut& out) { return taken.contains(tidy(out.path)); });
  for (std::string& folder : list.folders) {
    while (folder.size() > 1 && folder.ends_with('/'))
      folder.pop_back();
    if (folder.empty()) folder = ".";
  }
  std::sort(list.folders.begin(), list.folders.end());
  list.folders.erase(std::unique(list.folders.begin(), list.folders.end()), list.folders.end());
  number_inputs(list);
  return list;
}

void number_inputs(InputList& list) {
  for (std::size_t i = 0; i < list.files.size(); ++i)
    list.files[i].index = static_cast<std::uint32_t>(i);
}

}  // namespace deckle

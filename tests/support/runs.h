// SPDX-License-Identifier: Apache-2.0
// Runs over folders of small pictures, in this process or in another one that may be killed.
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "batch/engine.h"
#include "batch/output_folder.h"
#include "batch/shard.h"
#include "batch/survey.h"
#include "chain/output_names.h"
#include "support/folders.h"

namespace deckle::test {

using Strings = std::vector<std::string>;

/// A chain whose outputs depend on the seed and the place of the picture.
inline std::string crops(int copies = 1, const std::string& seed = "42",
                         const std::string& seed_from = "path", const std::string& format = "png") {
  return R"({"seed": )" + seed + R"(, "seed_from": ")" + seed_from + R"(", "copies": )" +
         std::to_string(copies) + R"(, "layers": [
    {"class_name": "ZeroPadding2D", "padding": [1, 2]},
    {"class_name": "RandomCrop", "height": 8, "width": 7}], "output": {"format": ")" +
         format + R"("}})";
}

/// What put_pictures() makes of file i.
enum class Kind { Picture, Broken, Text };
inline Kind kind_of(int i) {
  return i % 10 == 7 ? Kind::Broken : i % 10 == 8 ? Kind::Text : Kind::Picture;
}
inline std::string name_of_picture(int i) {
  const std::string number = std::to_string(1000 + i).substr(1);
  const char* extension = kind_of(i) == Kind::Text ? ".txt" : i % 3 == 0 ? ".jpg" : ".png";
  return "f" + std::to_string(i % 5) + "/" + number + extension;
}

/// Files under `name`: pictures of different sizes and formats. Every tenth is truncated, every
/// tenth is not a picture. All have an old time stamp.
inline void put_pictures(const Folder& folder, const std::string& name, int count) {
  for (int i = 0; i < count; ++i) {
    const int rows = 9 + i % 23;
    const int cols = 9 + (i * 5) % 29;
    const bool jpeg = i % 3 == 0;
    test::File file = jpeg ? jpg(rows, cols) : png(rows, cols, 1 + i % 4);
    if (kind_of(i) == Kind::Broken) file = first_bytes(file, file.size() / 2);
    if (kind_of(i) == Kind::Text) file = bytes_of("no picture");
    folder.put(name + "/" + name_of_picture(i), file);
  }
}

inline void set_mtime(const std::string& path, std::int64_t mtime_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec time{mtime_ns / kSecond, mtime_ns % kSecond};
  const timespec times[2] = {time, time};  // NOLINT(modernize-avoid-c-arrays)
  if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0)
    throw std::runtime_error("cannot set the time of " + path);
}

/// Gives every file below a folder an old time stamp.
inline void age(const std::string& folder) {
  std::int64_t second = 1'600'000'000;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) set_mtime(entry.path().string(), second++ * 1'000'000'000);
  }
}

/// The time of change and the inode of every file below a folder, hidden ones too.
inline std::map<std::string, std::pair<std::int64_t, std::uint64_t>> stamps(
    const std::string& folder) {
  std::map<std::string, std::pair<std::int64_t, std::uint64_t>> all;
  for (const std::string& name : names(folder)) {
    struct stat status {};
    ::stat(join_path(folder, name).c_str(), &status);
    all[name] = {std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
                 status.st_ino};
  }
  return all;
}

/// Copies a folder with the time stamps of its files.
inline void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  for (const auto& [name, stamp] : stamps(from))
    set_mtime(join_path(to, name), stamp.first);
}

/// A hidden file, or one in a hidden folder.
inline bool is_hidden(const std::string& name) {
  return name.starts_with(".") || name.find("/.") != std::string::npos;
}

/// Outputs and manifests: all files that a user sees.
inline std::map<std::string, std::string> visible(const std::string& out) {
  auto all = tree(out);
  std::erase_if(all, [](const auto& file) { return is_hidden(file.first); });
  return all;
}

/// Hidden files that a run leaves behind only when it does not end: temporaries and logs.
inline Strings leftovers(const std::string& out) {
  Strings left = names(out);
  std::erase_if(left, [](const std::string& name) {
    return name.find(kTemporaryPrefix) == std::string::npos && !name.ends_with(".log");
  });
  return left;
}

inline std::string manifest_text(const std::string& out) {
  return text_of(join_path(out, kManifestName));
}

inline bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

/// The chain's inputs, as `deckle run` lists them.
inline InputList inputs_of(const Chain& chain, const std::string& in, const std::string& out) {
  InputList list = listed(InputRequest{{in}, {}, '\n', out});
  if (chain.seed_from == SeedFrom::Index) (void)keep_images(list, 1);
  return list;
}

/// A folder to write into. It is created if it is missing.
inline OutTree out_tree(const std::string& path) {
  auto tree = OutTree::open(path);
  if (!tree) throw std::runtime_error(tree.error().message);
  return *std::move(tree);
}

struct GoOptions {
  bool overwrite = false;
  RunOptions run;  ///< its shard too
};

/// Does the same as `deckle run CHAIN IN -o OUT`, but prints nothing. Throws if the run is refused.
inline RunResult go(const std::string& chain_text, const std::string& in, const std::string& out,
                    GoOptions options = {}) {
  const Chain chain = chain_of(chain_text);
  InputList list = inputs_of(chain, in, out);
  RunOptions& run = options.run;
  if (run.shard) {
    run.all_inputs = inputs_digest(list);
    run.all_inputs_count = list.files.size();
    keep_shard(list, *run.shard);
  }
  run.overwrite = options.overwrite;
  const auto folder = OutputFolder::open(out, chain, run.shard, options.overwrite);
  if (!folder) throw std::runtime_error(folder.error().message);
  if (!options.overwrite && !run.shard) {
    const auto foreign = find_foreign(chain, list, *folder);
    if (!foreign) throw std::runtime_error(foreign.error().message);
    if (!foreign->empty()) throw std::runtime_error(foreign->front());
  }
  return run_chain(chain, list, *folder, run);
}

/// A run over a list, into a folder that need not exist.
inline RunResult run_into(const Chain& chain, const InputList& list, const std::string& out,
                          const RunOptions& options = {}) {
  const auto folder = OutputFolder::open(out, chain, options.shard, options.overwrite);
  if (!folder) throw std::runtime_error(folder.error().message);
  return run_chain(chain, list, *folder, options);
}

/// The outputs that earlier runs into a folder recorded.
inline std::unordered_set<std::string> recorded_outputs(const std::string& out) {
  const auto previous = PreviousRuns::load(join_path(out, kManifestName));
  if (!previous) throw std::runtime_error(previous.error().message);
  return previous->outputs();
}

/// A run that must succeed.
inline RunResult finish(const std::string& chain_text, const std::string& in,
                        const std::string& out, GoOptions options = {}) {
  RunResult result = go(chain_text, in, out, std::move(options));
  if (result.fatal) throw std::runtime_error(result.fatal_file + ": " + result.fatal->message);
  if (!result.finished) throw std::runtime_error("the run did not finish");
  return result;
}

/// Why a run is refused; empty if it is not refused.
inline std::string refusal(const std::string& chain_text, const std::string& in,
                           const std::string& out, GoOptions options = {}) {
  try {
    (void)go(chain_text, in, out, std::move(options));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

/// A run that is stopped after a number of inputs, as by Ctrl-C.
inline RunResult go_part(const std::string& chain_text, const std::string& in,
                         const std::string& out, std::size_t reports) {
  std::atomic<int> stop = 0;
  std::size_t seen = 0;
  GoOptions options;
  options.run.stop = &stop;
  options.run.report = [&](const ImageReport&) {
    if (++seen == reports) stop = 1;
  };
  return go(chain_text, in, out, std::move(options));
}

/// The hidden files of a manifest that end in ".log".
inline Strings logs_of(const std::string& out) {
  Strings logs = names(out);
  std::erase_if(logs, [](const std::string& name) { return !name.ends_with(".log"); });
  for (std::string& log : logs)
    log = join_path(out, log);
  return logs;
}

/// A small file system for one test. `good()` is false if it could not be made, which needs root.
class SmallDisk {
 public:
  SmallDisk(std::string path, const std::string& size) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    good_ = ::geteuid() == 0 &&
            ::mount("deckle-test", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (good_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool remount(const std::string& size, bool read_only) const {
    return ::mount("deckle-test", path_.c_str(), "tmpfs",
                   MS_REMOUNT | (read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL),
                   ("size=" + size).c_str()) == 0;
  }

 private:
  std::string path_;
  bool good_;
};

/// This test program in another process, which runs one hidden test case. The case reads its task
/// from environment variables. A program with threads may start it.
class Child {
 public:
  using Variables = std::map<std::string, std::string>;

  explicit Child(const std::string& test_case, Variables variables) {
    int ends[2];  // NOLINT(modernize-avoid-c-arrays)
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    Strings environment;
    for (char** variable = environ; *variable != nullptr; ++variable)
      environment.emplace_back(*variable);
    variables["WORKER_PIPE"] = "3";
    for (const auto& [name, value] : variables)
      environment.push_back(name + "=" + value);
    std::vector<char*> envp;
    for (std::string& variable : environment)
      envp.push_back(variable.data());
    envp.push_back(nullptr);
    std::string program = "a worker";
    std::string name = test_case;
    char* argv[] = {program.data(), name.data(), nullptr};  // NOLINT(modernize-avoid-c-arrays)
    const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(nothing, STDOUT_FILENO);
      if (ends[1] == 3) {
        ::fcntl(3, F_SETFD, 0);
      } else {
        ::dup2(ends[1], 3);
      }
      ::execve("/proc/self/exe", argv, envp.data());
      ::_exit(127);
    }
    ::close(nothing);
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      (void)wait();
    }
    ::close(pipe_);
  }

  /// The next character that the child sends with tell(); 0 if the child has ended.
  [[nodiscard]] char hear() const {
    char c = 0;
    return ::read(pipe_, &c, 1) == 1 ? c : '\0';
  }
  /// Called in the child.
  static void tell(char c) {
    if (::write(3, &c, 1) != 1) ::_exit(126);
  }

  void kill(int signal = SIGKILL) const { ::kill(pid_, signal); }
  /// The status as waitpid() gives it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
};

/// The value of an environment variable, or "".
inline std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread
  return value == nullptr ? "" : value;
}

}  // namespace deckle::test

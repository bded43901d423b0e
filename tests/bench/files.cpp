// SPDX-License-Identifier: Apache-2.0
// files: the time that the kernel needs for many small files. Each one is read, and an output is
// written under a temporary name and renamed, in one thread. A file system becomes slower with more
// files; the rest of deckle's time is its own.
//
//     files IN OUT BYTES      the names below IN; BYTES of each output
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "files: " << what << "\n";
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("IN OUT BYTES");
  namespace fs = std::filesystem;
  const fs::path in = argv[1];
  const fs::path out = argv[2];
  std::vector<char> bytes(std::stoul(argv[3]));
  std::vector<fs::path> names;
  for (const auto& entry : fs::recursive_directory_iterator(in)) {
    const fs::path name = entry.path().lexically_relative(in);
    if (entry.is_directory()) {
      fs::create_directories(out / name);
    } else {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  std::array<char, 65536> content{};
  for (const fs::path& name : names) {
    const int from = ::open((in / name).c_str(), O_RDONLY);
    if (from < 0 || ::read(from, content.data(), content.size()) < 0) fail("cannot read");
    ::close(from);
    const fs::path path = out / name;
    const std::string temporary = path.string() + ".part";
    const int to = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (to < 0 || ::write(to, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      fail("cannot write");
    ::close(to);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) fail("cannot rename");
  }
}

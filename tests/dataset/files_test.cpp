// SPDX-License-Identifier: Apache-2.0
#include "dataset/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;
using Strings = std::vector<std::string>;

TEST_CASE("paths are put together and taken apart", "[dataset][files]") {
  CHECK(join_path("", "a") == "a");
  CHECK(join_path("f", "a") == "f/a");
  CHECK(join_path("f/", "a") == "f/a");
  CHECK(join_path("/", "a") == "/a");
  CHECK(join_path("f", "") == "f/");

  CHECK(folder_of("a").empty());
  CHECK(folder_of("f/g/a") == "f/g");
  CHECK(folder_of("/a").empty());
  CHECK(name_of_path("f/g/a.b") == "a.b");
  CHECK(name_of_path("a") == "a");
  CHECK(name_of_path("f/").empty());

  CHECK(stem_of("f.g/a.b.jpg") == "f.g/a.b");
  CHECK(stem_of("f.g/a") == "f.g/a");
  CHECK(stem_of("f/.jpg") == "f/.jpg");
  CHECK(stem_of(".a.jpg") == ".a");
  CHECK(stem_of("a.") == "a");

  CHECK(extension_of("f/A.JPG") == "jpg");
  CHECK(extension_of("a.tar.Gz") == "gz");
  CHECK(extension_of("f.g/a").empty());
  CHECK(extension_of(".jpg").empty());
  CHECK(extension_of("a.").empty());
}

TEST_CASE("an errno becomes its text, and stays at hand", "[dataset][files]") {
  const Error error = errno_error(ErrorCode::Write, "cannot write", ENOSPC);
  CHECK(error == Error{ErrorCode::Write, "cannot write: No space left on device", ENOSPC});
}

TEST_CASE("only regular files are opened, and a fifo does not block", "[dataset][files]") {
  const test::Folder folder;
  folder.put("a", "text");
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(open_to_read(folder / "a"));

  const auto gone = open_to_read(folder / "b");
  REQUIRE_FALSE(gone);
  CHECK(gone.error() ==
        Error{ErrorCode::Unreadable, "cannot read: No such file or directory", ENOENT});
  for (const std::string& path : {folder / "fifo", folder.path(), std::string("/dev/null")}) {
    const auto other = open_to_read(path);
    REQUIRE_FALSE(other);
    CHECK(other.error().message == "not a regular file");
  }
}

TEST_CASE("a file is read whole, or its beginning", "[dataset][files]") {
  const test::Folder folder;
  const std::string content = std::string(100000, 'x') + "end";
  folder.put("a", content);
  folder.put("empty", "");
  Buffer buffer;
  const auto text = [&] { return std::string(buffer.data(), buffer.data() + buffer.size()); };

  const auto file = open_to_read(folder / "a");
  REQUIRE(file);
  REQUIRE(read_head(*file, 5, buffer));
  CHECK(text() == "xxxxx");
  REQUIRE(read_all(*file, buffer));
  CHECK(text() == content);
  REQUIRE(read_head(*file, content.size() + 10, buffer));
  CHECK(text() == content);

  const auto empty = open_to_read(folder / "empty");
  REQUIRE(empty);
  REQUIRE(read_all(*empty, buffer));
  CHECK(buffer.size() == 0);
  REQUIRE(read_head(*empty, 5, buffer));
  CHECK(buffer.size() == 0);

  CHECK(*read_text(folder / "a") == content);
  CHECK(read_text(folder / "b").error().message == "cannot read: No such file or directory");
  CHECK(read_text(folder.path()).error().message == "cannot read: Is a directory");
}

TEST_CASE("folders are made with those above them", "[dataset][files]") {
  const test::Folder folder;
  REQUIRE(make_folders(folder / "a/b/c"));
  CHECK(std::filesystem::is_directory(folder / "a/b/c"));
  CHECK(make_folders(folder / "a/b/c"));
  CHECK(make_folders(folder / "d/"));
  CHECK(make_folders(folder / "e//f"));
  CHECK(make_folders(""));
  CHECK(make_folders("/"));
  folder.link("a/b", "link");
  CHECK(make_folders(folder / "link/d"));
  CHECK(std::filesystem::is_directory(folder / "a/b/d"));

  folder.put("file", "");
  const auto over = make_folders(folder / "file");
  REQUIRE_FALSE(over);
  CHECK(over.error().message.starts_with("cannot make the folder: "));
  CHECK(over.error().message.ends_with(" exists and is not a folder"));
  const auto below = make_folders(folder / "file/b");
  REQUIRE_FALSE(below);
  CHECK(below.error().code == ErrorCode::Write);
  CHECK(below.error().sys_errno == ENOTDIR);
  CHECK(below.error().message == "cannot make the folder: Not a directory");
}

TEST_CASE("temporary names are hidden, beside the file, and never the same", "[dataset][files]") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string name = temporary_name("f/g/a.png");
    CHECK(name.starts_with("f/g/" + std::string(kTemporaryPrefix)));
    seen.insert(name);
  }
  CHECK(seen.size() == 100);
  CHECK(temporary_name("a.png").starts_with(std::string(kTemporaryPrefix)));
  CHECK(temporary_name("/a.png").starts_with("/" + std::string(kTemporaryPrefix)));
}

TEST_CASE("no file has the final name before it is committed", "[dataset][files]") {
  const test::Folder folder;
  auto pending = PendingFile::write(folder / "a.png", as_bytes("whole"));
  REQUIRE(pending);
  const Strings before = test::names(folder.path());
  REQUIRE(before.size() == 1);
  CHECK(before.front().starts_with(std::string(kTemporaryPrefix)));
  CHECK(test::text_of(folder / before.front()) == "whole");  // complete already

  REQUIRE(pending->commit(false));
  CHECK(test::names(folder.path()) == Strings{"a.png"});
  CHECK(test::text_of(folder / "a.png") == "whole");
}

TEST_CASE("a pending file that is dropped leaves nothing behind", "[dataset][files]") {
  const test::Folder folder;
  {
    const auto pending = PendingFile::write(folder / "a.png", as_bytes("whole"));
    REQUIRE(pending);
    CHECK(test::names(folder.path()).size() == 1);
  }
  CHECK(test::names(folder.path()).empty());
}

TEST_CASE("a pending file that is moved is committed or dropped once", "[dataset][files]") {
  const test::Folder folder;
  {
    auto first = PendingFile::write(folder / "a.png", as_bytes("a"));
    auto second = PendingFile::write(folder / "b.png", as_bytes("b"));
    REQUIRE(first);
    REQUIRE(second);
    std::vector<PendingFile> kept;
    kept.push_back(*std::move(first));
    kept.push_back(*std::move(second));
    kept.front() = std::move(kept.back());
    kept.pop_back();  // what was the first
    CHECK(test::names(folder.path()).size() == 1);
    REQUIRE(kept.front().commit(false));
  }
  CHECK(test::names(folder.path()) == Strings{"b.png"});
}

TEST_CASE("without replace a file that is there already is left alone", "[dataset][files]") {
  const test::Folder folder;
  folder.put("a.png", "old");
  {
    auto pending = PendingFile::write(folder / "a.png", as_bytes("new"));
    REQUIRE(pending);
    const auto refused = pending->commit(false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == Error{ErrorCode::Write, "cannot write: File exists", EEXIST});
    CHECK(test::text_of(folder / "a.png") == "old");
    REQUIRE(pending->commit(true));
    CHECK(test::text_of(folder / "a.png") == "new");
    CHECK(test::names(folder.path()) == Strings{"a.png"});
  }
}

TEST_CASE("a link in the way is not followed", "[dataset][files]") {
  const test::Folder folder;
  folder.put("original", "old");
  folder.link("original", "a.png");
  auto pending = PendingFile::write(folder / "a.png", as_bytes("new"));
  REQUIRE(pending);
  CHECK(pending->commit(false).error().sys_errno == EEXIST);
  REQUIRE(pending->commit(true));
  CHECK(test::text_of(folder / "original") == "old");
  CHECK(test::text_of(folder / "a.png") == "new");
  CHECK_FALSE(std::filesystem::is_symlink(folder / "a.png"));
}

TEST_CASE("the folder of a pending file is made on demand", "[dataset][files]") {
  const test::Folder folder;
  auto pending = PendingFile::write(folder / "x/y/a.png", as_bytes("a"));
  REQUIRE(pending);
  REQUIRE(pending->commit(false));
  CHECK(test::names(folder.path()) == Strings{"x/y/a.png"});

  folder.put("file", "");
  const auto below = PendingFile::write(folder / "file/a.png", as_bytes("a"));
  REQUIRE_FALSE(below);
  CHECK(below.error() == Error{ErrorCode::Write, "cannot write: Not a directory", ENOTDIR});
}

TEST_CASE("a folder in the way of a file is not replaced", "[dataset][files]") {
  const test::Folder folder;
  folder.put("a.png/inside", "kept");
  auto pending = PendingFile::write(folder / "a.png", as_bytes("a"));
  REQUIRE(pending);
  CHECK(pending->commit(false).error().sys_errno == EEXIST);
  CHECK(pending->commit(true).error().sys_errno == EISDIR);
  CHECK(test::text_of(folder / "a.png/inside") == "kept");
}

TEST_CASE("a file that does not fit leaves nothing, and errno says why", "[dataset][files]") {
  const test::Folder folder;
  Result<PendingFile> pending = Error{};
  {
    const test::FileSizeLimit limit(1000);
    pending = PendingFile::write(folder / "a.png", as_bytes(std::string(2000, 'x')));
  }
  REQUIRE_FALSE(pending);
  CHECK(pending.error() == Error{ErrorCode::Write, "cannot write: File too large", EFBIG});
  CHECK(test::names(folder.path()).empty());
}

TEST_CASE("closing tells whether all was well, and is done once", "[dataset][files]") {
  File none;
  CHECK_FALSE(none.is_open());
  CHECK(none.close());
  File file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  REQUIRE(file.is_open());
  CHECK(write_all(file, as_bytes("lost")));
  CHECK(file.close());
  CHECK_FALSE(file.is_open());
  CHECK(file.close());

  const File full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.is_open()) {
    CHECK(write_all(full, as_bytes("lost")).error().message ==
          "cannot write: No space left on device");
  }
}

namespace {

// So many bytes, none like its neighbours.
std::string varied(std::size_t count) {
  std::string text(count, '\0');
  for (std::size_t i = 0; i < count; ++i)
    text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

std::size_t resident_pages(Bytes bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::size_t count = 0;
  std::ifstream map("/proc/self/smaps");
  const auto start = reinterpret_cast<std::uintptr_t>(bytes.data());
  bool here = false;
  for (std::string line; std::getline(map, line);) {
    unsigned long from = 0;
    unsigned long to = 0;
    unsigned long kilobytes = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) here = from == start;
    if (here && std::sscanf(line.c_str(), "Rss: %lu kB", &kilobytes) == 1)
      count = kilobytes * 1024 / page;
  }
  return count;
}

}  // namespace

TEST_CASE("a file that is written piece by piece has the digest of what lies there at the end",
          "[dataset][files]") {
  const test::Folder folder;
  const std::string text = varied(2'500'000);
  for (const bool again : {false, true}) {
    const std::string path = folder / (again ? "f/again" : "f/once");
    auto writer = PendingWriter::open(path);
    REQUIRE(writer);
    std::string expected = text;
    for (std::size_t at = 0; at < text.size(); at += 99'991)
      REQUIRE((*writer)->append(as_bytes(std::string_view(text).substr(at, 99'991))));
    CHECK((*writer)->size() == text.size());
    if (again) {  // over the beginning, over the end, and behind it
      REQUIRE((*writer)->write(4, as_bytes("begin")));
      REQUIRE((*writer)->write(text.size() - 2, as_bytes("the end")));
      REQUIRE((*writer)->append(as_bytes("!")));
      expected.replace(4, 5, "begin");
      expected.replace(text.size() - 2, 2, "the end");
      expected += "!";
    }
    auto written = (*writer)->finish();
    REQUIRE(written);
    CHECK(written->bytes == expected.size());
    CHECK(written->sha256 == sha256(as_bytes(expected)));
    CHECK(written->file.stamp().size == expected.size());
    CHECK(stamp_of(path) == std::nullopt);
    REQUIRE(written->file.commit(false));
    CHECK(test::text_of(path) == expected);
  }
}

TEST_CASE("a file that is abandoned, or does not fit, leaves nothing", "[dataset][files]") {
  const test::Folder folder;
  {
    auto writer = PendingWriter::open(folder / "a");
    REQUIRE(writer);
    REQUIRE((*writer)->append(as_bytes("some")));
  }
  {
    const test::FileSizeLimit limit(1000);
    auto writer = PendingWriter::open(folder / "b");
    REQUIRE(writer);
    REQUIRE((*writer)->append(as_bytes(std::string(2000, 'x'))));  // it waits
    const auto written = (*writer)->finish();
    REQUIRE_FALSE(written);
    CHECK(written.error() == Error{ErrorCode::Write, "cannot write: File too large", EFBIG});
    CHECK_FALSE((*writer)->append(as_bytes("more")));
  }
  CHECK(test::names(folder.path()).empty());
}

TEST_CASE("sha256_of reads a piece at a time, and no more than it is told", "[dataset][files]") {
  const test::Folder folder;
  const std::string text = varied(3'000'000);
  folder.put("a", text);
  const auto file = open_to_read(folder / "a");
  REQUIRE(file);
  Buffer piece;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, text.size() - 1, text.size()}) {
    CHECK(*sha256_of(*file, size, piece) ==
          sha256(as_bytes(std::string_view(text).substr(0, size))));
  }
  CHECK(piece.size() <= std::size_t{1} << 20U);
  CHECK(sha256_of(*file, text.size() + 1, piece).error().code == ErrorCode::Unreadable);
}

TEST_CASE("pages of a mapped file that were read are released, and can be read again",
          "[dataset][files]") {
  const test::Folder folder;
  const std::string text = varied(std::size_t{48} << 20U);
  folder.put("a", text);
  const auto file = open_to_read(folder / "a");
  REQUIRE(file);
  const MappedFile mapped(*file);
  const Bytes bytes = mapped.bytes();
  REQUIRE(bytes.size() == text.size());
  watch_mapped(bytes);
  for (int round = 0; round < 2; ++round) {
    std::size_t most = 0;
    bool same = true;
    constexpr std::size_t kStep = std::size_t{4} << 20U;
    for (std::size_t at = 0; at < bytes.size(); at += kStep) {
      same = same && std::memcmp(bytes.data() + at, text.data() + at, kStep) == 0;
      release_mapped_before(bytes.data() + at + kStep);
      most = std::max(most, resident_pages(bytes));
    }
    CHECK(same);
    CHECK(most > 0);
    CHECK(most * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) < std::size_t{24} << 20U);
  }
  watch_mapped({});
  // Of what is not watched nothing is lost.
  std::string own = varied(std::size_t{20} << 20U);
  release_mapped_before(as_bytes(own).data() + own.size());
  CHECK(own == varied(own.size()));
}

TEST_CASE("lines are read one by one, and the last one may be cut short", "[dataset][files]") {
  const test::Folder folder;
  const std::string big(300'000, 'x');
  folder.put("lines", "a\n\n" + big + "\nrest");
  const auto file = open_to_read(folder / "lines");
  REQUIRE(file);
  LineReader reader;
  std::vector<std::string> lines;
  std::vector<std::uint64_t> begins;
  for (;;) {
    const auto line = reader.next(*file);
    REQUIRE(line);
    if (!*line) break;
    lines.emplace_back(**line);
    begins.push_back(reader.begin());
    CHECK(reader.is_whole() == (lines.size() < 4));
  }
  CHECK(lines == std::vector<std::string>{"a", "", big, "rest"});
  CHECK(begins == std::vector<std::uint64_t>{0, 2, 3, 3 + big.size() + 1});
  CHECK(reader.end() == begins.back() + 4);
}

TEST_CASE("a read that fails is an error of the line reader, not the end", "[dataset][files]") {
  const test::Folder folder;
  folder.put("x", "a\nb\n");
  const File writable(::open((folder / "x").c_str(), O_WRONLY));  // cannot be read
  REQUIRE(writable.is_open());
  LineReader reader;
  const auto line = reader.next(writable);
  REQUIRE_FALSE(line);
  CHECK(line.error().sys_errno == EBADF);
}

TEST_CASE("a folder is listed completely, or it is an error", "[dataset][files]") {
  const test::Folder folder;
  folder.put("b/.hidden", "");
  folder.put("b/a", "");
  auto names = list_folder(folder / "b");
  REQUIRE(names);
  std::sort(names->begin(), names->end());
  CHECK(*names == std::vector<std::string>{".hidden", "a"});
  const auto none = list_folder(folder / "none");
  REQUIRE_FALSE(none);
  CHECK(none.error().sys_errno == ENOENT);
  const auto file = list_folder(folder / "b/a");
  REQUIRE_FALSE(file);
  CHECK(file.error().message == "cannot list the folder " + (folder / "b/a") + ": Not a directory");
  CHECK(*is_there(folder / "b"));
  CHECK_FALSE(*is_there(folder / "none"));
  CHECK_FALSE(*is_there(folder / "b/a/below"));
}

TEST_CASE("the test for ignored case leaves nothing behind", "[dataset][files]") {
  const test::Folder folder;
  const auto ignores = ignores_case(folder.path());
  REQUIRE(ignores);
  CHECK(*ignores == (folder.put("probe", ""), *is_there(folder / "PROBE")));
  const auto names = list_folder(folder.path());
  REQUIRE(names);
  CHECK(*names == Strings{"probe"});
  CHECK_FALSE(ignores_case(folder / "none"));
}

// SPDX-License-Identifier: Apache-2.0
#include "dataset/inputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;
using Strings = std::vector<std::string>;

namespace {

// The current folder is another one while this lives.
class Inside {
 public:
  explicit Inside(const std::string& folder) : old_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { std::filesystem::current_path(old_); }

 private:
  std::filesystem::path old_;
};

Result<InputList> from_list(const std::string& folder, const std::string& text, char end = '\n') {
  return list_inputs({folder.empty() ? Strings{} : Strings{folder}, text, end, ""});
}

std::string refusal(const Result<InputList>& list) {
  if (list) return "";
  CHECK(list.error().code == ErrorCode::Usage);
  return list.error().message;
}

}  // namespace

TEST_CASE("a folder is listed recursively, sorted by the bytes of the paths", "[dataset][inputs]") {
  const test::Folder folder;
  for (const char* name : {"a/b", "a.b", "a-b", "B", "b", "a/c/d", "a0", "\xc3\xa9", "z", "a b"})
    folder.put(name, "");
  const InputList list = test::listed(folder.path());
  // '-' < '.' < '/' < '0': a folder's files are not always together.
  CHECK(test::paths(list) ==
        Strings{"B", "a b", "a-b", "a.b", "a/b", "a/c/d", "a0", "b", "z", "\xc3\xa9"});
  CHECK(list.roots == Strings{folder.path()});
  CHECK(list.root_is_folder == std::vector<bool>{true});
  for (const InputFile& file : list.files) {
    CHECK_FALSE(file.named);
    CHECK(std::filesystem::exists(list.file_path(file)));
  }
}

TEST_CASE("names that are not UTF-8, or hold a newline, are names", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("\xff\xfe.jpg", "");
  folder.put("two\nlines.jpg", "");
  folder.put("\x80/\xe9.jpg", "");
  CHECK(test::paths(test::listed(folder.path())) ==
        Strings{"two\nlines.jpg", "\x80/\xe9.jpg", "\xff\xfe.jpg"});
}

TEST_CASE("hidden files and folders are left out unless they are named", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  folder.put(".hidden.jpg", "");
  folder.put(".git/b.jpg", "");
  folder.put("f/.deckle-1.tmp", "");
  CHECK(test::paths(test::listed(folder.path())) == Strings{"a.jpg"});
  CHECK(test::paths(test::listed({{folder / ".hidden.jpg"}, {}, '\n', ""})) ==
        Strings{".hidden.jpg"});
  CHECK(test::paths(test::listed({{folder / ".git"}, {}, '\n', ""})) == Strings{"b.jpg"});
  CHECK(test::paths(test::listed({{folder.path()}, ".git/b.jpg\n", '\n', ""})) ==
        Strings{".git/b.jpg"});
}

TEST_CASE("the output folder is left out, however it is reached", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  folder.put("f/out/b.jpg", "");
  folder.put("f/outer/c.jpg", "");
  folder.link("f/out", "link");
  const auto with = [&](const std::string& out) {
    return test::paths(test::listed({{folder.path()}, {}, '\n', out}));
  };
  const Strings without{"a.jpg", "f/outer/c.jpg"};
  CHECK(with(folder / "f/out") == without);
  CHECK(with(folder / "f/out/") == without);
  CHECK(with(folder / "f/../link") == without);
  {
    const Inside inside(folder / "f");
    CHECK(with("out") == without);
  }
  CHECK(with(folder / "not there").size() == 4);
  CHECK(with("").size() == 4);
}

TEST_CASE("links are followed, but not round in a circle", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/a.jpg", "");
  folder.put("other/g/b.jpg", "");
  folder.link("../other/g", "f/folder");
  folder.link("a.jpg", "f/file.jpg");
  folder.link("..", "f/up");
  folder.link(".", "f/here");
  folder.link("nowhere", "f/dangling.jpg");
  folder.link("round", "f/round");
  // f/up is followed once: it leads to other, and to f, where the circle closes.
  CHECK(test::paths(test::listed(folder / "f")) ==
        Strings{"a.jpg", "dangling.jpg", "file.jpg", "folder/b.jpg", "round", "up/other/g/b.jpg"});
  // The root itself may be a link.
  folder.link("other", "root");
  CHECK(test::paths(test::listed(folder / "root")) == Strings{"g/b.jpg"});
}

TEST_CASE("fifos and sockets in a folder are no files", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  folder.link("fifo", "link");
  CHECK(test::paths(test::listed(folder.path())) == Strings{"a.jpg"});
}

TEST_CASE("files are named by their name alone, folders by what is below them",
          "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/x/a.jpg", "");
  folder.put("g/b.jpg", "");
  const InputList list =
      test::listed({{folder / "f/x/a.jpg", folder / "g", folder / "f"}, {}, '\n', ""});
  CHECK(test::paths(list) == Strings{"a.jpg", "b.jpg", "x/a.jpg"});
  CHECK(list.files[0].named);
  CHECK_FALSE(list.files[1].named);
  CHECK(list.root_is_folder == std::vector<bool>{false, true, true});
  CHECK(list.file_path(list.files[0]) == folder / "f/x/a.jpg");
  CHECK(list.file_path(list.files[2]) == folder / "f/x/a.jpg");

  const Inside inside(folder / "g");
  const InputList here = test::listed({{"b.jpg"}, {}, '\n', ""});
  CHECK(here.roots == Strings{""});
  CHECK(here.file_path(here.files.front()) == "b.jpg");
  CHECK(test::paths(test::listed(std::string("."))) == Strings{"b.jpg"});
}

TEST_CASE("what is given twice is taken once, and named counts more", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/a.jpg", "");
  folder.put("f/b.jpg", "");
  const InputList list =
      test::listed({{folder / "f", folder / "f/a.jpg", folder / "f"}, {}, '\n', ""});
  CHECK(test::paths(list) == Strings{"a.jpg", "b.jpg"});
  CHECK(list.files[0].named);
  CHECK_FALSE(list.files[1].named);

  const auto repeated = from_list(folder / "f", "b.jpg\na.jpg\n./b.jpg\nb.jpg\n");
  REQUIRE(repeated);
  CHECK(test::paths(*repeated) == Strings{"a.jpg", "b.jpg"});
}

TEST_CASE("an input that is not there is refused by its name", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  CHECK(refusal(list_inputs({{folder / "a.jpg", folder / "none\n"}, {}, '\n', ""})) ==
        folder / "none\\n: No such file or directory");
  CHECK(refusal(list_inputs({{folder / "a.jpg/b"}, {}, '\n', ""})) ==
        folder / "a.jpg/b: Not a directory");
}

TEST_CASE("a folder that cannot be listed ends the listing", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/locked/a.jpg", "");
  ::chmod((folder / "f/locked").c_str(), 0);
  if (::access((folder / "f/locked").c_str(), R_OK) == 0) {
    WARN("SKIPPED: permissions do not bite here (root)");
    return;
  }
  const auto list = list_inputs({{folder / "f"}, {}, '\n', ""});
  ::chmod((folder / "f/locked").c_str(), 0700);
  REQUIRE_FALSE(list);
  CHECK(list.error().code == ErrorCode::Unreadable);
  CHECK(list.error().message ==
        "cannot list the folder " + (folder / "f/locked") + ": Permission denied");
}

TEST_CASE("a list holds one path a line, whatever its ends, and empty lines do not matter",
          "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  folder.put("g/b.jpg", "");
  const Strings both{"a.jpg", "g/b.jpg"};
  for (const std::string text : {"a.jpg\ng/b.jpg\n", "g/b.jpg\na.jpg", "a.jpg\r\ng/b.jpg\r\n",
                                 "\n\na.jpg\n\r\n\ng/b.jpg\n\n", "./a.jpg\n.//g/./b.jpg\n"}) {
    INFO(text);
    const auto list = from_list(folder.path(), text);
    REQUIRE(list);
    CHECK(test::paths(*list) == both);
    CHECK(list->roots == Strings{folder.path()});
    for (const InputFile& file : list->files)
      CHECK(file.named);
  }
  const auto empty = from_list(folder.path(), "");
  REQUIRE(empty);
  CHECK(empty->files.empty());
}

TEST_CASE("a listed path may be absolute where it lies in the folder", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/a.jpg", "");
  for (const std::string& root : {folder / "f", folder / "f/"}) {
    const auto list = from_list(root, (folder / "f/a.jpg") + "\n");
    REQUIRE(list);
    CHECK(test::paths(*list) == Strings{"a.jpg"});
    CHECK(std::filesystem::exists(list->file_path(list->files.front())));
  }
  CHECK(refusal(from_list(folder / "f", folder / "g/a.jpg\n")) ==
        folder / "g/a.jpg: a listed path is relative to " + (folder / "f") +
            " and stays inside it");
  CHECK(refusal(from_list(folder / "f", folder / "f\n")) != "");
  CHECK(refusal(from_list(folder / "f", folder / "f2/a.jpg\n")) != "");
}

// "f/a.jpg" below the folder "f" is taken for a.jpg, though only absolute paths may name the
// folder.
TEST_CASE("a folder below the folder may have its name", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/f/a.jpg", "");
  const Inside inside(folder.path());
  const auto list = from_list("f", "f/a.jpg\n");
  REQUIRE(list);
  CHECK(test::paths(*list) == Strings{"f/a.jpg"});
}

TEST_CASE("a listed path does not lead out of the folder", "[dataset][inputs]") {
  const test::Folder folder;
  for (const std::string path : {"../a.jpg", "g/../../a.jpg", "g/..", ".", "./", "/", "/a.jpg"}) {
    INFO(path);
    CHECK(refusal(from_list(folder.path(), path + "\n")).starts_with(path + ": "));
    CHECK(refusal(from_list("", path + "\n")).starts_with(path + ": "));
  }
}

TEST_CASE("without INPUT listed paths are relative to the current folder", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/a.jpg", "");
  const Inside inside(folder.path());
  const auto list = from_list("", "f/a.jpg\n");
  REQUIRE(list);
  CHECK(test::paths(*list) == Strings{"f/a.jpg"});
  CHECK(list->file_path(list->files.front()) == "f/a.jpg");
  CHECK(list->root_is_folder == std::vector<bool>{false});
}

TEST_CASE("zero bytes separate what may hold newlines", "[dataset][inputs]") {
  const test::Folder folder;
  using namespace std::string_literals;
  for (const std::string& text :
       {"two\nlines.jpg\0a\r\0\0b.jpg\0"s, "b.jpg\0a\r\0two\nlines.jpg"s}) {
    const auto list = from_list(folder.path(), text, '\0');
    REQUIRE(list);
    CHECK(test::paths(*list) == Strings{"a\r", "b.jpg", "two\nlines.jpg"});
  }
}

TEST_CASE("a list's paths need not exist: they fail when their turn comes", "[dataset][inputs]") {
  const test::Folder folder;
  const auto list = from_list(folder.path(), "none.jpg\n");
  REQUIRE(list);
  CHECK(test::paths(*list) == Strings{"none.jpg"});
}

TEST_CASE("a list has at most one folder", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  CHECK(refusal(list_inputs({{folder.path(), folder.path()}, "a.jpg", '\n', ""})) ==
        "with --files-from, INPUT is the one folder that the listed paths lie in");
  for (const std::string& input : {folder / "a.jpg", folder / "none"}) {
    CHECK(refusal(from_list(input, "a.jpg\n")) ==
          input + ": not a folder; with --files-from, INPUT is the folder that the paths lie in");
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "dataset/inputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "core/text.h"
#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;
using Strings = std::vector<std::string>;

namespace {

// Changes the current folder while this object lives.
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

// A folder that only root may read. While this object lives, the process is not root.
class Locked {
 public:
  explicit Locked(std::string folder) : folder_(std::move(folder)) {
    constexpr uid_t kNobody = 65534;
    ::chmod(folder_.c_str(), 0);
    for (std::string above(folder_of(folder_)); was_root_ && above.size() > 1;
         above = std::string(folder_of(above))) {
      if (name_of_path(above).starts_with("deckle")) ::chmod(above.c_str(), 0755);
    }
    if (was_root_) is_other_ = ::seteuid(kNobody) == 0;
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() {
    if (is_other_ && ::seteuid(0) != 0) std::abort();
    ::chmod(folder_.c_str(), 0700);
  }
  [[nodiscard]] bool bites() const {
    return ::eaccess(folder_.c_str(), R_OK) != 0 &&
           ::eaccess(std::string(folder_of(folder_)).c_str(), R_OK) == 0;
  }

 private:
  std::string folder_;
  bool was_root_ = ::geteuid() == 0;
  bool is_other_ = false;
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

TEST_CASE("links are followed, but not to a folder that contains them", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/a.jpg", "");
  folder.put("other/g/b.jpg", "");
  folder.link("../other/g", "f/folder");
  folder.link("a.jpg", "f/file.jpg");
  folder.link("..", "f/up");
  folder.link(".", "f/here");
  folder.link("nowhere", "f/dangling.jpg");
  folder.link("round", "f/round");
  // f/up is followed once: it leads to other and to f, which contains it.
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

TEST_CASE("an input that is given twice is taken once, and counts as named", "[dataset][inputs]") {
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

TEST_CASE("a folder that cannot be listed is an input that fails", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("f/a.jpg", "");
  folder.put("f/locked/a.jpg", "");
  folder.put("f/z.jpg", "");
  const Locked locked(folder / "f/locked");
  if (!locked.bites()) {
    WARN("SKIPPED: permissions do not bite here");
    return;
  }
  const auto list = list_inputs({{folder / "f"}, {}, '\n', ""});
  REQUIRE(list);
  CHECK(test::paths(*list) == Strings{"a.jpg", "locked", "z.jpg"});
  REQUIRE(list->unlisted.size() == 1);
  const auto& [path, error] = *list->unlisted.begin();
  CHECK(path == folder / "f/locked");
  CHECK(error.code == ErrorCode::Unreadable);
  CHECK(error.message == "cannot list the folder " + (folder / "f/locked") + ": Permission denied");
  // In a list it fails alone too; by itself it is all that was asked for.
  const auto from = from_list(folder / "f", "locked\na.jpg\n");
  REQUIRE(from);
  CHECK(test::paths(*from) == Strings{"a.jpg", "locked"});
  const auto alone = list_inputs({{folder / "f/locked"}, {}, '\n', ""});
  REQUIRE_FALSE(alone);
  CHECK(alone.error().code == ErrorCode::Unreadable);
}

TEST_CASE("files that are left out of a folder are reported", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  folder.put("g/.hidden.jpg", "");
  folder.put(".git/b.jpg", "");
  folder.put(".deckle.lock", "");
  folder.link("..", "g/up");
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  const auto said = [](const InputList& list) {
    Strings lines;
    for (const LeftOut& out : list.left_out)
      lines.push_back(out.path + ": " + out.why);
    return lines;
  };
  CHECK(said(test::listed(folder.path())) ==
        Strings{folder / ".git: hidden", folder / "fifo: a pipe", folder / "g/.hidden.jpg: hidden",
                folder / "g/up: a link to a folder that contains it"});
  CHECK(test::listed({{folder.path(), folder / ".git"}, {}, '\n', ""}).left_out.size() == 3);
  CHECK(test::listed({{folder.path()}, "a.jpg\n", '\n', ""}).left_out.empty());
}

TEST_CASE("with a root names are relative to it", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("photos/cats/a.jpg", "");
  folder.put("photos/dogs/a.jpg", "");
  folder.put("photos2/b.jpg", "");
  const Inside inside(folder.path());
  const auto with = [&](const Strings& inputs, const std::optional<std::string>& list,
                        const std::string& root) {
    return list_inputs({inputs, list, '\n', "", root});
  };
  const Strings both{"cats/a.jpg", "dogs/a.jpg"};
  for (const std::string& root : {std::string("photos"), std::string("./photos/"),
                                  std::string("photos//."), folder / "photos"}) {
    CAPTURE(root);
    for (const auto& list :
         {with({"photos"}, {}, root), with({"photos/cats", "photos/dogs/a.jpg"}, {}, root),
          with({folder / "photos/cats", "./photos//dogs"}, {}, root),
          with({}, "photos/dogs/a.jpg\nphotos/cats/a.jpg\n", root), with({}, "photos\n", root),
          with({}, (folder / "photos/cats\n") + "photos/dogs", root)}) {
      REQUIRE(list);
      CHECK(test::paths(*list) == both);
      CHECK(list->names_from == NamesFrom::InputFolder);
      CHECK(list->roots.size() == 1);
      CHECK(std::filesystem::exists(list->file_path(list->files.front())));
    }
  }
  CHECK(refusal(with({"photos2"}, {}, "photos")) == "photos2: does not lie in --root photos");
  CHECK(refusal(with({}, "photos2/b.jpg", "photos")) ==
        "photos2/b.jpg: does not lie in --root photos");
  CHECK(refusal(with({"photos/../photos2"}, {}, "photos")) != "");
  CHECK(refusal(with({"photos"}, {}, "none")) == "none: --root is not a folder");
  CHECK(refusal(with({"photos"}, "a.jpg", "photos")) != "");
}

TEST_CASE("a list alone has names relative to the current folder", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("photos/a.jpg", "");
  const Inside inside(folder.path());
  const auto list = from_list("", "photos/a.jpg\n");
  REQUIRE(list);
  CHECK(list->names_from == NamesFrom::CurrentFolder);
  const auto whole = from_list("", "photos\n");
  REQUIRE(whole);
  CHECK(test::paths(*whole) == Strings{"photos/a.jpg"});
  CHECK(from_list("photos", "a.jpg")->names_from == NamesFrom::InputFolder);
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
  CHECK(test::paths(*from_list(folder / "f", folder / "f\n")) == Strings{"a.jpg"});
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
  for (const std::string path : {"../a.jpg", "g/../../a.jpg", "g/..", "/", "/a.jpg"}) {
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

TEST_CASE("a list's paths need not exist: they fail when they are processed", "[dataset][inputs]") {
  const test::Folder folder;
  const auto list = from_list(folder.path(), "none.jpg\n");
  REQUIRE(list);
  CHECK(test::paths(*list) == Strings{"none.jpg"});
}

TEST_CASE("a list has at most one folder", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("a.jpg", "");
  CHECK(refusal(list_inputs({{folder.path(), folder.path()}, "a.jpg", '\n', ""})) ==
        "with --files-from, INPUT is the one folder that the listed paths are relative to, or "
        "--root the folder that they lie in");
  for (const std::string& input : {folder / "a.jpg", folder / "none"}) {
    CHECK(refusal(from_list(input, "a.jpg\n")) ==
          input + ": not a folder; with --files-from, INPUT is the folder that the paths lie in");
  }
}

TEST_CASE("only listed folders are reported", "[dataset][inputs]") {
  const test::Folder folder;
  folder.put("in/a.jpg", "");
  folder.put("in/sub/deep/b.jpg", "");
  folder.put("in/.git/c.jpg", "");
  folder.put("in/made/manifest.jsonl", "{\"deckle_manifest\": 1}\n");
  folder.put("in/made/sub/d.jpg", "");
  folder.put("in/out/e.jpg", "");
  folder.put("one/f.jpg", "");
  const std::string in = folder / "in";
  const Strings all{in, in + "/sub", in + "/sub/deep"};
  CHECK(test::listed(InputRequest{{in}, {}, '\n', folder / "in/out"}).folders == all);
  // Each once, however it is given; a file's folder is not listed.
  CHECK(
      test::listed(InputRequest{{in + "/", in, folder / "one/f.jpg"}, {}, '\n', folder / "in/out"})
          .folders == all);
}

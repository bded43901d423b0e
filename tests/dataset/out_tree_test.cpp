// SPDX-License-Identifier: Apache-2.0
#include "dataset/out_tree.h"

#include <cerrno>
#include <filesystem>

#include "dataset/identity.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;

TEST_CASE("a file in an output folder gets its name at the end", "[dataset][out_tree]") {
  const test::Folder folder;
  {
    const OutTree tree = test::out_tree(folder / "out");
    auto pending = tree.write(as_bytes("whole"));
    REQUIRE(pending);
    const auto unfinished = test::names(folder / "out");
    REQUIRE(unfinished.size() == 1);
    CHECK(unfinished.front().starts_with(kTemporaryPrefix));
    const auto in = tree.folder("a/b", true);
    REQUIRE(in);
    REQUIRE(pending->sync());
    REQUIRE(pending->commit_to(*in, "c.png", false));
    CHECK(tree.has("a/b/c.png"));
    auto second = tree.write(as_bytes("other"));
    REQUIRE(second);
    CHECK(second->commit_to(*in, "c.png", false).error().sys_errno == EEXIST);
    REQUIRE(tree.sync());
  }
  CHECK(test::names(folder / "out") == std::vector<std::string>{"a/b/c.png"});
  CHECK(test::text_of(folder / "out/a/b/c.png") == "whole");
  CHECK_FALSE(test::exists(folder / "out/.deckle-" + to_text(own_identity()) + "-0"));
}

TEST_CASE("no link in an output folder is followed", "[dataset][out_tree]") {
  const test::Folder folder;
  folder.put("elsewhere/victim", "mine");
  folder.put("out/x", "");
  folder.link(folder / "elsewhere", "out/b");
  folder.link(folder / "elsewhere/victim", "out/c");
  const OutTree tree = test::out_tree(folder / "out");
  const auto refused = tree.folder("b", true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        Error{ErrorCode::Write,
              "the folder b is a link; links in an output folder are not followed", ELOOP});
  CHECK_FALSE(tree.folder("b/deeper", true));
  CHECK_FALSE(tree.has("b/victim"));
  CHECK_FALSE(tree.open_file("b/victim", nullptr));
  CHECK_FALSE(tree.open_file("c", nullptr));
  CHECK_FALSE(tree.remove("b/victim"));
  CHECK_FALSE(tree.folder("..", false));
  CHECK_FALSE(tree.folder("a/../../elsewhere", true));
  REQUIRE(tree.remove("c"));
  CHECK(test::text_of(folder / "elsewhere/victim") == "mine");
}

TEST_CASE("a file in the place of a folder is named", "[dataset][out_tree]") {
  const test::Folder folder;
  folder.put("out/file", "");
  const OutTree tree = test::out_tree(folder / "out");
  const auto refused = tree.folder("file/below", true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Error{ErrorCode::Write,
                                 "cannot make the folder: file exists and is not a folder",
                                 ENOTDIR});
}

TEST_CASE("empty folders go with their last file, others stay", "[dataset][out_tree]") {
  const test::Folder folder;
  folder.put("out/a/b/c/1", "");
  folder.put("out/a/2", "");
  const OutTree tree = test::out_tree(folder / "out");
  REQUIRE(tree.remove("a/b/c/1"));
  tree.remove_empty("a/b/c");
  CHECK_FALSE(test::exists(folder / "out/a/b"));
  CHECK(test::exists(folder / "out/a/2"));
}

TEST_CASE("unfinished files are deleted once their maker is dead", "[dataset][sweep]") {
  const test::Folder folder;
  Identity dead = own_identity();
  dead.started += 1;
  Identity elsewhere = own_identity();
  elsewhere.host += 1;
  const std::string gone = ".deckle-" + to_text(dead);
  const std::string here = ".deckle-" + to_text(own_identity());
  const std::string far = ".deckle-" + to_text(elsewhere);
  for (const std::string& name : {gone, here, far}) {
    folder.put(name + "-0/1", "half");
    folder.put(name + "-2.tmp", "half");
  }
  folder.put(".deckle-notes/1", "a user's");
  folder.put(gone + "-9", "no temporary of ours");
  folder.put("sub/" + gone + "-3.tmp", "another run's folder");
  CHECK(sweep_unfinished(folder.path()) == 2);
  CHECK_FALSE(test::exists(folder / gone + "-0"));
  CHECK_FALSE(test::exists(folder / gone + "-2.tmp"));
  CHECK(test::exists(folder / here + "-0/1"));
  CHECK(test::exists(folder / far + "-2.tmp"));

  // Another machine's, a day later.
  for (const std::string& name : {far + "-0", far + "-2.tmp"})
    test::set_mtime(folder / name, 1'000'000'000);
  CHECK(sweep_unfinished(folder.path()) == 2);
  CHECK_FALSE(test::exists(folder / far + "-0"));
  CHECK(test::exists(folder / ".deckle-notes/1"));
  CHECK(test::exists(folder / gone + "-9"));
  CHECK(test::exists(folder / "sub/" + gone + "-3.tmp"));
}

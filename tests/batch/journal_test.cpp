// SPDX-License-Identifier: Apache-2.0
#include "batch/journal.h"

#include <cerrno>
#include <string>
#include <thread>

#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;
using Strings = std::vector<std::string>;

TEST_CASE("the journal holds lines as they come, the manifest in the order of the inputs",
          "[batch][journal]") {
  const test::Folder folder;
  auto journal = Journal::create(folder / "journal", 4, "header");
  REQUIRE(journal);
  REQUIRE(journal->append(2, "two\n"));
  REQUIRE(journal->append(0, "zero\nzero again\n"));
  REQUIRE(journal->append(3, ""));
  CHECK(test::text_of(folder / "journal") == "header\ntwo\nzero\nzero again\n");

  REQUIRE(journal->finish(folder / "manifest", "header"));
  CHECK(test::text_of(folder / "manifest") == "header\nzero\nzero again\ntwo\n");
  CHECK(test::names(folder.path()) == Strings{"manifest"});
}

TEST_CASE("the last lines of an input are the ones that count", "[batch][journal]") {
  const test::Folder folder;
  auto journal = Journal::create(folder / "journal", 2, "header");
  REQUIRE(journal);
  REQUIRE(journal->append(1, "done\n"));
  REQUIRE(journal->append(0, "other\n"));
  REQUIRE(journal->append(1, "no, it failed\n"));
  REQUIRE(journal->finish(folder / "manifest", "header"));
  CHECK(test::text_of(folder / "manifest") == "header\nother\nno, it failed\n");
}

TEST_CASE("an old journal and an old manifest are replaced", "[batch][journal]") {
  const test::Folder folder;
  folder.put("journal", "old and longer than the new one\n");
  folder.put("manifest", "old\n");
  auto journal = Journal::create(folder / "journal", 1, "h");
  REQUIRE(journal);
  CHECK(test::text_of(folder / "journal") == "h\n");
  CHECK(test::text_of(folder / "manifest") == "old\n");
  REQUIRE(journal->finish(folder / "manifest", "h"));
  CHECK(test::text_of(folder / "manifest") == "h\n");
}

TEST_CASE("lines of several threads do not mix", "[batch][journal]") {
  constexpr std::size_t kInputs = 400;
  const test::Folder folder;
  auto journal = Journal::create(folder / "journal", kInputs, "header");
  REQUIRE(journal);
  const auto line = [](std::size_t i) {
    return std::to_string(i) + std::string(i % 97, '-') + "\n";
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < kInputs; i += 4)
        (void)journal->append(kInputs - 1 - i, line(kInputs - 1 - i));
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  REQUIRE(journal->finish(folder / "manifest", "header"));
  std::string expected = "header\n";
  for (std::size_t i = 0; i < kInputs; ++i)
    expected += line(i);
  CHECK(test::text_of(folder / "manifest") == expected);
}

TEST_CASE("a journal that cannot grow keeps whole lines and says why", "[batch][journal]") {
  const test::Folder folder;
  auto journal = Journal::create(folder / "journal", 3, "header");
  REQUIRE(journal);
  REQUIRE(journal->append(0, "zero\n"));
  Result<Done> full = Done{};
  {
    const test::FileSizeLimit limit(20);
    full = journal->append(1, std::string(100, 'x') + "\n");
  }
  REQUIRE_FALSE(full);
  CHECK(full.error() == Error{ErrorCode::Write, "cannot write: File too large", EFBIG});
  CHECK(test::text_of(folder / "journal") == "header\nzero\n");
  REQUIRE(journal->append(2, "two\n"));
  CHECK(test::text_of(folder / "journal") == "header\nzero\ntwo\n");
}

TEST_CASE("a manifest that does not fit leaves the journal and no temporary", "[batch][journal]") {
  const test::Folder folder;
  folder.put("manifest", "old\n");
  auto journal = Journal::create(folder / "journal", 1, "header");
  REQUIRE(journal);
  REQUIRE(journal->append(0, std::string(100, 'x') + "\n"));
  Result<Done> full = Done{};
  {
    const test::FileSizeLimit limit(50);
    full = journal->finish(folder / "manifest", "header");
  }
  REQUIRE_FALSE(full);
  CHECK(full.error().sys_errno == EFBIG);
  CHECK(test::names(folder.path()) == Strings{"journal", "manifest"});
  CHECK(test::text_of(folder / "manifest") == "old\n");
}

TEST_CASE("a journal where none can be is an error with errno's text", "[batch][journal]") {
  const test::Folder folder;
  folder.put("file", "");
  const auto journal = Journal::create(folder / "file/journal", 1, "header");
  REQUIRE_FALSE(journal);
  CHECK(journal.error().message == "cannot write: Not a directory");
}

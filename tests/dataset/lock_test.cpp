// SPDX-License-Identifier: Apache-2.0
#include "dataset/lock.h"

#include <cerrno>

#include "dataset/identity.h"
#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;

namespace {

std::optional<FolderLock> taken(const std::string& path, int no_locks = 0) {
  auto lock = FolderLock::take(path, no_locks);
  REQUIRE(lock);
  return *std::move(lock);
}

}  // namespace

TEST_CASE("a lock is held by one at a time", "[dataset][lock]") {
  const test::Folder folder;
  for (const int no_locks : {0, ENOLCK}) {
    INFO(no_locks);
    const std::string path = folder / "lock";
    {
      const auto first = taken(path, no_locks);
      REQUIRE(first);
      CHECK(first->note().empty() == (no_locks == 0));
      CHECK_FALSE(taken(path, no_locks));
    }
    CHECK(taken(path, no_locks));
    CHECK(test::names(folder.path()) == std::vector<std::string>{"lock"});
  }
}

TEST_CASE("a file used instead of a lock says whose it is", "[dataset][lock]") {
  const test::Folder folder;
  const std::string path = folder / "lock";
  const auto lock = taken(path, ENOLCK);
  CHECK(lock->note() == "the file system has no locks: No locks available; the file " + path +
                            ".held keeps other runs out instead");
  CHECK(parse_identity(test::text_of(path + ".held")) == own_identity());
}

TEST_CASE("a dead run's file is taken over, another machine's is not", "[dataset][lock]") {
  const test::Folder folder;
  const std::string path = folder / "lock";
  Identity holder = own_identity();
  holder.started += 1;
  folder.put("lock.held", to_text(holder) + " here\n");
  {
    const auto lock = taken(path, ENOLCK);
    CHECK(lock);
    CHECK(parse_identity(test::text_of(path + ".held")) == own_identity());
  }
  holder.host += 1;
  holder.pid = 4711;
  folder.put("lock.held", to_text(holder) + " node17\n");
  const auto refused = FolderLock::take(path, ENOLCK);
  REQUIRE_FALSE(refused);
  CHECK(
      refused.error().message ==
      "another run is using this folder (process 4711 on node17); if that run has ended, delete " +
          path + ".held");
  folder.put("lock.held", "what is this\n");
  CHECK_FALSE(FolderLock::take(path, ENOLCK));
  CHECK(test::text_of(path + ".held") == "what is this\n");
}

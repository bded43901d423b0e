// SPDX-License-Identifier: Apache-2.0
#include "codecs/helper/plugin.h"

#include <string>
#include <vector>

#include "support/catch.h"

using namespace deckle;

TEST_CASE("plug-ins are looked for in folders of deckle's own", "[codecs][plugin]") {
  const auto folders = plugin_folders();
  REQUIRE(folders.size() == 3);
  for (const auto& folder : folders)
    CHECK(folder.is_absolute());
  const auto program = folders[0].parent_path();
  CHECK(std::filesystem::exists(program / "deckle"));  // built in one folder with the tests
  CHECK_FALSE(find_plugin(kHelperProgram, folders).empty());
  for (const auto& folder : folders) {  // where unknown files may be
    CHECK(folder != program);
    CHECK(folder != program.parent_path());
  }
}

TEST_CASE("a plug-in that is missing is named with its package", "[codecs][plugin]") {
  constexpr Plugin kNone{"libdeckle_none.so", "deckle-none", "nothing"};
  const std::vector<std::filesystem::path> folders{"/nowhere", "/nor/here"};
  CHECK(find_plugin(kNone, folders).empty());
  const auto path = need_plugin(kNone, folders);
  REQUIRE_FALSE(path);
  CHECK(path.error() ==
        Error{ErrorCode::Unsupported,
              "libdeckle_none.so, which is not installed: install the package deckle-none, or "
              "build deckle with its library (looked in /nowhere, /nor/here)"});
}

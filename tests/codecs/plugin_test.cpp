// SPDX-License-Identifier: Apache-2.0
#include "codecs/plugin.h"

#include <string>
#include <vector>

#include "support/catch.h"

using namespace deckle;

namespace {

constexpr Plugin kNone{"libdeckle_none.so", "deckle_none_interface", 1, "deckle-none"};

std::string refusal(const std::vector<std::filesystem::path>& folders) {
  const auto opened = open_plugin(kNone, folders, {});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::Unsupported);
  return opened.error().message;
}

}  // namespace

TEST_CASE("plug-ins are looked for beside the program and where they are installed",
          "[codecs][plugin]") {
  const auto folders = plugin_folders();
  REQUIRE(folders.size() == 3);
  for (const auto& folder : folders)
    CHECK(folder.is_absolute());
  CHECK(std::filesystem::exists(folders[0] / "deckle"));  // built in one folder with the tests
  CHECK(folders[1] != folders[0].parent_path());  // anybody's, where the program is installed
}

TEST_CASE("a plug-in that is missing is named with its package", "[codecs][plugin]") {
  CHECK(refusal({"/nowhere", "/nor/here"}) ==
        "libdeckle_none.so, which is not installed: install the package deckle-none, or build "
        "deckle with its library (looked in "
        "/nowhere, /nor/here)");
}

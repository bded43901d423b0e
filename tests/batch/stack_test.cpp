// SPDX-License-Identifier: Apache-2.0
#include "batch/stack.h"

#include <cerrno>
#include <string>

#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using test::finish;

namespace {

constexpr const char* kStacks =
    R"({"layers": [{"class_name": "CenterCrop", "height": 8, "width": 8}],
  "output": {"format": "npy", "stack": true}})";

}  // namespace

TEST_CASE("the array of earlier outputs is deleted before the manifest is replaced",
          "[batch][stack]") {
  const test::Folder folder;
  const std::string out = folder / "out";
  folder.put("in/a/1.png", test::png(9, 9));
  folder.put("in/b/1.png", test::png(9, 9));
  (void)finish(kStacks, folder / "in", out);
  const std::string manifest = join_path(out, kManifestName);
  REQUIRE(stack_outputs(out, manifest, std::nullopt)->written.size() == 2);
  // Nothing to do: nothing is touched.
  (void)finish(kStacks, folder / "in", out);
  CHECK(stack_outputs(out, manifest, std::nullopt)->written.empty());
  CHECK(test::exists(out + "/a/deckle-stack.npy"));

  // A run that is killed after its manifest, and before it stacks.
  folder.put("in/a/2.png", test::png(9, 9));
  std::filesystem::remove_all(folder / "in/b");
  test::GoOptions options;
  bool there = true;
  options.run.checkpoint = [&](std::string_view step) {
    if (step == "before the manifest is renamed")
      there =
          test::exists(out + "/a/deckle-stack.npy") || test::exists(out + "/b/deckle-stack.npy");
  };
  (void)finish(kStacks, folder / "in", out, options);
  CHECK_FALSE(there);
  const auto checks = check_stacks(manifest);
  REQUIRE(checks);
  REQUIRE(checks->size() == 1);
  CHECK(checks->front().path == "a/deckle-stack.npy");
  REQUIRE(checks->front().error);
  CHECK(checks->front().error->sys_errno == ENOENT);

  (void)finish(kStacks, folder / "in", out);
  const auto stacked = stack_outputs(out, manifest, std::nullopt);
  REQUIRE(stacked);
  CHECK(stacked->written == std::vector<std::string>{out + "/a/deckle-stack.npy"});
  CHECK_FALSE(check_stacks(manifest)->front().error);
}

// SPDX-License-Identifier: Apache-2.0
#include "batch/verify.h"

#include <string>

#include "chain/output_names.h"
#include "core/digest.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;

namespace {

std::string line(const std::string& output, const std::string& content) {
  return R"({"input":"i","output":")" + output + R"(","output_sha256":")" +
         hex(sha256(as_bytes(content))) + R"(","bytes":)" + std::to_string(content.size()) + "}\n";
}

constexpr const char* kHeader = "{\"deckle_manifest\": 1}\n";

std::vector<std::string> found(const Verification& verification) {
  constexpr const char* kKinds[] = {"missing", "altered", "unreadable", "unknown"};
  std::vector<std::string> lines;
  for (const Difference& d : verification.differences)
    lines.push_back(std::string(kKinds[d.kind]) + " " + d.path + " (" + d.detail + ")");
  return lines;
}

}  // namespace

TEST_CASE("outputs that are as recorded have no differences", "[batch][verify]") {
  const test::Folder folder;
  folder.put("manifest.jsonl", std::string(kHeader) + line("a.png", "aaa") + line("f/b.png", ""));
  folder.put("a.png", "aaa");
  folder.put("f/b.png", "");
  folder.put(".manifest.jsonl.journal", "hidden files are not looked at");
  for (const int jobs : {0, 1, 4}) {
    const auto verified = verify_manifest(folder / "manifest.jsonl", jobs);
    REQUIRE(verified);
    CHECK(verified->outputs == 2);
    CHECK(verified->differences.empty());
  }
}

TEST_CASE("missing, altered, unreadable and unknown files are reported by path",
          "[batch][verify]") {
  const test::Folder folder;
  folder.put("manifest.jsonl", std::string(kHeader) + line("missing.png", "m") +
                                   line("f/below-a-file.png", "m") + line("same-size.png", "aaaa") +
                                   line("size.png", std::string(1234, 'x')) +
                                   line("folder.png", "a") + line("good.png", "good"));
  folder.put("f", "a file where a folder was");
  folder.put("same-size.png", "aaab");
  folder.put("size.png", std::string(99999, 'x'));
  folder.put("good.png", "good");
  folder.put("folder.png/inside", "");
  folder.put("new/\xff.png", "");
  for (const int jobs : {1, 4}) {
    const auto verified = verify_manifest(folder / "manifest.jsonl", jobs);
    REQUIRE(verified);
    CHECK(verified->outputs == 6);
    CHECK(found(*verified) ==
          std::vector<std::string>{
              "unknown f (not in the manifest)", "missing f/below-a-file.png ()",
              "unreadable folder.png (not a regular file)",
              "unknown folder.png/inside (not in the manifest)", "missing missing.png ()",
              "unknown new/\xff.png (not in the manifest)",
              "altered same-size.png (its SHA-256 differs)",
              "altered size.png (99 999 bytes, 1 234 recorded)"});
  }
}

TEST_CASE("a manifest by another name, and in the current folder", "[batch][verify]") {
  const test::Folder folder;
  folder.put("m.jsonl", std::string(kHeader) + line("a.png", "aaa"));
  folder.put("a.png", "aaa");
  const auto old = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto verified = verify_manifest("m.jsonl", 1);
  std::filesystem::current_path(old);
  REQUIRE(verified);
  CHECK(verified->differences.empty());
}

TEST_CASE("a manifest that cannot be read or trusted is an error", "[batch][verify]") {
  const test::Folder folder;
  folder.put("out/m.jsonl", std::string(kHeader) + line("../a.png", "aaa"));
  folder.put("a.png", "aaa");
  const auto outside = verify_manifest(folder / "out/m.jsonl", 1);
  REQUIRE_FALSE(outside);
  CHECK(outside.error().code == ErrorCode::Usage);
  CHECK(outside.error().message ==
        "line 2: the output path \"../a.png\" does not stay inside the folder");
  CHECK(verify_manifest(folder / "none.jsonl", 1).error().code == ErrorCode::Unreadable);
}

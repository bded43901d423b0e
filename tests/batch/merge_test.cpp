// SPDX-License-Identifier: Apache-2.0
#include "batch/merge.h"

#include <functional>
#include <string>

#include "batch/engine.h"
#include "batch/manifest.h"
#include "batch/verify.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using test::crops;
using test::Strings;

namespace {

void run_shard(const std::string& chain, const test::Folder& folder, const std::string& out,
               Shard shard) {
  test::GoOptions options;
  options.run.jobs = 2;
  options.run.shard = shard;
  (void)test::finish(chain, folder / "in", out, options);
}

std::string path_of(const std::string& out, std::uint32_t index, std::uint32_t of) {
  return join_path(out, manifest_name(Shard{index, of}));
}

// Three shards that belong together, and a place for the merged manifest.
struct Three {
  test::Folder folder;
  std::string out = folder / "out";
  std::string target = folder / "merged";
  std::string in = folder / "in";

  Three() {
    test::put_pictures(folder, "in", 30);
    for (std::uint32_t i = 0; i < 3; ++i)
      run_shard(crops(), folder, out, {i, 3});
  }
  [[nodiscard]] std::string shard(std::uint32_t i) const { return path_of(out, i, 3); }

  void edit(std::uint32_t i, const std::function<void(Strings&)>& change) const {
    Strings lines = test::lines_of(test::text_of(shard(i)));
    change(lines);
    std::string text;
    for (const std::string& line : lines)
      text += line + "\n";
    std::ofstream(shard(i), std::ios::binary) << text;
  }
  void edit_header(std::uint32_t i, const std::function<void(Json&)>& change) const {
    edit(i, [&](Strings& lines) {
      Json header = Json::parse(lines[0]);
      change(header);
      lines[0] = line_text(header);
    });
  }
  // What merging the folder says; nothing may be written.
  [[nodiscard]] Strings refused() const { return refused({out}); }
  [[nodiscard]] Strings refused(const Strings& paths) const {
    const auto merged = merge_manifests(paths, target);
    CHECK_FALSE(test::exists(target));
    for (const std::string& name : test::leftovers(folder.path()))
      CHECK(name.ends_with(".log"));  // of a shard that was stopped; no temporary
    if (!merged) return {merged.error().message};
    Strings said = merged->problems;
    for (const unsigned missing : merged->missing)
      said.push_back("missing " + std::to_string(missing));
    CHECK_FALSE(said.empty());
    return said;
  }
};

}  // namespace

TEST_CASE("merged shards are the manifest of a single run, byte for byte", "[batch][merge]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 60);
  folder.put("in/a\n\xff.png", test::png(20, 20));
  struct Kind {
    int copies;
    const char* seed_from;
  };
  for (const Kind& kind : {Kind{1, "path"}, {3, "path"}, {2, "index"}, {1, "content"}}) {
    const std::string chain = crops(kind.copies, "42", kind.seed_from);
    const std::string name = std::string(kind.seed_from) + std::to_string(kind.copies);
    const std::string single = folder / (name + "-single");
    (void)test::finish(chain, folder / "in", single);
    const auto expected = test::visible(single);
    for (const std::uint32_t of : {1U, 2U, 8U, 13U}) {
      INFO(name << ", " << of << " shards");
      const std::string out = folder / (name + "-" + std::to_string(of));
      for (std::uint32_t i = of; i-- > 0;)
        run_shard(chain, folder, out, {i, of});
      const auto merged = merge_manifests({out}, out + "/manifest.jsonl");
      REQUIRE(merged);
      CHECK(merged->shards == of);
      CHECK(merged->missing.empty());
      CHECK(merged->problems.empty());
      auto all = test::visible(out);
      std::erase_if(all, [](const auto& file) { return file.first.starts_with("manifest-"); });
      const bool same = all == expected;
      CHECK(same);
      CHECK(merged->lines == test::lines_of(expected.at("manifest.jsonl")).size() - 1);
      CHECK(test::leftovers(out).empty());
    }
  }
}

TEST_CASE("empty shards are shards", "[batch][merge]") {
  const test::Folder folder;
  folder.put("in/a.png", test::png(20, 20));
  folder.put("in/b.png", test::png(20, 20));
  (void)test::finish(crops(), folder / "in", folder / "single");
  const std::string out = folder / "out";
  for (std::uint32_t i = 0; i < 13; ++i)
    run_shard(crops(), folder, out, {i, 13});
  const auto merged = merge_manifests({out}, folder / "merged");
  REQUIRE(merged);
  CHECK(merged->lines == 2);
  CHECK(test::text_of(folder / "merged") == test::manifest_text(folder / "single"));
  // No inputs at all.
  std::filesystem::remove_all(folder / "in");
  std::filesystem::create_directory(folder / "in");
  const std::string none = folder / "none";
  run_shard(crops(), folder, none, {0, 2});
  run_shard(crops(), folder, none, {1, 2});
  REQUIRE(merge_manifests({none}, folder / "merged-none"));
  CHECK(test::lines_of(test::text_of(folder / "merged-none")).size() == 1);
}

TEST_CASE("manifests may be given one by one, in any order, and twice", "[batch][merge]") {
  const Three three;
  REQUIRE(merge_manifests({three.out}, three.target));
  const std::string expected = test::text_of(three.target);
  REQUIRE(merge_manifests({three.shard(2), three.shard(0), three.shard(1), three.shard(0)},
                          three.target));
  CHECK(test::text_of(three.target) == expected);
  // Over an earlier merged manifest, in the folder itself; a run of all inputs then continues from
  // it.
  REQUIRE(merge_manifests({three.out}, three.out + "/manifest.jsonl"));
  REQUIRE(merge_manifests({three.out}, three.out + "/manifest.jsonl"));
  CHECK(test::manifest_text(three.out) == expected);
  const RunResult after = test::finish(crops(), three.in, three.out);
  CHECK(after.written == 0);
  CHECK(after.up_to_date == 24);
  CHECK(test::manifest_text(three.out) == expected);
}

TEST_CASE("a shard that is run again changes nothing", "[batch][merge][shard]") {
  const Three three;
  REQUIRE(merge_manifests({three.out}, three.target));
  const std::string expected = test::text_of(three.target);
  test::age(three.in);
  run_shard(crops(), three.folder, three.out, {1, 3});
  const auto stamps = test::stamps(three.out);
  test::GoOptions options;
  options.run.shard = Shard{1, 3};
  const RunResult again = test::finish(crops(), three.in, three.out, options);
  CHECK(again.written == 0);
  CHECK(again.up_to_date > 0);
  // Without the broken inputs, which every run tries again.
  if (again.failed == 0) CHECK(test::stamps(three.out) == stamps);
  REQUIRE(merge_manifests({three.out}, three.target));
  CHECK(test::text_of(three.target) == expected);
}

TEST_CASE("an input that is added reaches the manifests of all shards", "[batch][merge][shard]") {
  const test::Folder folder;
  const std::string out = folder / "out";
  for (int i = 0; i < 12; ++i)
    folder.put("in/" + std::to_string(i) + ".png", test::png(12, 12));
  test::age(folder / "in");
  const auto merged_text = [&] {
    for (std::uint32_t i = 0; i < 3; ++i)
      run_shard(crops(), folder, out, {i, 3});
    const auto merged = merge_manifests({out}, folder / "merged");
    REQUIRE(merged);
    CHECK(merged->problems.empty());
    return test::text_of(folder / "merged");
  };
  CHECK(test::lines_of(merged_text()).size() == 1 + 12);
  folder.put("in/new.png", test::png(13, 13));
  test::set_mtime(folder / "in/new.png", 1'600'000'000'000'000'000);
  (void)test::finish(crops(), folder / "in", folder / "straight");
  CHECK(merged_text() == test::manifest_text(folder / "straight"));
  // After that, nothing is written any more.
  const auto stamps = test::stamps(out);
  (void)merged_text();
  CHECK(test::stamps(out) == stamps);
}

TEST_CASE("missing shards are named", "[batch][merge][refuse]") {
  const Three three;
  std::filesystem::remove(three.shard(1));
  CHECK(three.refused() == Strings{"missing 1"});
  std::filesystem::remove(three.shard(0));
  CHECK(three.refused() == Strings{"missing 0", "missing 1"});
  std::filesystem::remove(three.shard(2));
  CHECK(three.refused() == Strings{"there is no manifest of a shard"});
}

TEST_CASE("a shard without a manifest, because it was stopped, is missing",
          "[batch][merge][refuse]") {
  const Three three;
  const std::string out = three.folder / "stopped";
  run_shard(crops(), three.folder, out, {0, 2});
  std::atomic<int> stop = 0;
  test::GoOptions options;
  options.run.shard = Shard{1, 2};
  options.run.stop = &stop;
  options.run.report = [&](const ImageReport&) { stop = 1; };
  CHECK_FALSE(test::go(crops(), three.in, out, options).finished);
  CHECK(three.refused({out}) == Strings{"missing 1"});
  run_shard(crops(), three.folder, out, {1, 2});
  REQUIRE(merge_manifests({out}, three.target));
}

TEST_CASE("shards of different runs are not merged", "[batch][merge][refuse]") {
  const Three three;
  const std::string other = three.folder / "z-other";
  SECTION("another seed") {
    run_shard(crops(1, "43"), three.folder, other, {1, 3});
    CHECK(three.refused({three.shard(0), path_of(other, 1, 3), three.shard(2)}) ==
          Strings{path_of(other, 1, 3) + " belongs to another run than " + three.shard(0) +
                  ": chain /seed: was 42, is 43"});
  }
  SECTION("another chain") {
    run_shard(crops(1, "42", "path", "jpg"), three.folder, other, {1, 3});
    CHECK(three.refused({three.shard(0), path_of(other, 1, 3), three.shard(2)}) ==
          Strings{path_of(other, 1, 3) + " belongs to another run than " + three.shard(0) +
                  ": chain /output/format: was \"png\", is \"jpg\""});
  }
  SECTION("another list of inputs") {
    three.folder.put("in/new.png", test::png(20, 20));
    run_shard(crops(), three.folder, three.out, {1, 3});
    CHECK(three.refused() ==
          Strings{three.shard(1) + ": made from another list of inputs than " + three.shard(0)});
  }
  SECTION("another list of as many inputs") {
    std::filesystem::rename(three.in + "/f0/000.jpg", three.in + "/f0/other.jpg");
    run_shard(crops(), three.folder, three.out, {1, 3});
    CHECK(three.refused() ==
          Strings{three.shard(1) + ": made from another list of inputs than " + three.shard(0)});
  }
  SECTION("another number of shards") {
    run_shard(crops(), three.folder, three.out, {1, 4});
    CHECK(three.refused() ==
          Strings{"3 of 3 shards: " + three.shard(0) + ", " + three.shard(1) + ", " +
                  three.shard(2) + "; 1 of 4 shards: " + path_of(three.out, 1, 4) +
                  ". Delete the manifests of the number that is out of date"});
  }
  SECTION("another version of a codec") {
    three.edit_header(1, [](Json& header) { header["codecs"]["png"] = "libpng 0.1"; });
    const Strings said = three.refused();
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with(three.shard(1) + " belongs to another run than " + three.shard(0) +
                              ": png codec: was \"libpng "));
    CHECK(said[0].ends_with("\", is \"libpng 0.1\""));
  }
}

TEST_CASE("a shard that is there twice is refused", "[batch][merge][refuse]") {
  const Three three;
  const std::string copy = three.folder / "copy.jsonl";
  std::filesystem::copy(three.shard(1), copy);
  CHECK(three.refused({three.out, copy}) ==
        Strings{"shard 1 is there twice: " + copy + ", " + three.shard(1)});
}

TEST_CASE("what is not a shard's manifest is refused", "[batch][merge][refuse]") {
  const Three three;
  (void)test::finish(crops(), three.in, three.folder / "single");
  const std::string single = three.folder / "single/manifest.jsonl";
  CHECK(three.refused({single}) == Strings{single + ": not the manifest of a shard"});
  const std::string nowhere = three.folder / "nowhere.jsonl";
  CHECK(three.refused({nowhere}) == Strings{nowhere + ": cannot read: No such file or directory"});
  three.folder.put("text", "some text\n");
  CHECK(three.refused({three.folder / "text"}) ==
        Strings{three.folder / "text" +
                ": line 1: not a deckle manifest: its first line has no \"deckle_manifest\""});
  three.folder.put("empty", "");
  CHECK(three.refused({three.folder / "empty"}) ==
        Strings{three.folder / "empty" + ": not a deckle manifest: the file is empty"});
  three.edit_header(0, [](Json& header) { header["deckle_manifest"] = 2; });
  CHECK(three.refused() ==
        Strings{three.shard(0) + ": line 1: a manifest of version 2; this deckle reads version 1"});
}

TEST_CASE("headers of shards that were edited are refused", "[batch][merge][refuse]") {
  const Three three;
  for (const auto& [key, value] :
       std::vector<std::pair<const char*, Json>>{{"index", -1},
                                                 {"index", 3},
                                                 {"index", "1"},
                                                 {"of", 0},
                                                 {"of", 1000001},
                                                 {"inputs", nullptr},
                                                 {"taken", 1.5},
                                                 {"records", Json::array()}}) {
    INFO(key << " " << value);
    const std::string text = test::text_of(three.shard(1));
    three.edit_header(1,
                      [&, &name = key, &to = value](Json& header) { header["shard"][name] = to; });
    CHECK(three.refused() == Strings{three.shard(1) + ": not the manifest of a shard"});
    std::ofstream(three.shard(1), std::ios::binary) << text;
  }
  three.edit_header(
      1, [](Json& header) { header["shard"]["taken"] = header["shard"]["taken"].get<int>() + 1; });
  CHECK(three.refused() == Strings{"the shards took 31 inputs together, of 30"});
}

TEST_CASE("shards that were cut or edited are refused", "[batch][merge][refuse]") {
  const Three three;
  const auto inputs = test::lines_of(test::text_of(three.shard(1))).size() - 1;
  const auto cut = [&](std::size_t has) {
    return three.shard(1) + ": has " + std::to_string(has) + " records, and its header says " +
           std::to_string(inputs) +
           ": it was cut short or edited; if it was edited on purpose, correct \"records\" in "
           "its first line";
  };
  SECTION("one of an earlier version, which lacks the number of lines") {
    three.edit_header(1, [](Json& header) { header.erase("records"); });
    three.edit(1, [](Strings& lines) { lines.pop_back(); });
    CHECK(three.refused() ==
          Strings{three.shard(1) + ": has " + std::to_string(inputs - 1) +
                  " inputs, its header says " + std::to_string(inputs) + ": cut short?"});
  }
  SECTION("a line is missing at the end") {
    three.edit(1, [](Strings& lines) { lines.pop_back(); });
    CHECK(three.refused() == Strings{cut(inputs - 1)});
  }
  SECTION("a line is missing in the middle") {
    three.edit(1, [](Strings& lines) { lines.erase(lines.begin() + 2); });
    CHECK(three.refused() == Strings{cut(inputs - 1)});
  }
  SECTION("nothing but the header") {
    three.edit(1, [](Strings& lines) { lines.resize(1); });
    CHECK(three.refused() == Strings{cut(0)});
  }
  SECTION("cut in the middle of a line") {
    const std::string text = test::text_of(three.shard(1));
    std::ofstream(three.shard(1), std::ios::binary) << text.substr(0, text.size() - 9);
    CHECK(three.refused() == Strings{three.shard(1) + ": line " + std::to_string(inputs + 1) +
                                     ": not a line of a manifest"});
  }
  SECTION("bad JSON") {
    three.edit(1, [](Strings& lines) { lines[1] = "{" + lines[1]; });
    CHECK(three.refused() == Strings{three.shard(1) + ": line 2: not a line of a manifest"});
  }
  SECTION("lines in another order") {
    three.edit(1, [](Strings& lines) { std::swap(lines[1], lines[3]); });
    CHECK(three.refused() ==
          Strings{three.shard(1) + ": line 3: its lines are out of order; was it edited by hand?"});
  }
  SECTION("a line of another shard") {
    const Strings other = test::lines_of(test::text_of(three.shard(2)));
    const std::string input = Json::parse(other[1])["input"];
    three.edit(1, [&](Strings& lines) { lines.insert(lines.begin() + 1, other[1]); });
    const Strings said = three.refused();
    REQUIRE(said.size() == 1);
    CHECK((said[0] == three.shard(1) + ": line 2: " + input + " belongs to shard 2" ||
           said[0] ==
               three.shard(1) + ": line 3: its lines are out of order; was it edited by hand?"));
  }
  SECTION("a line that is there twice") {
    three.edit(1, [](Strings& lines) { lines.insert(lines.begin() + 2, lines[1]); });
    const Strings said = three.refused();
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with(three.shard(1) + ": "));
  }
}

TEST_CASE("one copy of an image missing in a shard is noticed", "[batch][merge][refuse]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 12);
  const std::string out = folder / "out";
  for (std::uint32_t i = 0; i < 2; ++i)
    run_shard(crops(3), folder, out, {i, 2});
  Strings lines = test::lines_of(test::text_of(path_of(out, 1, 2)));
  REQUIRE(lines.size() > 3);
  lines.erase(lines.begin() + 2);
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  std::ofstream(path_of(out, 1, 2), std::ios::binary) << text;
  const auto merged = merge_manifests({out}, folder / "merged");
  CHECK_FALSE((merged && merged->problems.empty()));
}

TEST_CASE("a target that cannot be written is an error, and nothing is left", "[batch][merge]") {
  const Three three;
  const auto merged = merge_manifests({three.out}, three.folder / "nowhere/merged");
  REQUIRE_FALSE(merged);
  CHECK(merged.error() ==
        Error{ErrorCode::Write,
              three.folder / "nowhere/merged" + ": cannot write: No such file or directory",
              ENOENT});
  three.folder.put("old", "old");
  Result<MergeResult> full = MergeResult{};
  {
    const test::FileSizeLimit limit(2000);
    full = merge_manifests({three.out}, three.folder / "old");
  }
  REQUIRE_FALSE(full);
  CHECK(full.error().message == three.folder / "old" + ": cannot write: File too large");
  CHECK(test::text_of(three.folder / "old") == "old");
  CHECK(test::leftovers(three.folder.path()).empty());
}

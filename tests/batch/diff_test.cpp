// SPDX-License-Identifier: Apache-2.0
#include "batch/diff.h"

#include <functional>
#include <string>

#include "batch/engine.h"
#include "batch/manifest.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using test::crops;
using test::Strings;

namespace {

struct Said {
  Strings lines;
  std::size_t compared = 0;

  bool operator==(const Strings& expected) const { return lines == expected; }
};

Said diff(const std::string& a, const std::string& b) {
  Said said;
  const auto counts =
      diff_manifests(a, b, [&](const std::string& line) { said.lines.push_back(line); });
  if (!counts) {
    CHECK(said.lines.empty());
    return {{counts.error().message}, 0};
  }
  CHECK(counts->differences == said.lines.size());
  said.compared = counts->lines;
  return said;
}

// A manifest of three inputs, and copies of it that were changed.
struct Manifests {
  test::Folder folder;
  std::string a = folder / "out/manifest.jsonl";
  std::string b = folder / "b.jsonl";
  Strings lines;

  explicit Manifests(int copies = 1) {
    for (const char* name : {"in/a.png", "in/b.png", "in/c.png"})
      folder.put(name, test::png(20, 20));
    (void)test::finish(crops(copies), folder / "in", folder / "out");
    lines = test::lines_of(test::text_of(a));
    // So that lines may be taken away, as from a manifest of an earlier version.
    Json header = Json::parse(lines[0]);
    header.erase("records");
    lines[0] = line_text(header);
  }
  Said edited(std::size_t line, const std::function<void(Json&)>& change) const {
    Strings copy = lines;
    Json json = Json::parse(copy[line]);
    change(json);
    copy[line] = line_text(json);
    return with(copy);
  }
  Said with(const Strings& copy) const {
    std::string text;
    for (const std::string& line : copy)
      text += line + "\n";
    folder.put("b.jsonl", text);
    return diff(a, b);
  }
};

}  // namespace

TEST_CASE("a manifest does not differ from itself", "[batch][diff]") {
  const Manifests m(2);
  const Said said = diff(m.a, m.a);
  CHECK(said.lines.empty());
  CHECK(said.compared == 6);
  CHECK(m.with(m.lines).lines.empty());
}

TEST_CASE("every kind of difference is reported once", "[batch][diff]") {
  const Manifests m;
  CHECK(m.edited(2, [](Json& json) { json["input_sha256"] = std::string(64, '0'); }) ==
        Strings{"b.png: the input's content differs"});
  CHECK(m.edited(2, [](Json& json) {
    json["shape"] = {21, 20, 3};
  }) == Strings{"b.png: shape 20 x 20 x 3 | 21 x 20 x 3"});
  CHECK(m.edited(2, [](Json& json) { json["truncated"] = "rows 9 to 19 are missing"; }) ==
        Strings{"b.png: truncated:  | rows 9 to 19 are missing"});
  CHECK(m.edited(2, [](Json& json) { json["note"] = "3 stray bytes"; }) ==
        Strings{"b.png: note:  | 3 stray bytes"});
  CHECK(m.edited(2, [](Json& json) { json["draws"][0]["offset"][0] = 99; }) ==
        Strings{"b.png: the draws differ"});
  CHECK(m.edited(2, [](Json& json) { json["draws"][0]["seed"][0] = 99; }) ==
        Strings{"b.png: the draws differ"});
  CHECK(m.edited(2, [](Json& json) { json["draws"] = Json::array(); }) ==
        Strings{"b.png: the draws differ"});
  const std::string window = Json::parse(m.lines[2])["window"].dump();
  std::string spaced;
  for (const char c : window)
    spaced += c == ',' ? std::string(", ") : std::string(1, c);
  CHECK(m.edited(2, [](Json& json) {
    json["window"] = {0, 1, 2, 3};
  }) == Strings{"b.png: window " + spaced + " | [0, 1, 2, 3]"});
  CHECK(m.edited(2, [](Json& json) { json["output"] = "x.png"; }) ==
        Strings{"b.png: output b.png | x.png"});
  CHECK(m.edited(2, [](Json& json) {
    json["output_shape"] = {8, 7, 1};
  }) == Strings{"b.png: output shape 8 x 7 x 3 | 8 x 7 x 1"});
  CHECK(m.edited(2, [](Json& json) { json["output_dtype"] = "uint16"; }) ==
        Strings{"b.png: output depth uint8 | uint16"});
  CHECK(m.edited(2, [](Json& json) { json["output_sha256"] = std::string(64, '0'); }) ==
        Strings{"b.png: the file's bytes differ, but its pixels are the same"});
  CHECK(m.edited(2, [](Json& json) {
    json["output_sha256"] = std::string(64, '0');
    json["pixels"] = "xxh3:0";
  }) == Strings{"b.png: the pixels differ", "b.png: the file's bytes differ"});
  CHECK(m.edited(2, [](Json& json) {
    json = {{"input", "b.png"},
            {"input_sha256", json["input_sha256"]},
            {"error", {{"code", "truncated"}, {"message", "too short"}}}};
  }) == Strings{"b.png: written | failed: too short"});
  CHECK(m.edited(2, [](Json& json) {
    json = {{"input", "b.png"}, {"input_sha256", json["input_sha256"]}, {"skipped", "too small"}};
  }) == Strings{"b.png: written | skipped: too small"});
  // Several of one image: cause before effect.
  CHECK(m.edited(2,
                 [](Json& json) {
                   json["input_sha256"] = std::string(64, '0');
                   json["draws"] = Json::array();
                   json["pixels"] = "xxh3:0";
                 }) == Strings{"b.png: the input's content differs", "b.png: the draws differ",
                               "b.png: the pixels differ"});
}

TEST_CASE("the size of the file alone differs", "[batch][diff]") {
  const Manifests m;
  CHECK(m.edited(2, [](Json& json) { json["bytes"] = 1; }).lines.size() == 1);
}

TEST_CASE("headers differ in the chain, the seed, the program and its codecs", "[batch][diff]") {
  const Manifests m;
  CHECK(m.edited(0, [](Json& json) { json["chain"]["seed"] = 7; }) ==
        Strings{"chain /seed: was 42, is 7"});
  CHECK(m.edited(0, [](Json& json) { json["chain"].erase("seed"); }) ==
        Strings{"chain /seed: was 42, is gone"});
  CHECK(m.edited(0, [](Json& json) { json["chain"]["new"] = "x"; }) ==
        Strings{"chain /new: was not there, is \"x\""});
  CHECK(m.edited(0, [](Json& json) { json["seed_derivation"] = 99; }).lines.size() == 1);
  CHECK(m.edited(0, [](Json& json) { json["deckle"] = "9.9"; }) ==
        Strings{"deckle: was " + Json::parse(m.lines[0])["deckle"].dump() + ", is \"9.9\""});
  CHECK(m.edited(0, [](Json& json) { json["codecs"]["png"] = "libpng 0"; }) ==
        Strings{"png codec: was " + Json::parse(m.lines[0])["codecs"]["png"].dump() +
                ", is \"libpng 0\""});
  // A shard's header is no other run's.
  CHECK(m.edited(0, [](Json& json) { json["shard"] = {{"index", 1}, {"of", 2}}; }).lines.empty());
}

TEST_CASE("inputs and copies that are in only one manifest", "[batch][diff]") {
  const Manifests m;
  Strings copy = m.lines;
  copy.erase(copy.begin() + 2);
  CHECK(m.with(copy) == Strings{"b.png: only in " + m.a});
  CHECK(diff(m.b, m.a) == Strings{"b.png: only in " + m.a});
  copy = m.lines;
  copy.resize(1);
  CHECK(m.with(copy) ==
        Strings{"a.png: only in " + m.a, "b.png: only in " + m.a, "c.png: only in " + m.a});
  const Manifests three(3);
  copy = three.lines;
  copy.erase(copy.begin() + 2);
  CHECK(three.with(copy) == Strings{"a.png (copy 1): only in " + three.a});
}

TEST_CASE("two runs with different seeds differ in their draws", "[batch][diff]") {
  const Manifests m;
  (void)test::finish(crops(1, "43"), m.folder / "in", m.folder / "other");
  const Said said = diff(m.a, m.folder / "other/manifest.jsonl");
  CHECK(said.lines.front() == "chain /seed: was 42, is 43");
  std::size_t draws = 0;
  for (const std::string& line : said.lines)
    draws += line.ends_with("the draws differ") ? 1 : 0;
  CHECK(draws == 3);
}

TEST_CASE("a file that is not a manifest is reported with its name and line", "[batch][diff]") {
  const Manifests m;
  CHECK(diff(m.a, m.folder / "nowhere") ==
        Strings{m.folder / "nowhere" + ": cannot read: No such file or directory"});
  CHECK(diff(m.folder / "nowhere", m.a) ==
        Strings{m.folder / "nowhere" + ": cannot read: No such file or directory"});
  Strings copy = m.lines;
  copy[2] = "{" + copy[2];
  CHECK(m.with(copy) == Strings{m.b + ": line 3: not a line of a manifest"});
  copy = m.lines;
  copy[0] = "{}";
  CHECK(m.with(copy) == Strings{m.b + ": line 1: not a deckle manifest: its first line has no "
                                      "\"deckle_manifest\""});
  CHECK(m.edited(3, [](Json& json) { json["output"] = "../c.png"; }) ==
        Strings{m.b + ": line 4: the output path \"../c.png\" does not stay inside the folder"});
}

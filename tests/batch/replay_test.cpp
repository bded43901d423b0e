// SPDX-License-Identifier: Apache-2.0
#include "batch/replay.h"

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

// A finished run, and its manifest as it is or edited.
struct Recorded {
  test::Folder folder;
  std::string in = folder / "in";
  std::string out = folder / "out";
  std::string manifest = out + "/manifest.jsonl";
  std::string edited = folder / "edited.jsonl";
  Strings lines;

  explicit Recorded(int copies = 2, int files = 30) {
    test::put_pictures(folder, "in", files);
    test::age(in);
    (void)test::finish(crops(copies), in, out);
    lines = test::lines_of(test::text_of(manifest));
  }
  // Where the line of an output stands.
  [[nodiscard]] std::size_t line_of(const std::string& output) const {
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (Json::parse(lines[i]).value("output", "") == output) return i;
    }
    throw std::runtime_error("no line of " + output);
  }
  void edit(std::size_t line, const std::function<void(Json&)>& change) const {
    Strings copy = lines;
    Json json = Json::parse(copy[line]);
    change(json);
    copy[line] = line_text(json);
    put(copy);
  }
  void put(const Strings& copy) const {
    std::string text;
    for (const std::string& line : copy)
      text += line + "\n";
    folder.put("edited.jsonl", text);
  }
};

struct Played {
  RunResult result;
  Strings missing;
  std::map<std::string, std::string> said;  // by input: the error or the note
};

// What `deckle replay` does, without what it prints.
Played play(const std::string& manifest, const std::string& in, const std::string& out,
            const ReplayRequest& request = {}, bool overwrite = false) {
  const auto replay = Replay::open(manifest, request);
  if (!replay) throw std::runtime_error(replay.error().message);
  InputList list = test::listed(InputRequest{{in}, {}, '\n', out});
  Played played;
  played.missing = replay->match(list);
  const bool into_own = manifest == out + "/manifest.jsonl";
  std::vector<Json> headers{manifest_header(replay->chain())};
  if (into_own) headers.push_back(replay->header());
  const auto folder = OutputFolder::open_for_replay(out, headers, overwrite);
  if (!folder) throw std::runtime_error(folder.error().message);
  RunOptions options;
  options.jobs = 2;
  options.overwrite = overwrite;
  options.record = !into_own;
  options.keep_unlisted = true;
  options.recorded = [&](const InputFile& file) { return replay->records(file.path); };
  options.report = [&](const ImageReport& image) {
    const std::string said = image.error != nullptr ? image.error->message : image.note;
    if (!said.empty()) played.said[image.file.substr(in.size() + 1)] = said;
  };
  played.result = run_chain(replay->chain(), list, *folder, options);
  return played;
}

std::string refused(const std::string& manifest, const ReplayRequest& request = {}) {
  const auto replay = Replay::open(manifest, request);
  if (replay) return "";
  CHECK(replay.error().code == ErrorCode::Usage);
  return replay.error().message;
}

std::map<std::string, std::string> outputs(const std::string& out) {
  auto all = test::visible(out);
  std::erase_if(all, [](const auto& file) { return file.first.ends_with(".jsonl"); });
  return all;
}

}  // namespace

TEST_CASE("a replay of all makes the same outputs", "[batch][replay]") {
  for (const char* seed_from : {"path", "index", "content"}) {
    const test::Folder folder;
    test::put_pictures(folder, "in", 30);
    const std::string in = folder / "in";
    (void)test::finish(crops(2, "42", seed_from), in, folder / "out");
    const Played played = play(folder / "out/manifest.jsonl", in, folder / "again");
    INFO(seed_from);
    CHECK(played.result.finished);
    CHECK(played.result.written == 24);
    CHECK(played.result.outputs == 48);
    CHECK(played.result.failed == 0);
    CHECK(played.said.empty());
    CHECK(played.missing.empty());
    const bool same = outputs(folder / "again") == outputs(folder / "out");
    CHECK(same);
    CHECK(verify_manifest(folder / "again/manifest.jsonl", 1)->differences.empty());
    CHECK(test::leftovers(folder / "again").empty());
  }
}

TEST_CASE("choices are taken from the manifest, and nothing is drawn", "[batch][replay]") {
  // The same inputs under an edited seed: what was recorded counts.
  const Recorded recorded;
  recorded.edit(0, [](Json& header) {
    header["chain"]["seed"] = 7;
    header["seed"] = {7, 0};
  });
  const Played played = play(recorded.edited, recorded.in, recorded.folder / "again");
  CHECK(played.result.failed == 0);
  const bool same = outputs(recorded.folder / "again") == outputs(recorded.out);
  CHECK(same);
}

TEST_CASE("only requested outputs are replayed", "[batch][replay]") {
  const Recorded recorded(3);
  const auto all = outputs(recorded.out);
  const auto made = [&](const ReplayRequest& request) {
    const std::string out = recorded.folder / "again";
    std::filesystem::remove_all(out);
    const Played played = play(recorded.manifest, recorded.in, out, request);
    CHECK(played.result.finished);
    CHECK(played.said.empty());
    Strings names;
    for (const auto& [name, content] : outputs(out)) {
      names.push_back(name);
      CHECK(all.at(name) == content);
    }
    CHECK(played.result.outputs == names.size());
    return names;
  };
  // By input, by output, by folder; * does not stop at a folder.
  CHECK(made({{"f0/000.jpg"}, {}}) ==
        Strings{"f0/000_000.png", "f0/000_001.png", "f0/000_002.png"});
  CHECK(made({{"f0/000_001.png"}, {}}) == Strings{"f0/000_001.png"});
  CHECK(made({{"*/001*"}, {1}}) == Strings{"f1/001_001.png"});
  CHECK(made({{"f1/*"}, {2}}) == Strings{"f1/001_002.png", "f1/006_002.png", "f1/011_002.png",
                                         "f1/016_002.png", "f1/021_002.png", "f1/026_002.png"});
  CHECK(made({{"f0/000.jpg", "f1/001.png"}, {0, 2}}) ==
        Strings{"f0/000_000.png", "f0/000_002.png", "f1/001_000.png", "f1/001_002.png"});
  CHECK(made({{"f0/00[0-4].jpg"}, {0}}) == Strings{"f0/000_000.png"});
  CHECK(made({{}, {1}}).size() == 24);
  const auto nothing = Replay::open(recorded.manifest, {{"no/such"}, {}});
  REQUIRE(nothing);
  CHECK(nothing->outputs() == 0);
  CHECK(Replay::open(recorded.manifest, {{}, {3}})->outputs() == 0);
  CHECK(Replay::open(recorded.manifest, {})->outputs() == 72);
}

TEST_CASE("inputs that changed are refused, by name", "[batch][replay]") {
  const Recorded recorded;
  recorded.folder.put("in/f0/000.jpg", test::jpg(20, 21));
  std::filesystem::remove(recorded.in + "/f1/001.png");
  recorded.folder.put("in/f2/002.png", "no picture at all");
  const Played played = play(recorded.manifest, recorded.in, recorded.folder / "again");
  CHECK(played.missing == Strings{"f1/001.png"});
  CHECK(played.result.failed == 2);
  CHECK(played.result.written == 21);
  REQUIRE(played.said.contains("f0/000.jpg"));
  const std::string begin = "not the file that the manifest recorded: its SHA-256 is ";
  CHECK(played.said.at("f0/000.jpg").starts_with(begin));
  CHECK(played.said.at("f0/000.jpg").size() == begin.size() + 64);
  CHECK(played.said.contains("f2/002.png"));
  CHECK_FALSE(test::exists(recorded.folder / "again/f0/000_000.png"));
  CHECK_FALSE(test::exists(recorded.folder / "again/f1/001_000.png"));
  CHECK(test::leftovers(recorded.folder / "again").empty());
}

TEST_CASE("offsets and windows that were edited are refused", "[batch][replay]") {
  const Recorded recorded;
  const std::size_t line = recorded.line_of("f0/000_001.png");
  const auto said = [&](const std::function<void(Json&)>& change) {
    recorded.edit(line, change);
    const std::string why = refused(recorded.edited);
    if (!why.empty()) return why;
    const std::string out = recorded.folder / "again";
    std::filesystem::remove_all(out);
    const Played played = play(recorded.edited, recorded.in, out);
    CHECK(played.result.failed == 1);
    CHECK(played.result.written == 23);
    CHECK_FALSE(test::exists(out + "/f0/000_000.png"));  // all copies of an image, or none
    CHECK_FALSE(test::exists(out + "/f0/000_001.png"));
    return played.said.contains("f0/000.jpg") ? played.said.at("f0/000.jpg")
                                              : std::string("nothing said");
  };
  const std::string here = "line " + std::to_string(line + 1) + ": ";
  // An offset that is another one of the same picture: other pixels come out.
  const std::string other_pixels =
      "the pixels of f0/000_001.png differ from the recorded ones: another version of the "
      "decoder?";
  CHECK(said([](Json& json) {
          auto& offset = json["draws"][0]["offset"];
          offset[0] = offset[0] == 0 ? 1 : 0;
        }) == other_pixels);
  // Offsets that lead out of the picture.
  for (const int offset : {-1, 1000, 2000000000}) {
    INFO(offset);
    CHECK(said([&](Json& json) { json["draws"][0]["offset"][1] = offset; }) ==
          "RandomCrop: the recorded offset does not lie in the image");
  }
  CHECK(said([](Json& json) { json["draws"][0]["offset"] = {1}; }) != "nothing said");
  CHECK(said([](Json& json) { json["draws"][0]["offset"] = {1, 2, 3, 4}; }) != "nothing said");
  CHECK(said([](Json& json) { json["draws"] = Json::array(); }) != "nothing said");
  CHECK(said([](Json& json) { json["draws"].push_back(json["draws"][0]); }) != "nothing said");
  CHECK(said([](Json& json) { json["draws"][0]["layer"] = 0; }) != "nothing said");
  CHECK(said([](Json& json) { json["draws"][0]["layer"] = 2; }) ==
        here + "a draw of layer 2, which the chain does not have");
  CHECK(said([](Json& json) {
          json["draws"][0]["layer"] = -1;
        }).starts_with(here + "not a valid draw: {\"layer\":-1"));
  CHECK(said([](Json& json) {
          json["draws"][0].erase("offset");
        }).starts_with(here + "not a valid draw: {\"layer\":1"));
  CHECK(said([](Json& json) {
          json["draws"][0]["offset"] = {"1", 2};
        }).starts_with(here + "not a valid draw: "));
  const std::string no_good =
      here +
      "\"input_sha256\", \"shape\", \"window\", \"output_shape\" or \"pixels\" is missing "
      "or no good";
  CHECK(said([](Json& json) { json["window"] = {0, 1, 2}; }) == no_good);
  CHECK(said([](Json& json) { json["window"] = {0, -1, 2, 3}; }) == no_good);
  CHECK(said([](Json& json) { json.erase("window"); }) == no_good);
  CHECK(said([](Json& json) { json["input_sha256"] = "x"; }) == no_good);
  CHECK(said([](Json& json) { json["shape"] = "large"; }) == no_good);
  CHECK(said([](Json& json) { json.erase("pixels"); }) == no_good);
  CHECK(said([](Json& json) { json["copy"] = -1; }) == here + "\"copy\" is not a number of a copy");
  CHECK(said([](Json& json) { json["output"] = "../x.png"; }) ==
        here + "the output path \"../x.png\" does not stay inside the folder");
  CHECK(said([](Json& json) { json["output"] = "/etc/x.png"; }) ==
        here + "the output path \"/etc/x.png\" does not stay inside the folder");
  CHECK(said([](Json& json) { json["bytes"] = "many"; }) ==
        here + "an output without a usable \"output_sha256\" and \"bytes\"");
}

TEST_CASE("a window that was edited alone is noticed", "[batch][replay]") {
  const Recorded recorded(1);
  recorded.edit(recorded.line_of("f0/000.png"), [](Json& json) { json["window"] = {0, 0, 1, 1}; });
  const Played played = play(recorded.edited, recorded.in, recorded.folder / "again");
  CHECK(played.said.contains("f0/000.jpg"));
}

TEST_CASE("an output path that was edited is not written to", "[batch][replay]") {
  const Recorded recorded(1);
  recorded.edit(recorded.line_of("f0/000.png"),
                [](Json& json) { json["output"] = "elsewhere/x.png"; });
  const Played played = play(recorded.edited, recorded.in, recorded.folder / "again");
  // It is either refused, or written under the recorded name; never under another name.
  CHECK_FALSE(test::exists(recorded.folder / "again/f0/000.png"));
}

TEST_CASE("other bytes of the same pixels are reported and are not a failure", "[batch][replay]") {
  const Recorded recorded;
  recorded.edit(recorded.line_of("f0/000_001.png"),
                [](Json& json) { json["output_sha256"] = std::string(64, '0'); });
  const Played played = play(recorded.edited, recorded.in, recorded.folder / "again");
  CHECK(played.result.failed == 0);
  CHECK(played.result.written == 24);
  CHECK(played.said ==
        std::map<std::string, std::string>{{"f0/000.jpg",
                                            "f0/000_001.png: its bytes differ from the recorded "
                                            "ones, but its pixels are the same"}});
  const bool same = outputs(recorded.folder / "again") == outputs(recorded.out);
  CHECK(same);
  // The manifest of the replay says what is there.
  CHECK(verify_manifest(recorded.folder / "again/manifest.jsonl", 1)->differences.empty());
}

TEST_CASE("other pixels are a failure", "[batch][replay]") {
  const Recorded recorded(1);
  recorded.edit(recorded.line_of("f0/000.png"),
                [](Json& json) { json["pixels"] = "xxh3:" + std::string(32, '0'); });
  const Played played = play(recorded.edited, recorded.in, recorded.folder / "again");
  CHECK(played.result.failed == 1);
  CHECK(played.said ==
        std::map<std::string, std::string>{
            {"f0/000.jpg",
             "the pixels of f0/000.png differ from the recorded ones: another version of the "
             "decoder?"}});
  CHECK_FALSE(test::exists(recorded.folder / "again/f0/000.png"));
}

TEST_CASE("into its own folder a replay restores what is missing, and leaves the manifest alone",
          "[batch][replay]") {
  const Recorded recorded;
  const auto before = test::visible(recorded.out);
  const auto stamps = test::stamps(recorded.out);
  std::filesystem::remove(recorded.out + "/f0/000_000.png");
  std::filesystem::remove_all(recorded.out + "/f1");
  recorded.folder.put("out/f2/002_001.png", "altered");
  const Played played = play(recorded.manifest, recorded.in, recorded.out);
  CHECK(played.result.finished);
  CHECK(played.result.failed == 0);
  const bool same = test::visible(recorded.out) == before;
  CHECK(same);
  const auto after = test::stamps(recorded.out);
  CHECK(after.at("manifest.jsonl") == stamps.at("manifest.jsonl"));
  CHECK(after.at(".manifest.jsonl.journal") == stamps.at(".manifest.jsonl.journal"));
  // Files that were right are unchanged.
  CHECK(after.at("f3/003_000.png") == stamps.at("f3/003_000.png"));
  CHECK(test::leftovers(recorded.out).empty());
  CHECK(test::finish(crops(2), recorded.in, recorded.out).written == 0);
}

TEST_CASE("a replay of a part into its own folder", "[batch][replay]") {
  const Recorded recorded(3);
  const auto before = test::visible(recorded.out);
  std::filesystem::remove(recorded.out + "/f0/000_001.png");
  const Played played =
      play(recorded.manifest, recorded.in, recorded.out, {{"f0/000_001.png"}, {}});
  CHECK(played.result.outputs == 1);
  CHECK(test::visible(recorded.out) == before);
}

TEST_CASE("a replay into a foreign folder replaces nothing", "[batch][replay]") {
  const Recorded recorded(1);
  recorded.folder.put("other/f0/000.png", "of somebody else");
  Played played = play(recorded.manifest, recorded.in, recorded.folder / "other");
  CHECK(played.result.failed == 1);
  CHECK(
      played.said.at("f0/000.jpg") ==
      "f0/000.png: a file that deckle did not make already exists there; --overwrite replaces it");
  CHECK(test::text_of(recorded.folder / "other/f0/000.png") == "of somebody else");
  played = play(recorded.manifest, recorded.in, recorded.folder / "other", {}, true);
  CHECK(played.result.failed == 0);
  CHECK(outputs(recorded.folder / "other") == outputs(recorded.out));
}

TEST_CASE("a stopped replay continues", "[batch][replay]") {
  const Recorded recorded(1);
  const std::string again = recorded.folder / "again";
  {
    const auto replay = Replay::open(recorded.manifest, {});
    REQUIRE(replay);
    InputList list = test::listed(InputRequest{{recorded.in}, {}, '\n', again});
    (void)replay->match(list);
    const auto folder =
        OutputFolder::open_for_replay(again, {manifest_header(replay->chain())}, false);
    REQUIRE(folder);
    std::atomic<int> stop = 0;
    int seen = 0;
    RunOptions options;
    options.stop = &stop;
    options.recorded = [&](const InputFile& file) { return replay->records(file.path); };
    options.report = [&](const ImageReport&) { stop = ++seen == 5 ? 1 : 0; };
    CHECK_FALSE(run_chain(replay->chain(), list, *folder, options).finished);
  }
  const Played played = play(recorded.manifest, recorded.in, again);
  CHECK(played.result.finished);
  CHECK(played.result.failed == 0);
  CHECK(outputs(again) == outputs(recorded.out));
  // The whole of it has a manifest that says so.
  REQUIRE(test::exists(again + "/manifest.jsonl"));
  CHECK(verify_manifest(again + "/manifest.jsonl", 1)->differences.empty());
}

TEST_CASE("manifests that cannot be replayed say where", "[batch][replay]") {
  const Recorded recorded(1);
  Strings copy = recorded.lines;
  copy[5] = "{" + copy[5];
  recorded.put(copy);
  CHECK(refused(recorded.edited) == "line 6: not a line of a manifest");
  copy = recorded.lines;
  copy[0] = R"({"deckle_manifest": 2})";
  recorded.put(copy);
  CHECK(refused(recorded.edited) == "line 1: a manifest of version 2; this deckle reads version 1");
  copy[0] = R"({"deckle_manifest": 1})";
  recorded.put(copy);
  CHECK(refused(recorded.edited).starts_with("line 1: the chain in its header: "));
  recorded.folder.put("edited.jsonl", "");
  CHECK(refused(recorded.edited) == "not a deckle manifest: the file is empty");
  const auto nowhere = Replay::open(recorded.folder / "nowhere", {});
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ErrorCode::Unreadable);
  CHECK(nowhere.error().message == "cannot read: No such file or directory");
}

TEST_CASE("names of any bytes are replayed", "[batch][replay]") {
  const test::Folder folder;
  for (const char* name : {"in/a\nb.png", "in/\xff\xfe.png", "in/\"q\"\\.png"})
    folder.put(name, test::png(20, 20));
  (void)test::finish(crops(), folder / "in", folder / "out");
  const Played played = play(folder / "out/manifest.jsonl", folder / "in", folder / "again");
  CHECK(played.missing.empty());
  CHECK(played.result.written == 3);
  CHECK(test::visible(folder / "again") == test::visible(folder / "out"));
}

// SPDX-License-Identifier: Apache-2.0
// Runs that continue earlier runs: finished inputs are left alone; new, changed, missing, damaged
// or failed ones are noticed.
#include <sys/file.h>

#include <algorithm>
#include <atomic>

#include "batch/engine.h"
#include "batch/manifest.h"
#include "batch/verify.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using test::crops;
using test::finish;
using test::go;
using test::Strings;

namespace {

constexpr int kFiles = 30;
constexpr int kPictures = 24;  // of them
constexpr int kBroken = 3;

// A folder of inputs and the outputs of a finished run over it.
struct Done30 {
  test::Folder folder;
  std::string in = folder / "in";
  std::string out = folder / "out";
  std::string chain;

  explicit Done30(std::string text = crops()) : chain(std::move(text)) {
    test::put_pictures(folder, "in", kFiles);
    test::age(in);
    (void)finish(chain, in, out);
  }
  RunResult again(test::GoOptions options = {}) const {
    return finish(chain, in, out, std::move(options));
  }
  // The result of a run without previous runs over the current inputs.
  [[nodiscard]] std::map<std::string, std::string> straight() const {
    const test::Folder other;
    (void)finish(chain, in, other / "out");
    return test::visible(other / "out");
  }
};

// Only good inputs: every run tries the broken ones again.
struct NoBroken : Done30 {
  NoBroken(const std::string& text = crops())
      : Done30(text) {  // NOLINT(google-explicit-constructor)
    for (int i = 0; i < kFiles; ++i) {
      if (test::kind_of(i) == test::Kind::Broken)
        std::filesystem::remove(join_path(in, test::name_of_picture(i)));
    }
    test::GoOptions options;
    options.run.prune = true;
    (void)again(options);
  }
};

std::string input_of(const Done30& done, int i) {
  return join_path(done.in, test::name_of_picture(i));
}
std::string output_of(const Done30& done, int i) {
  return join_path(done.out, std::string(stem_of(test::name_of_picture(i))) + ".png");
}

}  // namespace

TEST_CASE("a second run does nothing at all", "[batch][resume]") {
  const NoBroken done;
  const auto before = test::stamps(done.out);
  const auto content = test::tree(done.out);
  std::map<Outcome, int> outcomes;
  test::GoOptions options;
  options.run.jobs = 2;
  options.run.report = [&](const ImageReport& image) { ++outcomes[image.outcome]; };
  Strings steps;
  options.run.checkpoint = [&](std::string_view step) { steps.emplace_back(step); };
  for (int i = 0; i < 2; ++i) {
    outcomes.clear();
    const RunResult result = done.again(options);
    CHECK(result.up_to_date == kPictures);
    CHECK(result.written == 0);
    CHECK(result.outputs == 0);
    CHECK(result.bytes == 0);
    CHECK(result.failed == 0);
    CHECK(result.retried == 0);
    CHECK(result.not_images == kBroken);  // the texts, as many as the broken ones
    CHECK(result.gone.empty());
    CHECK(outcomes[Outcome::UpToDate] == kPictures);
    CHECK(outcomes[Outcome::Written] == 0);
  }
  CHECK(steps.empty());
  CHECK(test::stamps(done.out) == before);
  CHECK(test::tree(done.out) == content);
}

TEST_CASE("a second run does not open its inputs where size and time agree", "[batch][resume]") {
  const NoBroken done;
  // With the same size and time, other content is not noticed. This is the documented limit, and it
  // proves that nothing was read.
  for (int i = 0; i < 3; ++i) {
    const std::string path = input_of(done, i);
    const auto stamp = stamp_of(path);
    std::string text = test::text_of(path);
    text[text.size() / 2] ^= 1;
    std::ofstream(path, std::ios::binary) << text;
    test::set_mtime(path, stamp->mtime_ns);
  }
  const RunResult result = done.again();
  CHECK(result.up_to_date == kPictures);
  CHECK(result.written == 0);
}

TEST_CASE("new inputs are worked on, and nothing else", "[batch][resume]") {
  const NoBroken done;
  const auto before = test::stamps(done.out);
  done.folder.put("in/aa/new.png", test::png(30, 30));
  done.folder.put("in/f0/zz.jpg", test::jpg(30, 30));
  const RunResult result = done.again();
  CHECK(result.written == 2);
  CHECK(result.up_to_date == kPictures);
  auto after = test::stamps(done.out);
  CHECK(after.erase("aa/new.png") == 1);
  CHECK(after.erase("f0/zz.png") == 1);
  for (const auto& [name, stamp] : before) {
    if (!name.starts_with("manifest") && !test::is_hidden(name)) CHECK(after[name] == stamp);
  }
  CHECK(test::visible(done.out) == done.straight());
  CHECK(test::leftovers(done.out).empty());
}

TEST_CASE("changed inputs are processed again: by size and time, then by content",
          "[batch][resume]") {
  const NoBroken done;
  const auto before = test::stamps(done.out);
  // Other content, other size.
  done.folder.put("in/" + test::name_of_picture(0), test::jpg(31, 33));
  // Other content of the same size, at another time.
  std::string same_size = test::text_of(input_of(done, 10));
  done.folder.put("in/" + test::name_of_picture(10), same_size + "1");
  test::set_mtime(input_of(done, 10), 1'600'000'000'000'000'000);
  (void)done.again();
  done.folder.put("in/" + test::name_of_picture(10), same_size + "2");
  test::set_mtime(input_of(done, 10), 1'600'000'001'000'000'000);
  // Touched, the same content.
  test::set_mtime(input_of(done, 2), 1'700'000'000'000'000'000);
  const RunResult result = done.again();
  CHECK(result.written == 1);
  CHECK(result.up_to_date == kPictures - 1);
  CHECK(test::visible(done.out) == done.straight());
  auto after = test::stamps(done.out);
  CHECK(after["f0/000.png"] != before.at("f0/000.png"));
  CHECK(after["f2/002.png"] == before.at("f2/002.png"));

  // A file that was only touched is known by its new time from then on.
  const auto settled = test::stamps(done.out);
  CHECK(done.again().up_to_date == kPictures);
  CHECK(done.again().up_to_date == kPictures);
  (void)settled;
  CHECK(test::visible(done.out) == done.straight());
}

TEST_CASE("an input that was changed a moment ago is read again", "[batch][resume]") {
  const test::Folder folder;
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  // Another picture of the same size in bytes.
  test::File one = test::png(30, 30);
  test::File other = test::png(31, 31);
  one.resize(std::max(one.size(), other.size()) + 1);
  other.resize(one.size());
  const std::int64_t soon = (std::int64_t{::time(nullptr)} + 3600) * 1'000'000'000;
  const auto put = [&](const test::File& file) {
    folder.put("in/a.png", file);
    test::set_mtime(in + "/a.png", soon);
  };
  put(one);
  (void)finish(crops(), in, out);
  put(other);
  CHECK(finish(crops(), in, out).written == 1);
  CHECK(finish(crops(), in, out).up_to_date == 1);
  // The previous run has read it, but the clock has not advanced since it was written.
  put(one);
  CHECK(finish(crops(), in, out).written == 1);
}

TEST_CASE("inputs that are gone leave the manifest, and their outputs stay", "[batch][resume]") {
  const NoBroken done;
  const auto before = test::visible(done.out);
  std::filesystem::remove(input_of(done, 3));
  std::filesystem::remove(input_of(done, 14));
  for (int i = 0; i < 2; ++i) {
    const RunResult result = done.again();
    CHECK(result.gone == Strings{"f3/003.jpg", "f4/014.png"});
    CHECK(result.pruned == 0);
    CHECK(result.up_to_date == kPictures - 2);
  }
  auto after = test::visible(done.out);
  CHECK(after.at("f3/003.png") == before.at("f3/003.png"));
  CHECK(after.at("f4/014.png") == before.at("f4/014.png"));
  CHECK(after.at("manifest.jsonl") == done.straight().at("manifest.jsonl"));

  // Nothing is rewritten while nothing changes.
  const auto stamps = test::stamps(done.out);
  CHECK(done.again().gone.size() == 2);
  CHECK(test::stamps(done.out) == stamps);

  // The inputs come back unchanged: nothing is processed again.
  test::put_pictures(done.folder, "again", kFiles);
  std::filesystem::rename(done.folder / "again/f3/003.jpg", input_of(done, 3));
  std::filesystem::rename(done.folder / "again/f4/014.png", input_of(done, 14));
  const RunResult result = done.again();
  CHECK(result.up_to_date == kPictures);
  CHECK(result.written == 0);
  CHECK(test::visible(done.out) == before);
}

TEST_CASE("prune deletes recorded, unchanged outputs and the folders that become empty",
          "[batch][resume][prune]") {
  const NoBroken done;
  const auto before = test::visible(done.out);
  for (int i = 0; i < kFiles; ++i) {
    if (i % 5 == 1 && test::exists(input_of(done, i))) std::filesystem::remove(input_of(done, i));
  }
  std::filesystem::remove(input_of(done, 2));
  std::filesystem::remove(input_of(done, 12));
  std::filesystem::remove(input_of(done, 22));
  done.folder.put("out/f2/012.png", "altered by somebody");  // f2/012.jpg
  done.folder.put("out/f2/022.txt", "of somebody else");
  done.folder.put("elsewhere/f1/keep.png", "outside");
  test::GoOptions options;
  options.run.prune = true;
  const RunResult result = done.again(options);
  CHECK(result.gone.size() == 9);
  CHECK(result.pruned == 8);
  CHECK_FALSE(test::exists(done.out + "/f1"));
  CHECK_FALSE(test::exists(done.out + "/f2/002.png"));
  CHECK_FALSE(test::exists(done.out + "/f2/022.png"));
  CHECK(test::text_of(done.out + "/f2/012.png") == "altered by somebody");
  CHECK(test::text_of(done.out + "/f2/022.txt") == "of somebody else");
  CHECK(test::exists(done.folder / "elsewhere/f1/keep.png"));
  auto expected = done.straight();
  expected["f2/012.png"] = "altered by somebody";
  expected["f2/022.txt"] = "of somebody else";
  CHECK(test::visible(done.out) == expected);
  CHECK(before.size() > expected.size());
  CHECK(test::leftovers(done.out).empty());

  // They are forgotten then.
  const auto stamps = test::stamps(done.out);
  const RunResult next = done.again(options);
  CHECK(next.gone.empty());
  CHECK(next.pruned == 0);
  CHECK(test::stamps(done.out) == stamps);
}

TEST_CASE("prune after a run that only reported what is gone", "[batch][resume][prune]") {
  const NoBroken done;
  std::filesystem::remove(input_of(done, 3));
  CHECK(done.again().gone.size() == 1);
  test::GoOptions options;
  options.run.prune = true;
  CHECK(done.again(options).pruned == 1);
  CHECK_FALSE(test::exists(done.out + "/f3/003.png"));
  // It is forgotten then, with the option and without.
  CHECK(done.again(options).gone.empty());
  CHECK(done.again().gone.empty());
  CHECK(test::visible(done.out) == done.straight());
}

TEST_CASE("prune leaves an output that is another input's by now", "[batch][resume][prune]") {
  const test::Folder folder;
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  folder.put("in/a.jpg", test::jpg(30, 30));
  folder.put("in/b.jpg", test::jpg(30, 30));
  test::age(in);
  (void)finish(crops(), in, out);
  std::filesystem::remove(in + "/a.jpg");
  folder.put("in/a.png", test::png(30, 30));
  test::GoOptions options;
  options.run.prune = true;
  const RunResult result = finish(crops(), in, out, options);
  CHECK(result.gone == Strings{"a.jpg"});
  CHECK(result.pruned == 0);
  CHECK(result.written == 1);
  const test::Folder other;
  (void)finish(crops(), in, other / "out");
  CHECK(test::visible(out) == test::visible(other / "out"));
}

TEST_CASE("prune also deletes the outputs of an input that is no longer a picture",
          "[batch][resume][prune]") {
  const test::Folder folder;
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  folder.put("in/a", test::jpg(30, 30));
  folder.put("in/b.jpg", test::jpg(30, 30));
  (void)finish(crops(), in, out);
  REQUIRE(test::exists(out + "/a.png"));
  folder.put("in/a", "text by now");
  test::GoOptions options;
  options.run.prune = true;
  const RunResult result = finish(crops(), in, out, options);
  CHECK(result.gone == Strings{"a"});
  CHECK(result.pruned == 1);
  CHECK_FALSE(test::exists(out + "/a.png"));
}

TEST_CASE("an output that was deleted, cut or altered is made once more", "[batch][resume]") {
  const NoBroken done;
  const auto before = test::visible(done.out);
  std::filesystem::remove(output_of(done, 0));
  std::filesystem::resize_file(output_of(done, 1), 20);
  std::string same_size = test::text_of(output_of(done, 2));
  same_size[same_size.size() / 2] ^= 1;
  std::ofstream(output_of(done, 2), std::ios::binary) << same_size;
  test::set_mtime(output_of(done, 3), 1);  // only touched
  std::filesystem::remove(output_of(done, 4));
  std::filesystem::create_directory(output_of(done, 4) + ".d");
  std::filesystem::remove_all(done.out + "/f0");
  RunResult result = done.again();
  CHECK(result.up_to_date > 0);
  CHECK(result.written == 3 + 6);  // f0 held six, 000 among them
  CHECK(test::visible(done.out) == before);
  result = done.again();
  CHECK(result.up_to_date == kPictures);
  CHECK(test::visible(done.out) == before);
}

TEST_CASE("a manifest that was deleted or altered is written again", "[batch][resume]") {
  const NoBroken done;
  const auto before = test::visible(done.out);
  const std::string manifest = before.at("manifest.jsonl");
  for (const std::string& text :
       {std::string(), manifest.substr(0, manifest.size() / 2), manifest + "more\n",
        std::string("rubbish\n"), manifest.substr(manifest.find('\n') + 1)}) {
    done.folder.put("out/manifest.jsonl", text);
    CHECK(done.again().up_to_date == kPictures);
    CHECK(test::visible(done.out) == before);
  }
  std::filesystem::remove(done.out + "/manifest.jsonl");
  CHECK(done.again().up_to_date == kPictures);
  CHECK(test::visible(done.out) == before);
}

TEST_CASE("failed images are tried again", "[batch][resume]") {
  const Done30 done;
  const auto before = test::visible(done.out);
  RunResult result = done.again();
  CHECK(result.failed == kBroken);
  CHECK(result.retried == kBroken);
  CHECK(result.up_to_date == kPictures);
  CHECK(test::visible(done.out) == before);
  // One input is fixed, with the same time and size.
  const std::string path = input_of(done, 7);
  const auto stamp = stamp_of(path);
  const test::File small = test::png(9, 9, 1);
  std::string text(reinterpret_cast<const char*>(small.data()), small.size());
  REQUIRE(text.size() <= stamp->size);
  text.resize(stamp->size);
  std::ofstream(path, std::ios::binary) << text;
  test::set_mtime(path, stamp->mtime_ns);
  result = done.again();
  CHECK(result.failed == kBroken - 1);
  CHECK(result.retried == kBroken);
  CHECK(result.written == 1);
  CHECK(test::visible(done.out) == done.straight());
}

TEST_CASE("the outputs of an image stay recorded while it fails, and are replaced afterwards",
          "[batch][resume]") {
  const NoBroken done;
  const auto before = test::visible(done.out);
  const std::string whole = test::text_of(input_of(done, 1));
  done.folder.put("in/" + test::name_of_picture(1), whole.substr(0, whole.size() / 2));
  CHECK(done.again().failed == 1);
  CHECK(done.again().failed == 1);
  const test::File larger = test::png(60, 60);
  done.folder.put("in/" + test::name_of_picture(1), larger);
  const RunResult result = done.again();
  CHECK(result.failed == 0);
  CHECK(result.written == 1);
  CHECK(test::visible(done.out) == done.straight());
}

TEST_CASE("an image that is skipped now is not looked at again and again", "[batch][resume]") {
  const test::Folder folder;
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  const std::string chain = R"({"seed": 1, "layers": [{"class_name": "RandomCrop", "height": 9,
      "width": 9, "if_smaller": "skip"}]})";
  folder.put("in/a.png", test::png(30, 30));
  folder.put("in/b.png", test::png(5, 5));
  test::age(in);
  RunResult result = finish(chain, in, out);
  CHECK(result.written == 1);
  CHECK(result.skipped == 1);
  result = finish(chain, in, out);
  CHECK(result.up_to_date == 2);
  folder.put("in/a.png", test::png(4, 4));
  test::age(in);
  CHECK(finish(chain, in, out).skipped == 1);
  CHECK(finish(chain, in, out).up_to_date == 2);
  std::filesystem::remove(out + "/a.png");  // what was made of it before
  (void)finish(chain, in, out);
  CHECK(finish(chain, in, out).up_to_date == 2);
}

TEST_CASE("if one of several copies is missing, the whole image is processed again",
          "[batch][resume]") {
  const NoBroken done(crops(3));
  const auto before = test::visible(done.out);
  std::filesystem::remove(done.out + "/f0/000_001.png");
  const RunResult result = done.again();
  CHECK(result.written == 1);
  CHECK(result.outputs == 3);
  CHECK(test::visible(done.out) == before);
}

TEST_CASE("without its journal a run knows its outputs from the manifest", "[batch][resume]") {
  const NoBroken done(crops(2));
  const auto before = test::visible(done.out);
  const auto stamps = test::stamps(done.out);
  std::filesystem::remove(done.out + "/.manifest.jsonl.journal");
  RunResult result = done.again();
  CHECK(result.up_to_date == kPictures);
  CHECK(result.written == 0);
  CHECK(test::visible(done.out) == before);
  for (const auto& [name, stamp] : test::stamps(done.out)) {
    if (name.ends_with(".png")) CHECK(stamps.at(name) == stamp);
  }
  const auto settled = test::stamps(done.out);
  result = done.again();
  CHECK(result.up_to_date == kPictures);
  CHECK(test::stamps(done.out) == settled);
}

TEST_CASE("an edited manifest without its journal is corrected", "[batch][resume]") {
  const NoBroken done(crops(3));
  const auto before = test::visible(done.out);
  const Strings lines = test::lines_of(before.at("manifest.jsonl"));
  const auto edited = [&](const std::function<void(Strings&)>& edit) {
    Strings copy = lines;
    // Of an earlier version, which does not say how many lines there are.
    Json header = Json::parse(copy[0]);
    header.erase("records");
    copy[0] = line_text(header);
    edit(copy);
    std::string text;
    for (const std::string& line : copy)
      text += line + "\n";
    std::filesystem::remove(done.out + "/.manifest.jsonl.journal");
    done.folder.put("out/manifest.jsonl", text);
    (void)done.again();
    CHECK(test::visible(done.out) == before);
    CHECK(test::leftovers(done.out).empty());
  };
  SECTION("bad JSON") {
    edited([](Strings& copy) { copy[4] = "{" + copy[4]; });
  }
  SECTION("a wrong digest") {
    edited([](Strings& copy) {
      const auto at = copy[4].find("\"output_sha256\":\"") + 17;
      copy[4][at] = copy[4][at] == '0' ? '1' : '0';
    });
  }
  SECTION("a path that leads out: refused, and nothing is touched") {
    for (const char* path : {"/etc/passwd", "../in/f0/000.jpg"}) {
      Strings copy = lines;
      Json json = Json::parse(copy[4]);
      json["output"] = path;
      copy[4] = line_text(json);
      std::string text;
      for (const std::string& line : copy)
        text += line + "\n";
      std::filesystem::remove(done.out + "/.manifest.jsonl.journal");
      done.folder.put("out/manifest.jsonl", text);
      const auto there = test::visible(done.out);
      CHECK_THROWS_WITH(
          done.again(),
          done.out + "/manifest.jsonl: names " + path +
              ", which is outside the folder; no run of deckle wrote that. Move this file away");
      CHECK(test::visible(done.out) == there);
    }
  }
  SECTION("a line is missing") {
    edited([](Strings& copy) { copy.erase(copy.begin() + 5); });
  }
  SECTION("the last copy of an image is missing") {
    edited([](Strings& copy) { copy.erase(copy.begin() + 3); });
  }
  SECTION("lines in another order") {
    edited([](Strings& copy) { std::swap(copy[1], copy[8]); });
  }
  SECTION("a line twice") {
    edited([](Strings& copy) { copy.insert(copy.begin() + 2, copy[2]); });
  }
  SECTION("cut in the middle of a line") {
    edited([](Strings& copy) {
      copy.resize(copy.size() / 2);
      copy.back().resize(copy.back().size() / 2);
    });
  }
  SECTION("rubbish that is not UTF-8") {
    edited([](Strings& copy) { copy[6] = "\xff\xfe\x80"; });
  }
}

TEST_CASE("names with newlines, and names that are not UTF-8, are known again", "[batch][resume]") {
  const test::Folder folder;
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  for (const char* name : {"in/a\nb.png", "in/c\td.png", "in/e\\n.png", "in/\xff\xfe.png",
                           "in/ .png", "in/R\tw.png", "in/\"q\".png"})
    folder.put(name, test::png(20, 20));
  test::age(in);
  CHECK(finish(crops(2), in, out).written == 7);
  const auto before = test::stamps(out);
  const auto text = test::tree(out);
  CHECK(finish(crops(2), in, out).up_to_date == 7);
  CHECK(test::stamps(out) == before);
  std::filesystem::remove(out + "/.manifest.jsonl.journal");
  CHECK(finish(crops(2), in, out).up_to_date == 7);
  CHECK(test::visible(out).at("manifest.jsonl") == text.at("manifest.jsonl"));
  CHECK(verify_manifest(out + "/manifest.jsonl", 1)->differences.empty());
}

TEST_CASE("seeds from the index: a file in front moves all, one behind moves none",
          "[batch][resume]") {
  const NoBroken done(crops(1, "42", "index"));
  CHECK(done.again().up_to_date == kPictures);
  done.folder.put("in/zz.png", test::png(30, 30));
  RunResult result = done.again();
  CHECK(result.written == 1);
  CHECK(result.up_to_date == kPictures);
  CHECK(test::visible(done.out) == done.straight());
  // Not an image: it has no place in the list.
  done.folder.put("in/aa.txt", "text");
  CHECK(done.again().up_to_date == kPictures + 1);
  done.folder.put("in/aa.png", test::png(30, 30));
  result = done.again();
  CHECK(result.up_to_date == 0);
  CHECK(result.written == kPictures + 2);
  CHECK(test::visible(done.out) == done.straight());
  std::filesystem::remove(done.in + "/aa.png");
  CHECK(done.again().written == kPictures + 1);
  // Without a journal nobody knows the places.
  std::filesystem::remove(done.out + "/.manifest.jsonl.journal");
  CHECK(done.again().written == kPictures + 1);
}

TEST_CASE("another chain over the same folder is refused, and what differs is said",
          "[batch][resume][refuse]") {
  const NoBroken done;
  const auto before = test::tree(done.out);
  const auto stamps = test::stamps(done.out);
  const std::string begin =
      done.out + "/manifest.jsonl: this folder contains the outputs of another run:";
  const std::string end = "\n  give another -o, or --overwrite to process everything again";
  const auto refused = [&](const std::string& chain) {
    return test::refusal(chain, done.in, done.out);
  };
  CHECK(refused(crops(1, "43")) == begin + "\n  chain /seed: was 42, is 43" + end);
  CHECK(refused(crops(2)) == begin + "\n  chain /copies: was 1, is 2" + end);
  CHECK(refused(crops(1, "[42, 1]", "content")) ==
        begin + "\n  chain /seed: was 42, is [42,1]" +
            "\n  chain /seed_from: was \"path\", is \"content\"" + end);
  CHECK(refused(crops(1, "42", "path", "jpg")) ==
        begin + "\n  chain /output/format: was \"png\", is \"jpg\"" + end);
  std::string layers = crops();
  layers.replace(layers.find("[1, 2]"), 6, "[1, 3]");
  CHECK(refused(layers).starts_with(begin + "\n  chain layer 0, ZeroPadding2D: padding was "));
  // The same chain in other words is no other chain.
  CHECK(refused(crops(1, "[42, 0]")).empty());
  CHECK(test::tree(done.out) == before);
  CHECK(test::stamps(done.out) == stamps);
}

TEST_CASE("another chain is refused also where the earlier run was stopped, or lost its journal",
          "[batch][resume][refuse]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 20);
  const std::string in = folder / "in";
  const std::string out = folder / "out";
  (void)test::go_part(crops(), in, out, 5);
  REQUIRE_FALSE(test::exists(out + "/manifest.jsonl"));
  const std::string expected = out +
                               "/manifest.jsonl: this folder contains the outputs of another run:" +
                               "\n  chain /seed: was 42, is 7\n  give another -o, or --overwrite "
                               "to process everything again";
  CHECK(test::refusal(crops(1, "7"), in, out) == expected);
  (void)finish(crops(), in, out);
  std::filesystem::remove(out + "/.manifest.jsonl.journal");
  CHECK(test::refusal(crops(1, "7"), in, out) == expected);
  // A shard of another run, too.
  test::GoOptions shard;
  shard.run.shard = Shard{0, 2};
  CHECK(test::refusal(crops(1, "7"), in, out, shard) == expected);
}

TEST_CASE("a manifest that is not deckle's is not touched", "[batch][resume][refuse]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 5);
  folder.put("out/manifest.jsonl", "{\"mine\": 1}x\n");
  const std::string out = folder / "out";
  CHECK(test::refusal(crops(), folder / "in", out) ==
        out + "/manifest.jsonl: not a manifest of deckle's; move it away, or --overwrite it");
  CHECK(test::text_of(out + "/manifest.jsonl") == "{\"mine\": 1}x\n");
  test::GoOptions options;
  options.overwrite = true;
  CHECK(finish(crops(), folder / "in", out, options).written == 5);
}

TEST_CASE("overwrite processes everything again", "[batch][resume][overwrite]") {
  const Done30 done;
  test::GoOptions options;
  options.overwrite = true;
  const std::string other = crops(1, "43");
  RunResult result = finish(other, done.in, done.out, options);
  CHECK(result.written == kPictures);
  CHECK(result.up_to_date == 0);
  const test::Folder straight;
  (void)finish(other, done.in, straight / "out");
  CHECK(test::visible(done.out) == test::visible(straight / "out"));
  CHECK(test::leftovers(done.out).empty());
  // And it continues from there; with the same chain --overwrite makes nothing twice.
  CHECK(finish(other, done.in, done.out).up_to_date == kPictures);
  CHECK(finish(other, done.in, done.out, options).up_to_date == kPictures);
  CHECK_FALSE(test::refusal(crops(), done.in, done.out).empty());
}

TEST_CASE("a stopped overwrite continues with --overwrite", "[batch][resume][overwrite]") {
  const Done30 done;
  const std::string other = crops(1, "43");
  std::atomic<int> stop = 0;
  int seen = 0;
  test::GoOptions options;
  options.overwrite = true;
  options.run.stop = &stop;
  options.run.report = [&](const ImageReport&) { stop = ++seen == 9 ? 1 : 0; };
  CHECK_FALSE(go(other, done.in, done.out, options).finished);
  CHECK_FALSE(test::exists(done.out + "/manifest.jsonl"));
  // Now the old chain counts as another chain.
  CHECK_FALSE(test::refusal(done.chain, done.in, done.out).empty());
  test::GoOptions again;
  again.overwrite = true;
  const RunResult result = finish(other, done.in, done.out, again);
  CHECK(result.up_to_date > 0);
  const test::Folder straight;
  (void)finish(other, done.in, straight / "out");
  CHECK(test::visible(done.out) == test::visible(straight / "out"));
}

TEST_CASE("a stopped run continues to the same bytes", "[batch][resume]") {
  const Done30 done;
  const auto straight = test::visible(done.out);
  for (const std::size_t reports : {1U, 2U, 9U, 29U}) {
    INFO(reports);
    const std::string out = done.folder / ("out" + std::to_string(reports));
    const RunResult first = test::go_part(done.chain, done.in, out, reports);
    CHECK_FALSE(first.finished);
    const RunResult second = finish(done.chain, done.in, out);
    CHECK(second.up_to_date == first.written);
    CHECK(second.retried == first.failed);
    CHECK(second.up_to_date + second.written == kPictures);
    CHECK(test::visible(out) == straight);
    CHECK(test::leftovers(out).empty());
  }
  // And when it is stopped again and again.
  const std::string out = done.folder / "slow";
  RunResult result;
  std::size_t written = 0;
  for (int i = 0; i < 100 && !result.finished; ++i) {
    std::atomic<int> stop = 0;
    std::size_t news = 0;
    test::GoOptions options;
    options.run.stop = &stop;
    options.run.report = [&](const ImageReport& image) {
      if (image.outcome == Outcome::Written && ++news == 2) stop = 1;
    };
    result = go(done.chain, done.in, out, options);
    written += result.written;
  }
  CHECK(result.finished);
  CHECK(written == kPictures);  // none twice
  CHECK(test::visible(out) == straight);
  CHECK(test::leftovers(out).empty());
}

TEST_CASE("the recorded seed is found again, for the same chain only", "[batch][resume]") {
  std::string without = crops();
  without.erase(without.find("\"seed\": 42, "), 12);
  Chain chain = test::chain_of(without);
  REQUIRE_FALSE(chain.seed);
  const test::Folder folder;
  test::put_pictures(folder, "in", 12);
  const std::string out = folder / "out";
  const auto seed = [&] {
    const auto found = recorded_seed(out, chain);
    REQUIRE(found);
    return *found;
  };
  CHECK_FALSE(seed());
  (void)test::go_part(crops(1, "[-7, 9]"), folder / "in", out, 3);
  CHECK(seed() == SeedPair{-7, 9});
  (void)finish(crops(1, "[-7, 9]"), folder / "in", out);
  CHECK(seed() == SeedPair{-7, 9});
  std::filesystem::remove(out + "/.manifest.jsonl.journal");
  CHECK(seed() == SeedPair{-7, 9});
  chain.copies = 2;
  CHECK_FALSE(seed());
}

TEST_CASE("a second run into a folder that is being written is refused", "[batch][resume][lock]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 12);
  const std::string out = folder / "out";
  const Chain chain = test::chain_of(crops());
  const std::string busy =
      out + ": another run is writing into this folder; wait for it, or give another -o";
  {
    const auto held = OutputFolder::open(out, chain, std::nullopt, false);
    REQUIRE(held);
    CHECK(test::refusal(crops(), folder / "in", out) == busy);
    test::GoOptions options;
    options.overwrite = true;
    CHECK(test::refusal(crops(), folder / "in", out, options) == busy);
    const auto replay = OutputFolder::open_for_replay(out, {manifest_header(chain)}, false);
    REQUIRE_FALSE(replay);
    CHECK(replay.error().message == busy);
    // Shards hold no lock and ask for none.
    options.overwrite = false;
    options.run.shard = Shard{0, 2};
    CHECK(test::refusal(crops(), folder / "in", out, options).empty());
    options.run.shard = Shard{1, 2};
    CHECK(test::refusal(crops(), folder / "in", out, options).empty());
  }
  CHECK(finish(crops(), folder / "in", out).finished);
}

TEST_CASE("foreign files are kept", "[batch][resume]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 5);
  folder.put("out/f1/001.png", "of somebody else");
  const std::string out = folder / "out";
  CHECK(test::refusal(crops(), folder / "in", out) ==
        out + "/f1/001.png: already exists and was not made by a run into this folder");
  CHECK(test::text_of(out + "/f1/001.png") == "of somebody else");
  CHECK(test::visible(out).size() == 1);
  test::GoOptions options;
  options.overwrite = true;
  CHECK(finish(crops(), folder / "in", out, options).written == 5);
  CHECK(verify_manifest(out + "/manifest.jsonl", 1)->differences.empty());
}

TEST_CASE("a foreign file that appears during the run is not replaced", "[batch][resume]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 5);
  const std::string out = folder / "out";
  test::GoOptions options;
  options.run.report = [&](const ImageReport&) {
    folder.put("out/f4/004.png", "of somebody else");
  };
  const RunResult result = go(crops(), folder / "in", out, options);
  CHECK(result.finished);
  CHECK(result.failed == 1);
  CHECK(test::text_of(out + "/f4/004.png") == "of somebody else");
  CHECK(test::leftovers(out).empty());
}

TEST_CASE("a shard replaces no foreign file", "[batch][resume][shard]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 5);
  const std::string out = folder / "out";
  folder.put("out/f1/001.png", "of somebody else");
  test::GoOptions options;
  options.run.shard = Shard{0, 1};
  for (int i = 0; i < 2; ++i) {
    const RunResult result = go(crops(), folder / "in", out, options);
    CHECK(result.finished);
    CHECK(result.failed == 1);
    CHECK(test::text_of(out + "/f1/001.png") == "of somebody else");
  }
  CHECK(test::text_of(out + "/manifest-0000-of-0001.jsonl")
            .find("f1/001.png: a file that deckle did not make already exists there; --overwrite "
                  "replaces it") != std::string::npos);
}

TEST_CASE("an output whose name changes with its input is not left behind", "[batch][resume]") {
  // The output keeps the input's format; the file of the same name has another format now.
  const std::string chain = R"({"layers": [{"class_name": "ZeroPadding2D", "padding": 1}]})";
  const test::Folder folder;
  folder.put("in/a", test::png(20, 20));
  (void)finish(chain, folder / "in", folder / "out");
  REQUIRE(test::exists(folder / "out/a.png"));
  folder.put("in/a", test::jpg(20, 20));
  test::GoOptions options;
  options.run.prune = true;
  (void)finish(chain, folder / "in", folder / "out", options);
  CHECK(test::exists(folder / "out/a.jpg"));
  CHECK(verify_manifest(folder / "out/manifest.jsonl", 1)->differences.empty());
}

TEST_CASE("a run of another chain deletes what it does not make", "[batch][resume][overwrite]") {
  const Done30 done(crops(3));
  done.folder.put("out/f0/000_002.png", "altered by somebody");  // of f0/000.jpg
  std::filesystem::remove(input_of(done, 5));
  test::GoOptions options;
  options.overwrite = true;
  const RunResult result = finish(crops(2), done.in, done.out, options);
  CHECK(result.removed == kPictures - 2);  // but for the altered one and the one that is gone
  CHECK(result.left_behind == Strings{"f0/000_002.png"});
  CHECK(result.gone == Strings{test::name_of_picture(5)});

  const test::Folder other;
  (void)finish(crops(2), done.in, other / "out");
  auto expected = test::visible(other / "out");
  auto left = test::visible(done.out);
  CHECK(left.erase("f0/000_002.png") == 1);
  for (const char* copy : {"_000.png", "_001.png", "_002.png"})
    CHECK(left.erase("f0/005" + std::string(copy)) == 1);
  CHECK(left == expected);

  // The altered output was reported and is recorded nowhere now; the output of the missing input
  // waits for --prune.
  test::GoOptions prune;
  prune.run.prune = true;
  const RunResult next = finish(crops(2), done.in, done.out, prune);
  CHECK(next.pruned == 3);
  CHECK(next.left_behind.empty());
  expected["f0/000_002.png"] = "altered by somebody";
  CHECK(test::visible(done.out) == expected);
  CHECK(finish(crops(2), done.in, done.out, prune).gone.empty());
}

TEST_CASE("a run of another format deletes the files of the first", "[batch][resume][overwrite]") {
  const Done30 done;
  test::GoOptions options;
  options.overwrite = true;
  const std::string chain = crops(1, "42", "path", "bmp");
  CHECK(finish(chain, done.in, done.out, options).removed > 0);
  const test::Folder other;
  (void)finish(chain, done.in, other / "out");
  CHECK(test::visible(done.out) == test::visible(other / "out"));
}

TEST_CASE("a run of another chain that was interrupted forgets nothing",
          "[batch][resume][overwrite]") {
  const Done30 done(crops(3));
  std::atomic<int> stop = 0;
  int seen = 0;
  test::GoOptions options;
  options.overwrite = true;
  options.run.stop = &stop;
  options.run.report = [&](const ImageReport&) {
    if (++seen == 5) stop = 1;
  };
  CHECK_FALSE(go(crops(2), done.in, done.out, options).finished);
  CHECK(test::recorded_outputs(done.out).contains("f1/001_002.png"));
  // The same chain continues, with the option and without.
  CHECK(finish(crops(2), done.in, done.out).finished);
  const test::Folder other;
  (void)finish(crops(2), done.in, other / "out");
  CHECK(test::visible(done.out) == test::visible(other / "out"));
  CHECK(test::leftovers(done.out).empty());
}

TEST_CASE("an input that comes back is processed with the current chain",
          "[batch][resume][overwrite]") {
  const Done30 done(crops(3));
  const std::string input = input_of(done, 5);
  const std::string content = test::text_of(input);
  std::filesystem::remove(input);
  test::GoOptions options;
  options.overwrite = true;
  (void)finish(crops(2, "43"), done.in, done.out, options);
  done.folder.put("in/" + test::name_of_picture(5), content);
  const RunResult result = finish(crops(2, "43"), done.in, done.out);
  CHECK(result.written == 1);
  CHECK(result.removed == 1);
  const test::Folder other;
  (void)finish(crops(2, "43"), done.in, other / "out");
  CHECK(test::visible(done.out) == test::visible(other / "out"));
}

namespace {

InputList part_of(const test::Folder& folder, const Strings& inputs) {
  Strings paths;
  for (const std::string& input : inputs)
    paths.push_back(folder / input);
  return test::listed(InputRequest{paths, {}, '\n', folder / "out", folder / "in"});
}

}  // namespace

TEST_CASE("folder after folder is added to one manifest", "[batch][resume][add]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 20);
  test::age(folder / "in");
  const Chain chain = test::chain_of(crops(2));
  const std::string out = folder / "out";
  RunOptions add;
  add.keep_unlisted = true;
  CHECK(test::run_into(chain, part_of(folder, {"in/f3"}), out).finished);
  for (const char* part : {"in/f0", "in/f4", "in/f1", "in/f2"}) {
    const RunResult result = test::run_into(chain, part_of(folder, {part}), out, add);
    CHECK(result.finished);
    CHECK(result.kept > 0);
    CHECK(result.gone.empty());
  }
  const test::Folder other;
  (void)finish(crops(2), folder / "in", other / "out");
  CHECK(test::visible(out) == test::visible(other / "out"));

  // Without the option, the records are left out. With it they come back, except the failures in
  // f2.
  const RunResult without = test::run_into(chain, part_of(folder, {"in/f0"}), out);
  CHECK(without.kept == 0);
  CHECK(without.gone.size() > 0);
  CHECK(test::manifest_text(out) != test::manifest_text(other / "out"));
  CHECK(test::run_into(chain, part_of(folder, {"in/f1", "in/f2"}), out, add).kept > 0);
  CHECK(test::visible(out) == test::visible(other / "out"));

  // Nothing new: nothing is written.
  const auto stamps = test::stamps(out);
  CHECK(test::run_into(chain, part_of(folder, {"in/f0"}), out, add).finished);
  CHECK(test::stamps(out) == stamps);
}

TEST_CASE("an input that is another file than the recorded one is reported",
          "[batch][resume][add]") {
  const test::Folder folder;
  folder.put("x/a.png", test::png(20, 20));
  folder.put("y/a.png", test::png(30, 30));
  const Chain chain = test::chain_of(crops());
  const std::string out = folder / "out";
  RunOptions add;
  add.keep_unlisted = true;
  (void)test::run_into(chain, test::listed(folder / "x"), out);
  CHECK(test::run_into(chain, test::listed(folder / "x"), out, add).changed.empty());
  CHECK(test::run_into(chain, test::listed(folder / "y"), out, add).changed == Strings{"a.png"});
  CHECK(test::run_into(chain, test::listed(folder / "y"), out).changed.empty());
  CHECK(test::run_into(chain, test::listed(folder / "x"), out).changed == Strings{"a.png"});
}

TEST_CASE("what is recorded of a folder that cannot be listed stays", "[batch][resume]") {
  const Done30 done;
  const auto before = test::visible(done.out);
  InputList list = test::inputs_of(test::chain_of(done.chain), done.in, done.out);
  std::erase_if(list.files, [](const InputFile& file) { return file.path.starts_with("f1/"); });
  list.files.push_back({"f1", 0, true, 0});
  std::sort(list.files.begin(), list.files.end(),
            [](const InputFile& x, const InputFile& y) { return x.path < y.path; });
  list.unlisted.emplace(done.in + "/f1",
                        Error{ErrorCode::Unreadable, "cannot list the folder: no", 0});
  RunOptions options;
  options.prune = true;
  std::string failed;
  options.report = [&](const ImageReport& image) {
    if (image.error != nullptr && image.file == done.in + "/f1") failed = image.error->message;
  };
  const RunResult result = test::run_into(test::chain_of(done.chain), list, done.out, options);
  CHECK(result.finished);
  CHECK(failed == "cannot list the folder: no");
  CHECK(result.gone.empty());
  CHECK(result.pruned == 0);
  CHECK(test::exists(done.out + "/f1/001.png"));
  CHECK(
      test::manifest_text(done.out).find(
          R"({"input":"f1","error":{"code":"unreadable","message":"cannot list the folder: no"}})") !=
      std::string::npos);
  CHECK(result.kept > 0);
  CHECK(test::manifest_text(done.out).find(R"({"input":"f1/001)") != std::string::npos);
  // When it can be listed again, everything is as before.
  CHECK(done.again(test::GoOptions{}).written == 0);
  CHECK(test::visible(done.out) == before);
}

TEST_CASE("a list without any image records nothing where one is needed", "[batch][resume]") {
  const test::Folder folder;
  folder.put("in/a.jpg", test::jpg(20, 20));
  (void)finish(crops(), folder / "in", folder / "out");
  const auto before = test::visible(folder / "out");
  folder.put("text/readme", "text");
  test::GoOptions options;
  options.run.need_images = true;
  options.run.prune = true;
  const RunResult result = go(crops(), folder / "text", folder / "out", options);
  CHECK(result.no_images);
  CHECK_FALSE(result.finished);
  CHECK(test::visible(folder / "out") == before);
  options.run.need_images = false;
  options.run.prune = false;
  CHECK(go(crops(), folder / "text", folder / "out", options).finished);
}

TEST_CASE("a forged journal in the folder deletes nothing outside the folder",
          "[batch][resume][hostile]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 5);
  test::age(folder / "in");
  folder.put("victim", "known content");
  const std::string out = folder / "out";
  const std::string known = hex(sha256(as_bytes(std::string("known content"))));
  (void)finish(crops(), folder / "in", out);
  const std::string state = test::text_of(out + "/.manifest.jsonl.journal");
  // The entries of a missing input, and of one whose output has another name now.
  for (const std::string input : {"gone.png", "f1/001.png"}) {
    INFO(input);
    Entry entry;
    entry.path = input;
    entry.input_sha256 = known;
    entry.outputs = {{"../victim", {13, 1}}};
    entry.lines = R"({"input":")" + input + R"(","output":"x.png","output_sha256":")" + known +
                  R"(","bytes":13})" + "\n";
    const auto line = state.find('\n') + 1;
    // The last entry of an input counts.
    const auto seal = state.rfind("\nF\t") + 1;
    folder.put("out/.manifest.jsonl.journal", state.substr(0, line) +
                                                  state.substr(line, seal - line) + to_text(entry) +
                                                  state.substr(seal));
    test::GoOptions options;
    options.run.prune = true;
    options.run.prune_all = true;
    const RunResult result = test::go(crops(), folder / "in", out, options);
    REQUIRE(result.fatal);
    CHECK(result.fatal->message ==
          out +
              "/.manifest.jsonl.journal: names ../victim, which is outside the folder; no run of "
              "deckle wrote that. Move this file away");
    CHECK(test::text_of(folder / "victim") == "known content");
  }
}

TEST_CASE("nothing is pruned where no recorded input would be left", "[batch][resume]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 5);
  test::age(folder / "in");
  std::filesystem::create_directory(folder / "empty");
  const std::string out = folder / "out";
  (void)finish(crops(), folder / "in", out);
  const auto before = test::tree(out);
  test::GoOptions options;
  options.run.prune = true;
  const RunResult refused = test::go(crops(), folder / "empty", out, options);
  CHECK(refused.prunes_all);
  CHECK_FALSE(refused.finished);
  CHECK(test::tree(out) == before);
  options.run.prune_all = true;
  const RunResult pruned = test::go(crops(), folder / "empty", out, options);
  CHECK(pruned.finished);
  CHECK(pruned.pruned == 5);
}

TEST_CASE("a failed input that is not an image is removed from the manifest", "[batch][resume]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 3);
  const std::string reference = [&] {
    (void)finish(crops(), folder / "in", folder / "ref");
    return test::manifest_text(folder / "ref");
  }();
  std::filesystem::create_symlink("nowhere", folder / "in/notes");
  (void)finish(crops(), folder / "in", folder / "out");
  CHECK(test::manifest_text(folder / "out") != reference);
  std::filesystem::remove(folder / "in/notes");
  folder.put("in/notes", "only text");
  const RunResult result = finish(crops(), folder / "in", folder / "out");
  CHECK(result.gone.empty());
  CHECK(test::manifest_text(folder / "out") == reference);
}

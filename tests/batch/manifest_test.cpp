// SPDX-License-Identifier: Apache-2.0
#include "batch/manifest.h"

#include <set>
#include <span>
#include <string>

#include "batch/manifest_keys.h"
#include "core/json.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;
using Strings = std::vector<std::string>;

namespace {

constexpr const char* kChain = R"({
  "name": "crop", "seed": [7, -3],
  "layers": [{"class_name": "ZeroPadding2D", "padding": 4},
             {"class_name": "RandomCrop", "height": 32, "width": 16}],
  "output": {"format": "png"}})";

Sha256 digest_of(std::uint8_t byte) {
  Sha256 digest{};
  digest.fill(byte);
  return digest;
}

// A record with everything in it.
Record full_record() {
  Record record;
  record.input = "cats/a.jpg";
  record.input_sha256 = digest_of(0x9f);
  record.shape = Shape::image(480, 640, 3);
  record.draws = {{1, {SeedPair{7318349394477056, 42}, {205, 185}, {}, ""}}};
  record.window = {2, {Interval{201, 233}, Interval{181, 197}}};
  record.output = "cats/a.png";
  record.output_sha256 = digest_of(0x41);
  record.bytes = 88112;
  record.output_shape = Shape::image(32, 16, 3);
  record.output_dtype = DType::UInt8;
  record.pixels = "xxh3:0123456789abcdef0123456789abcdef";
  return record;
}

std::string times(std::string_view text, int n) {
  std::string all;
  for (int i = 0; i < n; ++i)
    all += text;
  return all;
}

std::string output_line(const std::string& output, const std::string& more = "") {
  return R"({"input": "a", "output": ")" + output + R"(", "output_sha256": ")" +
         std::string(64, '0') + R"(", "bytes": 1)" + more + "}\n";
}

// The keys of an object; of a path that is not UTF-8 not those of its bytes.
void add_keys(std::set<std::string>& keys, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    if (!key.ends_with("_bytes")) keys.insert(key);
  }
}

std::set<std::string> names_of(std::span<const ManifestKey> keys) {
  std::set<std::string> names;
  for (const ManifestKey& key : keys)
    names.emplace(key.name);
  return names;
}

constexpr const char* kHeader = "{\"deckle_manifest\": 1}\n";

struct ReadBack {
  std::string error;
  ErrorCode code = ErrorCode::Internal;
  std::vector<ManifestOutput> outputs;
};

ReadBack read_back(const std::string& text) {
  const test::Folder folder;
  folder.put("m", text);
  ReadBack back;
  const auto read = read_outputs(
      folder / "m", [&](const ManifestOutput& output) { back.outputs.push_back(output); });
  if (!read) {
    back.error = read.error().message;
    back.code = read.error().code;
  }
  return back;
}

}  // namespace

TEST_CASE("a manifest line, to the letter", "[batch][manifest][golden]") {
  CHECK(
      line_text(manifest_line(full_record(), test::chain_of(kChain))) ==
      R"({"input":"cats/a.jpg","input_sha256":")" + times("9f", 32) +
          R"(","shape":[480,640,3],)"
          R"("draws":[{"layer":1,"name":"RandomCrop","seed":[7318349394477056,42],"offset":[205,185]}],)"
          R"("window":[201,181,233,197],"output":"cats/a.png","output_sha256":")" +
          times("41", 32) +
          R"(","bytes":88112,"output_shape":[32,16,3],"output_dtype":"uint8",)"
          R"("pixels":"xxh3:0123456789abcdef0123456789abcdef"})");
}

TEST_CASE("where the window lies in the output, to the letter", "[batch][manifest][placed]") {
  const Chain chain = test::chain_of(kChain);
  Record record = full_record();
  const auto said = [&] {
    const std::string line = line_text(manifest_line(record, chain));
    const auto begin = line.find(R"("placed")");
    return line.substr(begin, line.find(R"(,"output")") - begin);
  };
  record.placed = Placed{2, {-3, 7}, {29, 23}, {1, 1, 1}, {}};
  CHECK(said() == R"("placed":[-3,7,29,23])");
  record.placed = Placed{2, {0, 0.5}, {16, 8.25}, {0.5, 2, 1}, {false, true, false}};
  CHECK(said() == R"("placed":[0,0.5,16,8.25],"scale":[0.5,2],"flipped":[false,true])");
  // And it comes back.
  const auto read = parse_record(line_text(manifest_line(record, chain)));
  REQUIRE(read);
  CHECK(read->placed == record.placed);
}

TEST_CASE("lines of earlier versions, without newer keys, are read", "[batch][manifest]") {
  const auto read = parse_record(line_text(manifest_line(full_record(), test::chain_of(kChain))));
  REQUIRE(read);
  CHECK_FALSE(read->placed);
  CHECK(names_from(Json::parse(R"({"deckle_manifest": 1, "seed_derivation": 1})")) ==
        NamesFrom::InputFolder);
}

TEST_CASE("the keys of records are those of the table", "[batch][manifest]") {
  Chain chain = test::chain_of(kChain);
  chain.copies = 2;
  Record all = full_record();
  all.placed = Placed{2, {0, 0}, {16, 8}, {0.5, 0.5, 1}, {true, false, false}};
  all.batch = 3;
  all.decoder = "OpenCV 4";
  all.truncated = "half";
  all.note = "odd";
  Record failed = all;
  failed.error = Error{ErrorCode::Damaged, "no", 0};
  Record skipped = all;
  skipped.skipped = "too small";
  std::set<std::string> written;
  for (const Record& record : {all, failed, skipped})
    add_keys(written, manifest_line(record, chain));
  CHECK(written == names_of(kRecordKeys));
}

TEST_CASE("the keys of a header are those of the table", "[batch][manifest]") {
  Json header = manifest_header(test::chain_of(kChain));
  header["shard"] = 0;  // the engine writes it
  std::set<std::string> written;
  add_keys(written, parse_json(with_records(line_text(header), 3)));
  CHECK(written == names_of(kHeaderKeys));
}

TEST_CASE("a line of a copy, of a resized and of a truncated picture",
          "[batch][manifest][golden]") {
  Chain chain = test::chain_of(kChain);
  chain.copies = 3;
  Record record = full_record();
  record.copy = 2;
  record.truncated = "61 % is missing";
  record.note = "3 stray bytes";
  record.draws = {{1, {{}, {}, Window{2, {Interval{0, 480}, Interval{200, 440}}}, ""}}};
  CHECK(
      line_text(manifest_line(record, chain)) ==
      R"({"input":"cats/a.jpg","input_sha256":")" + times("9f", 32) +
          R"(","shape":[480,640,3],"copy":2,"truncated":"61 % is missing","note":"3 stray bytes",)"
          R"("draws":[{"layer":1,"name":"RandomCrop","resized":[0,200,480,440]}],)"
          R"("window":[201,181,233,197],"output":"cats/a.png","output_sha256":")" +
          times("41", 32) +
          R"(","bytes":88112,"output_shape":[32,16,3],"output_dtype":"uint8",)"
          R"("pixels":"xxh3:0123456789abcdef0123456789abcdef"})");
}

TEST_CASE("a line of a failed and of a skipped picture", "[batch][manifest][golden]") {
  const Chain chain = test::chain_of(kChain);
  Record failed;
  failed.input = "a.jpg";
  failed.error = Error{ErrorCode::Truncated, "truncated: \"61 %\"\n", 0};
  CHECK(line_text(manifest_line(failed, chain)) ==
        R"({"input":"a.jpg","error":{"code":"truncated","message":"truncated: \"61 %\"\n"}})");
  failed.input_sha256 = digest_of(1);
  failed.shape = Shape::image(2, 3, 1);
  CHECK(line_text(manifest_line(failed, chain)) ==
        R"({"input":"a.jpg","input_sha256":")" + times("01", 32) +
            R"(","shape":[2,3,1],"error":{"code":"truncated","message":"truncated: \"61 %\"\n"}})");

  Record skipped;
  skipped.input = "b.jpg";
  skipped.shape = Shape::image(2, 3, 1);
  skipped.skipped = "smaller than the crop";
  CHECK(line_text(manifest_line(skipped, chain)) ==
        R"({"input":"b.jpg","shape":[2,3,1],"skipped":"smaller than the crop"})");
}

TEST_CASE("a line is one line of UTF-8, whatever the names and messages hold",
          "[batch][manifest]") {
  const Chain chain = test::chain_of(kChain);
  Record record = full_record();
  record.input = "two\nlines \"\\ \xc3\xa9.jpg";
  record.output = "two\nlines \"\\ \xc3\xa9.png";
  const std::string line = line_text(manifest_line(record, chain));
  CHECK(line.find('\n') == std::string::npos);
  const Json json = Json::parse(line);
  CHECK(json["input"] == record.input);
  CHECK_FALSE(json.contains("input_bytes"));

  record.error = Error{ErrorCode::Damaged, "bad byte \xff here", 0};
  CHECK(Json::parse(line_text(manifest_line(record, chain)))["error"]["message"] ==
        "bad byte \xef\xbf\xbd here");
}

TEST_CASE("a path that is not UTF-8 stands as text and, exactly, as bytes", "[batch][manifest]") {
  Record record = full_record();
  record.input = "\xff/a\x80.jpg";
  record.output = "\xff/a\x80.png";
  const std::string line = line_text(manifest_line(record, test::chain_of(kChain)));
  const Json json = Json::parse(line);
  CHECK(json["input"] == "\xef\xbf\xbd/a\xef\xbf\xbd.jpg");
  CHECK(json["input_bytes"] == "ff2f61802e6a7067");
  CHECK(json["output_bytes"] == "ff2f61802e706e67");
  CHECK(get_path(json, "input") == record.input);
  CHECK(get_path(json, "output") == record.output);

  const auto output = parse_output(line);
  REQUIRE(output);
  REQUIRE(*output);
  CHECK((*output)->path == record.output);
  CHECK((*output)->sha256 == times("41", 32));
  CHECK((*output)->bytes == 88112);
}

TEST_CASE("valid paths are read back, invalid ones are not", "[batch][manifest]") {
  CHECK(get_path(Json::parse(R"({"p": "a"})"), "p") == "a");
  CHECK_FALSE(get_path(Json::parse(R"({"p": 1})"), "p"));
  CHECK_FALSE(get_path(Json::parse(R"({})"), "p"));
  CHECK_FALSE(get_path(Json::parse(R"({"p": "a", "p_bytes": "f"})"), "p"));
  CHECK_FALSE(get_path(Json::parse(R"({"p": "a", "p_bytes": "FF"})"), "p"));
  CHECK_FALSE(get_path(Json::parse(R"({"p": "a", "p_bytes": "zz"})"), "p"));
}

TEST_CASE("the header names versions, chain, seed and codecs, and nothing of this machine",
          "[batch][manifest]") {
  const Chain chain = test::chain_of(kChain);
  const std::string header = line_text(manifest_header(chain));
  CHECK(header == line_text(manifest_header(chain)));
  const Json json = Json::parse(header);
  Strings keys;
  for (const auto& [key, value] : json.items())
    keys.push_back(key);
  CHECK(keys == Strings{"deckle_manifest", "deckle", "seed_derivation", "relative_to", "chain",
                        "chain_sha256", "seed", "codecs"});
  CHECK(json["relative_to"] == "input folder");
  const Json listed = manifest_header(chain, NamesFrom::CurrentFolder);
  CHECK(listed["relative_to"] == "current folder");
  CHECK(names_from(listed) == NamesFrom::CurrentFolder);
  CHECK(header_differences(json, listed) ==
        Strings{"names of inputs: were relative to the input folder, are relative to the current "
                "folder (--root DIR says to what)"});
  CHECK(json["deckle_manifest"] == 1);
  CHECK(json["seed_derivation"] == 2);
  CHECK(json["seed"] == Json::array({7, -3}));
  CHECK(json["chain"] == resolved(chain));
  CHECK(json["chain_sha256"] == deckle::hex(sha256(as_bytes(resolved(chain).dump()))));
  for (const Codec& codec : codecs())
    CHECK(json["codecs"].contains(std::string(codec.name)) == (codec.version != nullptr));

  // Another chain is another digest; a chain without a seed has none in its header.
  Chain other = chain;
  other.copies = 2;
  CHECK(manifest_header(other)["chain_sha256"] != json["chain_sha256"]);
  other.seed.reset();
  CHECK_FALSE(manifest_header(other).contains("seed"));
}

TEST_CASE("the differences of chains are reported layer by layer, one line each",
          "[batch][manifest]") {
  const auto header = [](const std::string& chain) { return Json{{"chain", Json::parse(chain)}}; };
  const Json two = header(R"({"copies": 1, "input": {"shape": [4, 4]}, "layers": [
    {"class_name": "ZeroPadding2D", "config": {"padding": [[1, 1], [1, 1]]}},
    {"class_name": "CenterCrop", "config": {"height": 8, "width": 9}}]})");
  const Json three = header(R"({"copies": 2, "input": {"shape": [4, 4, 1]}, "layers": [
    {"class_name": "ZeroPadding2D", "config": {"padding": [[1, 1], [1, 2]], "value": 3}},
    {"class_name": "RandomFlip", "config": {"mode": "horizontal"}},
    {"class_name": "CenterCrop", "config": {"height": 8, "width": 9}}]})");
  CHECK(header_differences(two, two).empty());
  CHECK(header_differences(two, three) ==
        Strings{"chain /copies: was 1, is 2", "chain /input/shape: was [4,4], is [4,4,1]",
                "chain layer 0, ZeroPadding2D: padding was [[1,1],[1,1]], is [[1,1],[1,2]]; value "
                "was not there, is 3",
                "chain layer 1: was CenterCrop 8 x 9, is RandomFlip",
                "chain layer 2: was not there, is CenterCrop 8 x 9"});
  CHECK(header_differences(three, two).back() == "chain layer 2: was CenterCrop 8 x 9, is gone");
  // Edited by hand.
  CHECK(header_differences(Json{{"chain", 1}}, Json{{"chain", nullptr}}) ==
        Strings{"chain : was 1, is null"});
}

TEST_CASE("the outputs of a manifest are read back with their lines", "[batch][manifest]") {
  const std::string text = std::string(kHeader) + output_line("f/a.png") +
                           R"({"input": "b", "error": {}})" + "\n" +
                           R"({"input": "c", "skipped": "why"})" + "\n" + output_line("d.png");
  const ReadBack back = read_back(text);
  CHECK(back.error.empty());
  REQUIRE(back.outputs.size() == 2);
  CHECK(back.outputs[0].path == "f/a.png");
  CHECK(back.outputs[0].line == 2);
  CHECK(back.outputs[1].path == "d.png");
  CHECK(back.outputs[1].line == 5);
  CHECK(read_back(kHeader).error.empty());
}

TEST_CASE("a file that is not a manifest is refused", "[batch][manifest]") {
  CHECK(read_back("").error == "not a deckle manifest: the file is empty");
  for (const std::string text : {"hello\n", "{}\n", "[1]\n", "{\"deckle_manifest\": 1\n", "\n"}) {
    INFO(text);
    const ReadBack back = read_back(text);
    CHECK(back.code == ErrorCode::Usage);
    CHECK(back.error == "line 1: not a deckle manifest: its first line has no \"deckle_manifest\"");
  }
  const test::Folder folder;
  const auto read = read_outputs(folder / "none", [](const ManifestOutput&) {});
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::Unreadable);
  CHECK(read.error().message == "cannot read: No such file or directory");
}

TEST_CASE("a manifest of a later version is refused, with the version that is read",
          "[batch][manifest]") {
  CHECK(read_back("{\"deckle_manifest\": 2}\n").error ==
        "line 1: a manifest of version 2; this deckle reads version 1");
  for (const char* version : {"0", "1.0", "\"1\"", "null", "-1", "99999999999999999999"}) {
    INFO(version);
    CHECK(read_back(std::string("{\"deckle_manifest\": ") + version + "}\n")
              .error.starts_with("line 1: a manifest of version "));
  }
}

TEST_CASE("a line that is cut or no record is refused with its number", "[batch][manifest]") {
  for (const std::string bad : {"{\"input\": \"a\", \"outp", "[]", "{}", "", "null", "\xff"}) {
    INFO(bad);
    const ReadBack back = read_back(kHeader + output_line("a.png") + bad + "\n");
    CHECK(back.error == "line 3: not a line of a manifest");
    CHECK(back.outputs.size() == 1);
  }
}

TEST_CASE("an output that leads out of the folder is refused", "[batch][manifest]") {
  for (const std::string bad : {"/etc/passwd", "../a.png", "f/../../a.png", "", ".", "f//a"}) {
    INFO(bad);
    const ReadBack back = read_back(kHeader + output_line(bad));
    CHECK(back.code == ErrorCode::Usage);
    CHECK(back.error == "line 2: the output path \"" + bad + "\" does not stay inside the folder");
  }
  // The bytes are what counts.
  const ReadBack back =
      read_back(kHeader + output_line("a.png", R"(, "output_bytes": "2e2e2f61")"));
  CHECK(back.error.starts_with("line 2: the output path "));
  CHECK(
      read_back(kHeader + output_line("a\\u0000b")).error.starts_with("line 2: the output path "));
}

TEST_CASE("an output without a digest and a size is refused", "[batch][manifest]") {
  const std::string sha(64, '0');
  for (const std::string& bad : {
           R"({"input": "a", "output": "a.png"})" + std::string(),
           R"({"input": "a", "output": "a.png", "output_sha256": "00", "bytes": 1})" +
               std::string(),
           R"({"input": "a", "output": "a.png", "output_sha256": ")" + std::string(64, 'F') +
               R"(", "bytes": 1})",
           R"({"input": "a", "output": "a.png", "output_sha256": ")" + sha + R"("})",
           R"({"input": "a", "output": "a.png", "output_sha256": ")" + sha + R"(", "bytes": -1})",
           R"({"input": "a", "output": "a.png", "output_sha256": ")" + sha + R"(", "bytes": 1.5})",
       }) {
    INFO(bad);
    CHECK(read_back(kHeader + bad + "\n").error ==
          "line 2: an output without a usable \"output_sha256\" and \"bytes\"");
  }
}

TEST_CASE("a hostile depth of brackets is refused without a crash", "[batch][manifest]") {
  const std::string deep(200000, '[');
  CHECK(read_back(kHeader + deep + "\n").error == "line 2: not a line of a manifest");
}

TEST_CASE("a manifest with more or fewer lines than its header says is refused, by both numbers",
          "[batch][manifest]") {
  const test::Folder folder;
  const std::string line = R"({"input":"a","error":{"code":"unreadable","message":"cannot read"}})"
                           "\n";
  const auto read = [&](const std::string& records, int lines, const std::string& rest = "") {
    std::string text = R"({"deckle_manifest":1)" + records + "}\n";
    for (int i = 0; i < lines; ++i)
      text += line;
    folder.put("m.jsonl", text + rest);
    const auto done = read_outputs(folder / "m.jsonl", [](const ManifestOutput&) {});
    return done ? "" : done.error().message;
  };
  const auto wrong = [](const std::string& has, const std::string& says) {
    return "has " + has + ", and its header says " + says +
           ": it was cut short or edited; if it was edited on purpose, correct \"records\" in "
           "its first line";
  };
  CHECK(read("", 3).empty());  // earlier ones do not say it
  CHECK(read(R"(,"records":2)", 2).empty());
  CHECK(read(R"(,"records":0)", 0).empty());
  CHECK(read(R"(,"records":2)", 1, line.substr(0, line.size() - 1)).empty());  // no last newline
  CHECK(read(R"(,"records":2)", 1) == wrong("1 record", "2"));
  CHECK(read(R"(,"records":2)", 0) == wrong("0 records", "2"));
  CHECK(read(R"(,"records":1)", 3) == wrong("3 records", "1"));
  CHECK(read(R"(,"records":"2")", 2) == "line 1: \"records\" is not a number of lines");
  CHECK(read(R"(,"records":-1)", 2) == "line 1: \"records\" is not a number of lines");
}

TEST_CASE("an input's path that leads out of its folder is refused", "[batch][manifest]") {
  for (const char* path : {"../a", "/a", "a/../../b"}) {
    const auto record = parse_record(R"({"input":")" + std::string(path) + R"("})");
    REQUIRE_FALSE(record);
    CHECK(record.error().message ==
          "the input path \"" + std::string(path) + "\" does not stay inside the folder");
  }
}

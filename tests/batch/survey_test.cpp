// SPDX-License-Identifier: Apache-2.0
#include "batch/survey.h"

#include <string>

#include "batch/engine.h"
#include "chain/output_names.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using Strings = std::vector<std::string>;

namespace {

constexpr const char* kToPng = R"({"layers": [{"class_name": "Cropping2D", "cropping": 1}],
                                   "output": {"format": "png"}})";
constexpr const char* kSame = R"({"layers": [{"class_name": "Cropping2D", "cropping": 1}]})";

Strings clashes(const std::string& folder, const char* chain = kToPng) {
  return find_clashes(test::chain_of(chain), test::listed(folder));
}

// The message of check_output_folder; nothing if the folder is accepted.
std::string refusal(const Strings& inputs, const std::string& out, const char* chain = kToPng) {
  const InputList list = test::listed(InputRequest{inputs, {}, '\n', out});
  const auto checked = check_output_folder(test::chain_of(chain), list, out);
  if (checked) return "";
  CHECK(checked.error().code == ErrorCode::Usage);
  return checked.error().message;
}

// Foreign files that a run finds, without previous runs or with the given ones.
Strings foreign(const Chain& chain, const InputList& list, const std::string& out) {
  const auto folder = OutputFolder::open(out, chain, std::nullopt, false);
  if (!folder) throw std::runtime_error(folder.error().message);
  const auto foreign = find_foreign(chain, list, *folder);
  if (!foreign) throw std::runtime_error(foreign.error().message);
  return *foreign;
}

}  // namespace

TEST_CASE("a file is skipped if nothing shows that it is an image", "[batch][survey]") {
  const Error no_image{ErrorCode::NotAnImage, "", 0};
  for (const char* name : {"README", "notes.txt", "f.jpg/a", "a.csv", ".jpg"}) {
    INFO(name);
    CHECK(is_skipped(no_image, name, false));
    CHECK_FALSE(is_skipped(no_image, name, true));
    CHECK_FALSE(is_skipped({ErrorCode::Unsupported, "", 0}, name, false));
    CHECK_FALSE(is_skipped({ErrorCode::Unreadable, "", 0}, name, false));
  }
  for (const char* name :
       {"a.jpg", "a.JPEG", "f/a.png", "a.webp", "a.tif", "a.gif", "a.HEIC", "a.ppm"}) {
    INFO(name);
    CHECK_FALSE(is_skipped(no_image, name, false));
  }
}

TEST_CASE("only images and files with image names stay in the list", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("b", test::png(4, 4));
  folder.put("empty.jpg", "");
  folder.put("gone.txt.gif", "GIF89a");
  folder.put("readme", "text");
  folder.put("z.csv", "1,2");
  for (const int jobs : {1, 8}) {
    InputList list = test::listed(folder.path());
    CHECK(keep_images(list, jobs) == 2);
    CHECK(test::paths(list) == Strings{"a.jpg", "b", "empty.jpg", "gone.txt.gif"});
  }
  InputList named = test::listed(InputRequest{{folder / "readme"}, {}, '\n', ""});
  CHECK(keep_images(named, 1) == 0);
}

TEST_CASE("two images that would write one output are a clash", "[batch][survey]") {
  const test::Folder folder;
  folder.put("f/a.jpg", test::jpg(4, 4));
  folder.put("f/a.png", test::png(4, 4));
  folder.put("g/a.jpg", test::jpg(4, 4));
  CHECK(clashes(folder.path()) == Strings{"two inputs would write f/a.png: " +
                                          (folder / "f/a.jpg") + ", " + (folder / "f/a.png")});
  CHECK(clashes(folder.path(), kSame).empty());
  // A third one is reported too.
  folder.put("f/a", test::jpg(4, 4));
  CHECK(clashes(folder.path()).size() == 2);
  CHECK(clashes(folder.path(), kSame).size() == 1);  // f/a is a JPEG: f/a.jpg
}

TEST_CASE("two folders with one name in each clash", "[batch][survey]") {
  const test::Folder folder;
  folder.put("x/a.png", test::png(4, 4));
  folder.put("y/a.png", test::png(4, 4));
  const InputList list = test::listed(InputRequest{{folder / "x", folder / "y"}, {}, '\n', ""});
  CHECK(find_clashes(test::chain_of(kToPng), list).size() == 1);
}

TEST_CASE("files that are no images do not clash", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("a.txt", "a label");
  folder.put("a.xml", "<a/>");
  folder.put("a", "text");
  CHECK(clashes(folder.path()).empty());
}

TEST_CASE("copies clash where their images do, and only there", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("a_000.jpg", test::jpg(4, 4));
  const char* chain = R"({"copies": 2, "layers": [{"class_name": "Cropping2D"}]})";
  CHECK(clashes(folder.path(), chain).empty());
}

TEST_CASE("an output where others need a folder is a clash", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("a.png/b.jpg", test::jpg(4, 4));
  CHECK(clashes(folder.path()) ==
        Strings{(folder / "a.jpg") +
                " would write a.png, but other outputs need a folder of this name"});
  folder.put("a.jpg", "not an image but named like one");
  CHECK(clashes(folder.path()).empty());  // it fails by itself
  std::filesystem::rename(folder / "a.jpg", folder / "a.txt");
  CHECK(clashes(folder.path()).empty());
}

TEST_CASE("outputs in a folder of the manifest's name are a clash", "[batch][survey]") {
  const test::Folder folder;
  folder.put("manifest.jsonl/a.jpg", test::jpg(4, 4));
  CHECK(clashes(folder.path()) == Strings{"outputs would lie in a folder manifest.jsonl, which is "
                                          "the name of the manifest"});
}

// What a.jpg might write if it were no JPEG is taken for what it writes.
TEST_CASE("an output in its input's own format is no clash with a folder", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("a.png/b.jpg", test::jpg(4, 4));
  CHECK(clashes(folder.path(), kSame).empty());
}

TEST_CASE("names in clashes can be shown on a terminal", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a\n\xff.jpg", test::jpg(4, 4));
  folder.put("a\n\xff.png", test::png(4, 4));
  const Strings found = clashes(folder.path());
  REQUIRE(found.size() == 1);
  CHECK(found[0].starts_with("two inputs would write a\\n\\xff.png: "));
}

TEST_CASE("the output folder is no input folder, by whatever name", "[batch][survey]") {
  const test::Folder folder;
  folder.put("in/a.jpg", test::jpg(4, 4));
  folder.link("in", "link");
  const std::string why =
      ": the output folder is an input folder; outputs are never written there, give another -o";
  for (const std::string& out :
       {folder / "in", folder / "in/", folder / "in/../in", folder / "link", folder / "link/"}) {
    INFO(out);
    CHECK(refusal({folder / "in"}, out) == out + why);
  }
  CHECK(refusal({folder / "link"}, folder / "in") == (folder / "in") + why);
  CHECK(refusal({folder / "in"}, folder / "in/out").empty());
  CHECK(refusal({folder / "in"}, folder / "other/not/there/yet").empty());
  CHECK(refusal({folder / "in"}, folder / "in2").empty());
}

TEST_CASE("outputs do not land in an input folder below the output folder", "[batch][survey]") {
  const test::Folder folder;
  folder.put("photos/a.jpg", test::jpg(4, 4));
  folder.put("photos/photos/b.jpg", test::jpg(4, 4));
  CHECK(refusal({folder / "photos"}, folder.path()) ==
        folder.path() + ": the output photos/b.png would be written into the input folder " +
            (folder / "photos") + "; give another -o");
  CHECK(refusal({folder / "photos/photos"}, folder.path()).empty());  // only b.png
  CHECK(refusal({folder / "photos/photos"}, folder / "photos").empty());
}

// Only links of the output folder itself are resolved.
TEST_CASE("outputs do not land in an input folder through a link", "[batch][survey]") {
  const test::Folder folder;
  folder.put("in/sub/a.jpg", test::jpg(4, 4));
  folder.put("out/other.txt", "");
  folder.link("../in/sub", "out/sub");
  CHECK_FALSE(refusal({folder / "in"}, folder / "out").empty());
}

// A folder with no image in it needs no folder among the outputs.
TEST_CASE("a folder without images blocks no output", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("a.png/README", "text");
  CHECK(clashes(folder.path()).empty());
}

TEST_CASE("a named file is not replaced by its own output", "[batch][survey]") {
  const test::Folder folder;
  folder.put("a.jpg", test::jpg(4, 4));
  folder.put("b.png", test::png(4, 4));
  CHECK(refusal({folder / "b.png"}, folder.path()) ==
        folder.path() + ": the output b.png would replace the input itself; give another -o");
  CHECK(refusal({folder / "a.jpg"}, folder.path()).empty());
  CHECK_FALSE(refusal({folder / "a.jpg"}, folder.path(), kSame).empty());
  CHECK(refusal({folder / "a.jpg"}, folder / "out", kSame).empty());
}

TEST_CASE("foreign files with the names of outputs are found", "[batch][survey]") {
  const test::Folder folder;
  for (const char* name : {"a", "b", "c", "d", "e"})
    folder.put(std::string("in/") + name + ".jpg", test::jpg(4, 4));
  folder.put("in/note.txt", "text");
  folder.put("out/a.png", "");
  folder.put("out/b.png/inside", "");
  folder.put("out/d.jpg", "not where an output goes");
  folder.put("out/note.png", "");
  folder.link("nowhere", "out/c.png");
  const InputList list = test::listed(folder / "in");
  const std::string why = ": already exists and was not made by a run into this folder";
  const std::string out = folder / "out";
  const Strings all{out + "/a.png" + why, out + "/b.png" + why, out + "/c.png" + why};
  CHECK(foreign(test::chain_of(kToPng), list, out) == all);
  CHECK(foreign(test::chain_of(kSame), list, out) == Strings{out + "/d.jpg" + why});
  CHECK(foreign(test::chain_of(kToPng), list, folder / "none").empty());
  // An output that an earlier run recorded is ours, even if it has changed.
  const auto line = [](const std::string& input, const std::string& output) {
    return R"({"input":")" + input + R"(","output":")" + output + R"(","output_sha256":")" +
           std::string(64, '0') + R"(","bytes":1})" + "\n";
  };
  folder.put("out/manifest.jsonl", line_text(manifest_header(test::chain_of(kToPng))) + "\n" +
                                       line("a.jpg", "a.png") + line("x.jpg", "c.png"));
  const Strings left = foreign(test::chain_of(kToPng), list, out);
  CHECK((left.empty() || left == Strings{all[1]}));
}

// Only the first copy is looked for: a file in the way of another one is found too late.
TEST_CASE("foreign files with the names of copies are found", "[batch][survey]") {
  const test::Folder folder;
  folder.put("in/a.jpg", test::jpg(4, 4));
  folder.put("out/a_001.png", "precious");
  Chain chain = test::chain_of(kToPng);
  chain.copies = 3;
  CHECK(foreign(chain, test::listed(folder / "in"), folder / "out").size() == 1);
}

TEST_CASE("a clash is answered with the template that avoids it", "[batch][survey][name]") {
  const test::Folder folder;
  folder.put("in/a.jpg", test::jpg(4, 4));
  folder.put("in/a.png", test::png(4, 4));
  folder.put("in/b/a.png", test::png(5, 4));
  Chain chain = test::chain_of(kToPng);
  const InputList list = test::listed(folder / "in");
  CHECK(advice_on_clashes(chain, list) ==
        "--name '{dir}/{stem}_{input_ext}{_copy}.{ext}' keeps them apart");
  chain.output.name = "{dir}/{stem}_{input_ext}{_copy}.{ext}";
  CHECK(find_clashes(chain, list).empty());
  // Flat: two folders have one name.
  chain = test::chain_of(kSame);
  chain.output.name = "{stem}.{ext}";
  CHECK(find_clashes(chain, list).size() == 1);
  CHECK(advice_on_clashes(chain, list) == "--name '{dir}/{stem}{_copy}.{ext}' keeps them apart");
  // {hash} tells files apart that differ, and no others.
  chain.output.name = "{hash}.{ext}";
  CHECK(find_clashes(chain, list).empty());
  folder.put("in/c/copy.png", test::png(5, 4));
  CHECK(find_clashes(chain, test::listed(folder / "in")).size() == 1);
  // Two copies of one input can be those of another.
  chain = test::chain_of(
      R"({"copies": 2, "layers": [{"class_name": "Cropping2D", "cropping": 1}],
          "output": {"format": "png", "name": "{dir}{copy}{stem}.{ext}"}})");
  folder.put("odd/x/000b.png", test::png(4, 4));
  folder.put("odd/x001/b.png", test::png(4, 4));
  CHECK(find_clashes(chain, test::listed(folder / "odd")).size() == 1);
}

TEST_CASE("for two inputs of one name the advice is --root", "[batch][survey][name]") {
  const test::Folder folder;
  folder.put("x/a.png", test::png(4, 4));
  folder.put("y/a.png", test::png(4, 4));
  Chain chain = test::chain_of(kToPng);
  chain.output.name = "{stem}_{index}.{ext}";
  const InputList list = test::listed(InputRequest{{folder / "x", folder / "y"}, {}, '\n', ""});
  CHECK(find_clashes(chain, list) == Strings{"two inputs have the name a.png: " +
                                             (folder / "x/a.png") + ", " + (folder / "y/a.png")});
  CHECK(advice_on_clashes(chain, list).starts_with("--root DIR"));
}

TEST_CASE("an output may have the name of a folder of the template", "[batch][survey][name]") {
  const test::Folder folder;
  folder.put("in/a.jpg", test::jpg(4, 4));
  folder.put("in/b.jpg", test::jpg(4, 4));
  Chain chain = test::chain_of(kToPng);
  chain.output.name = "{stem}.png/{stem}.png";
  const InputList list = test::listed(folder / "in");
  CHECK(find_clashes(chain, list).empty());
  CHECK(find_blocked(chain, list, folder / "out").empty());
  folder.put("out/a.png", "in the way");
  CHECK(find_blocked(chain, list, folder / "out") ==
        Strings{(folder / "out/a.png") + ": is a file, but outputs need a folder of this name"});
}

TEST_CASE("a file in the place of a folder of outputs is found before anything is written",
          "[batch][survey]") {
  const test::Folder folder;
  folder.put("in/f/g/a.jpg", test::jpg(4, 4));
  folder.put("in/text/readme", "no image");
  folder.put("out/f", "in the way");
  folder.put("out/text", "not in the way");
  CHECK(find_blocked(test::chain_of(kToPng), test::listed(folder / "in"), folder / "out") ==
        Strings{(folder / "out/f") + ": is a file, but outputs need a folder of this name"});
}

TEST_CASE("an output that is recorded for another input is a clash where records are added",
          "[batch][survey][add]") {
  const test::Folder folder;
  folder.put("x/a.jpg", test::jpg(4, 4));
  folder.put("y/a.png", test::png(4, 4));
  const Chain chain = test::chain_of(kToPng);
  const std::string out = folder / "out";
  (void)test::run_into(chain, test::listed(folder / "x"), out);
  const auto opened = OutputFolder::open(out, chain, std::nullopt, false);
  REQUIRE(opened);
  CHECK(find_recorded_clashes(chain, test::listed(folder / "x"), *opened).empty());
  CHECK(find_recorded_clashes(chain, test::listed(folder / "y"), *opened) ==
        Strings{(folder / "y/a.png") +
                " would write a.png, which an earlier run recorded as the output of a.jpg"});
}

TEST_CASE("outputs that differ in case alone are found", "[batch][survey]") {
  const test::Folder folder;
  for (const char* name : {"in/A.png", "in/a.png", "in/b.png", "in/S/q.png", "in/s/r.png",
                           "in/s/Q.png", "in/\xc3\x84.png", "in/\xc3\xa4.png"})
    folder.put(name, test::png(9, 9));
  const auto found = [&](const char* chain) {
    return find_case_clashes(test::chain_of(chain), test::listed(folder / "in"));
  };
  const auto clash = [&](const std::string& a, const std::string& b) {
    return "two inputs would write " + a + ".png and " + b +
           ".png, one file if case is ignored: " + (folder / "in/") + a + ".png, " +
           (folder / "in/") + b + ".png";
  };
  CHECK(found(kToPng) ==
        Strings{clash("A", "a"), clash("S/q", "s/Q"), clash("\xc3\x84", "\xc3\xa4")});
}

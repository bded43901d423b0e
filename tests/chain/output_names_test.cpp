// SPDX-License-Identifier: Apache-2.0
#include "chain/output_names.h"

#include <cerrno>
#include <string>

#include "support/catch.h"

using namespace deckle;
using namespace std::string_view_literals;

namespace {

std::string path(std::string_view input, Format format, bool same = false, int copy = 0,
                 int copies = 1) {
  return output_path("", {input, copy, copies}, codec_of(format), same);
}

}  // namespace

TEST_CASE("an output has the path of its input and the extension of its format",
          "[dataset][outputs]") {
  CHECK(path("a.jpg", Format::Png) == "a.png");
  CHECK(path("f/g.h/a.b.JPG", Format::Png) == "f/g.h/a.b.png");
  CHECK(path("a", Format::Jpeg) == "a.jpg");
  CHECK(path("f.g/a", Format::Webp) == "f.g/a.webp");
  CHECK(path(".a", Format::Png) == ".a.png");
  CHECK(path(".a.jpg", Format::Png) == ".a.png");
  CHECK(path("a.", Format::Png) == "a.png");
  CHECK(path("a\n\xff b.jpg", Format::Png) == "a\n\xff b.png");
}

TEST_CASE("a chosen format has its usual extension, also if the input has that format",
          "[dataset][outputs]") {
  CHECK(path("a.jpeg", Format::Jpeg) == "a.jpg");
  CHECK(path("a.JPG", Format::Jpeg) == "a.jpg");
  CHECK(path("a.tif", Format::Tiff) ==
        "a." + std::string(codec_of(Format::Tiff).extensions.front()));
}

TEST_CASE("a file that keeps its format keeps the spelling of its extension",
          "[dataset][outputs]") {
  CHECK(path("a.jpeg", Format::Jpeg, true) == "a.jpeg");
  CHECK(path("a.JPG", Format::Jpeg, true) == "a.JPG");
  CHECK(path("f/a.Tif", Format::Tiff, true) == "f/a.Tif");
}

TEST_CASE("an extension that does not belong to the format is replaced", "[dataset][outputs]") {
  CHECK(path("a.png", Format::Jpeg, true) == "a.jpg");  // a JPEG under a wrong name
  CHECK(path("a", Format::Png, true) == "a.png");
  CHECK(path("a.2024", Format::Png, true) == "a.png");
  CHECK(path(".png", Format::Png, true) == ".png.png");
}

TEST_CASE("copies are numbered with as many digits as the last one needs", "[dataset][outputs]") {
  CHECK(path("a.jpg", Format::Png, false, 0, 2) == "a_000.png");
  CHECK(path("a.jpg", Format::Png, false, 1, 2) == "a_001.png");
  CHECK(path("f/a.JPG", Format::Jpeg, true, 7, 10) == "f/a_007.JPG");
  CHECK(path("a.jpg", Format::Png, false, 999, 1000) == "a_999.png");
  CHECK(path("a.jpg", Format::Png, false, 0, 1001) == "a_0000.png");
  CHECK(path("a.jpg", Format::Png, false, 1000, 1001) == "a_1000.png");
  CHECK(path("a", Format::Png, false, 3, 1000000) == "a_000003.png");
  CHECK(path("f.g/a", Format::Png, false, 1, 2) == "f.g/a_001.png");
}

TEST_CASE("a path from a manifest is inside only if it cannot lead out", "[dataset][outputs]") {
  for (const std::string_view good :
       {"a", "a.png", "f/a.png", ".a", "..a", "a..", "f/..a/b", "...", "a b\n\xff", "f/g/h"}) {
    INFO(good);
    CHECK(is_inside(good));
  }
  for (const std::string_view bad :
       {""sv, "/"sv, "/a"sv, ".."sv, "../a"sv, "f/.."sv, "f/../a"sv, "."sv, "./a"sv, "f/./a"sv,
        "f//a"sv, "f/"sv, "//a"sv, "a\0b"sv}) {
    INFO(bad);
    CHECK_FALSE(is_inside(bad));
  }
}

TEST_CASE("a template makes names from the input's parts", "[dataset][outputs][name]") {
  const auto made = [](std::string_view name, NameFields fields = {"cats/b/a.x.JPG"}) {
    return output_path(name, fields, codec_of(Format::Png), false);
  };
  CHECK(made(kDefaultName) == "cats/b/a.x.png");
  CHECK(made("{stem}{_copy}.{ext}") == "a.x.png");
  CHECK(made("{dir}/{stem}_{input_ext}.{ext}") == "cats/b/a.x_JPG.png");
  CHECK(made("{dir}/{name}.{ext}") == "cats/b/a.x.JPG.png");
  CHECK(made("crops/{stem}/{copy}.{ext}") == "crops/a.x/000.png");
  CHECK(made("{index}.{ext}") == "000000.png");
  CHECK(made("{{{stem}}}.{ext}") == "{a.x}.png");
  NameFields fields{"a", 7, 2000, 1234567};
  fields.hash = "0123456789abcdef";
  fields.top = 3;
  fields.left = 40;
  CHECK(made("{dir}/{stem}{_copy}_{index}_{hash}_{top}_{left}.{ext}", fields) ==
        "a_0007_1234567_0123456789abcdef_3_40.png");
  CHECK(made("{name}{input_ext}.png", fields) == "a.png");
  CHECK(output_path("{stem}.{ext}", {"f/a.JPEG"}, codec_of(Format::Jpeg), true) == "a.JPEG");
}

TEST_CASE("the default template gives the same names if it is written",
          "[dataset][outputs][name]") {
  const std::string out = "{dir}/{stem}{_copy}{copy}.{ext}";
  for (const char* input : {"a.jpg", "f/g.h/a.b.JPG", ".a", "f.g/a", "a.", ".a.jpg"}) {
    for (const int copies : {1, 3}) {
      const NameFields fields{input, copies - 1, copies};
      // {copy} makes this template different from the default.
      std::string want = output_path("", fields, codec_of(Format::Png), false);
      want.insert(want.size() - 4, copies == 1 ? "000" : "002");
      CHECK(output_path(out, fields, codec_of(Format::Png), false) == want);
    }
  }
}

TEST_CASE("a template that is not valid is refused with the reason", "[dataset][outputs][name]") {
  CHECK(check_name(kDefaultName, {}, 3).empty());
  CHECK(check_name("{stem}.png", Format::Png, 1).empty());
  CHECK(check_name("x/{hash}_crop.tif", Format::Tiff, 1).empty());
  CHECK(check_name("{stm}.{ext}", {}, 1) ==
        "{stm} is none of the fields {dir}, {stem}, {name}, {input_ext}, {ext}, {_copy}, {copy}, "
        "{index}, {hash}, {top}, {left}; did you mean \"stem\"?");
  for (const char* name : {"{stem", "stem}.{ext}", "{{stem}.{ext}"})
    CHECK(check_name(name, {}, 1).starts_with("a { without its }"));
  for (const char* name : {"", "/{stem}.{ext}", "../{stem}.{ext}", "a/../{stem}.{ext}", "./a.{ext}",
                           "{stem}\n.{ext}"}) {
    CAPTURE(name);
    CHECK(check_name(name, {}, 1).starts_with("a name is a path inside the output folder"));
  }
  CHECK(check_name("{stem}.{ext}", {}, 2) ==
        "the 2 copies of an input would have one name: add {_copy} or {copy}");
  CHECK(check_name("{stem}", {}, 1).starts_with("a name ends in"));
  CHECK(check_name("{stem}.png", {}, 1).starts_with("a name ends in"));
  CHECK(check_name("{stem}.png", Format::Jpeg, 1) ==
        "a name ends in \".{ext}\" or in an extension of jpg, the format of the outputs");
  CHECK(check_name("{name}", Format::Jpeg, 1) != "");
}

TEST_CASE("an output's names are no longer than file systems take", "[dataset][outputs][name]") {
  const std::string longest(255, 'x');
  CHECK(check_output_path("f/" + longest + "/a.png", ""));
  CHECK(check_output_path(longest, ""));
  for (const std::string& path : {"f/" + longest + "y/a.png", longest + "y"}) {
    const auto refused = check_output_path(path, "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Write);
    CHECK(refused.error().sys_errno == ENAMETOOLONG);
    CHECK(refused.error().message ==
          "its output would have a name of 256 bytes (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..), and a "
          "file system takes 255; rename the input, or give a template of short names, such as "
          "--name '{dir}/{hash}{_copy}.{ext}'");
  }
  const auto outside = check_output_path("../a.png", "{stem}/a.png");
  REQUIRE_FALSE(outside);
  CHECK(outside.error().code == ErrorCode::Unsupported);
}

TEST_CASE("a name of an input stays inside its folder", "[dataset][outputs]") {
  using namespace std::string_view_literals;
  for (const std::string_view good : {""sv, "a"sv, "a/b.jpg"sv, "..a/b.."sv, "a//b"sv, "./a"sv})
    CHECK(is_input_name(good));
  for (const std::string_view bad : {"/a"sv, ".."sv, "../a"sv, "a/../b"sv, "a/.."sv, "a\0b"sv})
    CHECK_FALSE(is_input_name(bad));
}

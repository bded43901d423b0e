// SPDX-License-Identifier: Apache-2.0
#include "dataset/outputs.h"

#include <string>

#include "support/catch.h"

using namespace deckle;
using namespace std::string_view_literals;

namespace {

std::string path(std::string_view input, Format format, bool same = false, int copy = 0,
                 int copies = 1) {
  return output_path(input, codec_of(format), same, copy, copies);
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

TEST_CASE("a chosen format has its usual extension, also where the input is of that format",
          "[dataset][outputs]") {
  CHECK(path("a.jpeg", Format::Jpeg) == "a.jpg");
  CHECK(path("a.JPG", Format::Jpeg) == "a.jpg");
  CHECK(path("a.tif", Format::Tiff) ==
        "a." + std::string(codec_of(Format::Tiff).extensions.front()));
}

TEST_CASE("a file that keeps its format keeps its extension as it is spelt", "[dataset][outputs]") {
  CHECK(path("a.jpeg", Format::Jpeg, true) == "a.jpeg");
  CHECK(path("a.JPG", Format::Jpeg, true) == "a.JPG");
  CHECK(path("f/a.Tif", Format::Tiff, true) == "f/a.Tif");
}

TEST_CASE("an extension that is not one of the format is replaced", "[dataset][outputs]") {
  CHECK(path("a.png", Format::Jpeg, true) == "a.jpg");  // a JPEG under a wrong name
  CHECK(path("a", Format::Png, true) == "a.png");
  CHECK(path("a.2024", Format::Png, true) == "a.png");
  CHECK(path(".png", Format::Png, true) == ".png.png");
}

TEST_CASE("copies are numbered, with as many digits as the last one needs", "[dataset][outputs]") {
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

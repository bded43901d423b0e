// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>
#include <string_view>

#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

TEST_CASE("Sun raster gives what OpenCV wrote", "[codecs][sun_raster]") {
  const Tensor eight = picture(70, 81, 3);
  const Tensor grey = picture(70, 81, 1);
  Tensor out;
  for (const Tensor* in : {&eight, &grey}) {
    REQUIRE(read(by_opencv(".ras", mat(*in, CV_8U)), out));
    CHECK(same(*in, out));
  }
}

TEST_CASE("Sun raster is refused where it is cut, and has no encoder", "[codecs][sun_raster]") {
  const Stderr said;
  check_cuts(by_opencv(".ras", mat(picture(40, 50, 3), CV_8U)), 4);
  CHECK_FALSE(codec_of(Format::SunRaster).encoder.has_value());
  CHECK(said.text().empty());
}

TEST_CASE("Sun raster headers that lie are refused before memory is taken",
          "[codecs][sun_raster]") {
  File file = by_opencv(".ras", mat(picture(4, 4, 3), CV_8U));
  for (const std::size_t side : {4, 8}) {
    file.at(side + 2) = 0x27;  // 10000
    file.at(side + 3) = 0x10;
  }
  check_refused(file, 300000000, file.size() - 32);
}

TEST_CASE("an index without a colour in Sun raster is damage, not black", "[codecs][sun_raster]") {
  const auto numbers = [](std::initializer_list<unsigned> values) {
    File bytes;
    for (const unsigned value : values) {
      for (int i = 3; i >= 0; --i)
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return bytes;
  };
  // 2 rows of 4 indices, two colours: their reds, greens, blues
  File file = numbers({0x59A66A95, 4, 2, 8, 8, 1, 1, 6});
  file += "\x0a\x0b\x14\x15\x1e\x1f"sv;
  file += "\0\1\1\0\1\1\1\1"sv;
  Tensor out;
  REQUIRE(read(file, out));
  CHECK(out.row(1)[0] == 11);
  file.back() = 2;
  CHECK(message_of(file) ==
        "damaged: row 1 of 2 has palette index 2, but the palette has 2 colours");
  REQUIRE(read(file, out, kAccept));
  CHECK(out.row(1)[9] == 0);
}

TEST_CASE("changed bytes never crash Sun raster or print anything", "[codecs][sun_raster]") {
  check_changed_bytes({by_opencv(".ras", mat(picture(12, 14, 3), CV_8U))});
}

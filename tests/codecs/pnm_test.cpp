// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

TEST_CASE("PNM comes back exactly", "[codecs][pnm]") {
  check_comes_back(Format::Pnm, 0);
}

TEST_CASE("plain PNM is read with comments, and its samples are scaled to the full range",
          "[codecs][pnm]") {
  Tensor out;
  REQUIRE(read(bytes_of("P3 # a\n2 #b\n1\n15\n0 15 1  # c\n2 3 4\n"), out));
  CHECK(out.shape == Shape::image(1, 2, 3));
  CHECK(samples_of(out) == File{0, 255, 17, 34, 51, 68});
  REQUIRE(read(bytes_of("P1\n4 1\n1001"), out));
  CHECK(samples_of(out) == File{0, 255, 255, 0});
  REQUIRE(read(bytes_of("P4\n4 1\n\x90"sv), out));
  CHECK(samples_of(out) == File{0, 255, 255, 0});
  REQUIRE(read(bytes_of("P5 2 1 1023 \x03\xff\0\0"sv), out));
  CHECK(out.dtype == DType::UInt16);
  CHECK(samples_of(out) == File{255, 255, 0, 0});
  CHECK(message_of(bytes_of("P2 2 1 7 1 8")) == "damaged: row 0 of 1 holds 8, more than maxval 7");
  CHECK(message_of(bytes_of("P2 2 1 7 1 x")) ==
        "damaged: row 0 of 1 holds something that is not a number");
  CHECK(message_of(bytes_of("P2 1 2 7 1\n")) == "truncated: the picture data ends at row 1 of 2");
  CHECK(message_of(bytes_of("P2 1 2 70000 1 1")) ==
        "damaged: the header cannot be read (maxval 70000)");
}

TEST_CASE("PNM headers that lie are refused before memory is taken", "[codecs][pnm]") {
  CHECK(read_info(bytes_of("P6\n100000 100000\n255\nabc"), {}).error().code == ErrorCode::TooLarge);
  CHECK(message_of(bytes_of("P6\n1000 1000\n255\nabc")) ==
        "truncated: 3 bytes of picture data cannot hold 1000 x 1000 x 3 samples");
  check_refused(bytes_of("P6\n10000 10000\n255\nabc"), 300000000, 3);
  check_refused(bytes_of("P4\n10000 10000\nabc"), 12500000, 3);
  check_refused(bytes_of("Pf\n10000 10000\n-1\nabc"), 400000000, 3);
  CHECK(message_of(bytes_of("P5 0 5 255 ")) == "damaged: the header says 5 x 0 pixels");
}

TEST_CASE("PFM gives what OpenCV wrote, is refused where it is cut, and has no encoder",
          "[codecs][pnm]") {
  const Stderr said;
  const Tensor floats = picture(13, 17, 3, DType::Float32);
  Tensor out;
  REQUIRE(read(by_opencv(".pfm", mat(floats, CV_32F)), out));
  CHECK(same(floats, out));
  check_cuts(by_opencv(".pfm", mat(picture(40, 50, 3, DType::Float32), CV_32F)), 4);
  CHECK_FALSE(codec_of(Format::Pfm).encoder.has_value());
  CHECK(said.text().empty());
}

TEST_CASE("changed bytes never crash PNM and PFM or print anything", "[codecs][pnm]") {
  const Tensor eight = picture(12, 14, 3);
  check_changed_bytes({
      encoded(eight, {.format = Format::Pnm}),
      by_opencv(".ppm", mat(eight, CV_8U), {cv::IMWRITE_PXM_BINARY, 0}),
      by_opencv(".pfm", mat(picture(12, 14, 3, DType::Float32), CV_32F)),
  });
}

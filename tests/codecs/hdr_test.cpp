// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>
#include <string>

#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;

TEST_CASE("Radiance HDR gives what OpenCV wrote", "[codecs][hdr]") {
  const Tensor floats = picture(13, 17, 3, DType::Float32);
  Tensor out;
  REQUIRE(read(by_opencv(".hdr", mat(floats, CV_32F)), out));
  CHECK(out.shape == floats.shape);
  for (std::size_t i = 0; i < out.byte_count(); i += 4) {
    float got = 0;
    float want = 0;
    std::memcpy(&got, out.data.data() + i, 4);
    std::memcpy(&want, floats.data.data() + i, 4);
    REQUIRE(std::abs(got - want) < 0.01F);
  }
}

TEST_CASE("Radiance HDR is refused where it is cut, and has no encoder", "[codecs][hdr]") {
  const Stderr said;
  check_cuts(by_opencv(".hdr", mat(picture(40, 50, 3, DType::Float32), CV_32F)), 11);
  CHECK_FALSE(codec_of(Format::Hdr).encoder.has_value());
  CHECK(said.text().empty());
}

TEST_CASE("Radiance HDR writes all of its output", "[codecs][hdr][written]") {
  check_all_written(by_opencv(".hdr", mat(picture(12, 14, 3, DType::Float32), CV_32F)));
  check_all_written(by_opencv(".hdr", mat(picture(12, 5, 3, DType::Float32), CV_32F)));  // flat
  // a pixel that repeats the previous one, as in the oldest files, is refused
  File old = bytes_of("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 3\nabcd\1\1\1\2efghijklmnop");
  Tensor out;
  CHECK_FALSE(read_twice(old, out));
  CHECK(read_twice(old, out, kAccept));
}

TEST_CASE("memory is allocated in proportion to the size of a Radiance HDR", "[codecs][hdr]") {
  const auto header = [](const std::string& size) {
    return bytes_of("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n" + size + "\n");
  };
  check_refused(header("-Y 16384 +X 16384"), std::uint64_t{4} << 28U, 0);
  check_refused(header("-Y 1 +X 268435456"), std::uint64_t{4} << 28U, 0);
}

TEST_CASE("changed bytes never crash Radiance HDR or print anything", "[codecs][hdr]") {
  check_changed_bytes({by_opencv(".hdr", mat(picture(12, 14, 3, DType::Float32), CV_32F))});
}

// SPDX-License-Identifier: Apache-2.0
// That what decoders give is the file's, to the last byte, and never what was in memory before.
// TIFF, JPEG 2000 and what OpenCV writes are in the tests of their own codecs.
#include <vector>

#include "codecs/codec.h"
#include "support/catch.h"
#include "support/jpeg.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;

TEST_CASE("what deckle writes is read to the last byte", "[codecs][written]") {
  const Stderr said;
  for (const Codec& codec : codecs()) {
    if (codec.can_encode == nullptr) continue;
    for (const DType dtype : {DType::UInt8, DType::UInt16, DType::Float32}) {
      for (const std::int64_t channels : {1, 2, 3, 4}) {
        const Tensor in = picture(19, 26, channels, dtype);
        if (!codec.can_encode(in.shape, dtype)) continue;
        INFO(codec.name << " " << name_of(dtype) << " " << channels);
        check_all_written(encoded(in, {.format = codec.format}));
      }
    }
  }
  check_all_written(encoded(picture(19, 26, 4), {.format = Format::Webp, .lossless = true}));
  CHECK(said.text().empty());
}

TEST_CASE("JPEG of other kinds is read to the last byte", "[codecs][written]") {
  const Stderr said;
  const Tensor in = picture(35, 50, 3);
  const Tensor ink = picture(35, 50, 4);
  const auto plain = [](auto&) {};
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) { jpeg_simple_progression(&j); }));
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) { j.arith_code = TRUE; }));
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) { j.restart_in_rows = 1; }));
  check_all_written(jpeg_with(ink, JCS_CMYK, plain));
  CHECK(said.text().empty());
}

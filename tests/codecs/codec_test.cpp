// SPDX-License-Identifier: Apache-2.0
// Wrong arguments.
#include <algorithm>
#include <string>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "support/catch.h"
#include "support/folders.h"
#include "support/pictures.h"

using namespace deckle;

namespace {

template <typename T>
std::string usage(const Result<T>& result) {
  if (result) return "taken";
  CHECK(result.error().code == ErrorCode::Usage);
  return result.error().message;
}

}  // namespace

TEST_CASE("a header that is not the file's, or no header at all, decodes nothing") {
  const test::File file = test::png(6, 5, 3);
  const ImageInfo info = *read_info(file, {});
  Tensor out;
  REQUIRE(decode(file, info, {}, out));

  CHECK(usage(decode(test::jpg(6, 5), info, {}, out)) ==
        "the header is not of this file: its format is png");
  CHECK(usage(decode({}, info, {}, out)) == "the header is not of this file: its format is png");
  ImageInfo wrong = info;
  wrong.format = Format{"gif"};
  CHECK(usage(decode(file, wrong, {}, out)) ==
        "the header is not of this file: its format is unknown");
  wrong = info;
  wrong.shape = Shape{480, {6, 5, 0}, 3};
  CHECK(usage(decode(file, wrong, {}, out)) == "a shape has 1 to 3 spatial axes, not 480");
  wrong = info;
  wrong.orientation = 9;
  CHECK(usage(decode(file, wrong, {}, out)) == "an orientation is 1 to 8, not 9");
  wrong = info;
  wrong.batch = 0;
  CHECK(usage(decode(file, wrong, {}, out)) == "a batch of 0");

  CHECK(read_info({}, {}).error() == Error{ErrorCode::NotAnImage, "the file is empty"});
  CHECK(usage(read_info(file, {.rank = 480})) == "layers take 1 to 3 spatial axes, not 480");
}

TEST_CASE("a window that is not inside the picture decodes nothing") {
  const test::File file = test::png(6, 5, 3);
  const ImageInfo info = *read_info(file, {});
  Tensor out;
  const Window low{2, {Interval{0, 7}, Interval{0, 5}}};
  CHECK(usage(decode_window(file, info, {}, low, out)) ==
        "a window of 0 to 7, 0 to 5 is not inside 6 x 5 x 3");
  CHECK(decode_window(file, info, {}, Window{2, {Interval{5, 6}, Interval{0, 5}}}, out));
}

TEST_CASE(
    "samples that are not what they say they are, and options out of range, are not encoded") {
  Tensor samples;
  samples.reset(Shape::image(2, 2, 3), DType::UInt8);
  std::fill_n(samples.data.data(), samples.data.size(), std::uint8_t{7});
  Buffer out;
  REQUIRE(encode_tensor(samples, {.format = Format::Png}, out));
  CHECK(read_info(out.bytes(), {})->shape == samples.shape);

  CHECK(usage(encode_tensor(samples, {.format = Format{"gif"}}, out)) == "no format is called gif");
  CHECK(usage(encode_tensor(samples, {.format = Format::Jpeg, .quality = 101}, out)) ==
        "quality is 1 to 100, not 101");
  CHECK(usage(encode_tensor(samples, {.format = Format::Png, .compression = -1}, out)) ==
        "compression is 0 to 9, not -1");
  CHECK(encode_tensor(samples, {.format = Format::Hdr}, out).error().code ==
        ErrorCode::Unsupported);
  samples.data.resize(11);
  CHECK(usage(encode_tensor(samples, {.format = Format::Png}, out)) ==
        "a tensor of 1 times 2 x 2 x 3 of uint8 has 12 bytes, not 11");
  samples.reset(Shape::image(2, 2, 3), DType::UInt8, 4);
  CHECK(encode_tensor(samples, {.format = Format::Png}, out).error() ==
        Error{ErrorCode::Shape, "a batch of 4 can be written to npy, not to png"});
  CHECK(encode_tensor(samples, {.format = Format::Npy, .batch_axis = true}, out));
}

TEST_CASE("a decoder that is stopped ends before the last row", "[codecs]") {
  const Tensor large = test::picture(900, 400, 3);
  for (const Format format : {Format::Jpeg, Format::Png, Format::Tiff}) {
    INFO(codec_of(format).name);
    const test::File file = test::encoded(large, {.format = format});
    for (const bool accept : {false, true}) {
      int asked = 0;
      const Stop stop = [&] { return ++asked == 3; };
      DecodeOptions options;
      options.accept_truncated = accept;
      options.stop = &stop;
      Tensor out;
      const auto damage = test::read(file, out, options);
      REQUIRE_FALSE(damage);
      CHECK(damage.error().code == ErrorCode::Stopped);
      CHECK(asked == 3);
    }
  }
}

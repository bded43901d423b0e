// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

const DecodeOptions kAccept{.accept_truncated = true};
const EncodeOptions kLossless{.format = Format::Webp, .lossless = true};
const EncodeOptions kLossy{.format = Format::Webp};

// Fully transparent where the first channel is small.
Tensor with_alpha(std::int64_t rows, std::int64_t cols) {
  Tensor t = picture(rows, cols, 4);
  for (std::size_t i = 0; i < t.byte_count(); i += 4) {
    if (t.data.data()[i] < 40) t.data.data()[i + 3] = 0;
  }
  return t;
}

}  // namespace

TEST_CASE("lossless WebP comes back exactly, colours under full transparency included",
          "[codecs][webp]") {
  for (const Tensor& in : {picture(31, 45, 3), with_alpha(31, 45)}) {
    const File file = encoded(in, kLossless);
    CHECK(file == encoded(in, kLossless));
    CHECK(read_info(file, {})->lossless);
    Tensor out;
    const Result<Damage> damage = read(file, out);
    REQUIRE(damage);
    CHECK(damage->empty());
    CHECK(same(in, out));
  }
}

TEST_CASE("grey is written to WebP as equal red, green and blue", "[codecs][webp]") {
  const Tensor in = picture(9, 11, 1);
  Tensor out;
  REQUIRE(read(encoded(in, kLossless), out));
  REQUIRE(out.shape == Shape::image(9, 11, 3));
  for (std::size_t i = 0; i < in.byte_count(); ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      REQUIRE(out.data.data()[3 * i + c] == in.data.data()[i]);
  }
}

TEST_CASE("lossy WebP keeps shape and alpha, and quality makes it larger", "[codecs][webp]") {
  const Tensor in = with_alpha(31, 45);
  Tensor out;
  REQUIRE(read(encoded(in, kLossy), out));
  CHECK(out.shape == in.shape);
  CHECK_FALSE(read_info(encoded(in, kLossy), {})->lossless);
  for (std::size_t i = 3; i < in.byte_count(); i += 4)
    REQUIRE(out.data.data()[i] == in.data.data()[i]);
  CHECK(encoded(in, {.format = Format::Webp, .quality = 10}).size() < encoded(in, kLossy).size());
}

TEST_CASE("a WebP that is cut anywhere is Truncated, or read with damage text", "[codecs][webp]") {
  const Stderr said;
  for (const Tensor& in : {picture(60, 70, 3), with_alpha(60, 70)}) {
    for (const EncodeOptions& options : {kLossless, kLossy}) {
      const File file = encoded(in, options);
      for (std::size_t n = 12; n < file.size(); n += 1 + n / 100) {
        INFO(n << " of " << file.size());
        Tensor out;
        const Result<Damage> strict = read(first_bytes(file, n), out);
        // only the byte that pads to an even size may be missing
        if (n + 1 == file.size() && strict) continue;
        REQUIRE_FALSE(strict);
        CHECK(strict.error().code == ErrorCode::Truncated);
        const Result<Damage> lenient = read(first_bytes(file, n), out, kAccept);
        if (lenient) CHECK_FALSE(lenient->empty());
      }
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("the error of a truncated WebP has the numbers of bytes and rows", "[codecs][webp]") {
  const Tensor in = picture(200, 70, 3);
  const File file = encoded(in, kLossless);
  const File part = first_bytes(file, file.size() / 2);
  const std::string sizes = "truncated: the file has " + std::to_string(part.size()) + " of " +
                            std::to_string(file.size()) + " bytes";
  CHECK(message_of(part) == sizes);
  Tensor out;
  const Result<Damage> damage = read(part, out, kAccept);
  REQUIRE(damage);
  CHECK(damage->missing.starts_with(sizes + "; "));
  CHECK(damage->missing.ends_with(" of 200 rows were read"));
  CHECK(out.data.data()[out.byte_count() - 1] == 0);
}

TEST_CASE("the ICC profile and the orientation of a WebP are read from their chunks",
          "[codecs][webp]") {
  const File plain = encoded(picture(4, 6, 3), {.format = Format::Webp, .lossless = true});
  const auto chunk = [](std::string_view type, std::string data) {
    const std::size_t size = data.size();
    if (size % 2 != 0) data += '\0';
    return std::string(type) + static_cast<char>(size) + std::string(3, '\0') + data;
  };
  const std::string exif("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"sv);
  const std::string header("\x28\0\0\0\5\0\0\3\0\0"sv);  // ICC and EXIF; 6 x 4
  const std::string body = "WEBP" + chunk("VP8X", header) + chunk("ICCP", "a profile") +
                           std::string(plain.begin() + 12, plain.end()) + chunk("EXIF", exif);
  File file = bytes_of("RIFF" + std::string{static_cast<char>(body.size() % 256),
                                            static_cast<char>(body.size() / 256), 0, 0});
  file += body;
  const auto info = read_info(file, {});
  REQUIRE(info);
  CHECK(std::string(info->icc.begin(), info->icc.end()) == "a profile");
  CHECK(info->orientation == 6);
  Tensor out;
  REQUIRE(read(file, out));
  CHECK(out.shape == Shape::image(6, 4, 3));
  CHECK(read_info(plain, {})->icc.empty());
}

TEST_CASE("an animated WebP is refused with the number of its frames", "[codecs][webp]") {
  // VP8X with the animation flag, ANIM, and no frame yet
  File file = bytes_of(
      "RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x09\0\0\x09\0\0ANIM\x06\0\0\0\0\0\0\0\0\0"sv);
  const Result<ImageInfo> info = read_info(file, {});
  REQUIRE_FALSE(info);
  CHECK(info.error().code == ErrorCode::Unsupported);
  CHECK(info.error().message == "animated WebP (0 frames) is not read");
}

TEST_CASE("changed bytes in a WebP never crash it or print anything", "[codecs][webp]") {
  const Stderr said;
  for (const EncodeOptions& options : {kLossless, kLossy}) {
    with_flips(encoded(with_alpha(20, 30), options), 500, [](const File& file) {
      Tensor out;
      static_cast<void>(read(file, out, {.max_pixels = 1 << 20}));
      static_cast<void>(read(file, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
    });
  }
  CHECK(said.text().empty());
}

TEST_CASE("WebP refuses what it cannot hold", "[codecs][webp]") {
  const Codec& webp = codec_of(Format::Webp);
  CHECK(webp.encoder->check(Shape::image(16384, 1, 3), DType::UInt8).error().code ==
        ErrorCode::TooLarge);
  CHECK(webp.encoder->check(Shape::image(1, 1, 2), DType::UInt8).error().message ==
        "webp holds 1, 3 or 4 channels, not 2; alpha is kept by png and tiff");
  CHECK(webp.encoder->check(Shape::image(1, 1, 3), DType::UInt16).error().code == ErrorCode::Depth);
}

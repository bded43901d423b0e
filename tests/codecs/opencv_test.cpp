// SPDX-License-Identifier: Apache-2.0
#include "codecs/opencv.h"

#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <string_view>

#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

const DecodeOptions kAccept{.accept_truncated = true};

// A file that OpenCV writes and deckle does not; B, G, R.
File by_opencv(const char* extension, const cv::Mat& image,
               const std::vector<int>& parameters = {}) {
  File file;
  cv::imencode(extension, image, file, parameters);
  return file;
}

cv::Mat mat(const Tensor& t, int depth) {
  const cv::Mat rgb(static_cast<int>(t.shape.rows()), static_cast<int>(t.shape.cols()),
                    CV_MAKETYPE(depth, static_cast<int>(t.shape.channels)),
                    const_cast<std::uint8_t*>(t.data.data()));
  if (rgb.channels() < 3) return rgb.clone();
  std::vector<cv::Mat> planes;
  cv::split(rgb, planes);
  std::swap(planes[0], planes[2]);
  cv::Mat bgr;
  cv::merge(planes, bgr);
  return bgr;
}

File samples_of(const Tensor& t) {
  return {t.data.data(), t.data.data() + t.byte_count()};
}

// A bitmap with the usual header, of the given rows from below.
File bmp(std::int32_t cols, std::int32_t rows, unsigned bits, unsigned compression,
         std::string_view tail) {
  File file = bytes_of("BM\0\0\0\0\0\0\0\0"sv);
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i)
      file.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const std::uint32_t extra = bits <= 8 ? 4U << bits : compression == 3 ? 12 : 0;
  put(54 + extra, 4);
  put(40, 4);
  put(static_cast<std::uint32_t>(cols), 4);
  put(static_cast<std::uint32_t>(rows), 4);
  put(1, 2);
  put(bits, 2);
  put(compression, 4);
  for (int i = 0; i < 5; ++i)
    put(0, 4);
  file += tail;
  return file;
}

// Every file that is cut must be refused, with a word on what is missing.
void check_cuts(const File& file, std::size_t from, std::size_t may_miss = 0) {
  for (std::size_t n = from; n + may_miss < file.size(); n += 1 + file.size() / 150) {
    INFO(n << " of " << file.size());
    Tensor out;
    const Result<Damage> strict = read(first_bytes(file, n), out);
    REQUIRE_FALSE(strict);
    CHECK((strict.error().code == ErrorCode::Truncated ||
           strict.error().code == ErrorCode::NotAnImage));
    const Result<Damage> lenient = read(first_bytes(file, n), out, kAccept);
    if (lenient) CHECK_FALSE(lenient->empty());
  }
}

}  // namespace

TEST_CASE("BMP and PNM come back exactly", "[codecs][opencv]") {
  for (const Format format : {Format::Bmp, Format::Pnm}) {
    const Codec& codec = codec_of(format);
    for (const DType dtype : {DType::UInt8, DType::UInt16}) {
      for (std::int64_t channels = 1; channels <= 4; ++channels) {
        const Tensor in = picture(13, 17, channels, dtype);
        if (!codec.can_encode(in.shape, dtype)) continue;
        const File file = encoded(in, {.format = format});
        CHECK(file == encoded(in, {.format = format}));
        Tensor out;
        const Result<Damage> damage = read(file, out);
        INFO(codec.name << " " << channels << " " << name_of(dtype));
        REQUIRE(damage);
        CHECK(damage->empty());
        REQUIRE(same(in, out));
        check_cuts(file, 3, format == Format::Bmp ? 3 : 0);  // a BMP row is padded by up to 3 bytes
      }
    }
  }
}

TEST_CASE("formats that are only read give what OpenCV wrote", "[codecs][opencv]") {
  const Tensor eight = picture(70, 81, 3);  // JP2 with OpenCV's settings needs 32 x 32 at least
  const Tensor sixteen = picture(70, 81, 3, DType::UInt16);
  const Tensor floats = picture(13, 17, 3, DType::Float32);
  Tensor out;
  const std::vector<int> exact{cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000};
  for (const Tensor* in : {&eight, &sixteen}) {
    const File file =
        by_opencv(".jp2", mat(*in, in->dtype == DType::UInt8 ? CV_8U : CV_16U), exact);
    CHECK(read_info(file, {})->shape == in->shape);
    REQUIRE(read(file, out));
    CHECK(same(*in, out));
  }
  const Tensor grey = picture(70, 81, 1);
  REQUIRE(read(by_opencv(".jp2", mat(grey, CV_8U), exact), out));
  CHECK(same(grey, out));
  for (const Tensor* in : {&eight, &grey}) {
    REQUIRE(read(by_opencv(".ras", mat(*in, CV_8U)), out));
    CHECK(same(*in, out));
  }
  REQUIRE(read(by_opencv(".pfm", mat(floats, CV_32F)), out));
  CHECK(same(floats, out));
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

TEST_CASE("the read-only formats are refused where they are cut", "[codecs][opencv]") {
  const Stderr said;
  const Tensor eight = picture(40, 50, 3);
  const Tensor floats = picture(40, 50, 3, DType::Float32);
  check_cuts(by_opencv(".jp2", mat(eight, CV_8U)), 12);
  check_cuts(by_opencv(".ras", mat(eight, CV_8U)), 4);
  check_cuts(by_opencv(".pfm", mat(floats, CV_32F)), 4);
  check_cuts(by_opencv(".hdr", mat(floats, CV_32F)), 11);
  CHECK(said.text().empty());
}

TEST_CASE("plain PNM is read with comments, and its samples are scaled to the full range",
          "[codecs][opencv]") {
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

TEST_CASE("headers that lie are refused before memory is taken", "[codecs][opencv]") {
  CHECK(read_info(bytes_of("P6\n100000 100000\n255\nabc"), {}).error().code == ErrorCode::TooLarge);
  CHECK(message_of(bytes_of("P6\n10000 10000\n255\nabc")) ==
        "truncated: 3 bytes of picture data cannot hold 10000 x 10000 x 3 samples");
  CHECK(read_info(bmp(30000, 30000, 24, 0, ""), {}).error().code == ErrorCode::TooLarge);
  CHECK(message_of(bmp(10000, 10000, 24, 0, "")) ==
        "truncated: the picture data begins at byte 54, the file has 54");
  CHECK(message_of(bmp(10000, 10000, 24, 0, "xx")) ==
        "truncated: the picture data ends at row 0 of 10000, counted from below");
  CHECK(message_of(bmp(0, 5, 24, 0, "")) == "damaged: the header cannot be read (5 x 0 pixels)");
  CHECK(message_of(bytes_of("P5 0 5 255 ")) == "damaged: the header says 5 x 0 pixels");
  CHECK(message_of(bmp(4, 4, 24, 4, "")) ==
        "BMP with 24 bits per pixel and compression 4 is not read");
}

TEST_CASE("BMP masks decide colours and alpha, and colours use the full range",
          "[codecs][opencv]") {
  Tensor out;
  REQUIRE(read(bmp(2, 1, 16, 3, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0\x1f\0\xe0\x07"sv), out));
  CHECK(samples_of(out) == File{0, 0, 255, 0, 255, 0});
  REQUIRE(read(bmp(1, -1, 32, 3, "\xff\0\0\0\0\xff\0\0\0\0\xff\0\x01\x02\x03\x04"sv), out));
  CHECK(samples_of(out) == File{1, 2, 3});
  REQUIRE(read(bmp(1, 1, 32, 0, "\x01\x02\x03\x00"sv), out));
  CHECK(samples_of(out) == File{3, 2, 1});
  CHECK(message_of(bmp(1, 1, 16, 3, "\x05\0\0\0\0\0\0\0\0\0\0\0\0\0"sv)) ==
        "damaged: the header cannot be read (a colour mask with gaps)");
}

TEST_CASE("BMP palettes give grey or colour as they are, run lengths included",
          "[codecs][opencv]") {
  std::string grey(1024, '\0');
  std::string colour(1024, '\0');
  for (std::size_t i = 0; i < 256; ++i) {
    for (std::size_t k = 0; k < 3; ++k)
      grey[4 * i + k] = static_cast<char>(i);
    colour[4 * i] = static_cast<char>(i);
  }
  Tensor out;
  REQUIRE(read(bmp(2, 2, 8, 0, grey + std::string("\x01\x02\0\0\x03\x04\0\0"sv)), out));
  CHECK(out.shape == Shape::image(2, 2, 1));
  CHECK(samples_of(out) == File{3, 4, 1, 2});
  REQUIRE(read(bmp(2, 1, 8, 0, colour + std::string("\x01\x02\0\0"sv)), out));
  CHECK(samples_of(out) == File{0, 0, 1, 0, 0, 2});

  const std::string runs("\x03\x07\0\0\0\x03\x01\x02\x03\0\0\x01"sv);  // 7 7 7 | 1 2 3
  const File rle = bmp(3, 2, 8, 1, grey + runs);
  REQUIRE(read(rle, out));
  CHECK(samples_of(out) == File{1, 2, 3, 7, 7, 7});
  CHECK(message_of(first_bytes(rle, rle.size() - 8)) ==
        "truncated: the run-length data has no end");
  CHECK(message_of(bmp(3, 2, 8, 1, grey + "\x09\x07")) ==
        "damaged: the run lengths do not fit the rows");
}

TEST_CASE("std::cerr still works for everybody else", "[codecs][opencv]") {
  const File jp2 = by_opencv(".jp2", mat(picture(40, 50, 3), CV_8U));
  const Stderr said;
  File damaged(jp2);
  for (std::size_t i = damaged.size() / 2; i < damaged.size() - 2; ++i)
    damaged[i] = 0;
  Tensor out;
  static_cast<void>(read(damaged, out));
  CHECK(said.text().empty());
  std::cerr << "hello" << std::flush;
  CHECK(said.text() == "hello");
}

TEST_CASE("changed bytes never crash these formats or print anything", "[codecs][opencv]") {
  const Tensor eight = picture(12, 14, 3);
  const Tensor floats = picture(12, 14, 3, DType::Float32);
  const std::vector<File> files{
      encoded(eight, {.format = Format::Bmp}),
      encoded(picture(12, 14, 4), {.format = Format::Bmp}),
      encoded(picture(12, 14, 1), {.format = Format::Bmp}),
      encoded(eight, {.format = Format::Pnm}),
      by_opencv(".ppm", mat(eight, CV_8U), {cv::IMWRITE_PXM_BINARY, 0}),
      by_opencv(".jp2", mat(picture(40, 50, 3), CV_8U)),
      by_opencv(".ras", mat(eight, CV_8U)),
      by_opencv(".pfm", mat(floats, CV_32F)),
      by_opencv(".hdr", mat(floats, CV_32F)),
  };
  const Stderr said;
  for (const File& file : files) {
    with_flips(first_bytes(file, file.size()), 300, [](const File& changed) {
      Tensor out;
      static_cast<void>(read(changed, out, {.max_pixels = 1 << 20}));
      static_cast<void>(read(changed, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
    });
  }
  CHECK(said.text().empty());
}

TEST_CASE("formats that are read only say so by having no encoder", "[codecs][opencv]") {
  for (const Format format : {Format::Jp2, Format::Hdr, Format::SunRaster, Format::Pfm}) {
    CHECK(codec_of(format).can_encode == nullptr);
  }
}

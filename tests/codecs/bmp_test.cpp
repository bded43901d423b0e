// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

// A bitmap with the usual header; the lowest row first.
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

std::string grey_palette() {
  std::string palette(1024, '\0');
  for (std::size_t i = 0; i < 256; ++i) {
    for (std::size_t k = 0; k < 3; ++k)
      palette[4 * i + k] = static_cast<char>(i);
  }
  return palette;
}

// Grey, white, and 14 times black.
std::string small_palette() {
  return "\x80\x80\x80\0\xff\xff\xff\0"s + std::string(56, '\0');
}

}  // namespace

TEST_CASE("BMP comes back exactly", "[codecs][bmp]") {
  check_comes_back(Format::Bmp, 3);  // a row is padded by up to 3 bytes
}

TEST_CASE("BMP is written, and palettes and 24 bits are read, as by OpenCV", "[codecs][bmp]") {
  for (const std::int64_t cols : {1, 2, 3, 4, 17}) {
    for (const std::int64_t channels : {1, 3}) {
      const Tensor in = picture(13, cols, channels);
      CHECK(encoded(in, {.format = Format::Bmp}) == by_opencv(".bmp", mat(in, CV_8U)));
      Tensor out;
      REQUIRE(read(by_opencv(".bmp", mat(in, CV_8U)), out));
      CHECK(same(in, out));
    }
  }
}

TEST_CASE("BMP headers that lie are refused before memory is taken", "[codecs][bmp]") {
  CHECK(read_info(bmp(30000, 30000, 24, 0, ""), {}).error().code == ErrorCode::TooLarge);
  CHECK(message_of(bmp(1000, 1000, 24, 0, "")) ==
        "truncated: the picture data begins at byte 54, the file has 54");
  CHECK(message_of(bmp(1000, 1000, 24, 0, "xx")) ==
        "truncated: the picture data ends at row 0 of 1000, counted from the bottom");
  check_refused(bmp(10000, 10000, 24, 0, "xx"), 300000000, 2);
  check_refused(bmp(10000, 10000, 8, 0, grey_palette()), 100000000, 0);
  // Run lengths are counted before a pixel is written.
  check_refused(bmp(16384, 16384, 8, 1, grey_palette() + "\5\7\0\0"s), std::uint64_t{1} << 28U,
                16384);
  check_refused(bmp(16384, 16384, 8, 1, grey_palette() + "\5\7\0\2\xff"s), std::uint64_t{1} << 28U,
                5);
  // Complete run lengths may be a picture of any size, up to a limit.
  const File coloured = bmp(16384, 16384, 8, 1, std::string(1020, '\0') + "\1\2\3\0\0\1"s);
  const auto refused = read_info(coloured, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::TooLarge);
  CHECK(refused.error().message ==
        "the header says 805 MB of samples, and the file has 1 080 bytes: above 512 MB a picture "
        "needs a byte of the file for every 65 536 of samples. This limit is fixed: a small file "
        "must not take all memory");
  CHECK(read_info(bmp(10000, 10000, 8, 1, grey_palette() + "\0\1"s), {}));
  CHECK(message_of(bmp(0, 5, 24, 0, "")) == "damaged: the header cannot be read (5 x 0 pixels)");
  CHECK(message_of(bmp(4, 4, 24, 4, "")) ==
        "BMP with 24 bits per pixel and compression 4 is not read");
}

TEST_CASE("BMP masks decide colours and alpha, and colours use the full range", "[codecs][bmp]") {
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

TEST_CASE("BMP palettes give grey or colour as they are, run lengths included", "[codecs][bmp]") {
  const std::string grey = grey_palette();
  std::string colour(1024, '\0');
  for (std::size_t i = 0; i < 256; ++i)
    colour[4 * i] = static_cast<char>(i);
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

TEST_CASE("BMP rows of 1 and 4 bits and of 24 bits from above are read", "[codecs][bmp]") {
  Tensor out;
  const std::string two("\x00\x00\x00\x00\xff\xff\xff\x00"sv);
  REQUIRE(read(bmp(10, 1, 1, 0, two + "\xa5\x40\0\0"s), out));
  CHECK(samples_of(out) == File{255, 0, 255, 0, 0, 255, 0, 255, 0, 255});
  REQUIRE(read(bmp(3, 1, 4, 0, small_palette() + "\x01\x20\0\0"s), out));
  CHECK(samples_of(out) == File{128, 255, 0});
  const std::string rows("\x01\x02\x03\0\x04\x05\x06\0"sv);
  REQUIRE(read(bmp(1, -2, 24, 0, rows), out));
  CHECK(samples_of(out) == File{3, 2, 1, 6, 5, 4});
}

TEST_CASE("BMP run lengths by nibbles, jumps and missing ends", "[codecs][bmp]") {
  Tensor out;
  const auto four = [](std::int32_t cols, std::int32_t rows, std::string_view runs) {
    return bmp(cols, rows, 4, 2, small_palette() + std::string(runs));
  };
  const auto eight = [](std::int32_t cols, std::int32_t rows, std::string_view runs) {
    return bmp(cols, rows, 8, 1, grey_palette() + std::string(runs));
  };
  REQUIRE(read(four(3, 2, "\x03\x12\0\0\0\x03\x10\x20\0\x01"sv), out));
  CHECK(samples_of(out) == File{255, 128, 0, 255, 0, 255});
  // skipped pixels, and those after an early end, have the first colour
  REQUIRE(read(four(3, 2, "\0\x02\x01\x01\x01\x10\0\x01"sv), out));
  CHECK(samples_of(out) == File{128, 255, 128, 128, 128, 128});
  REQUIRE(read(eight(2, 2, "\x02\x07\0\0\x02\x09"sv), out));  // no pixel is missing
  CHECK(samples_of(out) == File{9, 9, 7, 7});
  CHECK(message_of(eight(2, 2, "\0\x02\x05\0\0\x01"sv)) ==
        "damaged: the run lengths do not fit the rows");
  CHECK(message_of(eight(2, 2, "\0\x02\0\x02\0\x01"sv)) ==
        "damaged: the run lengths do not fit the rows");
  CHECK(message_of(eight(2, 2, "\x02\x07\0\0\x05\x09"sv), kAccept) ==
        "damaged: the run lengths do not fit the rows");
  const auto cut = read(eight(2, 2, "\x02\x07\0"sv), out, kAccept);
  REQUIRE(cut);
  CHECK(cut->missing == "truncated: the run-length data has no end");
  CHECK(samples_of(out) == File{0, 0, 7, 7});
}

TEST_CASE("BMP run lengths may cover the padding of a row", "[codecs][bmp]") {
  Tensor out;
  const auto four = [](std::int32_t cols, std::int32_t rows, std::string_view runs) {
    return bmp(cols, rows, 4, 2, small_palette() + std::string(runs));
  };
  const auto eight = [](std::int32_t cols, std::int32_t rows, std::string_view runs) {
    return bmp(cols, rows, 8, 1, grey_palette() + std::string(runs));
  };
  // two columns and two of padding: as a separate run, as a part of a run, as indices
  REQUIRE(read(eight(2, 2, "\x02\x07\x02\0\0\0\x02\x09\x02\0\0\0\0\x01"sv), out));
  CHECK(samples_of(out) == File{9, 9, 7, 7});
  REQUIRE(read(eight(2, 2, "\x04\x07\0\0\x04\x09\0\0\0\x01"sv), out));
  CHECK(samples_of(out) == File{9, 9, 7, 7});
  REQUIRE(read(eight(2, 2, "\0\x04\x07\x08\x03\x03\0\0\x02\x09\0\x01"sv), out));
  CHECK(samples_of(out) == File{9, 9, 7, 8});
  REQUIRE(read(four(2, 2, "\x02\0\x06\x22\0\0\x08\x11\0\0\0\x01"sv), out));
  CHECK(samples_of(out) == File{255, 255, 128, 128});
  // beyond the padding; and rows without an end, which would lose rows
  CHECK(message_of(eight(2, 2, "\x02\x07\x03\0\0\0\0\x01"sv)) ==
        "damaged: the run lengths do not fit the rows");
  CHECK(message_of(eight(2, 3, "\x02\x07\x02\x08\x02\x09\0\x01"sv)) ==
        "damaged: the run lengths do not fit the rows");
}

TEST_CASE("an index without a colour in BMP is damage, not black", "[codecs][bmp]") {
  const std::string two("\x0a\x0b\x0c\0\x14\x15\x16\0"sv);
  const auto of_two = [&](std::int32_t rows, unsigned bits, unsigned compression,
                          std::string_view data) {
    File file = bmp(4, rows, bits, compression, "");
    file.at(46) = 2;   // colours
    file.at(10) = 62;  // offset of the samples
    file.at(11) = 0;
    return (file += two) += data;
  };
  struct Case {
    std::string name;
    File good, bad;
    std::string message;
  };
  const auto message = [](int row, int index) {
    return "damaged: row " + std::to_string(row) + " of 2 has palette index " +
           std::to_string(index) + ", but the palette has 2 colours";
  };
  const std::vector<Case> cases{
      {"8 bits, from below", of_two(2, 8, 0, "\0\1\1\0\0\0\1\1"sv),
       of_two(2, 8, 0, "\0\1\1\0\0\2\7\1"sv), message(0, 7)},
      {"8 bits, from above", of_two(-2, 8, 0, "\0\1\1\0\0\0\1\1"sv),
       of_two(-2, 8, 0, "\0\1\1\0\0\2\7\1"sv), message(1, 7)},
      {"4 bits", of_two(2, 4, 0, "\x01\x10\0\0\0\x11\0\0"sv),
       of_two(2, 4, 0, "\x01\x20\0\0\0\x11\0\0"sv), message(1, 2)},
      {"8-bit runs", of_two(2, 8, 1, "\4\1\0\0\4\0\0\1"sv), of_two(2, 8, 1, "\4\1\0\0\4\3\0\1"sv),
       message(0, 3)},
      {"8-bit indices", of_two(2, 8, 1, "\0\4\0\1\1\0\0\0\4\0\0\1"sv),
       of_two(2, 8, 1, "\0\4\0\1\1\2\0\0\4\0\0\1"sv), message(1, 2)},
      {"4-bit runs", of_two(2, 4, 2, "\4\x10\0\0\4\1\0\1"sv),
       of_two(2, 4, 2, "\4\x10\0\0\4\x12\0\1"sv), message(0, 2)},
  };
  for (const Case& one : cases) {
    INFO(one.name);
    Tensor out;
    const auto good = read(one.good, out);
    REQUIRE(good);
    CHECK(good->empty());
    CHECK(message_of(one.bad) == one.message);
    const auto accepted = read(one.bad, out, kAccept);
    REQUIRE(accepted);
    CHECK(accepted->missing == one.message);
    const File samples = samples_of(out);
    CHECK(std::count(samples.begin(), samples.end(), 0) > 0);
  }
  // the padding of rows is not part of the picture
  Tensor out;
  File narrow = of_two(2, 8, 0, "\0\1\1\7\0\0\1\7"sv);
  narrow.at(18) = 3;
  CHECK(read(narrow, out));
}

TEST_CASE("BMP, RLE and Sun raster write all of their output", "[codecs][bmp][written]") {
  const Stderr said;
  const std::string bits("\0\0\0\0\xff\xff\xff\0"sv);
  const std::string any("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"sv);
  File few = bmp(4, 2, 8, 0, any.substr(0, 8) + "\0\1\1\0\0\2\7\1"s);
  few.at(46) = 2;  // colours
  few.at(10) = 62;
  few.at(11) = 0;
  const std::vector<File> files{
      bmp(10, 2, 1, 0, bits + "\xa5\x40\0\0\x5a\x80\0\0"s),
      bmp(3, 2, 4, 0, small_palette() + "\x01\x20\0\0\x12\0\0\0"s),
      bmp(3, -2, 8, 0, grey_palette() + any.substr(0, 8)),
      bmp(1, -2, 24, 0, any.substr(0, 8)),
      bmp(2, 1, 32, 0, any.substr(0, 8)),
      bmp(2, 2, 16, 0, any.substr(0, 8)),
      // jumps, an early end of a row and of the picture, padding
      bmp(5, 4, 8, 1, grey_palette() + "\x02\x07\0\x02\x01\x01\x02\x09\0\0\0\x01"s),
      bmp(5, 3, 4, 2, small_palette() + "\0\x02\x01\x01\x03\x12\0\0\x08\x21\0\x01"s),
      bmp(5, 3, 8, 1, grey_palette() + "\0\x03\x01\x02\x03\0\0\0\x08\x07\0\0\0\x01"s),
      by_opencv(".ras", mat(picture(12, 15, 1), CV_8U)),
      by_opencv(".ppm", mat(picture(12, 15, 3, DType::UInt16), CV_16U)),
      bytes_of("P1 5 2 1 0 1 0 1 01010"),
      bytes_of("P2 3 2 20 1 2 3 4 5 20"),
      bytes_of("P3 # of colours\n1 2 300 1 2 3 4 5 300"),
      bytes_of("P4 10 2 \xa5\x40\x5a\x80"),
      bytes_of("P5 3 2 60000 abcdefghijkl"),
      bmp(3, 2, 4, 2, small_palette() + "\x03\x12\0\0\0\x03\x10\x20\0\x01"s),
      bmp(3, 2, 8, 1, grey_palette() + "\x03\x07\0\0\0\x03\x01\x02\x03\0\0\x01"s),
      bmp(2, 1, 16, 3, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0\x1f\0\xe0\x07"sv),
      by_opencv(".ras", mat(picture(12, 15, 3), CV_8U)),
      by_opencv(".pfm", mat(picture(12, 15, 3, DType::Float32), CV_32F)),
      by_opencv(".pgm", mat(picture(12, 15, 1), CV_8U)),
  };
  for (const File& file : files) {
    INFO(&file - files.data());
    check_all_written(file);
  }
  Tensor out;
  CHECK_FALSE(read_twice(few, out));
  CHECK(read_twice(few, out, kAccept));
  CHECK(said.text().empty());
}

TEST_CASE("BMP bytes that are missing count as zero", "[codecs][bmp]") {
  Tensor out;
  const auto cut = read(bmp(1, 3, 24, 0, "\x01\x02\x03\0\x04\x05"sv), out, kAccept);
  REQUIRE(cut);
  CHECK(cut->missing == "truncated: the picture data ends at row 1 of 3, counted from the bottom");
  CHECK(samples_of(out) == File{0, 0, 0, 0, 5, 4, 3, 2, 1});
}

TEST_CASE("changed bytes never crash BMP or print anything", "[codecs][bmp]") {
  check_changed_bytes({
      encoded(picture(12, 14, 3), {.format = Format::Bmp}),
      encoded(picture(12, 14, 4), {.format = Format::Bmp}),
      encoded(picture(12, 14, 1), {.format = Format::Bmp}),
      bmp(3, 2, 4, 2, small_palette() + "\x03\x12\0\0\0\x03\x10\x20\0\x01"s),
      bmp(3, 2, 8, 1, grey_palette() + "\x03\x07\0\0\0\x03\x01\x02\x03\0\0\x01"s),
  });
}

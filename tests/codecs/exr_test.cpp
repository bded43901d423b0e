// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "codecs/opencv.h"
#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

enum Compression { kNone = 0, kRle = 1, kZip = 3, kPiz = 4, kB44 = 6 };

File exr_of(const Tensor& pixels, int compression = kZip, int type = cv::IMWRITE_EXR_TYPE_FLOAT) {
  ::setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  return by_opencv(".exr", mat(pixels, CV_32F),
                   {cv::IMWRITE_EXR_TYPE, type, cv::IMWRITE_EXR_COMPRESSION, compression});
}

// The value of an attribute, after its name, type and size.
std::size_t value_of(const File& file, const std::string& name, const std::string& type) {
  const std::string both = name + '\0' + type + '\0';
  return deckle::test::find(file, both) + both.size() + 4;
}

Error refusal(const File& file) {
  Tensor out;
  const auto read_it = read(file, out);
  REQUIRE_FALSE(read_it);
  return read_it.error();
}

}  // namespace

TEST_CASE("OpenEXR comes back as it was written", "[codecs][exr]") {
  const Stderr said;
  for (const std::int64_t channels : {1, 3, 4}) {
    for (const int compression : {kNone, kRle, kZip, kPiz}) {
      const Tensor in = picture(40, 50, channels, DType::Float32);
      const File file = exr_of(in, compression);
      INFO(channels << " " << compression);
      REQUIRE(read_info(file, {}));
      CHECK(read_info(file, {})->shape == in.shape);
      CHECK(message_of(file).empty());
      Tensor out;
      REQUIRE(read(file, out));
      CHECK(same(in, out));
      REQUIRE(read(exr_of(in, compression, cv::IMWRITE_EXR_TYPE_HALF), out));
      CHECK(same(in, out));  // samples are multiples of 1/128, which a half represents exactly
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("OpenEXR writes all of its output", "[codecs][exr][written]") {
  const Stderr said;
  for (const int compression : {kNone, kRle, kZip, kPiz}) {
    INFO(compression);
    check_all_written(exr_of(picture(20, 25, 3, DType::Float32), compression), 1);
  }
  check_cuts_written(exr_of(picture(20, 25, 4, DType::Float32), kPiz, cv::IMWRITE_EXR_TYPE_HALF));
  check_cuts_written(exr_of(picture(20, 25, 1, DType::Float32), kPiz));
  CHECK(said.text().empty());
}

TEST_CASE("OpenEXR is refused wherever it is cut", "[codecs][exr]") {
  const Stderr said;
  const Tensor in = picture(40, 50, 3, DType::Float32);
  for (const int compression : {kNone, kZip, kB44})
    check_cuts(exr_of(in, compression), 4);
  File hole = exr_of(in);
  const std::size_t table = deckle::test::find(hole, "screenWindowWidth");
  std::fill_n(hole.begin() + static_cast<std::ptrdiff_t>(table + 18 + 6 + 4 + 4 + 1), 8,
              std::uint8_t{0});
  CHECK(refusal(hole).message == "truncated: a part of the picture was never written to the file");
  CHECK(said.text().empty());
}

TEST_CASE("damage in OpenEXR that has checksums is an error", "[codecs][exr]") {
  const Stderr said;
  const Tensor in = picture(40, 50, 3, DType::Float32);
  const File good = exr_of(in);
  with_flips(good, 300, [&](const File& changed) {
    Tensor out;
    // Some bytes are not used; a header may give another type or size.
    if (read(changed, out)) CHECK((same(in, out) || out.shape != in.shape));
  });
  check_changed_bytes({exr_of(in, kNone), exr_of(in, kPiz), exr_of(in, kB44)});
  CHECK(said.text().empty());
}

TEST_CASE("parts of an OpenEXR that OpenCV would leave out are refused by name", "[codecs][exr]") {
  const File good = exr_of(picture(40, 50, 4, DType::Float32));
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    File file(good);
    file.at(at) = value;
    return file;
  };
  const auto message = [&](const File& file) {
    CHECK(refusal(file).code == ErrorCode::Unsupported);
    return refusal(file).message;
  };
  const std::size_t channels = value_of(good, "channels", "chlist");
  CHECK(message(changed(channels, 'Z')) ==
        "OpenEXR is read with the channels Y, RGB or RGBA; this has Z, B, G, R");
  CHECK(message(changed(channels + 2, 0)) == "OpenEXR with samples of type uint is not read");
  CHECK(message(changed(channels + 10, 2)) == "OpenEXR with subsampled channels is not read");
  CHECK(message(changed(value_of(good, "displayWindow", "box2i"), 3)) ==
        "OpenEXR whose data window is not its display window is not read");
  CHECK(message(changed(value_of(good, "compression", "compression"), 10)) ==
        "OpenEXR with compression 10 is not read");
  CHECK(message(changed(4, 1)) == "OpenEXR of version 1 is not read");
  CHECK(message(changed(5, 8)) == "OpenEXR with deep pixels is not read");
  CHECK(message(changed(5, 16)) == "OpenEXR of several parts is not read");
}

TEST_CASE("an OpenEXR header that lies is refused before memory is taken", "[codecs][exr]") {
  File file = exr_of(picture(40, 50, 3, DType::Float32));
  for (const char* window : {"dataWindow", "displayWindow"}) {
    const std::size_t at = value_of(file, window, "box2i");
    file.at(at + 8 + 2) = 0x7F;
    file.at(at + 12 + 2) = 0x7F;
  }
  CHECK(refusal(file).code == ErrorCode::TooLarge);
}

TEST_CASE("an OpenEXR beyond OpenCV's limits is refused before memory is taken", "[codecs][exr]") {
  const auto of_size = [](std::size_t rows, std::size_t cols) {
    File file = exr_of(picture(40, 50, 1, DType::Float32));
    for (const char* window : {"dataWindow", "displayWindow"}) {
      const std::size_t at = value_of(file, window, "box2i");
      for (std::size_t i = 0; i < 4; ++i) {
        file.at(at + 8 + i) = static_cast<std::uint8_t>((cols - 1) >> 8 * i);
        file.at(at + 12 + i) = static_cast<std::uint8_t>((rows - 1) >> 8 * i);
      }
    }
    return file;
  };
  for (const auto& [rows, cols] : {std::array<std::size_t, 2>{1, (1U << 20U) + 1},
                                   std::array<std::size_t, 2>{(1U << 20U) + 1, 1},
                                   std::array<std::size_t, 2>{1U << 15U, (1U << 15U) + 1}}) {
    const Error error = refusal(of_size(rows, cols));
    CHECK(error.code == ErrorCode::TooLarge);
    CHECK(error.message == "the header says " + std::to_string(rows) + " x " +
                               std::to_string(cols) +
                               " pixels; OpenEXR is read up to 1048576 rows and columns and "
                               "1073741824 pixels");
  }
  CHECK(read_info(of_size(1, 1U << 20U), {}));
}

TEST_CASE("OpenEXR in tiles is read, but not with levels", "[codecs][exr]") {
  const Tensor in = picture(40, 50, 3, DType::Float32);
  const File lines = exr_of(in, kNone);
  const std::size_t lines_end = value_of(lines, "screenWindowWidth", "float") + 4 + 1;
  const auto with_tiles = [&](int side, int levels) {
    File file(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(lines_end - 1));
    const std::string attribute = "tiles\0tiledesc\0\x09\0\0\0"s + std::string(1, char(side)) +
                                  "\0\0\0"s + std::string(1, char(side)) + "\0\0\0"s +
                                  std::string(1, char(levels)) + '\0';
    file.insert(file.end(), attribute.begin(), attribute.end());
    return file;
  };
  constexpr std::size_t kRows = 40;
  constexpr std::size_t kRowBytes = std::size_t{50} * 3 * 4;
  const auto append = [](File& file, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
      file.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  // One tile that is larger than the picture.
  File tiled = with_tiles(64, 0);
  tiled.at(5) |= 2U;
  append(tiled, tiled.size() + 8, 8);
  tiled.insert(tiled.end(), 16, 0);  // its coordinates and level
  append(tiled, kRows * kRowBytes, 4);
  for (std::size_t row = 0; row < kRows; ++row) {
    const auto from = lines.begin() + static_cast<std::ptrdiff_t>(lines_end + kRows * 8 +
                                                                  row * (kRowBytes + 8) + 8);
    tiled.insert(tiled.end(), from, from + kRowBytes);
  }
  Tensor out;
  CHECK(message_of(tiled).empty());
  REQUIRE(read(tiled, out));
  CHECK(same(in, out));
  check_cuts(tiled, 4);
  check_cuts_written(tiled);

  for (const int levels : {1, 2, 0x11}) {
    File file = with_tiles(64, levels);
    file.at(5) |= 2U;
    CHECK(refusal(file).code == ErrorCode::Unsupported);
    CHECK(refusal(file).message == std::string("OpenEXR with ") +
                                       ((levels & 15) == 1 ? "mipmap" : "ripmap") +
                                       " levels of resolution is not read");
  }
  File no_size(lines);
  no_size.at(5) |= 2U;
  CHECK(refusal(no_size).message == "damaged: the header cannot be read (no size of its tiles)");

  // Without the flag in the version the attribute is ignored: the picture has scan lines.
  File ignored = with_tiles(64, 1);
  const std::size_t moved = ignored.size() - lines_end;
  for (std::size_t row = 0; row < kRows; ++row)
    append(ignored, lines_end + moved + kRows * 8 + row * (kRowBytes + 8), 8);
  ignored.insert(ignored.end(), lines.begin() + static_cast<std::ptrdiff_t>(lines_end + kRows * 8),
                 lines.end());
  CHECK(message_of(ignored).empty());
  REQUIRE(read(ignored, out));
  CHECK(same(in, out));
}

TEST_CASE("the plug-in reports the version of OpenCV that runs", "[codecs][exr]") {
  CHECK(codec_of(Format::Exr).decoder() == "OpenCV " + cv::getVersionString());
  CHECK_FALSE(codec_of(Format::Exr).encoder.has_value());
}

TEST_CASE("sample files of OpenEXR have the expected pixels", "[codecs][exr][data]") {
  const std::filesystem::path folder = data_folder();
  if (folder.empty()) {
    WARN("SKIPPED: DECKLE_TEST_DATA does not name the folder of test pictures");
    return;
  }
  const auto check = [&](const char* exr, const char* png, double scale) {
    Tensor floats;
    Tensor whole_numbers;
    REQUIRE(read(load(folder / "formats" / exr), floats));
    REQUIRE(read(load(folder / "formats" / png), whole_numbers));
    REQUIRE(floats.shape == whole_numbers.shape);
    double most = 0;
    for (std::size_t i = 0; i < floats.byte_count() / 4; ++i) {
      float value = 0;
      std::memcpy(&value, floats.data.data() + 4 * i, 4);
      std::uint16_t sample = whole_numbers.data.data()[i];
      if (whole_numbers.dtype == DType::UInt16)
        std::memcpy(&sample, whole_numbers.data.data() + 2 * i, 2);
      most = std::max(most, std::abs(double{value} * scale - sample));
    }
    CHECK(most < 0.01);
  };
  check("gen_shapes.exr", "gen_shapes.png", 255);
  check("gen_grey.exr", "gen_grey16.png", 1000);
}

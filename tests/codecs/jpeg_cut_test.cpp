// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg_cut.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>

#include "support/catch.h"
#include "support/jpeg.h"

using namespace deckle;
using namespace deckle::test;

namespace {

// Texture of all strengths, plain areas and noise: long codes, runs, and blocks that are full.
Tensor lively(std::int64_t rows, std::int64_t cols, std::int64_t channels) {
  Tensor t = picture(rows, cols, channels);
  std::mt19937 random(3);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < cols * channels; ++i) {
      const std::int64_t area = r / 24 + i / channels / 40;
      if (area % 3 == 0) t.row(r)[i] = static_cast<std::uint8_t>(random());
      if (area % 3 == 1) t.row(r)[i] = static_cast<std::uint8_t>(area * 37);
    }
  }
  return t;
}

Window random_window(const Shape& shape, std::mt19937& random) {
  Window window;
  for (int a = 0; a < 2; ++a) {
    const auto below = [&](std::int64_t n) {
      return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
    };
    window[a].begin = below(shape[a]);
    window[a].end = window[a].begin + 1 + below(shape[a] - window[a].begin);
  }
  return window;
}

// The samples of random windows are those of the whole picture; false where nothing was cut.
bool cuts_agree(const File& file, int count, std::mt19937& random) {
  const auto info = read_info(file, {});
  REQUIRE(info);
  const Codec& codec = codec_of(Format::Jpeg);
  Tensor all;
  REQUIRE(codec.decode(file, *info, {}, all));
  for (int i = 0; i < count; ++i) {
    const Window needed = random_window(all.shape, random);
    INFO(needed[0].begin << " " << needed[1].begin << " " << needed[0].end << " " << needed[1].end
                         << " of " << to_string(all.shape));
    Buffer cut;
    const auto window = cut_jpeg(file, needed, cut, Cutting::Always);
    if (!window) return false;
    REQUIRE(window->united_with(needed) == *window);
    const auto cut_info = codec.read_info(cut.bytes());
    REQUIRE(cut_info);
    REQUIRE(cut_info->shape ==
            Shape::image((*window)[0].length(), (*window)[1].length(), all.shape.channels));
    Tensor part;
    REQUIRE(codec.decode(cut.bytes(), *cut_info, {}, part));
    const auto pixel = static_cast<std::int64_t>(all.pixel_bytes());
    bool equal = true;
    for (std::int64_t r = needed[0].begin; r < needed[0].end; ++r) {
      const auto* from =
          part.row(r - (*window)[0].begin) + (needed[1].begin - (*window)[1].begin) * pixel;
      const auto* expected = all.row(r) + needed[1].begin * pixel;
      equal = equal && std::equal(from, from + needed[1].length() * pixel, expected);
    }
    CHECK(equal);
  }
  return true;
}

}  // namespace

TEST_CASE("a cut JPEG has the pixels of the whole", "[codecs][jpeg][window]") {
  std::mt19937 random(11);
  const auto [across, down] =
      GENERATE(table<int, int>({{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {4, 2}}));
  const bool optimised = GENERATE(false, true);
  const auto restarts = GENERATE(0U, 1U, 7U, 50U);
  for (const auto& [rows, cols] : {std::pair{1, 1}, {35, 33}, {150, 203}, {16, 35}}) {
    CAPTURE(across, down, optimised, restarts, rows, cols);
    CHECK(cuts_agree(jpeg_with(lively(rows, cols, 3), JCS_UNKNOWN,
                               [&](auto& j) {
                                 j.comp_info[0].h_samp_factor = across;
                                 j.comp_info[0].v_samp_factor = down;
                                 j.optimize_coding = optimised ? TRUE : FALSE;
                                 j.restart_interval = restarts;
                               }),
                     12, random));
  }
}

TEST_CASE("cuts of grey JPEG, and of the best and worst qualities", "[codecs][jpeg][window]") {
  std::mt19937 random(12);
  for (const int quality : {1, 20, 100}) {
    for (const std::int64_t channels : {1, 3}) {
      CAPTURE(quality, channels);
      CHECK(cuts_agree(jpeg_with(lively(97, 131, channels), JCS_UNKNOWN,
                                 [&](auto& j) {
                                   jpeg_set_quality(&j, quality, TRUE);
                                   j.optimize_coding = TRUE;
                                 }),
                       40, random));
    }
  }
}

TEST_CASE("nothing is cut of what is not sequential Huffman JPEG of one scan",
          "[codecs][jpeg][window]") {
  std::mt19937 random(13);
  const auto cuts = [&](auto settings) {
    return cuts_agree(jpeg_with(picture(64, 64, 3), JCS_UNKNOWN, settings), 1, random);
  };
  CHECK(cuts([](auto&) {}));
  CHECK_FALSE(cuts([](auto& j) { jpeg_simple_progression(&j); }));
  CHECK_FALSE(cuts([](auto& j) { j.arith_code = TRUE; }));
  const File inks = jpeg_with(picture(64, 64, 4), JCS_CMYK, [](auto&) {});
  CHECK_FALSE(cuts_agree(inks, 1, random));
}

TEST_CASE("a small window of a large JPEG is cut, a large one is not", "[codecs][jpeg][window]") {
  const File file = jpeg_with(lively(900, 1200, 3), JCS_UNKNOWN, [](auto&) {});
  Buffer cut;
  CHECK(cut_jpeg(file, Window{2, {Interval{700, 764}, Interval{600, 664}}}, cut));
  CHECK(cut.size() < file.size() / 20);
  CHECK_FALSE(cut_jpeg(file, Window{2, {Interval{0, 64}, Interval{0, 64}}}, cut));
  CHECK_FALSE(cut_jpeg(file, Window{2, {Interval{10, 890}, Interval{10, 1190}}}, cut));
}

TEST_CASE("cutting changed bytes never crashes", "[codecs][jpeg][window]") {
  const Stderr said;
  for (const unsigned restarts : {0U, 9U}) {
    const File whole =
        jpeg_with(lively(80, 90, 3), JCS_UNKNOWN, [&](auto& j) { j.restart_interval = restarts; });
    with_flips(whole, 1500, [](const File& file) {
      Buffer cut;
      const Window needed{2, {Interval{50, 60}, Interval{40, 60}}};
      const auto window = cut_jpeg(file, needed, cut, Cutting::Always);
      if (!window) return;
      const auto info = codec_of(Format::Jpeg).read_info(cut.bytes());
      Tensor out;
      if (info) static_cast<void>(codec_of(Format::Jpeg).decode(cut.bytes(), *info, {}, out));
    });
  }
  CHECK(said.text().empty());
}

TEST_CASE("damage before the window is told of as if nothing were cut", "[codecs][jpeg][window]") {
  const File whole = jpeg_with(lively(900, 1200, 3), JCS_UNKNOWN, [](auto&) {});
  const Window needed{2, {Interval{700, 764}, Interval{600, 664}}};
  const auto told = [&](File file, std::size_t at) {
    file[at] = 0xFF;
    file[at + 1] = 0xC7;  // a marker where none may be
    const auto info = read_info(file, {});
    REQUIRE(info);
    Tensor out;
    const auto part = decode_window(file, *info, {}, needed, out);
    REQUIRE_FALSE(part);
    CHECK(part.error().message.starts_with("damaged: corrupt entropy data near row"));
  };
  told(whole, whole.size() / 3);
  told(whole, whole.size() / 2);
}

TEST_CASE("cuts of photographs have the pixels of the whole", "[codecs][jpeg][window]") {
  if (data_folder().empty()) {
    WARN("SKIPPED: DECKLE_TEST_DATA is not set");
    return;
  }
  std::mt19937 random(14);
  int cut = 0;
  for (const std::string folder : {"odd", "photos"}) {
    for (const auto& entry : std::filesystem::directory_iterator(data_folder() / folder)) {
      if (!entry.is_regular_file() || entry.file_size() > 2'000'000) continue;
      const File file = load(entry.path());
      const auto info = read_info(file, {});
      if (!info || info->format != Format::Jpeg) continue;
      CAPTURE(entry.path().filename().string());
      cut += cuts_agree(file, 6, random) ? 1 : 0;
    }
  }
  CHECK(cut > 10);
}

// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/jpeg_scan.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>

#include "codecs/jpeg/jpeg_bits.h"
#include "codecs/jpeg/jpeg_decode.h"
#include "support/catch.h"
#include "support/jpeg.h"

using namespace deckle;
using namespace deckle::test;

namespace {

// Texture of all strengths, plain areas and noise: long codes, long runs, full blocks.
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

// Compares the whole picture and random windows with libjpeg. False if libjpeg must read the file.
bool scans(const File& file, int count, std::mt19937& random) {
  const ByLibjpeg expected = decode_by_libjpeg(file);
  REQUIRE(expected.good());
  const auto all = scan_jpeg(file, whole(expected.pixels.shape));
  if (all == nullptr) return false;
  CHECK(shows(*all, expected.pixels, whole(expected.pixels.shape)));
  CHECK(all->finish());
  for (int i = 0; i < count; ++i) {
    const Window window = random_window(expected.pixels.shape, random);
    INFO(window[0].begin << " " << window[1].begin << " " << window[0].end << " " << window[1].end
                         << " of " << to_string(expected.pixels.shape));
    CHECK(shows(*scan_jpeg(file, window), expected.pixels, window));
  }
  return true;
}

}  // namespace

TEST_CASE("a scan has libjpeg's pixels, all and windows", "[codecs][jpeg][window]") {
  std::mt19937 random(11);
  const auto [across, down] = GENERATE(table<int, int>({{1, 1}, {2, 1}, {1, 2}, {2, 2}}));
  const bool optimised = GENERATE(false, true);
  const auto restarts = GENERATE(0U, 1U, 7U, 50U);
  for (const auto& [rows, cols] :
       {std::pair{1, 5}, {2, 6}, {35, 33}, {150, 203}, {16, 35}, {17, 530}}) {
    CAPTURE(across, down, optimised, restarts, rows, cols);
    CHECK(scans(jpeg_with(lively(rows, cols, 3), JCS_UNKNOWN,
                          [&, x = across, y = down](auto& j) {
                            j.comp_info[0].h_samp_factor = x;
                            j.comp_info[0].v_samp_factor = y;
                            j.optimize_coding = optimised ? TRUE : FALSE;
                            j.restart_interval = restarts;
                          }),
                12, random));
  }
}

TEST_CASE("a scan has libjpeg's pixels with BMI2 and without", "[codecs][jpeg][window]") {
  const bool has_bmi2 = use_bmi2;
  for (const bool use : {false, has_bmi2}) {
    use_bmi2 = use;
    std::mt19937 random(16);
    CAPTURE(use);
    CHECK(scans(jpeg_with(lively(150, 203, 3), JCS_UNKNOWN, [](auto&) {}), 12, random));
    CHECK(scans(jpeg_with(lively(97, 131, 1), JCS_UNKNOWN,
                          [](auto& j) {
                            jpeg_set_quality(&j, 100, TRUE);
                            j.restart_interval = 7;
                          }),
                12, random));
  }
  use_bmi2 = has_bmi2;
}

TEST_CASE("scans of grey and RGB, and of the best and worst qualities", "[codecs][jpeg][window]") {
  std::mt19937 random(12);
  const bool optimised = GENERATE(false, true);
  for (const int quality : {1, 20, 75, 98, 100}) {
    for (const auto& [channels, colours] :
         {std::pair{1, JCS_GRAYSCALE}, {3, JCS_YCbCr}, {3, JCS_RGB}}) {
      CAPTURE(optimised, quality, channels, static_cast<int>(colours));
      CHECK(scans(jpeg_with(lively(97, 131, channels), JCS_UNKNOWN,
                            [&, grey = channels == 1, space = colours](auto& j) {
                              jpeg_set_colorspace(&j, space);
                              jpeg_set_quality(&j, quality, TRUE);
                              j.optimize_coding = optimised ? TRUE : FALSE;
                              if (grey) j.comp_info[0].h_samp_factor = 2;
                            }),
                  40, random));
    }
  }
}

TEST_CASE("scans of chroma that is sampled in unusual ways", "[codecs][jpeg][window]") {
  std::mt19937 random(15);
  struct Sampling {
    int blue_across, blue_down, red_across, red_down;
  };
  const auto by = GENERATE(
      values<Sampling>({{1, 2, 1, 2}, {2, 1, 2, 1}, {2, 2, 1, 1}, {2, 1, 1, 2}, {1, 1, 2, 2}}));
  for (const auto& [rows, cols] : {std::pair{35, 33}, {150, 203}, {16, 35}}) {
    CAPTURE(by.blue_across, by.blue_down, by.red_across, by.red_down, rows, cols);
    CHECK(scans(jpeg_with(lively(rows, cols, 3), JCS_UNKNOWN,
                          [&](auto& j) {
                            j.comp_info[0].h_samp_factor = j.comp_info[0].v_samp_factor = 2;
                            j.comp_info[1].h_samp_factor = by.blue_across;
                            j.comp_info[1].v_samp_factor = by.blue_down;
                            j.comp_info[2].h_samp_factor = by.red_across;
                            j.comp_info[2].v_samp_factor = by.red_down;
                          }),
                12, random));
  }
}

TEST_CASE("what is not sequential Huffman JPEG of one scan is left to libjpeg",
          "[codecs][jpeg][window]") {
  std::mt19937 random(13);
  const auto left = [&](auto settings) {
    return !scans(jpeg_with(picture(64, 64, 3), JCS_UNKNOWN, settings), 1, random);
  };
  CHECK_FALSE(left([](auto&) {}));
  CHECK(left([](auto& j) { jpeg_simple_progression(&j); }));
  CHECK(left([](auto& j) { j.arith_code = TRUE; }));
  CHECK(left([](auto& j) { j.comp_info[0].h_samp_factor = 4; }));
  CHECK(left([](auto& j) {
    j.comp_info[0].h_samp_factor = 1;
    j.comp_info[1].h_samp_factor = 2;
  }));
  CHECK(left([](auto& j) { j.comp_info[0].v_samp_factor = 3; }));
  CHECK_FALSE(scans(jpeg_with(picture(9, 4, 3), JCS_UNKNOWN, [](auto&) {}), 1, random));
  CHECK(scan_jpeg(jpeg_with(picture(64, 64, 4), JCS_CMYK, [](auto&) {}),
                  Window{2, {Interval{0, 8}, Interval{0, 8}}}) == nullptr);
}

TEST_CASE("a scan of changed bytes gives pixels only if libjpeg gives them without a warning",
          "[codecs][jpeg][window]") {
  const Stderr said;
  int given = 0;
  int noted = 0;
  int lost = 0;
  for (const unsigned restarts : {0U, 9U}) {
    for (const int quality : {60, 100}) {
      const File file = jpeg_with(lively(80, 90, 3), JCS_UNKNOWN, [&](auto& j) {
        j.restart_interval = restarts;
        jpeg_set_quality(&j, quality, TRUE);
      });
      with_flips(file, 700, [&](const File& changed) {
        const auto info = read_info(changed, {.max_pixels = 20000});
        if (!info || info->orientation != 1) return;
        Tensor out;
        const auto damage = decode(changed, *info, {}, out);
        lost += !damage && damage.error().message.ends_with("before marker 0xd9)") ? 1 : 0;
        if (damage) {
          ++given;
          noted += damage->note.empty() ? 0 : 1;
          const ByLibjpeg expected = decode_by_libjpeg(changed);
          CHECK(expected.warnings == (damage->note.empty() ? 0 : 1));
          CHECK_FALSE(expected.failed);
          CHECK(same(expected.pixels, out));
        }
        const Window needed{2, {Interval{50, 60}, Interval{40, 60}}};
        if (info->shape.rows() < 60 || info->shape.cols() < 60) return;
        static_cast<void>(decode_window(changed, *info, {}, needed, out));
      });
    }
  }
  CHECK(given > 100);
  // Noise at quality 100 is the worst case: a decoder rarely finds synchronisation again.
  CHECK(lost > 100);
  CHECK(25 * noted < lost);
  CHECK(said.text().empty());
}

TEST_CASE("damage before the window is reported, but not in restart intervals that are skipped",
          "[codecs][jpeg][window]") {
  const auto read = [](const File& file) {
    const auto info = read_info(file, {});
    REQUIRE(info);
    Tensor out;
    return decode_window(file, *info, {}, Window{2, {Interval{700, 764}, Interval{600, 664}}}, out);
  };
  const auto told = [&](File file, std::size_t at) {
    file[at] = 0xFF;
    file[at + 1] = 0xC7;  // a marker in a wrong place
    const auto part = read(file);
    REQUIRE_FALSE(part);
    CHECK(part.error().message.starts_with("damaged: corrupt entropy data near row"));
  };
  const File plain = jpeg_with(lively(900, 1200, 3), JCS_UNKNOWN, [](auto&) {});
  REQUIRE(read(plain));
  told(plain, plain.size() / 3);
  told(plain, plain.size() / 2);

  File restarts =
      jpeg_with(lively(900, 1200, 3), JCS_UNKNOWN, [](auto& j) { j.restart_in_rows = 1; });
  told(restarts, restarts.size() / 3);
  std::fill_n(restarts.begin() + static_cast<std::ptrdiff_t>(restarts.size() / 3), 8, 0x55);
  CHECK(read(restarts));
}

TEST_CASE("rows continue by libjpeg if a scan cannot read them", "[codecs][jpeg][window]") {
  const Codec& codec = codec_of(Format::Jpeg);
  File file = jpeg_with(lively(200, 160, 3), JCS_UNKNOWN, [](auto& j) { j.restart_interval = 10; });
  const auto info = read_info(file, {});
  REQUIRE(info);
  const auto read_to = [&](const Window& needed) -> Result<std::int64_t> {
    auto rows = codec.rows->open(file, *info, {}, needed);
    if (!rows) return rows.error();
    for (std::int64_t r = needed[0].begin; r < needed[0].end; ++r) {
      if (auto row = (*rows)->row(r); !row) return row.error();
    }
    if (auto end = (*rows)->finish(); !end) return end.error();
    return needed[0].end;
  };
  CHECK(read_to(whole(info->shape)));
  file.at(file.size() - 40) = 0xFF;
  file.at(file.size() - 39) = 0xC7;
  const auto all = read_to(whole(info->shape));
  REQUIRE_FALSE(all);
  CHECK(all.error().message.starts_with("damaged: corrupt entropy data near row 192 of 200"));
  const auto part = read_to(Window{2, {Interval{100, 199}, Interval{150, 160}}});
  REQUIRE_FALSE(part);
  CHECK(part.error().message.starts_with("damaged: corrupt entropy data near row 192 of 200"));
  CHECK(read_to(Window{2, {Interval{100, 150}, Interval{150, 160}}}));
}

TEST_CASE("scans of photographs have libjpeg's pixels", "[codecs][jpeg][window]") {
  if (data_folder().empty()) {
    WARN("SKIPPED: DECKLE_TEST_DATA is not set");
    return;
  }
  std::mt19937 random(14);
  int scanned = 0;
  for (const std::string folder : {"odd", "photos"}) {
    for (const auto& entry : std::filesystem::directory_iterator(data_folder() / folder)) {
      if (!entry.is_regular_file() || entry.file_size() > 2'000'000) continue;
      const File file = load(entry.path());
      const auto info = read_info(file, {});
      if (!info || info->format != Format::Jpeg) continue;
      if (!decode_by_libjpeg(file).good()) continue;  // inks
      CAPTURE(entry.path().filename().string());
      scanned += scans(file, 6, random) ? 1 : 0;
    }
  }
  CHECK(scanned > 10);
}

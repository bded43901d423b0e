// SPDX-License-Identifier: Apache-2.0
// Windows of a JPEG by JpegScan, with BMI2 and without, and by libjpeg-turbo.
#include <algorithm>

#include "codecs/jpeg/jpeg_bits.h"
#include "codecs/jpeg/jpeg_decode.h"
#include "fuzz/fuzz.h"
#include "support/jpeg.h"

namespace deckle::fuzz {
namespace {

// Compares the rows that `scan` gives with those of libjpeg, if libjpeg does not warn. Returns
// whether the scan gives all rows: it may leave some to libjpeg.
bool check(JpegScan& scan, const test::ByLibjpeg& expected, const Window& window) {
  const auto pixel = static_cast<std::int64_t>(expected.pixels.pixel_bytes());
  test::File row(static_cast<std::size_t>(window[1].length() * pixel));
  for (std::int64_t r = window[0].begin; r < window[0].end; ++r) {
    if (!scan.row(r, row.data())) return false;
    if (!expected.good() || expected.ended) continue;
    must(std::equal(row.begin(), row.end(), expected.pixels.row(r) + window[1].begin * pixel),
         "a row is not libjpeg's", std::to_string(r));
  }
  return true;
}

}  // namespace

void jpeg_window(Bytes input) {
  const test::File file = file_of(input);
  const DecodeOptions options{.apply_orientation = false, .max_pixels = kMostPixels};
  const auto info = read_info(file, options);
  if (!info || info->format != Format::Jpeg) return;
  const Window all = whole(info->shape);
  if (scan_jpeg(file, all) == nullptr) return;
  const test::ByLibjpeg expected = test::decode_by_libjpeg(file);
  if (expected.pixels.shape != info->shape) return;  // libjpeg failed at once
  Choices choices(file);
  static const bool has_bmi2 = use_bmi2;
  use_bmi2 = has_bmi2 && !choices.one_in(4);

  const auto scan = scan_jpeg(file, all);
  if (check(*scan, expected, all) && scan->finish())
    must(expected.good(), "the scan says that all is well, and libjpeg warns");
  for (int i = 0; i < 8; ++i) {
    const Window window = choices.window(info->shape);
    const auto part = scan_jpeg(file, window);
    must(part != nullptr, "a window of a picture that can be read cannot");
    static_cast<void>(check(*part, expected, window));
  }
}

}  // namespace deckle::fuzz

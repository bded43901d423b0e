// SPDX-License-Identifier: Apache-2.0
// Windows of a JPEG by the fast reader, in both of its copies, and by libjpeg-turbo.
#include "codecs/jpeg.h"
#include "codecs/jpeg_bits.h"
#include "fuzz/fuzz.h"
#include "support/jpeg.h"

namespace deckle::fuzz {

void jpeg_window(Bytes input) {
  const test::File file = file_of(input);
  const DecodeOptions options{.apply_orientation = false, .max_pixels = kMostPixels};
  const auto info = read_info(file, options);
  if (!info || info->format != Format::Jpeg) return;
  const Window all = whole(info->shape);
  if (scan_jpeg(file, all) == nullptr) return;
  const test::ByLibjpeg expected = test::decode_by_libjpeg(file);
  Choices choices(file);
  static const bool has_bmi2 = use_bmi2;
  use_bmi2 = has_bmi2 && !choices.one_in(4);

  const auto scan = scan_jpeg(file, all);
  const bool shown = !expected.failed && test::shows(*scan, expected.pixels, all);
  if (expected.good()) must(shown || expected.ended, "the scan does not show libjpeg's pixels");
  if (shown && scan->finish())
    must(expected.good(), "the scan says that all is well, and libjpeg warns");
  for (int i = 0; i < 8; ++i) {
    const Window window = choices.window(info->shape);
    const auto part = scan_jpeg(file, window);
    must(part != nullptr, "a window of a picture that can be read cannot");
    const bool same = !expected.failed && test::shows(*part, expected.pixels, window);
    if (expected.good() && !expected.ended) must(same, "a window does not show libjpeg's pixels");
  }
}

}  // namespace deckle::fuzz

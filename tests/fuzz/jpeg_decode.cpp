// SPDX-License-Identifier: Apache-2.0
// Decodes a JPEG by deckle and by libjpeg-turbo: they must give the same pixels, or both report
// damage.
#include "fuzz/fuzz.h"
#include "fuzz/reading.h"
#include "support/jpeg.h"

namespace deckle::fuzz {
namespace {

// Whether deckle refuses a file that libjpeg reads: libjpeg fills missing picture data with grey,
// continues after a run of zero bytes, and takes any number of scans.
bool is_stricter(const Error& error, const test::ByLibjpeg& expected) {
  return expected.ended || error.code == ErrorCode::Unsupported ||
         error.message.find("zero bytes within") != std::string::npos ||
         error.message.find("no scan contains") != std::string::npos;
}

}  // namespace

void jpeg_decode(Bytes input) {
  const test::File file = file_of(input);
  const DecodeOptions options{.apply_orientation = false, .max_pixels = kMostPixels};
  const auto info = read_info(file, options);
  if (!info || info->format != Format::Jpeg) return;
  check_readers(file, Choices(file));

  Tensor out;
  const auto damage = decode(file, *info, options, out);
  if (!damage && damage.error().code == ErrorCode::Unsupported) return;  // too many scans
  const test::ByLibjpeg expected = test::decode_by_libjpeg(file);
  if (!damage) {
    must(!expected.good() || is_stricter(damage.error(), expected),
         "an error where libjpeg has nothing to say", damage.error().message);
    return;
  }
  must(!expected.failed, "a picture where libjpeg fails");
  must(expected.warnings == (damage->note.empty() ? 0 : 1), "libjpeg warns, and nothing is noted",
       damage->note);
  if (expected.pixels.shape.channels == 4) return;  // inks
  must(test::same(expected.pixels, out), "the pixels are not libjpeg's");
}

}  // namespace deckle::fuzz

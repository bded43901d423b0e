// SPDX-License-Identifier: Apache-2.0
// Decoders write each byte of their output: it never has the former contents of memory.
// TIFF, JPEG 2000, BMP of other kinds and what OpenCV writes are in the tests of their own codecs.
#include <png.h>

#include <string>
#include <vector>

#include "codecs/formats.h"
#include "support/catch.h"
#include "support/jpeg.h"
#include "support/pictures.h"
#include "support/png.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;

TEST_CASE("what deckle writes is read to the last byte", "[codecs][written]") {
  const Stderr said;
  for (const Codec& codec : codecs()) {
    if (!codec.encoder) continue;
    for (const DType dtype : {DType::UInt8, DType::UInt16, DType::Float32}) {
      for (const std::int64_t channels : {1, 2, 3, 4}) {
        const Tensor in = picture(19, 26, channels, dtype);
        if (!codec.encoder->check(in.shape, dtype)) continue;
        INFO(codec.name << " " << name_of(dtype) << " " << channels);
        check_all_written(encoded(in, {.format = codec.format}));
      }
    }
  }
  for (const std::int64_t channels : {1, 3, 4})
    check_all_written(
        encoded(picture(19, 26, channels), {.format = Format::Webp, .lossless = true}));
  CHECK(said.text().empty());
}

TEST_CASE("JPEG of other kinds is read to the last byte", "[codecs][written]") {
  const Stderr said;
  const Tensor in = picture(35, 50, 3);
  const Tensor ink = picture(35, 50, 4);
  const auto plain = [](auto&) {};
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) { jpeg_simple_progression(&j); }));
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) { j.arith_code = TRUE; }));
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) {
    j.arith_code = TRUE;
    jpeg_simple_progression(&j);
  }));
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) { j.restart_in_rows = 1; }));
  check_all_written(jpeg_with(in, JCS_RGB, [](auto& j) { jpeg_set_colorspace(&j, JCS_RGB); }));
  check_all_written(jpeg_with(ink, JCS_CMYK, plain));
  check_all_written(jpeg_with(ink, JCS_CMYK, [](auto& j) { jpeg_simple_progression(&j); }));
  check_all_written(jpeg_with(ink, JCS_CMYK, [](auto& j) { jpeg_set_colorspace(&j, JCS_YCCK); }));
  check_all_written(jpeg_with(in, JCS_UNKNOWN, [](auto& j) {
    static jpeg_scan_info scans[3]{};
    for (int i = 0; i < 3; ++i)
      scans[i] = {1, {i, 0, 0, 0}, 0, 63, 0, 0};
    j.scan_info = scans;
    j.num_scans = 3;
  }));
  for (const int down : {1, 2, 4}) {
    for (const int across : {1, 2, 4}) {
      if (down * across + 2 > 10) continue;  // blocks of an MCU: T.81, B.2.3
      INFO(down << " x " << across);
      check_cuts_written(jpeg_with(in, JCS_UNKNOWN, [&](auto& j) {
        j.comp_info[0].v_samp_factor = down;
        j.comp_info[0].h_samp_factor = across;
      }));
    }
  }
  for (std::int64_t side = 1; side <= 17; side += 2)
    check_cuts_written(jpeg_with(picture(side, 18 - side, 3), JCS_UNKNOWN, plain));
  CHECK(said.text().empty());
}

namespace {

struct PngKind {
  int bits;
  int type;
};

constexpr PngKind kPngKinds[]{
    {1, PNG_COLOR_TYPE_GRAY},        {2, PNG_COLOR_TYPE_GRAY},      {4, PNG_COLOR_TYPE_GRAY},
    {8, PNG_COLOR_TYPE_GRAY},        {16, PNG_COLOR_TYPE_GRAY},     {1, PNG_COLOR_TYPE_PALETTE},
    {2, PNG_COLOR_TYPE_PALETTE},     {4, PNG_COLOR_TYPE_PALETTE},   {8, PNG_COLOR_TYPE_PALETTE},
    {8, PNG_COLOR_TYPE_RGB},         {16, PNG_COLOR_TYPE_RGB},      {8, PNG_COLOR_TYPE_GRAY_ALPHA},
    {16, PNG_COLOR_TYPE_GRAY_ALPHA}, {8, PNG_COLOR_TYPE_RGB_ALPHA}, {16, PNG_COLOR_TYPE_RGB_ALPHA},
};

// Of any samples; `colours` of the palette, 0 for all.
File png_of(png_uint_32 rows, png_uint_32 cols, const PngKind& kind, bool interlaced,
            bool transparent, std::size_t colours = 0) {
  Special special{.bits = kind.bits, .type = kind.type, .interlaced = interlaced};
  if (kind.type == PNG_COLOR_TYPE_PALETTE) {
    const std::size_t count = colours != 0 ? colours : std::size_t{1} << kind.bits;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<png_byte>(i + 1);
      special.palette.push_back({value, static_cast<png_byte>(255 - value), 7});
    }
    if (transparent) special.palette_alpha = {9, 200};
  } else if (transparent && (kind.type & PNG_COLOR_MASK_ALPHA) == 0) {
    special.transparent_grey = 1;
  }
  File samples(std::size_t{rows} * cols * 8);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<std::uint8_t>(i * 37 + i / 11);
  return png(rows, cols, samples, special);
}

}  // namespace

TEST_CASE("PNG of every kind is read to the last byte", "[codecs][png][written]") {
  const Stderr said;
  for (const PngKind& kind : kPngKinds) {
    for (const bool interlaced : {false, true}) {
      for (const bool transparent : {false, true}) {
        INFO(kind.bits << " " << kind.type << " " << interlaced << " " << transparent);
        check_cuts_written(png_of(13, 21, kind, interlaced, transparent));
      }
    }
  }
  check_all_written(png_of(13, 21, {4, PNG_COLOR_TYPE_PALETTE}, false, true));
  check_all_written(png_of(13, 21, {4, PNG_COLOR_TYPE_PALETTE}, true, false));
  check_all_written(png_of(13, 21, {16, PNG_COLOR_TYPE_RGB}, true, true));
  // colours that are missing
  for (const bool interlaced : {false, true}) {
    Tensor out;
    const File file = png_of(13, 21, {4, PNG_COLOR_TYPE_PALETTE}, interlaced, false, 9);
    CHECK_FALSE(read_twice(file, out));
    CHECK(read_twice(file, out, {.accept_truncated = true}));
  }
  CHECK(said.text().empty());
}

TEST_CASE("small interlaced PNG, of which passes are empty, are read to the last byte",
          "[codecs][png][written]") {
  const Stderr said;
  for (png_uint_32 cols = 1; cols <= 9; ++cols) {
    for (const png_uint_32 rows : {1U, 2U, 3U, 5U, 9U}) {
      for (const PngKind& kind :
           {PngKind{1, PNG_COLOR_TYPE_PALETTE}, PngKind{8, PNG_COLOR_TYPE_RGB}}) {
        INFO(rows << " x " << cols << " " << kind.bits);
        check_cuts_written(png_of(rows, cols, kind, true, false));
      }
    }
  }
  CHECK(said.text().empty());
}

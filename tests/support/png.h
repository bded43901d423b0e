// SPDX-License-Identifier: Apache-2.0
// PNG of kinds that deckle itself does not write.
#pragma once

#include <png.h>

#include <cstddef>
#include <vector>

#include "support/pictures.h"

namespace deckle::test {

/// A PNG of a kind that deckle itself does not write.
struct Special {
  int bits = 8;
  int type = PNG_COLOR_TYPE_GRAY;
  bool interlaced = false;
  std::vector<png_color> palette{};
  std::vector<png_byte> palette_alpha{};
  int transparent_grey = -1;
};

/// `samples` are the rows as stored, each in whole bytes.
inline File png(png_uint_32 rows, png_uint_32 cols, const File& samples, const Special& special) {
  File out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop image = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep data, std::size_t size) {
        auto& file = *static_cast<File*>(png_get_io_ptr(p));
        file.insert(file.end(), data, data + size);
      },
      [](png_structp) {});
  png_set_IHDR(png, image, cols, rows, special.bits, special.type,
               special.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  png_set_check_for_invalid_index(png, 0);
  if (!special.palette.empty()) {
    png_set_PLTE(png, image, special.palette.data(), static_cast<int>(special.palette.size()));
  }
  if (!special.palette_alpha.empty()) {
    png_set_tRNS(png, image, special.palette_alpha.data(),
                 static_cast<int>(special.palette_alpha.size()), nullptr);
  }
  if (special.transparent_grey >= 0) {
    png_color_16 grey{};
    grey.gray = static_cast<png_uint_16>(special.transparent_grey);
    grey.red = grey.green = grey.blue = grey.gray;
    png_set_tRNS(png, image, nullptr, 0, &grey);
  }
  png_write_info(png, image);
  std::vector<png_bytep> row_pointers;
  const std::size_t row_bytes = png_get_rowbytes(png, image);
  for (std::size_t r = 0; r < rows; ++r)
    row_pointers.push_back(const_cast<png_bytep>(samples.data() + r * row_bytes));
  png_write_image(png, row_pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &image);
  return out;
}

}  // namespace deckle::test

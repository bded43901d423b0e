// SPDX-License-Identifier: Apache-2.0
// JPEG of kinds that deckle itself does not write.
#pragma once

// cstdio before jpeglib.h, which needs it
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <cstdlib>

#include "support/pictures.h"

namespace deckle::test {

/// `settings` is called with the jpeg_compress_struct after its defaults are set. `colours`:
/// JCS_UNKNOWN for grey or RGB by the number of channels.
template <typename Settings>
File jpeg_with(const Tensor& pixels, J_COLOR_SPACE colours, Settings settings) {
  jpeg_compress_struct j{};
  jpeg_error_mgr errors{};
  j.err = jpeg_std_error(&errors);
  jpeg_create_compress(&j);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&j, &memory, &size);
  j.image_width = static_cast<JDIMENSION>(pixels.shape.cols());
  j.image_height = static_cast<JDIMENSION>(pixels.shape.rows());
  j.input_components = static_cast<int>(pixels.shape.channels);
  j.in_color_space = colours != JCS_UNKNOWN       ? colours
                     : pixels.shape.channels == 1 ? JCS_GRAYSCALE
                                                  : JCS_RGB;
  jpeg_set_defaults(&j);
  jpeg_set_quality(&j, 95, TRUE);
  settings(j);
  jpeg_start_compress(&j, TRUE);
  while (j.next_scanline < j.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.row(j.next_scanline));
    jpeg_write_scanlines(&j, &row, 1);
  }
  jpeg_finish_compress(&j);
  const File file(memory, memory + size);
  jpeg_destroy_compress(&j);
  std::free(memory);  // NOLINT: jpeg_mem_dest uses malloc
  return file;
}

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
// JPEG files of kinds that deckle does not write.
#pragma once

// in this order: jpeglib.h needs cstdio, jerror.h needs jpeglib.h
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <vector>

#include "codecs/jpeg/jpeg_scan.h"
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

/// A whole picture as libjpeg decodes it, as grey or RGB, with its warnings about the picture data.
struct ByLibjpeg {
  Tensor pixels;
  long warnings = 0;
  bool failed = false;
  bool ended = false;  ///< the picture data ended too early; this does not count as a warning

  [[nodiscard]] bool good() const { return warnings == 0 && !failed; }
};

inline ByLibjpeg decode_by_libjpeg(const File& file) {
  struct Errors {
    jpeg_error_mgr base;
    std::jmp_buf jump;
    bool ended;
  } errors{};
  ByLibjpeg out;
  jpeg_decompress_struct j{};
  j.err = jpeg_std_error(&errors.base);
  errors.base.emit_message = [](j_common_ptr p, int level) {
    const int code = p->err->msg_code;
    if (level < 0 && code != JWRN_JPEG_EOF && code != JWRN_NOT_SEQUENTIAL) ++p->err->num_warnings;
    if (level < 0 && code == JWRN_JPEG_EOF) reinterpret_cast<Errors*>(p->err)->ended = true;
  };
  errors.base.output_message = [](j_common_ptr) {};
  errors.base.error_exit = [](j_common_ptr p) {
    std::longjmp(reinterpret_cast<Errors*>(p->err)->jump, 1);
  };
  if (setjmp(errors.jump) != 0) {  // NOLINT(cert-err52-cpp): libjpeg is C
    out.failed = true;
    jpeg_destroy_decompress(&j);
    return out;
  }
  jpeg_create_decompress(&j);
  jpeg_mem_src(&j, file.data(), file.size());
  jpeg_read_header(&j, TRUE);
  errors.base.num_warnings = 0;  // of the picture data alone
  if (j.num_components == 3) j.out_color_space = JCS_RGB;
  jpeg_start_decompress(&j);
  out.pixels.reset(Shape::image(j.output_height, j.output_width, j.output_components),
                   DType::UInt8);
  while (j.output_scanline < j.output_height) {
    JSAMPROW row = out.pixels.row(j.output_scanline);
    jpeg_read_scanlines(&j, &row, 1);
  }
  jpeg_finish_decompress(&j);
  out.warnings = errors.base.num_warnings;
  out.ended = errors.ended;
  jpeg_destroy_decompress(&j);
  return out;
}

/// Whether the scan gives the window of the picture `all`.
inline bool shows(JpegScan& scan, const Tensor& all, const Window& window) {
  const auto pixel = static_cast<std::int64_t>(all.pixel_bytes());
  std::vector<std::uint8_t> row(static_cast<std::size_t>(window[1].length() * pixel));
  for (std::int64_t r = window[0].begin; r < window[0].end; ++r) {
    if (!scan.row(r, row.data())) return false;
    if (!std::equal(row.begin(), row.end(), all.row(r) + window[1].begin * pixel)) return false;
  }
  return true;
}

}  // namespace deckle::test

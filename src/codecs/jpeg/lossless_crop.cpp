// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/lossless_crop.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "codecs/jpeg/jpeg_decode.h"
#include "codecs/jpeg/jpeg_metadata.h"
#include "codecs/jpeg/libjpeg.h"

namespace deckle {
namespace {

// Rows and cols of an MCU. With one component an MCU is one block, with any sampling factors (T.81,
// A.2.2).
Window mcu_of(const jpeg_decompress_struct& jpeg) {
  if (jpeg.num_components == 1) return {2, {Interval{0, DCTSIZE}, Interval{0, DCTSIZE}}};
  return {2,
          {Interval{0, std::int64_t{DCTSIZE} * jpeg.max_v_samp_factor},
           Interval{0, std::int64_t{DCTSIZE} * jpeg.max_h_samp_factor}}};
}

// Whether a progressive picture has no scans for the last bits of coefficients. Decoders smooth it.
bool omits_bits(const jpeg_decompress_struct& jpeg) {
  if (jpeg.progressive_mode == 0) return false;
  return std::any_of(jpeg.coef_bits, jpeg.coef_bits + jpeg.num_components, [](const auto& bits) {
    return std::any_of(std::begin(bits), std::end(bits), [](int missing) { return missing != 0; });
  });
}

// Runs inside `guarded`.
void copy_coefficients(jpeg_decompress_struct& from, jvirt_barray_ptr* all, const Window& window,
                       const std::vector<JpegSegment>& segments, jpeg_compress_struct& to) {
  jpeg_copy_critical_parameters(&from, &to);
  if (from.num_components == 1) to.comp_info[0].h_samp_factor = to.comp_info[0].v_samp_factor = 1;
  to.image_height = static_cast<JDIMENSION>(window[0].length());
  to.image_width = static_cast<JDIMENSION>(window[1].length());
  to.optimize_coding = TRUE;  // the default tables may lack a code
  if (from.progressive_mode != 0) jpeg_simple_progression(&to);

  const Window mcu = mcu_of(from);
  const auto mcus = [&](int axis) {
    return static_cast<JDIMENSION>((window[axis].length() + mcu[axis].end - 1) / mcu[axis].end);
  };
  std::array<jvirt_barray_ptr, MAX_COMPONENTS> target_blocks{};
  auto* const to_common = reinterpret_cast<j_common_ptr>(&to);
  auto* const from_common = reinterpret_cast<j_common_ptr>(&from);
  for (int i = 0; i < from.num_components; ++i) {
    const jpeg_component_info& component = to.comp_info[i];
    const auto h_sampling = static_cast<JDIMENSION>(component.h_samp_factor);
    const auto v_sampling = static_cast<JDIMENSION>(component.v_samp_factor);
    target_blocks.at(static_cast<std::size_t>(i)) = to.mem->request_virt_barray(
        to_common, JPOOL_IMAGE, FALSE, mcus(1) * h_sampling, mcus(0) * v_sampling, v_sampling);
  }
  jpeg_write_coefficients(&to, target_blocks.data());
  write_segments(to, segments);
  for (int i = 0; i < from.num_components; ++i) {
    const jpeg_component_info& component = to.comp_info[i];
    const auto v_sampling = static_cast<JDIMENSION>(component.v_samp_factor);
    const auto top = static_cast<JDIMENSION>(window[0].begin / mcu[0].end) * v_sampling;
    const auto left = static_cast<JDIMENSION>(window[1].begin / mcu[1].end) *
                      static_cast<JDIMENSION>(component.h_samp_factor);
    const std::size_t blocks =
        std::size_t{mcus(1)} * static_cast<JDIMENSION>(component.h_samp_factor);
    for (JDIMENSION row = 0; row < mcus(0) * v_sampling; row += v_sampling) {
      JBLOCKARRAY source =
          from.mem->access_virt_barray(from_common, all[i], top + row, v_sampling, FALSE);
      JBLOCKARRAY target = to.mem->access_virt_barray(
          to_common, target_blocks.at(static_cast<std::size_t>(i)), row, v_sampling, TRUE);
      for (JDIMENSION r = 0; r < v_sampling; ++r)
        std::memcpy(target[r], source[r] + left, blocks * sizeof(JBLOCK));
    }
  }
  jpeg_finish_compress(&to);
}

}  // namespace

Result<Done> check_lossless_crop(Bytes file, const Window& window) {
  LibjpegDecoder decoder(file);
  if (!decoder.read_header()) return decoder.header_error();
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (jpeg.num_components != 1 && jpeg.num_components != 3)
    return Error{ErrorCode::Unsupported, "CMYK is not written"};
  const Window mcu = mcu_of(jpeg);
  if (window[0].begin % mcu[0].end == 0 && window[1].begin % mcu[1].end == 0) return Done{};
  return Error{ErrorCode::Unsupported,
               "the output begins at row " + std::to_string(window[0].begin) + ", column " +
                   std::to_string(window[1].begin) + " of blocks of " + std::to_string(mcu[0].end) +
                   " x " + std::to_string(mcu[1].end) + "; begin at a multiple of them"};
}

Result<Done> lossless_crop(Bytes file, const Window& window, const Metadata& metadata,
                           Buffer& out) {
  if (const Result<Done> can = check_lossless_crop(file, window); !can) return can.error();
  const auto segments = segments_of(metadata);
  if (!segments) return segments.error();
  LibjpegDecoder decoder(file);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  LibjpegReport& report = decoder.report;
  if (auto opened = decoder.open_whole(); !opened) return opened;
  if (std::optional<Error> hole = jpeg_hole(decoder, file)) return *hole;
  report.stop_at_damage = true;

  BufferSink sink(out);
  LibjpegEncoder encoder(sink);
  bool written = false;
  bool complete = true;
  const bool read = guarded(report, [&] {
    written = guarded(encoder.report, [&] {
      jvirt_barray_ptr* const coefficients = jpeg_read_coefficients(&jpeg);
      complete = !omits_bits(jpeg);
      encoder.create();
      if (complete) copy_coefficients(jpeg, coefficients, window, *segments, encoder.jpeg);
      finish_pixels(jpeg);
    });
  });
  if (sink.failed()) throw std::bad_alloc();
  if (!read) return decoder.fatal_error();
  if (!complete) {
    return Error{ErrorCode::Unsupported, "its scans omit bits of coefficients"};
  }
  if (!written) return encoder.error();
  std::string note;
  if (auto wrong = jpeg_damage(decoder, file, note)) return *wrong;
  return Done{};
}

}  // namespace deckle

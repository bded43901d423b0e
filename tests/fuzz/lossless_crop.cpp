// SPDX-License-Identifier: Apache-2.0
// A lossless crop must have the coefficients of the window, and be an undamaged JPEG.
#include <cstring>
#include <vector>

#include "fuzz/fuzz.h"
#include "support/jpeg.h"

namespace deckle::fuzz {
namespace {

struct Component {
  std::int64_t v_sampling = 1;
  std::int64_t h_sampling = 1;
  std::int64_t rows = 0;  // of blocks
  std::int64_t cols = 0;
  std::vector<JCOEF> blocks;

  [[nodiscard]] const JCOEF* block(std::int64_t r, std::int64_t c) const {
    return &blocks[static_cast<std::size_t>((r * cols + c) * DCTSIZE2)];
  }
};

// Of a file that libjpeg reads.
std::vector<Component> coefficients_of(const test::File& file) {
  jpeg_decompress_struct j{};
  jpeg_error_mgr errors{};
  j.err = jpeg_std_error(&errors);
  errors.emit_message = [](j_common_ptr, int) {};
  errors.error_exit = [](j_common_ptr) { must(false, "libjpeg fails at what deckle cuts"); };
  jpeg_create_decompress(&j);
  jpeg_mem_src(&j, file.data(), file.size());
  jpeg_read_header(&j, TRUE);
  jvirt_barray_ptr* const arrays = jpeg_read_coefficients(&j);
  std::vector<Component> components(static_cast<std::size_t>(j.num_components));
  for (std::size_t i = 0; i < components.size(); ++i) {
    const jpeg_component_info& info = j.comp_info[i];
    Component& to = components[i];
    to.v_sampling = info.v_samp_factor;
    to.h_sampling = info.h_samp_factor;
    to.rows = info.height_in_blocks;
    to.cols = info.width_in_blocks;
    for (JDIMENSION r = 0; r < info.height_in_blocks; ++r) {
      const JBLOCKROW row =
          *j.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&j), arrays[i], r, 1, FALSE);
      to.blocks.insert(to.blocks.end(), row[0], row[info.width_in_blocks]);
    }
  }
  jpeg_destroy_decompress(&j);
  return components;
}

}  // namespace

void lossless_crop(Bytes input) {
  const test::File file = file_of(input);
  const Codec& codec = codec_of(Format::Jpeg);
  const DecodeOptions options{.apply_orientation = false, .max_pixels = kMostPixels};
  const auto info = read_info(file, options);
  if (!info || info->format != Format::Jpeg) return;
  Choices choices(file);
  Window window = choices.window(info->shape);
  if (!choices.one_in(8)) {
    for (int a = 0; a < 2; ++a)
      window[a].begin -= window[a].begin % (choices.one_in(2) ? 16 : 8);
  }
  if (!codec.lossless_crop->check(file, window)) return;
  Buffer out;
  const auto cut = codec.lossless_crop->crop(file, window, {}, out);
  Tensor pixels;
  const auto damage = decode(file, *info, options, pixels);
  if (!cut) {
    must(!damage || cut.error().code == ErrorCode::Unsupported,
         "a picture that is whole is not cut", cut.error().message);
    return;
  }
  must(damage.has_value(), "a damaged picture is cut", damage ? "" : damage.error().message);
  const test::File made = file_of(out.bytes());
  const auto again = test::read(made, pixels);
  must(again && again->empty(), "a cut cannot be read",
       again ? again->note : again.error().message);
  must(pixels.shape.rows() == window[0].length() && pixels.shape.cols() == window[1].length(),
       "a cut is not as large as its window");
  const std::vector<Component> from = coefficients_of(file);
  const std::vector<Component> to = coefficients_of(made);
  must(from.size() == to.size(), "a cut has other components");
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::int64_t max_v = 1;
    std::int64_t max_h = 1;
    for (const Component& c : from) {
      max_v = std::max(max_v, c.v_sampling);
      max_h = std::max(max_h, c.h_sampling);
    }
    const bool alone = from.size() == 1;  // with one component, the sampling factors have no effect
    const std::int64_t top =
        alone ? window[0].begin / 8 : window[0].begin / (8 * max_v) * from[i].v_sampling;
    const std::int64_t left =
        alone ? window[1].begin / 8 : window[1].begin / (8 * max_h) * from[i].h_sampling;
    for (std::int64_t r = 0; r < to[i].rows; ++r) {
      for (std::int64_t c = 0; c < to[i].cols; ++c) {
        must(std::memcmp(to[i].block(r, c), from[i].block(top + r, left + c),
                         DCTSIZE2 * sizeof(JCOEF)) == 0,
             "a cut has other coefficients");
      }
    }
  }
}

}  // namespace deckle::fuzz

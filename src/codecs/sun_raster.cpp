// SPDX-License-Identifier: Apache-2.0
// sun_raster: Sun raster of the old and the standard kind, which are not run-length coded; with or
// without a colour map.
// Shapes  H x W x 1 or 3 uint8; colour maps to RGB, or to grey if all colours are grey; with
//         ImageInfo::indexed, indices as stored
// Fails   Truncated with rows, Damaged for an index without a colour, Unsupported for other kinds
//         (as run-length coded) and for raw colour maps
// Source  rasterfile(5)
// OpenCV is not used: 4.6 gives black for grey (measured).
#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "codecs/codec.h"
#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

struct SunRaster {
  ImageInfo info;
  std::size_t bits = 0;
  std::size_t offset = 0;
  std::size_t colours = 0;
};

constexpr std::size_t kSunHeader = 32;

bool matches_sun(Bytes head) {
  return text_of(head).starts_with("\x59\xa6\x6a\x95"sv);
}

Result<SunRaster> read_sun_header(Bytes file) {
  if (file.size() < kSunHeader) return header_ends();
  const auto word = [&](std::size_t i) { return read_big(file.data() + 4 * i, 4); };
  SunRaster sun;
  sun.info.format = Format::SunRaster;
  sun.info.lossless = true;
  sun.bits = static_cast<std::size_t>(word(3));
  const std::uint64_t kind = word(5);
  const std::uint64_t map_kind = word(6);
  const std::uint64_t map_bytes = word(7);
  if (kind > 1 || (sun.bits != 1 && sun.bits != 8 && sun.bits != 24 && sun.bits != 32)) {
    return Error{ErrorCode::Unsupported, "Sun raster of kind " + std::to_string(kind) + " with " +
                                             std::to_string(sun.bits) +
                                             " bits per pixel is not read"};
  }
  if (map_kind > 1 || (map_kind == 0 && map_bytes != 0) || map_bytes > std::size_t{3} * 256 ||
      map_bytes % 3 != 0) {
    return Error{ErrorCode::Unsupported, "Sun raster with a colour map of kind " +
                                             std::to_string(map_kind) + " and " +
                                             std::to_string(map_bytes) + " bytes is not read"};
  }
  sun.offset = kSunHeader + static_cast<std::size_t>(map_bytes);
  if (file.size() < sun.offset) return header_ends();
  sun.colours = static_cast<std::size_t>(map_bytes / 3);
  bool coloured = sun.bits > 8;
  for (std::size_t i = 0; i < sun.colours; ++i) {
    const std::uint8_t* const map = file.data() + kSunHeader + i;
    coloured = coloured || map[0] != map[sun.colours] || map[0] != map[2 * sun.colours];
    sun.info.palette.push_back(colour_of_bytes(map[0], map[sun.colours], map[2 * sun.colours]));
  }
  if (is_grey_ramp(sun.info.palette) || sun.bits > 8) sun.info.palette.clear();
  sun.info.shape = Shape::image(static_cast<std::int64_t>(word(2)),
                                static_cast<std::int64_t>(word(1)), coloured ? 3 : 1);
  return sun;
}

Result<ImageInfo> sun_info(Bytes file) {
  Result<SunRaster> sun = read_sun_header(file);
  if (!sun) return sun.error();
  return sun->info;
}

// Bytes of a row without its padding.
std::size_t sun_row_bytes(const SunRaster& sun) {
  return (static_cast<std::size_t>(sun.info.shape.cols()) * sun.bits + 7) / 8;
}

Promise sun_promise(Bytes file, const ImageInfo& info) {
  const Result<SunRaster> sun = read_sun_header(file);
  if (!sun) return {};
  return {sun_row_bytes(*sun) * static_cast<std::uint64_t>(info.shape.rows()),
          file.size() - sun->offset};
}

// Returns the highest index without a colour, or 0: index 0 always has a colour.
std::size_t unpack_sun_row(Bytes file, const SunRaster& sun, const std::uint8_t* from,
                           std::uint8_t* to) {
  const auto channels =
      sun.info.indexed ? std::size_t{1} : static_cast<std::size_t>(sun.info.shape.channels);
  const auto cols = static_cast<std::size_t>(sun.info.shape.cols());
  const std::uint8_t* const map = file.data() + kSunHeader;
  std::size_t wrong = 0;
  for (std::size_t c = 0; c < cols; ++c, to += channels) {
    if (sun.bits > 8) {  // B, G, R; in 32 bits an unused byte before them
      const std::uint8_t* const bgr = from + c * sun.bits / 8 + (sun.bits == 32 ? 1 : 0);
      to[0] = bgr[2];
      to[1] = bgr[1];
      to[2] = bgr[0];
      continue;
    }
    const std::size_t index = sun.bits == 8 ? from[c] : from[c / 8] >> (7 - c % 8) & 1U;
    if (sun.colours != 0 && index >= sun.colours) wrong = std::max(wrong, index);
    if (sun.info.indexed) {
      *to = static_cast<std::uint8_t>(index);
      continue;
    }
    for (std::size_t i = 0; i < channels; ++i) {
      if (sun.colours != 0) {
        to[i] = index < sun.colours ? map[i * sun.colours + index] : std::uint8_t{0};
      } else {  // without a colour map, 1 is black
        to[i] = static_cast<std::uint8_t>(sun.bits == 8 ? index : 255 * (1 - index));
      }
    }
  }
  return wrong;
}

Result<Damage> decode_sun(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  Result<SunRaster> sun = read_sun_header(file);
  if (!sun) return sun.error();
  sun->info.indexed = info.indexed;
  const auto rows = static_cast<std::size_t>(info.shape.rows());
  const std::size_t row_bytes = sun_row_bytes(*sun);
  const std::size_t pitch = (row_bytes + 1) / 2 * 2;
  // the padding of the last row is not a pixel
  const std::size_t whole = std::min(rows, (file.size() - sun->offset + pitch - row_bytes) / pitch);
  if (whole < rows && !options.accept_truncated) return ends_at_row(whole, info.shape.rows());
  out.reset(info.shape, info.dtype);
  std::optional<Error> damage;
  for (std::size_t r = 0; r < whole; ++r) {
    const std::size_t wrong = unpack_sun_row(file, *sun, file.data() + sun->offset + r * pitch,
                                             out.row(static_cast<std::int64_t>(r)));
    if (wrong > 0 && !damage) damage = without_colour(r, info.shape.rows(), wrong, sun->colours);
  }
  zero_rows(out, whole, rows);
  if (whole < rows) damage = ends_at_row(whole, info.shape.rows());
  return outcome(std::move(damage), options);
}

}  // namespace

Codec sun_raster_codec() {
  return {.format = Format::SunRaster,
          .extensions = {"ras", "sr"},
          .matches = matches_sun,
          .read_info = sun_info,
          .decode = decode_sun,
          .promise = sun_promise,
          .version = by_deckle};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// jp2: JPEG 2000, as a JP2 file or a bare codestream; pixels by OpenJPEG.
// Shapes  H x W x 1 to 4 (2 and 4: the last is alpha); uint8 or uint16, samples of 9 to 15 bits
//         scaled to 65535; sYCC becomes RGB
// Fails   Truncated with bytes, Damaged with a byte or OpenJPEG's reason, Unsupported for rare
//         variants
// Source  ISO/IEC 15444-1, A, B and I; IEC 61966-2-1 Amd 1, for sYCC; openjpeg.h
// Headers are read here too: OpenJPEG allocates any amount of memory that a header asks for, fills
// missing tiles with zeros, and does not report a truncated file.
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "codecs/codec.h"
#include "codecs/jp2_codestream.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"
#include "core/text.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

struct Jp2 {
  ImageInfo info;
  Bytes codestream;
  bool whole = true;  // the box of the codestream is not cut off
  Jp2Tiling tiling{};
  std::uint32_t bits = 8;  // of a sample
  bool ycc = false;        // the first three components are sYCC
};

constexpr std::uint64_t kSoc = 0xFF4F;
constexpr std::uint64_t kSiz = 0xFF51;

bool matches_jp2(Bytes head) {
  const std::string_view text = text_of(head);
  return text.starts_with("\0\0\0\x0cjP  \r\n\x87\n"sv) || text.starts_with("\xff\x4f\xff\x51"sv);
}

struct Box {
  std::string_view type;
  Bytes inside;  // the contents, as far as they are in the file
  bool whole = false;
};

// Removes the first box from `rest`; nothing if there is none.
std::optional<Box> next_box(Bytes& rest) {
  if (rest.size() < 8) return std::nullopt;
  std::uint64_t length = read_big(rest.data(), 4);
  std::size_t header = 8;
  if (length == 1) {
    if (rest.size() < 16) return std::nullopt;
    length = read_big(rest.data() + 8, 8);
    header = 16;
  }
  if (length == 0) length = rest.size();  // the last box: to the end of the file
  if (length < header) return std::nullopt;
  const std::size_t there = static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size()));
  const Box box{text_of(rest.subspan(4, 4)), rest.subspan(header, there - header),
                length <= rest.size()};
  rest = rest.subspan(there);
  return box;
}

// ---- boxes

// The boxes that describe the components of the codestream.
struct Boxes {
  bool palette = false;
  std::optional<std::uint64_t> colours;  // enumerated: 16 is sRGB
  std::string profile;                   // the colour space of a restricted ICC profile: "RGB "
  Bytes icc;                             // this profile, or the first of any kind
  Bytes channels;                        // of the cdef box: six bytes for each channel
};

void read_header_box(Bytes inner, Boxes& boxes) {
  while (const std::optional<Box> box = next_box(inner)) {
    const std::uint8_t* const p = box->inside.data();
    const std::size_t size = box->inside.size();
    if (box->type == "pclr") boxes.palette = true;
    if (box->type == "cdef" && size >= 2) {
      const auto count = static_cast<std::size_t>(read_big(p, 2));
      boxes.channels = box->inside.subspan(2, std::min(count * 6, (size - 2) / 6 * 6));
    }
    // The first enumerated colour space or restricted profile counts. A profile of another kind
    // counts only if there is neither.
    if (box->type != "colr" || size < 3 || boxes.colours || !boxes.profile.empty()) continue;
    if (p[0] == 1 && size >= 7) {
      boxes.colours = read_big(p + 3, 4);
      boxes.icc = {};
    }
    const bool any = p[0] == 3 && boxes.icc.empty();
    if ((p[0] != 2 && !any) || size < 3 + 20) continue;
    if (!any) boxes.profile = text_of(box->inside.subspan(3 + 16, 4));
    boxes.icc = box->whole ? box->inside.subspan(3) : Bytes{};
  }
}

// The name of an enumerated colour space.
std::string colours_name(std::uint64_t colours) {
  static const std::map<std::uint64_t, const char*> kNames{
      {12, "CMYK"}, {14, "CIELab"}, {16, "sRGB"},  {17, "grey"},
      {18, "sYCC"}, {20, "e-sRGB"}, {24, "e-sYCC"}};
  const auto name = kNames.find(colours);
  return name != kNames.end() ? name->second : "colour space " + std::to_string(colours);
}

// Checks the colours against the number of components: 1 and 2 are grey; 3 and 4 are RGB, or sYCC,
// which becomes RGB.
std::optional<Error> check_colours(const Boxes& boxes, std::size_t components, Jp2& jp2) {
  const bool grey = components <= 2;
  const std::string so_many = " with " + std::to_string(components) + " components";
  if (boxes.palette) return unsupported_jp2("with a palette");
  if (boxes.colours) {
    const std::uint64_t colours = *boxes.colours;
    if (grey ? colours != 17 : colours != 16 && colours != 18)
      return unsupported_jp2("in " + colours_name(colours) + so_many);
    jp2.ycc = colours == 18;
  }
  if (!boxes.profile.empty() && boxes.profile != (grey ? "GRAY" : "RGB ")) {
    return unsupported_jp2("with a colour profile for \"" + printable(boxes.profile) + "\"" +
                           so_many);
  }
  // The cdef box may give another order of channels. OpenJPEG reorders colours, but not alpha.
  for (std::size_t at = 0; at < boxes.channels.size(); at += 6) {
    const std::uint8_t* const p = boxes.channels.data() + at;
    const std::uint64_t channel = read_big(p, 2);
    const std::uint64_t type = read_big(p + 2, 2);
    const bool last_of_even = components % 2 == 0 && channel + 1 == components;
    if (type == 2) return unsupported_jp2("whose colours are multiplied by their alpha");
    if (last_of_even ? type == 0 : type == 1)
      return unsupported_jp2("whose alpha is not the last of 2 or 4 components");
  }
  return std::nullopt;
}

// ---- the whole header

Result<Jp2> read_jp2_header(Bytes file) {
  Jp2 jp2;
  jp2.info.format = Format::Jp2;
  jp2.codestream = file;
  Boxes boxes;
  if (file[0] == 0) {
    jp2.codestream = {};
    Bytes rest = file;
    while (const std::optional<Box> box = next_box(rest)) {
      if (box->type == "jp2h") read_header_box(box->inside, boxes);
      if (box->type == "jp2c") {
        jp2.codestream = box->inside;
        jp2.whole = box->whole;
        break;
      }
    }
  }
  const Bytes code = jp2.codestream;
  constexpr std::size_t kComponentsAt = 42;
  if (code.size() < kComponentsAt) return header_ends();
  const std::uint8_t* const p = code.data();
  if (read_big(p, 2) != kSoc || read_big(p + 2, 2) != kSiz) return bad_header("no SIZ marker");
  const auto number = [&](std::size_t at) {
    return static_cast<std::int64_t>(read_big(p + at, 4));
  };
  const std::size_t components = static_cast<std::size_t>(read_big(p + 40, 2));
  if (components < 1 || components > kMostJp2Components)
    return unsupported_jp2("with " + std::to_string(components) + " components");
  if (code.size() < kComponentsAt + 3 * components) return header_ends();
  for (std::size_t i = 0; i < components; ++i) {
    const std::uint8_t* const c = p + kComponentsAt + 3 * i;
    const unsigned bits = (c[0] & 0x7FU) + 1;
    if ((c[0] & 0x80U) != 0) return unsupported_jp2("with signed samples");
    if (c[1] != 1 || c[2] != 1) return unsupported_jp2("with subsampled components");
    if (bits < 8 || bits > 16 || (i > 0 && bits != jp2.bits)) {
      return Error{ErrorCode::Unsupported,
                   "JPEG 2000 is read with 8 to 16 bits in all components, this has " +
                       std::to_string(bits)};
    }
    jp2.bits = bits;
  }
  if (auto wrong = check_colours(boxes, components, jp2)) return *std::move(wrong);
  jp2.info.icc.assign(boxes.icc.begin(), boxes.icc.end());
  jp2.info.shape = Shape::image(number(12) - number(20), number(8) - number(16),
                                static_cast<std::int64_t>(components));
  jp2.info.dtype = jp2.bits > 8 ? DType::UInt16 : DType::UInt8;

  const Shape& shape = jp2.info.shape;
  const auto is_size = [](std::int64_t n) { return n >= 1 && n <= kMaxExtent; };
  if (!is_size(shape.rows()) || !is_size(shape.cols())) return jp2;  // refused by its size
  const auto tiles_of = [&](std::size_t side) {
    const std::int64_t tile = number(side + 16);
    return tile < 1 ? 0 : (number(side) - number(side + 24) + tile - 1) / tile;
  };
  jp2.tiling = {.picture = {number(16), number(20), number(8), number(12)},
                .first = {number(32), number(36), number(32) + number(24), number(36) + number(28)},
                .across = tiles_of(8),
                .down = tiles_of(12),
                .components = components};
  constexpr std::int64_t kMostTiles = 65535;  // the format's limit
  const auto some = [](std::int64_t n) { return n >= 1 && n <= kMostTiles; };
  const Jp2Tiling& tiling = jp2.tiling;
  if (!some(tiling.across) || !some(tiling.down) || !some(tiling.across * tiling.down))
    return bad_header("no tiles, or more than " + std::to_string(kMostTiles));
  const std::int64_t tiles = tiling.across * tiling.down;
  // OpenJPEG allocates several kilobytes for each tile: a small file must not make it allocate a
  // gigabyte.
  constexpr std::int64_t kFewTiles = 1024;
  constexpr std::int64_t kSmallTile = 1024;
  if (tiles > kFewTiles && shape.pixels() / tiles < kSmallTile)
    return unsupported_jp2("in " + std::to_string(tiles) + " tiles of fewer than 32 x 32 pixels");
  return jp2;
}

Result<ImageInfo> jp2_info(Bytes file) {
  Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return jp2.error();
  return jp2->info;
}

Promise jp2_promise(Bytes file, const ImageInfo& info) {
  return {static_cast<std::uint64_t>(info.shape.pixels() * info.shape.channels),
          most_unpacked(Coding::Unlimited, file.size())};
}

Metadata read_metadata(Bytes file) {
  const Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return {};
  return {jp2->info.icc, {}, {}};
}

// ---- pixels

struct Source {
  Bytes bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_source(void* to, OPJ_SIZE_T bytes, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t there = std::min<std::size_t>(bytes, source.bytes.size() - source.at);
  if (there == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, source.bytes.data() + source.at, there);
  source.at += there;
  return there;
}

OPJ_BOOL seek_source(OPJ_OFF_T to, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (to < 0 || static_cast<std::uint64_t>(to) > source.bytes.size()) return OPJ_FALSE;
  source.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

OPJ_OFF_T skip_source(OPJ_OFF_T bytes, void* user) {
  const auto& source = *static_cast<Source*>(user);
  const auto to = static_cast<OPJ_OFF_T>(source.at) + bytes;
  return seek_source(to, user) == OPJ_TRUE ? bytes : -1;
}

// The first error of OpenJPEG: later ones follow from it.
using Said = std::array<char, 256>;

void keep_message(const char* message, void* user) {
  auto& said = *static_cast<Said*>(user);
  if (said[0] == '\0') std::snprintf(said.data(), said.size(), "%s", message);
}

void drop_message(const char* /*message*/, void* /*user*/) {}

template <auto function>
struct Free {
  template <typename T>
  void operator()(T* p) const {
    function(p);
  }
};
using Stream = std::unique_ptr<opj_stream_t, Free<opj_stream_destroy>>;
using Decoder = std::unique_ptr<opj_codec_t, Free<opj_destroy_codec>>;
using Image = std::unique_ptr<opj_image_t, Free<opj_image_destroy>>;

Error picture_error(const Said& said) {
  std::string reason(said.data());
  while (!reason.empty() && (reason.back() == '\n' || reason.back() == '.'))
    reason.pop_back();
  return {ErrorCode::Damaged, "damaged: the picture data cannot be read" +
                                  (reason.empty() ? "" : " (" + printable(reason) + ")")};
}

Result<Image> decode_components(const Jp2& jp2, Bytes file) {
  Source source{file};
  const Stream stream(opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE));
  const Decoder decoder(opj_create_decompress(file[0] == 0 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  if (stream == nullptr || decoder == nullptr) throw std::bad_alloc();
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), file.size());
  opj_stream_set_read_function(stream.get(), read_source);
  opj_stream_set_skip_function(stream.get(), skip_source);
  opj_stream_set_seek_function(stream.get(), seek_source);
  Said said{};
  opj_set_info_handler(decoder.get(), drop_message, nullptr);
  opj_set_warning_handler(decoder.get(), drop_message, nullptr);
  opj_set_error_handler(decoder.get(), keep_message, &said);
  opj_dparameters_t parameters{};
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* opened = nullptr;
  const bool read = opj_setup_decoder(decoder.get(), &parameters) == OPJ_TRUE &&
                    opj_decoder_set_strict_mode(decoder.get(), OPJ_TRUE) == OPJ_TRUE &&
                    // no extra threads, also if OPJ_NUM_THREADS asks for them: pictures run in
                    // parallel
                    opj_codec_set_threads(decoder.get(), 0) == OPJ_TRUE &&
                    opj_read_header(stream.get(), decoder.get(), &opened) == OPJ_TRUE;
  Image image(opened);
  if (!read || image == nullptr) return picture_error(said);
  // OpenJPEG's header is compared with ours before memory is allocated.
  const Shape& shape = jp2.info.shape;
  const auto fits = [&](const opj_image_comp_t& component) {
    return std::int64_t{component.w} == shape.cols() && std::int64_t{component.h} == shape.rows() &&
           component.prec == jp2.bits && component.sgnd == 0;
  };
  const auto all_fit = [&] {
    return std::int64_t{image->numcomps} == shape.channels &&
           std::all_of(image->comps, image->comps + image->numcomps, fits);
  };
  const Error other{ErrorCode::Damaged, "damaged: the picture data is not what the header says (" +
                                            to_string(shape) + ")"};
  if (!all_fit()) return other;
  if (opj_decode(decoder.get(), stream.get(), image.get()) != OPJ_TRUE) return picture_error(said);
  if (!all_fit() || std::any_of(image->comps, image->comps + image->numcomps,
                                [](const auto& component) { return component.data == nullptr; })) {
    return other;
  }
  return image;
}

// The first three samples of a pixel: sYCC to RGB.
template <typename T>
void make_rgb(std::array<T, kMostJp2Components>& samples, double most) {
  const double middle = (most + 1) / 2;
  const double y = samples[0];
  const double blue = samples[1] - middle;
  const double red = samples[2] - middle;
  const auto rounded = [&](double value) {
    return static_cast<T>(std::clamp(std::floor(value + 0.5), 0.0, most));
  };
  samples[0] = rounded(y + 1.402 * red);
  samples[1] = rounded(y - 0.344136 * blue - 0.714136 * red);
  samples[2] = rounded(y + 1.772 * blue);
}

// Planes of int32 to pixels.
template <typename T>
void interleave(const opj_image_t& image, const Jp2& jp2, Tensor& out) {
  const auto most = static_cast<std::int32_t>((1U << jp2.bits) - 1);
  const std::size_t channels = image.numcomps;
  const auto pixels = static_cast<std::size_t>(jp2.info.shape.pixels());
  std::uint8_t* to = out.data.data();
  std::array<T, kMostJp2Components> samples{};
  for (std::size_t i = 0; i < pixels; ++i, to += channels * sizeof(T)) {
    for (std::size_t k = 0; k < channels; ++k)
      samples.at(k) = static_cast<T>(std::clamp(image.comps[k].data[i], 0, most));
    if (jp2.ycc) make_rgb(samples, most);
    std::memcpy(to, samples.data(), channels * sizeof(T));
  }
}

// Truncated data give a blurred picture, which looks complete. They are never accepted.
Result<Damage> decode_jp2(Bytes file, const ImageInfo& info, const DecodeOptions& /*options*/,
                          Tensor& out) {
  const Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return jp2.error();
  if (auto wrong = find_wrong_in_tiles(file, jp2->codestream, jp2->tiling))
    return *std::move(wrong);
  if (!jp2->whole) return Error{ErrorCode::Truncated, "truncated: the last box is cut off"};
  const Result<Image> image = decode_components(*jp2, file);
  if (!image) return image.error();
  out.reset(info.shape, info.dtype);
  if (info.dtype == DType::UInt8) {
    interleave<std::uint8_t>(**image, *jp2, out);
  } else {
    interleave<std::uint16_t>(**image, *jp2, out);
    scale_samples<std::uint16_t>(out, (1U << jp2->bits) - 1);
  }
  return Damage{};
}

std::string version(const EncodeOptions& /*options*/) {
  return std::string("OpenJPEG ") + opj_version();
}

}  // namespace

Codec jp2_codec() {
  return {.format = Format::Jp2,
          .extensions = {"jp2", "j2k", "jpc", "j2c"},
          .matches = matches_jp2,
          .read_info = jp2_info,
          .decode = decode_jp2,
          .promise = jp2_promise,
          .read_metadata = read_metadata,
          .version = version};
}

}  // namespace deckle

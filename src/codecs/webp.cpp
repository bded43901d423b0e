// SPDX-License-Identifier: Apache-2.0
// webp: still WebP pictures, lossy and lossless.
// Shapes  H x W x 3, or x 4 if the file has alpha; uint8. grey is written as R = G = B
// Fails   Truncated (the file is shorter than its RIFF header says, or libwebp reports it),
//         Damaged, Unsupported for animations
// Source  WebP container specification (RFC 9649); libwebp's decode.h, encode.h, demux.h
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codecs/codec.h"
#include "codecs/exif.h"
#include "codecs/ratios.h"
#include "codecs/write_picture.h"

namespace deckle {
namespace {

constexpr std::size_t kRiffHeader = 12;
constexpr std::size_t kChunkHeader = 8;

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

std::uint32_t little_endian(const std::uint8_t* p) {
  return p[0] | std::uint32_t{p[1]} << 8U | std::uint32_t{p[2]} << 16U | std::uint32_t{p[3]} << 24U;
}

void put_little_endian(std::uint8_t* to, std::size_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// An error if the file is shorter than its header says. The last byte may be missing: it pads to an
// even size, and some writers omit it.
std::optional<Error> shorter_than_said(Bytes file) {
  const std::uint64_t said = std::uint64_t{little_endian(file.data() + 4)} + 8;
  if (file.size() + 1 >= said && !(file.size() + 1 == said && said % 2 != 0)) return std::nullopt;
  return Error{ErrorCode::Truncated, "truncated: the file has " + std::to_string(file.size()) +
                                         " of " + std::to_string(said) + " bytes"};
}

Demuxer open(Bytes file) {
  const WebPData data{file.data(), file.size()};
  return {WebPDemuxPartial(&data, nullptr), &WebPDemuxDelete};
}

bool says(Bytes file, WebPFeatureFlags flag) {
  const Demuxer demuxer = open(file);
  return demuxer != nullptr && (WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS) & flag) != 0;
}

// The data of the first chunk of a kind of metadata; empty if there is none.
std::vector<std::uint8_t> metadata_of(Bytes file, WebPFeatureFlags flag, const char* name) {
  const Demuxer demuxer = open(file);
  if (demuxer == nullptr || (WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS) & flag) == 0)
    return {};
  WebPChunkIterator chunk{};
  std::vector<std::uint8_t> data;
  if (WebPDemuxGetChunk(demuxer.get(), name, 1, &chunk) != 0)
    data.assign(chunk.chunk.bytes, chunk.chunk.bytes + chunk.chunk.size);
  WebPDemuxReleaseChunkIterator(&chunk);
  return data;
}

std::uint32_t frames_of(Bytes file) {
  const Demuxer demuxer = open(file);
  return demuxer == nullptr ? 0 : WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT);
}

const char* text_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "not enough memory";
    case VP8_STATUS_INVALID_PARAM:
      return "invalid parameter";
    case VP8_STATUS_BITSTREAM_ERROR:
      return "bitstream error";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "unsupported feature";
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "the data ends too early";
    default:
      return "unknown error";
  }
}

bool matches(Bytes head) {
  return head.size() >= kRiffHeader && std::memcmp(head.data(), "RIFF", 4) == 0 &&
         std::memcmp(head.data() + 8, "WEBP", 4) == 0;
}

Result<ImageInfo> read_info(Bytes file) {
  WebPBitstreamFeatures features{};
  const VP8StatusCode status = WebPGetFeatures(file.data(), file.size(), &features);
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) {
    return Error{ErrorCode::Truncated, "truncated: the file ends within its header"};
  }
  if (status != VP8_STATUS_OK) {
    return Error{ErrorCode::Damaged,
                 std::string("damaged: the header cannot be read (") + text_of(status) + ")"};
  }
  if (features.has_animation != 0) {
    const std::uint32_t frames = frames_of(file);
    return Error{ErrorCode::Unsupported, "animated WebP (" + std::to_string(frames) +
                                             (frames == 1 ? " frame" : " frames") +
                                             ") is not read"};
  }
  ImageInfo info;
  info.format = Format::Webp;
  info.shape = Shape::image(features.height, features.width, features.has_alpha != 0 ? 4 : 3);
  info.orientation = exif_orientation(metadata_of(file, EXIF_FLAG, "EXIF")).value_or(1);
  info.icc = metadata_of(file, ICCP_FLAG, "ICCP");
  if (info.icc.empty() && says(file, ICCP_FLAG)) info.icc = unreadable_icc();
  info.lossless = features.format == 2;
  return info;
}

// Alpha is not counted: if it is constant, it needs hardly any bytes.
Promise webp_promise(Bytes file, const ImageInfo& info) {
  return {3 * static_cast<std::uint64_t>(info.shape.pixels()),
          most_unpacked(info.lossless ? Coding::Unlimited : Coding::Vp8, file.size())};
}

// Decodes as many rows as possible; the others become black.
Damage decode_part(Bytes file, const std::string& why, Tensor& out) {
  std::memset(out.data.data(), 0, out.byte_count());
  const auto stride = static_cast<int>(out.row_bytes());
  const std::unique_ptr<WebPIDecoder, decltype(&WebPIDelete)> decoder(
      WebPINewRGB(out.shape.channels == 4 ? MODE_RGBA : MODE_RGB, out.data.data(), out.byte_count(),
                  stride),
      &WebPIDelete);
  if (decoder == nullptr) throw std::bad_alloc();
  WebPIUpdate(decoder.get(), file.data(), file.size());
  int rows = 0;
  if (WebPIDecGetRGB(decoder.get(), &rows, nullptr, nullptr, nullptr) == nullptr) rows = 0;
  return {why + "; " + std::to_string(rows) + " of " + std::to_string(out.shape.rows()) +
          " rows were read"};
}

Result<Damage> decode_webp(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out) {
  std::optional<Error> damage = shorter_than_said(file);
  if (damage && !options.accept_truncated) return *damage;

  out.reset(info.shape, DType::UInt8);
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) {
    return Error{ErrorCode::Internal, "libwebp is not the version that this was built for"};
  }
  config.output.colorspace = info.shape.channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = out.data.data();
  config.output.u.RGBA.stride = static_cast<int>(out.row_bytes());
  config.output.u.RGBA.size = out.byte_count();
  if (!damage) {
    const VP8StatusCode status = WebPDecode(file.data(), file.size(), &config);
    WebPFreeDecBuffer(&config.output);
    if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
    if (status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED) {
      damage = Error{ErrorCode::Truncated, "truncated: the picture data ends too early"};
    } else if (status != VP8_STATUS_OK) {
      damage = Error{ErrorCode::Damaged, std::string("damaged: the picture data cannot be read (") +
                                             text_of(status) + ")"};
    }
  }
  if (!damage) return Damage{};
  if (!options.accept_truncated) return *damage;
  return decode_part(file, damage->message, out);
}

Result<Done> check_webp(const Shape& shape, DType dtype) {
  return check_format_limits({"webp", {DType::UInt8}, {1, 3, 4}, WEBP_MAX_DIMENSION}, shape, dtype);
}

// ---- metadata

Metadata read_metadata(Bytes file) {
  return {metadata_of(file, ICCP_FLAG, "ICCP"), exif_block(metadata_of(file, EXIF_FLAG, "EXIF")),
          xmp_packet(metadata_of(file, XMP_FLAG, "XMP "))};
}

std::size_t size_of_chunk(std::size_t bytes) {
  return kChunkHeader + bytes + bytes % 2;
}

void append_chunk(const char* type, Bytes data, Buffer& out) {
  std::array<std::uint8_t, kChunkHeader> header{};
  std::memcpy(header.data(), type, 4);
  put_little_endian(header.data() + 4, data.size(), 4);
  out.append(header);
  out.append(data);
  constexpr std::array<std::uint8_t, 1> kPadding{};
  if (data.size() % 2 != 0) out.append(kPadding);
}

// Adds metadata to a file that libwebp wrote. A simple file becomes an extended one; in an extended
// file (with alpha) VP8X is replaced (RFC 9649, 2.7).
Result<Done> add_metadata(const Metadata& metadata, const Shape& shape, Buffer& file) {
  constexpr std::uint64_t kMostBytes = 0xFFFFFFFE;  // of a RIFF chunk
  constexpr std::size_t kFlags = 20;                // of VP8X
  constexpr std::size_t kLosslessFlags = 24;        // the last byte of a VP8L header
  if (metadata.empty()) return Done{};
  const Bytes all = file.bytes();
  const auto begins = [&](const char* type) {
    return std::memcmp(all.data() + kRiffHeader, type, 4) == 0;
  };
  const bool extended = begins("VP8X");
  const bool alpha = (extended && (all[kFlags] & ALPHA_FLAG) != 0) ||
                     (begins("VP8L") && (all[kLosslessFlags] & 0x10U) != 0);
  const Bytes picture = all.subspan(kRiffHeader + (extended ? size_of_chunk(10) : 0));
  std::uint64_t size = 4 + size_of_chunk(10) + picture.size();
  for (const std::size_t bytes : {metadata.icc.size(), metadata.exif.size(), metadata.xmp.size()})
    size += bytes == 0 ? 0 : size_of_chunk(bytes);
  if (size > kMostBytes)
    return Error{ErrorCode::TooLarge, "webp holds at most 4 GB, with the metadata"};

  unsigned flags = 0;
  if (alpha) flags |= ALPHA_FLAG;
  if (!metadata.icc.empty()) flags |= ICCP_FLAG;
  if (!metadata.exif.empty()) flags |= EXIF_FLAG;
  if (!metadata.xmp.empty()) flags |= XMP_FLAG;
  std::array<std::uint8_t, 10> header{static_cast<std::uint8_t>(flags)};
  put_little_endian(header.data() + 4, static_cast<std::size_t>(shape.cols() - 1), 3);
  put_little_endian(header.data() + 7, static_cast<std::size_t>(shape.rows() - 1), 3);
  std::array<std::uint8_t, kRiffHeader> riff{'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'E', 'B', 'P'};
  put_little_endian(riff.data() + 4, static_cast<std::size_t>(size), 4);

  Buffer made;
  made.append(riff);
  append_chunk("VP8X", header, made);
  if (!metadata.icc.empty()) append_chunk("ICCP", metadata.icc, made);
  made.append(picture);
  if (!metadata.exif.empty()) append_chunk("EXIF", metadata.exif, made);
  if (!metadata.xmp.empty()) append_chunk("XMP ", as_bytes(metadata.xmp), made);
  file = std::move(made);
  return Done{};
}

// ---- writing

int write_part(const std::uint8_t* data, std::size_t size, const WebPPicture* picture) {
  try {
    static_cast<Buffer*>(picture->custom_ptr)->append({data, size});
    return 1;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

int goes_on(int /*percent*/, const WebPPicture* picture) {
  return is_told(*static_cast<const Stop*>(picture->user_data)) ? 0 : 1;
}

bool import(const Tensor& pixels, WebPPicture& picture) {
  const std::uint8_t* samples = pixels.data.data();
  const auto stride = static_cast<int>(pixels.row_bytes());
  if (pixels.shape.channels == 4) return WebPPictureImportRGBA(&picture, samples, stride) != 0;
  if (pixels.shape.channels == 3) return WebPPictureImportRGB(&picture, samples, stride) != 0;
  thread_local Buffer grey_as_rgb;  // reused for the next picture
  const std::size_t count = pixels.byte_count();
  grey_as_rgb.resize(count * 3);
  for (std::size_t i = 0; i < count; ++i)
    std::memset(grey_as_rgb.data() + 3 * i, samples[i], 3);
  return WebPPictureImportRGB(&picture, grey_as_rgb.data(), stride * 3) != 0;
}

Result<Done> encode(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  constexpr int kDefaultQuality = 90;
  constexpr float kLosslessEffort = 75;  // libwebp's default; "quality" means effort there
  if (const Result<Done> can = check_webp(pixels.shape, pixels.dtype); !can) return can.error();
  out.clear();
  WebPConfig config;
  WebPPicture picture;
  if (WebPConfigInit(&config) == 0 || WebPPictureInit(&picture) == 0) {
    return Error{ErrorCode::Internal, "libwebp is not the version that this was built for"};
  }
  config.lossless = options.lossless ? 1 : 0;
  config.quality =
      options.lossless
          ? kLosslessEffort
          : static_cast<float>(std::clamp(options.quality.value_or(kDefaultQuality), 1, 100));
  config.exact = 1;         // also keeps the colours of fully transparent pixels
  config.thread_level = 0;  // pictures run in parallel
  picture.use_argb = options.lossless ? 1 : 0;
  picture.width = static_cast<int>(pixels.shape.cols());
  picture.height = static_cast<int>(pixels.shape.rows());
  picture.writer = write_part;
  picture.custom_ptr = &out;
  Stop stop;
  if (options.stop != nullptr) {
    stop = *options.stop;
    picture.user_data = &stop;
    picture.progress_hook = goes_on;
  }

  const bool done = import(pixels, picture) && WebPEncode(&config, &picture) != 0;
  const WebPEncodingError error = picture.error_code;
  WebPPictureFree(&picture);
  if (done) return add_metadata(options.metadata, pixels.shape, out);
  if (error == VP8_ENC_ERROR_USER_ABORT) return given_up();
  if (error == VP8_ENC_ERROR_OUT_OF_MEMORY || error == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ||
      error == VP8_ENC_ERROR_BAD_WRITE) {
    throw std::bad_alloc();
  }
  if (error == VP8_ENC_ERROR_PARTITION0_OVERFLOW || error == VP8_ENC_ERROR_PARTITION_OVERFLOW ||
      error == VP8_ENC_ERROR_FILE_TOO_BIG) {
    return Error{ErrorCode::TooLarge, "the picture does not fit a WebP file at this quality"};
  }
  return Error{ErrorCode::Internal, "libwebp cannot encode: error " + std::to_string(error)};
}

std::string version(const EncodeOptions& /*options*/) {
  const auto version = static_cast<unsigned>(WebPGetEncoderVersion());
  return "libwebp " + std::to_string(version >> 16U) + "." + std::to_string(version >> 8U & 0xFFU) +
         "." + std::to_string(version & 0xFFU);
}

}  // namespace

Codec webp_codec() {
  return {.format = Format::Webp,
          .extensions = {"webp"},
          .matches = matches,
          .read_info = read_info,
          .decode = decode_webp,
          .promise = webp_promise,
          .read_metadata = read_metadata,
          .version = version,
          .encoder = Encoder{.check = check_webp,
                             .encode = encode,
                             .carries = {.icc = true, .exif = true, .xmp = true},
                             .usual_share = 0.08}};
}

}  // namespace deckle

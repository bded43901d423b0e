// SPDX-License-Identifier: Apache-2.0
// exr: OpenEXR, scan lines or tiles, one part.
// Shapes  H x W x 1 (Y), 3 (R, G, B) or 4 (and A); float32, from half or float
// Fails   Truncated with bytes, Damaged, Unsupported for parts that OpenCV would silently leave
//         out, and if its plug-in cannot be opened
// Source  openexr.com, "OpenEXR File Layout"
// Headers are read here: OpenCV cannot read them alone, drops channels that it does not know, and
// does not report where a file ends too early. Only zip and zips have checksums: in files of other
// compressions, damage may change pixels unnoticed, as in every format without checksums.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "codecs/codec.h"
#include "codecs/opencv.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"
#include "core/text.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\x76\x2f\x31\x01"sv;

struct Channel {
  std::string name;
  std::uint64_t type = 0;  // 0: uint, 1: half, 2: float
  bool all_pixels = true;
};

// Left, top, right, bottom; right and bottom are included.
using Box = std::array<std::int64_t, 4>;

struct Exr {
  ImageInfo info;
  Promise promise;
  std::optional<Error> ends;  // the file ends within its pixels
};

struct Header {
  std::vector<Channel> channels;
  std::optional<Box> data;
  std::optional<Box> display;
  std::optional<std::uint64_t> compression;
  bool tiled = false;
  std::array<std::uint64_t, 2> tile{};  // cols, rows
  std::uint64_t levels = 0;             // mode of the resolution levels: 0 is one level
  std::size_t end = 0;
};

bool matches_exr(Bytes head) {
  return text_of(head).starts_with(kMagic);
}

Error unsupported(const std::string& what) {
  return {ErrorCode::Unsupported, "OpenEXR " + what + " is not read"};
}

// Reads bytes from the front. After their end, all reads give empty values.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : rest_(bytes) {}
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  Bytes take(std::uint64_t n) {
    ended_ = ended_ || n > rest_.size();
    if (ended_) return {};
    const Bytes taken = rest_.first(static_cast<std::size_t>(n));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::uint64_t number(std::size_t bytes) {
    const Bytes taken = take(bytes);
    return ended_ ? 0 : read_little(taken.data(), bytes);
  }
  // Reads up to a zero byte, and the zero byte.
  std::string text() {
    const std::size_t length = text_of(rest_).find('\0');
    if (length == std::string_view::npos) {
      ended_ = true;
      return "";
    }
    std::string text(text_of(take(length)));
    take(1);
    return text;
  }

 private:
  Bytes rest_;
  bool ended_ = false;
};

std::vector<Channel> read_channels(Cursor in) {
  std::vector<Channel> channels;
  while (!in.ended()) {
    Channel channel{.name = in.text()};
    if (channel.name.empty()) break;
    channel.type = in.number(4);
    in.take(4);
    const std::uint64_t across = in.number(4);
    channel.all_pixels = across == 1 && in.number(4) == 1;
    channels.push_back(std::move(channel));
  }
  return channels;
}

Box read_box(Cursor in) {
  Box box{};
  for (std::int64_t& side : box)
    side = static_cast<std::int32_t>(in.number(4));
  return box;
}

Result<Header> read_attributes(Bytes file) {
  Header header;
  Cursor in(file);
  in.take(kMagic.size());
  const std::uint64_t version = in.number(4);
  if (in.ended()) return header_ends();
  if ((version & 0xFFU) != 2) return unsupported("of version " + std::to_string(version & 0xFFU));
  constexpr std::uint64_t kTiled = 0x200;
  constexpr std::uint64_t kDeep = 0x800;
  constexpr std::uint64_t kParts = 0x1000;
  if ((version & kDeep) != 0) return unsupported("with deep pixels");
  if ((version & kParts) != 0) return unsupported("of several parts");
  header.tiled = (version & kTiled) != 0;
  while (true) {
    const std::string name = in.text();
    if (in.ended()) return header_ends();
    if (name.empty()) break;
    in.text();  // its type
    Cursor value(in.take(in.number(4)));
    if (in.ended()) return header_ends();
    if (name == "channels") header.channels = read_channels(value);
    if (name == "dataWindow") header.data = read_box(value);
    if (name == "displayWindow") header.display = read_box(value);
    if (name == "compression") header.compression = value.number(1);
    if (name == "tiles") {
      header.tile = {value.number(4), value.number(4)};
      header.levels = value.number(1) & 15U;
    }
  }
  header.end = file.size() - in.left();
  if (!header.data || !header.display || !header.compression || header.channels.empty())
    return bad_header("no channels, windows or compression");
  if (header.tiled && (header.tile[0] < 1 || header.tile[1] < 1))
    return bad_header("no size of its tiles");
  return header;
}

// The number of channels; nothing if OpenCV would change the picture.
Result<std::int64_t> count_channels(const std::vector<Channel>& channels) {
  std::string names;
  for (const Channel& channel : channels) {
    names += (names.empty() ? "" : ", ") + printable(channel.name);
    if (!channel.all_pixels) return unsupported("with subsampled channels");
    if (channel.type != 1 && channel.type != 2) return unsupported("with samples of type uint");
  }
  if (names == "Y") return 1;
  if (names == "B, G, R") return 3;
  if (names == "A, B, G, R") return 4;
  return Error{
      ErrorCode::Unsupported,
      "OpenEXR is read with the channels Y, RGB or RGBA; this has " + names.substr(0, 200)};
}

struct Compression {
  std::uint64_t rows;  // of a chunk
  Coding coding;
};

// None, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB.
constexpr std::array<Compression, 10> kCompressions{{{1, Coding::None},
                                                     {1, Coding::ExrRuns},
                                                     {1, Coding::Deflate},
                                                     {16, Coding::Deflate},
                                                     {32, Coding::Piz},
                                                     {16, Coding::Pxr24},
                                                     {32, Coding::B44},
                                                     {32, Coding::B44},
                                                     {32, Coding::Dwa},
                                                     {256, Coding::Dwa}}};

// A table after the header has the offset of each chunk. A chunk begins with its position and
// length.
std::optional<Error> where_it_ends(Bytes file, const Header& header, const Shape& shape) {
  const std::size_t before = header.tiled ? 16 : 4;  // position of a chunk, then its length
  const auto in = [](std::int64_t size, std::uint64_t part) {
    return (static_cast<std::uint64_t>(size) + part - 1) / part;
  };
  const std::uint64_t chunks =
      header.tiled
          ? in(shape.cols(), header.tile[0]) * in(shape.rows(), header.tile[1])
          : in(shape.rows(), kCompressions.at(static_cast<std::size_t>(*header.compression)).rows);
  const auto cut = [&](std::uint64_t wanted) {
    return Error{ErrorCode::Truncated, "truncated: the picture data goes to byte " +
                                           std::to_string(wanted) + ", the file has " +
                                           std::to_string(file.size())};
  };
  for (std::uint64_t at = header.end; at < header.end + 8 * chunks; at += 8) {
    if (at + 8 > file.size()) return cut(at + 8);
    const std::uint64_t chunk = read_little(file.data() + at, 8);
    if (chunk == 0) {
      return Error{ErrorCode::Truncated,
                   "truncated: a part of the picture was never written to the file"};
    }
    if (chunk > file.size() || chunk + before + 4 > file.size()) return cut(chunk + before + 4);
    const std::uint64_t length = read_little(file.data() + chunk + before, 4);
    if (chunk + before + 4 + length > file.size()) return cut(chunk + before + 4 + length);
  }
  return std::nullopt;
}

Result<Exr> read_exr_header(Bytes file) {
  const Result<Header> header = read_attributes(file);
  if (!header) return header.error();
  const Result<std::int64_t> channels = count_channels(header->channels);
  if (!channels) return channels.error();
  if (*header->compression >= kCompressions.size())
    return unsupported("with compression " + std::to_string(*header->compression));
  if (*header->data != *header->display)
    return unsupported("whose data window is not its display window");
  constexpr std::uint64_t kLargestTile = 4096;
  if (header->tiled && std::max(header->tile[0], header->tile[1]) > kLargestTile)
    return unsupported("in tiles of more than 4096 x 4096 pixels");
  if (header->tiled && header->levels != 0) {
    return unsupported(std::string("with ") + (header->levels == 1 ? "mipmap" : "ripmap") +
                       " levels of resolution");
  }
  const auto& [left, top, right, bottom] = *header->data;
  Exr exr;
  exr.info.format = Format::Exr;
  exr.info.shape = Shape::image(bottom - top + 1, right - left + 1, *channels);
  exr.info.dtype = DType::Float32;
  const Shape& shape = exr.info.shape;
  if (shape.rows() < 1 || shape.cols() < 1) return exr;  // refused by its size
  // The limits of OpenCV, which checks them only after memory is allocated.
  constexpr std::int64_t kMostSide = std::int64_t{1} << 20U;
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 30U;
  if (shape.rows() > kMostSide || shape.cols() > kMostSide || shape.pixels() > kMostPixels) {
    return Error{ErrorCode::TooLarge, "the header says " + std::to_string(shape.rows()) + " x " +
                                          std::to_string(shape.cols()) +
                                          " pixels; OpenEXR is read up to " +
                                          std::to_string(kMostSide) + " rows and columns and " +
                                          std::to_string(kMostPixels) + " pixels"};
  }
  std::uint64_t pixel_bytes = 0;  // 2 of a half, 4 of a float
  for (const Channel& channel : header->channels)
    pixel_bytes += channel.type == 1 ? 2 : 4;
  const Coding coding = kCompressions.at(static_cast<std::size_t>(*header->compression)).coding;
  exr.promise = {static_cast<std::uint64_t>(shape.pixels()) * pixel_bytes,
                 most_unpacked(coding, file.size() - header->end)};
  exr.ends = where_it_ends(file, *header, shape);
  return exr;
}

Result<ImageInfo> exr_info(Bytes file) {
  const Result<Exr> exr = read_exr_header(file);
  if (!exr) return exr.error();
  return exr->info;
}

Promise exr_promise(Bytes file, const ImageInfo& /*info*/) {
  const Result<Exr> exr = read_exr_header(file);
  return exr ? exr->promise : Promise{};
}

Result<Damage> decode_exr(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Exr> exr = read_exr_header(file);
  if (!exr) return exr.error();
  if (exr->ends) return *exr->ends;
  if (auto done = decode_by_opencv(file, info, out, options.stop); !done) return done.error();
  return Damage{};
}

}  // namespace

Codec exr_codec() {
  return {.format = Format::Exr,
          .extensions = {"exr"},
          .matches = matches_exr,
          .read_info = exr_info,
          .decode = decode_exr,
          .promise = exr_promise,
          .decoder = opencv_version};
}

}  // namespace deckle

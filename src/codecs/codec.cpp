// SPDX-License-Identifier: Apache-2.0
// codec: the table of codecs, telling formats apart by content, and what all codecs have in common.
// Shapes  a file's bytes  ->  H x W x C, turned upright here and nowhere else
// Fails   NotAnImage, Unsupported (known but not read), TooLarge before memory is taken, Damaged
//         for empty pictures; else what the codec says
// Source  of signatures: each format's specification
#include "codecs/codec.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <utility>

#include "codecs/array.h"
#include "codecs/bmp.h"
#include "codecs/colour.h"
#include "codecs/exr.h"
#include "codecs/hdr.h"
#include "codecs/jp2.h"
#include "codecs/jpeg.h"
#include "codecs/orientation.h"
#include "codecs/png.h"
#include "codecs/pnm.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"
#include "codecs/sun_raster.h"
#include "codecs/tiff.h"
#include "codecs/webp.h"
#include "core/text.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
  std::string_view advice;
};

// Known formats that are not read. Strong signatures first: ICO's is weak. OpenCV 4.6 reads three
// of them, but not safely: it ends the program on damaged DICOM and PAM, makes PAM with another
// maxval too dark, and passes NITF to GDAL.
constexpr std::array kNotRead{
    Signature{0, "GIF87a"sv, "GIF", ""},
    Signature{0, "GIF89a"sv, "GIF", ""},
    Signature{4, "ftypavif"sv, "AVIF", ""},
    Signature{4, "ftypavis"sv, "AVIF (animated)", ""},
    Signature{4, "ftyphei"sv, "HEIC", ""},
    Signature{4, "ftyphev"sv, "HEIC", ""},
    Signature{4, "ftypmif1"sv, "HEIF", ""},
    Signature{4, "ftypmsf1"sv, "HEIF", ""},
    Signature{4, "ftypcrx "sv, "Canon CR3 raw", ""},
    Signature{0, "\xff\x0a"sv, "JPEG XL", ""},
    Signature{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "JPEG XL", ""},
    Signature{0, "II\xbc\x01"sv, "JPEG XR", ""},
    Signature{0, "8BPS"sv, "PSD", ""},
    Signature{0, "%PDF-"sv, "PDF", ""},
    Signature{0, "%!PS-Adobe"sv, "PostScript", ""},
    Signature{0, "DDS "sv, "DDS", ""},
    Signature{0, "qoif"sv, "QOI", ""},
    Signature{0, "P7\n"sv, "PAM", ""},
    Signature{0, "NITF"sv, "NITF", ""},
    Signature{0, "SIMPLE  ="sv, "FITS", ""},
    Signature{128, "DICM"sv, "DICOM", ""},
    Signature{0, "\x8aMNG\r\n\x1a\n"sv, "MNG", ""},
    Signature{0, "gimp xcf "sv, "XCF", ""},
    Signature{0, "IIRO"sv, "Olympus raw", ""},
    Signature{0, "FUJIFILMCCD-RAW"sv, "Fujifilm raw", ""},
};

// What stands where a picture was expected.
constexpr std::array kOther{
    Signature{0, "version https://git-lfs.github.com/spec/"sv, "a git-lfs pointer, not the picture",
              "run git lfs pull"},
    Signature{0, "\x1f\x8b"sv, "gzip", "unpack it first"},
    Signature{0, "PK\x03\x04"sv, "a zip archive", "unpack it first"},
    Signature{0,
              "\xfd"
              "7zXZ\0"sv,
              "xz", "unpack it first"},
    Signature{0, "BZh"sv, "bzip2", "unpack it first"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "zstd", "unpack it first"},
    Signature{4, "ftyp"sv, "a film (MP4 or the like)", ""},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "a film (Matroska or WebM)", ""},
};

const Signature* find(std::span<const Signature> signatures, std::string_view head) {
  const auto found = std::find_if(signatures.begin(), signatures.end(), [&](const Signature& s) {
    return head.size() >= s.at && head.substr(s.at, s.bytes.size()) == s.bytes;
  });
  return found == signatures.end() ? nullptr : &*found;
}

// An icon begins with almost nothing: 0, 1, a count, and an entry whose reserved byte is 0 and
// whose picture lies behind the entries.
bool is_icon(std::string_view head) {
  if (head.size() < 22 ||
      (head.substr(0, 4) != "\0\0\1\0"sv && head.substr(0, 4) != "\0\0\2\0"sv)) {
    return false;
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
  const unsigned count = byte(4) | unsigned{byte(5)} << 8U;
  const unsigned offset = byte(18) | unsigned{byte(19)} << 8U;
  return count >= 1 && count <= 256 && byte(9) == 0 && offset >= 6 + 16 * count;
}

bool is_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == 0x7F || (u < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f');
  });
}

// NotAnImage or Unsupported, for what no codec took.
Error unknown_format(Bytes bytes) {
  if (bytes.empty()) return {ErrorCode::NotAnImage, "the file is empty"};
  const std::string_view head = text_of(bytes).substr(0, 1024);
  if (const Signature* s = find(kNotRead, head)) {
    return {ErrorCode::Unsupported, std::string(s->name) + " is not read"};
  }
  if (const Signature* s = find(kOther, head)) {
    std::string message = "this is " + std::string(s->name);
    if (!s->advice.empty()) message += ": " + std::string(s->advice);
    return {ErrorCode::NotAnImage, std::move(message)};
  }
  if (head.substr(0, 4) == "\x89PNG"sv) {
    return {ErrorCode::Damaged,
            "damaged: a PNG signature with wrong line ends (a transfer in text mode?)"};
  }
  if (is_icon(head)) return {ErrorCode::Unsupported, "ICO is not read"};

  if (is_text(head)) {
    std::string_view text = head;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f"), text.size()));
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
    if (text.starts_with('<')) {
      if (has("<svg")) return {ErrorCode::Unsupported, "SVG is not read"};
      if (has("<html") || has("<!doctype html") || has("<head")) {
        return {ErrorCode::NotAnImage,
                "this is an HTML page, not a picture (a download that went wrong?)"};
      }
      return {ErrorCode::NotAnImage, "this is XML, not a picture"};
    }
    return {ErrorCode::NotAnImage, "this is text, not a picture"};
  }
  if (std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head.size()),
                  [](std::uint8_t b) { return b == 0; })) {
    return {ErrorCode::NotAnImage, "the file begins with nothing but zero bytes"};
  }
  return {ErrorCode::NotAnImage, "no image format that is known by its content"};
}

template <typename Range, typename Name>
std::string listed(const Range& range, Name name) {
  std::string text;
  std::size_t i = 0;
  for (const auto& item : range) {
    if (i > 0) text += i + 1 == range.size() ? " or " : ", ";
    text += name(item);
    ++i;
  }
  return text;
}

Shape shape_of(const Window& window, std::int64_t channels) {
  Shape shape{window.rank, {0, 0, 0}, channels};
  for (int a = 0; a < window.rank; ++a)
    shape[a] = window[a].length();
  return shape;
}

// Whether batch x pixels are more than `most`, without overflowing.
bool more_than(const Shape& shape, std::int64_t batch, std::int64_t most) {
  std::int64_t left = most / std::max<std::int64_t>(batch, 1);
  for (int a = 0; a < shape.rank; ++a)
    left /= shape[a];
  return left < 1;
}

std::string python_tuple(const std::vector<std::int64_t>& axes) {
  std::string text = "(";
  for (std::size_t i = 0; i < axes.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(axes[i]);
  return text + (axes.size() == 1 ? ",)" : ")");
}

// What layers of 1 to 3 axes take.
constexpr std::array kSpatial{"steps"sv, "rows x cols"sv, "planes x rows x cols"sv};

// What the axes of an array mean to layers of `options.rank`.
Result<Done> interpret_array(ImageInfo& info, const DecodeOptions& options) {
  const auto rank = static_cast<std::size_t>(options.rank);
  const std::string spatial(kSpatial.at(rank - 1));
  const std::string wanted =
      options.channels_first ? "channels x " + spatial : spatial + " x channels";
  const std::vector<std::int64_t>& axes = info.array;
  if (axes.size() != rank + 1 && axes.size() != rank + 2) {
    return Error{ErrorCode::Shape, "an array of shape " + python_tuple(axes) +
                                       "; these layers take " + wanted + " (" +
                                       std::to_string(rank + 1) + " axes), or a batch of them (" +
                                       std::to_string(rank + 2) + " axes)"};
  }
  if (std::any_of(axes.begin(), axes.end(), [](auto n) { return n < 1; })) {
    return Error{ErrorCode::Shape,
                 "an array of shape " + python_tuple(axes) + ": there is nothing in it"};
  }
  if (std::any_of(axes.begin(), axes.end(), [](auto n) { return n > kMaxExtent; })) {
    return Error{ErrorCode::TooLarge, "an array of shape " + python_tuple(axes) +
                                          "; an axis may have " + std::to_string(kMaxExtent)};
  }
  std::size_t next = 0;
  if (axes.size() == rank + 2) info.batch = axes[next++];
  info.shape.rank = options.rank;
  if (options.channels_first) info.shape.channels = axes[next++];
  for (int a = 0; a < options.rank; ++a)
    info.shape[a] = axes[next++];
  if (!options.channels_first) info.shape.channels = axes[next];
  return Done{};
}

// Whether the layers take a picture at all, and as it lies.
Result<Done> check_picture(const ImageInfo& info, const Codec& codec,
                           const DecodeOptions& options) {
  if (info.shape.rank != options.rank) {
    std::string message = std::string(codec.name) + " holds pictures (2 axes); these layers take " +
                          std::string(kSpatial.at(static_cast<std::size_t>(options.rank) - 1));
    if (codec.read_volume_info != nullptr && options.rank == 3)
      message += R"(: set "input": {"pages": "volume"} to take its pages as planes)";
    return Error{ErrorCode::Shape, std::move(message)};
  }
  if (info.shape.rank == 3 && options.apply_orientation && info.orientation != 1) {
    return Error{ErrorCode::Unsupported,
                 "a volume whose pages are to be turned (orientation " +
                     std::to_string(info.orientation) +
                     R"() is not read; "input": {"orientation": "ignore"} takes them as they are)"};
  }
  return Done{};
}

bool may_decode_parts(const Codec& codec, const DecodeOptions& options) {
  return codec.decode_part != nullptr && !options.check_all && !options.accept_truncated;
}

// What is needed of the picture as it is stored, or all of it.
Result<Part> decode_as_stored(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                              const Window& needed, Tensor& out) {
  const Codec& codec = codec_of(info.format);
  Result<Part> part = Part{{}, whole(info.shape)};
  if (may_decode_parts(codec, options) && needed != part->window) {
    part = codec.decode_part(file, info, options, needed, out);
  } else if (auto done = codec.decode(file, info, options, out)) {
    part->damage = *std::move(done);
  } else {
    part = done.error();
  }
  if (!part) return part;
  const Shape expected = shape_of(part->window, info.shape.channels);
  if (out.shape != expected || out.dtype != info.dtype) {
    return Error{ErrorCode::Internal,
                 "the decoder for " + std::string(codec.name) + " gave " + to_string(out.shape) +
                     " " + std::string(name_of(out.dtype)) + ", the header said " +
                     to_string(expected) + " " + std::string(name_of(info.dtype))};
  }
  return part;
}

// The same, turned upright.
Result<Part> decode_upright(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                            const Window& needed, Tensor& out) {
  const int orientation = options.apply_orientation ? info.orientation : 1;
  if (orientation == 1) return decode_as_stored(file, info, options, needed, out);
  // Kept from picture to picture: fresh memory for every one costs more than turning it.
  thread_local Tensor as_stored;
  auto part =
      decode_as_stored(file, info, options, to_stored(needed, orientation, info.shape), as_stored);
  if (part) {
    apply_orientation(as_stored, orientation, out);
    part->window = to_upright(part->window, orientation, info.shape);
  }
  constexpr std::size_t kKeepBytes = std::size_t{128} << 20U;
  as_stored.data.shrink(kKeepBytes);
  return part;
}

class ChangedRows final : public RowReader {
 public:
  ChangedRows(std::unique_ptr<RowReader> reader, ColourChange change, const ImageInfo& info)
      : reader_(std::move(reader)), change_(std::move(change)) {
    cols_ = reader_->cols();
    row_.resize(static_cast<std::size_t>(cols_.length() * info.seen.shape.channels) *
                size_of(info.dtype));
  }

  Result<const std::uint8_t*> row(std::int64_t r) override {
    const auto row = reader_->row(r);
    if (!row) return row;
    change_.run(*row, row_.data(), static_cast<std::size_t>(cols_.length()));
    return row_.data();
  }

  Result<Done> finish() override {
    auto done = reader_->finish();
    note_ = reader_->note();
    return done;
  }

 private:
  std::unique_ptr<RowReader> reader_;
  ColourChange change_;
  Buffer row_;
};

// Whether `info` can be what read_info gave for this file.
Result<Done> check_info(Bytes file, const ImageInfo& info) {
  const auto known = codecs();
  const auto codec = std::find_if(known.begin(), known.end(),
                                  [&](const Codec& c) { return c.format == info.format; });
  if (codec == known.end() || !codec->matches(file)) {
    return Error{ErrorCode::Usage,
                 "the header that was read before is not this file's: it is " +
                     std::string(codec == known.end() ? "of no format" : codec->name)};
  }
  if (auto shape = check_shape(info.shape); !shape) return shape;
  if (info.batch && *info.batch < 1)
    return Error{ErrorCode::Usage, "a batch of " + std::to_string(*info.batch)};
  if (info.orientation < 1 || info.orientation > 8) {
    return Error{ErrorCode::Usage,
                 "an orientation is 1 to 8, not " + std::to_string(info.orientation)};
  }
  return Done{};
}

// A picture that may be whole, whatever its header says.
Result<Done> check_nearly_empty(Bytes file, std::uint64_t takes) {
  constexpr std::uint64_t kMuch = 512000000;
  constexpr std::uint64_t kMostPerByte = 65536;
  if (takes <= kMuch || file.size() >= takes / kMostPerByte) return Done{};
  return Error{ErrorCode::TooLarge,
               "the header says " + byte_size(takes) + " of samples, and the file has " +
                   count_of(file.size(), "byte") + ": above " + byte_size(kMuch) +
                   " a picture needs a byte of the file for every " + grouped(kMostPerByte) +
                   " of samples. This limit is fixed: a small file must not take all memory"};
}

// Refuses a header that promises far more than the file holds, before memory is taken. Little
// memory is never refused, nor a picture that may be whole, but for very large ones of a coding
// without a limit (see ratios.h). Half of the picture's data is enough: where a file was cut, the
// decoder names the row. Where damage is accepted, a thousandth is enough.
Result<Done> check_promise(Bytes file, const ImageInfo& info, const Codec& codec,
                           const DecodeOptions& options) {
  constexpr std::uint64_t kLittle = std::uint64_t{64} << 20U;
  const std::uint64_t takes = static_cast<std::uint64_t>(info.shape.pixels()) *
                              static_cast<std::uint64_t>(info.shape.channels) * size_of(info.dtype);
  if (codec.promise == nullptr || takes <= kLittle) return Done{};
  const Promise promise = codec.promise(file, info);
  if (promise.there == kNoMost) return check_nearly_empty(file, takes);
  constexpr std::uint64_t kMostPerByte = 4096;  // bytes of a picture for each of its file
  const bool enough = options.accept_truncated ? promise.there >= promise.least / 1000 &&
                                                     file.size() >= takes / kMostPerByte
                                               : promise.there >= promise.least / 2;
  if (enough || promise.there >= promise.least) return Done{};
  return Error{ErrorCode::Truncated, "truncated: the header promises a picture of at least " +
                                         std::to_string(promise.least) +
                                         " bytes of data, the file has room for " +
                                         std::to_string(promise.there)};
}

Result<Done> check_range(const std::optional<int>& value, int least, int most,
                         std::string_view name) {
  if (!value || (least <= *value && *value <= most)) return Done{};
  return Error{ErrorCode::Usage, std::string(name) + " is " + std::to_string(least) + " to " +
                                     std::to_string(most) + ", not " + std::to_string(*value)};
}

}  // namespace

Shape ImageInfo::upright_shape() const {
  Shape upright = shape;
  if (orientation >= 5 && orientation <= 8) std::swap(upright[0], upright[1]);
  return upright;
}

std::span<const Codec> codecs() {
  static const std::array kCodecs{
      jpeg_codec(), png_codec(), webp_codec(),       tiff_codec(), bmp_codec(), pnm_codec(),
      jp2_codec(),  hdr_codec(), sun_raster_codec(), pfm_codec(),  exr_codec(), npy_codec(),
  };
  return kCodecs;
}

const Codec& codec_of(Format format) {
  const std::span<const Codec> all = codecs();
  return *std::find_if(all.begin(), all.end(), [&](const Codec& c) { return c.format == format; });
}

// By its name or one of its extensions, in letters of either case.
const Codec* codec_by_name(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const Codec& codec : codecs()) {
    const auto& also = codec.extensions;
    if (codec.name == lower || std::find(also.begin(), also.end(), lower) != also.end())
      return &codec;
  }
  return nullptr;
}

Result<const Codec*> recognise(Bytes head) {
  for (const Codec& codec : codecs()) {
    if (codec.matches(head)) return &codec;
  }
  return unknown_format(head);
}

Result<ImageInfo> read_info(Bytes file, const DecodeOptions& options) {
  if (options.rank < 1 || options.rank > 3) {
    return Error{ErrorCode::Usage,
                 "layers take 1 to 3 spatial axes, not " + std::to_string(options.rank)};
  }
  const Result<const Codec*> codec = recognise(file);
  if (!codec) return codec.error();
  const bool volume = options.volume && (*codec)->read_volume_info != nullptr;
  Result<ImageInfo> info = volume ? (*codec)->read_volume_info(file) : (*codec)->read_info(file);
  if (!info) return info;
  auto meant = info->format == Format::Npy ? interpret_array(*info, options)
                                           : check_picture(*info, **codec, options);
  if (!meant) return meant.error();
  const Shape& shape = info->shape;
  std::string size = info->batch ? std::to_string(*info->batch) + " times " : "";
  for (int a = 0; a < shape.rank; ++a)
    size += (a > 0 ? " x " : "") + std::to_string(shape[a]);
  const auto any_extent = [&](auto is) {
    return std::any_of(shape.extent.begin(), shape.extent.begin() + shape.rank, is);
  };
  if (any_extent([](std::int64_t n) { return n < 1; })) {
    return Error{ErrorCode::Damaged, "damaged: the header says " + size + " pixels"};
  }
  if (any_extent([](std::int64_t n) { return n > kMaxExtent; })) {
    return Error{ErrorCode::TooLarge, "the header says " + size + " pixels; an axis has at most " +
                                          std::to_string(kMaxExtent) + ", which is fixed"};
  }
  if (more_than(shape, info->batch.value_or(1), options.max_pixels)) {
    return Error{ErrorCode::TooLarge,
                 "the header says " + size + " pixels; the limit (max_pixels) is " +
                     std::to_string(options.max_pixels) +
                     R"(; "input": {"max_pixels": ..} in the chain raises it)"};
  }
  if (auto held = check_promise(file, *info, **codec, options); !held) return held.error();
  if (auto seen = see(*info, options); !seen) return seen.error();
  return info;
}

Result<Damage> decode(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                      Tensor& out) {
  if (auto right = check_info(file, info); !right) return right.error();
  const Shape shape = options.apply_orientation ? info.upright_shape() : info.shape;
  DecodeOptions all = options;
  all.check_all = true;
  auto part = decode_window(file, info, all, whole(shape), out);
  if (!part) return part.error();
  return std::move(part->damage);
}

Result<std::unique_ptr<RowReader>> open_rows(Bytes file, const ImageInfo& info,
                                             const DecodeOptions& options, const Window& needed) {
  auto reader = codec_of(info.format).read_rows(file, info, options, needed);
  auto change = ColourChange::of(info, options);
  if (!change) return change.error();
  if (!reader || change->empty()) return reader;
  return std::unique_ptr<RowReader>(
      std::make_unique<ChangedRows>(*std::move(reader), *std::move(change), info));
}

Result<Part> decode_window(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           const Window& needed, Tensor& out) {
  if (auto right = check_info(file, info); !right) return right.error();
  if (auto inside =
          check_window(needed, options.apply_orientation ? info.upright_shape() : info.shape);
      !inside)
    return inside.error();
  const auto change = ColourChange::of(info, options);
  if (!change) return change.error();
  try {
    auto part = decode_upright(file, info, options, needed, out);
    if (part) change->run(out);
    return part;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::TooLarge, "not enough memory for " + to_string(info.shape) +
                                          " samples of " + std::string(name_of(info.dtype))};
  }
}

bool decodes_whole(Bytes file, const ImageInfo& info, const DecodeOptions& options) {
  const Codec& codec = codec_of(info.format);
  return !may_decode_parts(codec, options) || !codec.decodes_parts(file);
}

Result<Done> encode_tensor(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  if (auto right = check_tensor(pixels); !right) return right;
  if (auto quality = check_range(options.quality, 1, 100, "quality"); !quality) return quality;
  if (auto level = check_range(options.compression, 0, 9, "compression"); !level) return level;
  const Codec& codec = codec_of(options.format);
  if (codec.can_encode == nullptr) return read_only(codec);
  if (options.format != Format::Npy && pixels.batch != 1)
    return holds_no_batch(codec, pixels.batch);
  if (auto fits = codec.can_encode(pixels.shape, pixels.dtype); !fits) return fits;
  return codec.encode(pixels, options, out);
}

Result<Done> encode_in_memory(const Codec& codec, const RowSource& rows,
                              const EncodeOptions& options, Buffer& out) {
  BufferSink sink(out);
  auto done = codec.encode_rows(rows, options, sink);
  if (sink.failed()) throw std::bad_alloc();
  return done;
}

Error read_only(const Codec& codec) {
  return {
      ErrorCode::Unsupported,
      std::string(codec.name) + " is read but not written; set \"output\": {\"format\": \"png\"}"};
}

Error holds_no_batch(const Codec& codec, std::int64_t batch) {
  return {ErrorCode::Shape, "a batch of " + std::to_string(batch) + " goes into npy, not into " +
                                std::string(codec.name)};
}

Result<Done> check_format_limits(const FormatLimits& holds, const Shape& shape, DType dtype) {
  const std::string format(holds.name);
  if (shape.rank != 2 && !(shape.rank == 3 && holds.volumes)) {
    std::string message = format + " holds pictures (2 axes), not " +
                          count_of(static_cast<std::uint64_t>(shape.rank), "axis", "axes");
    if (shape.rank == 3) message += "; tiff (a page a plane) and npy hold volumes";
    return Error{ErrorCode::Shape, std::move(message)};
  }
  if (std::find(holds.dtypes.begin(), holds.dtypes.end(), dtype) == holds.dtypes.end()) {
    const std::string_view usual = name_of(holds.dtypes.front());
    return Error{ErrorCode::Depth,
                 format + " holds " + listed(holds.dtypes, name_of) + ", not " +
                     std::string(name_of(dtype)) +
                     (info(dtype).white > 0 ? "; set \"output\": {\"dtype\": \"" +
                                                  std::string(usual) + "\"}, or another \"format\""
                                            : "; tiff and npy hold it: set another \"format\"")};
  }
  if (std::find(holds.channels.begin(), holds.channels.end(), shape.channels) ==
      holds.channels.end()) {
    return Error{ErrorCode::Depth,
                 format + " holds " +
                     listed(holds.channels, [](auto n) { return std::to_string(n); }) +
                     " channels, not " + std::to_string(shape.channels) +
                     (shape.channels > 4        ? R"(; npy holds any: "output": {"format": "npy"})"
                      : shape.channels % 2 == 0 ? "; alpha is kept by png and tiff"
                                                : "")};
  }
  const auto axes = std::span(shape.extent).first(static_cast<std::size_t>(shape.rank));
  if (std::any_of(axes.begin(), axes.end(), [](auto n) { return n < 1; })) {
    return Error{ErrorCode::Shape,
                 format + " cannot hold an empty picture (" + to_string(shape) + ")"};
  }
  if (*std::max_element(axes.begin(), axes.end()) > holds.max_side) {
    return Error{ErrorCode::TooLarge, format + " holds at most " + std::to_string(holds.max_side) +
                                          " rows and columns, not " + to_string(shape)};
  }
  return Done{};
}

}  // namespace deckle

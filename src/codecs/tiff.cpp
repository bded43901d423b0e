// SPDX-License-Identifier: Apache-2.0
// tiff: the first page of a TIFF or BigTIFF, or all of them; strips and tiles, contiguous and
// separate planes.
// Shapes  H x W x 1 to 4 in the file's own dtype, or pages x H x W x 1 to 4. 1, 2 and 4 bit grey is
//         expanded to uint8; palettes, CMYK, YCbCr, Lab and LogLuv become H x W x 3 uint8 by
//         libtiff's own conversion
// Fails   Truncated or Damaged with the rows, Unsupported for more than 4 channels and odd samples,
//         Shape where the pages of a volume are not alike; pages are counted from 1
// Source  TIFF 6.0; libtiff's tiffio.h, and tif_getimage.c for the conversions
// Samples are numbers here: beyond 4 bits they are never scaled. Associated alpha is divided out,
// for a Tensor's alpha is straight.
#include "codecs/tiff.h"

#include <tiffio.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "codecs/reading.h"
#include "codecs/sample.h"

namespace deckle {
namespace {

using Handle = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

// What libtiff said, and the memory that it reads. The first word is kept: later ones follow from
// it.
struct Port {
  Bytes file;
  Sink* out = nullptr;
  std::uint64_t at = 0;
  bool in_pixels = false;  // from here on a warning is about picture data
  std::array<char, 256> error{};
};

void keep(Port& port, const char* format, std::va_list values) {
  if (port.error[0] != '\0') return;
  std::vsnprintf(port.error.data(), port.error.size(), format, values);
  // messages end with a full stop, or not
  std::size_t n = std::strlen(port.error.data());
  while (n > 0 && (port.error[n - 1] == '.' || port.error[n - 1] == '\n'))
    port.error[--n] = '\0';
}

int on_error(TIFF* /*tiff*/, void* user, const char* /*module*/, const char* format,
             std::va_list values) {
  keep(*static_cast<Port*>(user), format, values);
  return 1;  // handled: libtiff's global handler prints nothing
}

int on_warning(TIFF* /*tiff*/, void* user, const char* /*module*/, const char* format,
               std::va_list values) {
  auto& port = *static_cast<Port*>(user);
  if (port.in_pixels) keep(port, format, values);
  return 1;
}

// What can be read of a file that is written: all, in memory; in a file nothing, and there a page
// is written without looking back.
Bytes bytes_of(const Port& port) {
  if (port.out == nullptr) return port.file;
  const Buffer* const memory = port.out->memory();
  return memory != nullptr ? memory->bytes() : Bytes{};
}

std::uint64_t size_of_file(const Port& port) {
  return port.out != nullptr ? port.out->size() : port.file.size();
}

tmsize_t read_port(thandle_t handle, void* to, tmsize_t size) {
  auto& port = *static_cast<Port*>(handle);
  const Bytes bytes = bytes_of(port);
  if (size <= 0 || port.at >= bytes.size()) return 0;
  const std::size_t n = std::min(static_cast<std::size_t>(size), bytes.size() - port.at);
  std::memcpy(to, bytes.data() + port.at, n);
  port.at += n;
  return static_cast<tmsize_t>(n);
}

tmsize_t write_port(thandle_t handle, void* from, tmsize_t size) {
  auto& port = *static_cast<Port*>(handle);
  if (port.out == nullptr || size <= 0) return 0;
  static constexpr std::array<std::uint8_t, 256> kZeros{};
  while (port.out->size() < port.at) {  // libtiff looked behind the end first
    const std::uint64_t gap = port.at - port.out->size();
    if (!port.out->append({kZeros.data(), std::min<std::size_t>(kZeros.size(), gap)})) return 0;
  }
  const auto count = static_cast<std::size_t>(size);
  if (!port.out->write(port.at, {static_cast<const std::uint8_t*>(from), count})) return 0;
  port.at += count;
  return size;
}

toff_t seek_port(thandle_t handle, toff_t offset, int whence) {
  auto& port = *static_cast<Port*>(handle);
  if (whence == SEEK_SET) port.at = offset;
  if (whence == SEEK_CUR) port.at += offset;
  if (whence == SEEK_END) port.at = size_of_file(port) + offset;
  return port.at;
}

int close_port(thandle_t /*handle*/) {
  return 0;
}

toff_t size_port(thandle_t handle) {
  return size_of_file(*static_cast<Port*>(handle));
}

int map_port(thandle_t handle, void** base, toff_t* size) {
  const auto& port = *static_cast<Port*>(handle);
  if (port.out != nullptr) return 0;
  *base = const_cast<std::uint8_t*>(
      port.file.data());  // NOLINT: libtiff reads only, its types do not say so
  *size = port.file.size();
  return 1;
}

void unmap_port(thandle_t /*handle*/, void* /*base*/, toff_t /*size*/) {}

Handle open(Port& port, const char* mode) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{1} << 30;  // what a lying tag may make libtiff ask for
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
      TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree);
  if (options == nullptr) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostAtOnce);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &port);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &port);
  return {TIFFClientOpenExt("tiff", mode, &port, read_port, write_port, seek_port, close_port,
                            size_port, map_port, unmap_port, options.get()),
          &TIFFClose};
}

std::string because(const Port& port) {
  return port.error[0] == '\0' ? std::string() : " (" + std::string(port.error.data()) + ")";
}

// ---- the header

// How the samples of a page lie in the file, and what becomes of them.
struct Layout {
  ImageInfo info;
  bool convert = false;   // by libtiff, to 8-bit RGB
  bool separate = false;  // each channel is a plane of its own
  bool tiled = false;
  bool invert = false;      // MinIsWhite
  bool associated = false;  // colours are multiplied with the alpha
  unsigned bits = 8;
};

template <typename T>
T field(TIFF* tiff, std::uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) != 0 ? value : otherwise;
}

Error unsupported(const std::string& what) {
  return {ErrorCode::Unsupported, "TIFF with " + what + " is not read"};
}

std::optional<DType> dtype_of(unsigned format, unsigned bits) {
  switch (format) {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
      if (bits <= 8) return DType::UInt8;
      if (bits == 16) return DType::UInt16;
      if (bits == 32) return DType::UInt32;
      return std::nullopt;
    case SAMPLEFORMAT_INT:
      if (bits == 8) return DType::Int8;
      if (bits == 16) return DType::Int16;
      if (bits == 32) return DType::Int32;
      return std::nullopt;
    case SAMPLEFORMAT_IEEEFP:
      if (bits == 32) return DType::Float32;
      if (bits == 64) return DType::Float64;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string describe(unsigned format, unsigned bits) {
  const char* kind = format == SAMPLEFORMAT_IEEEFP ? "float"
                     : format == SAMPLEFORMAT_INT  ? "signed"
                     : format == SAMPLEFORMAT_COMPLEXIEEEFP || format == SAMPLEFORMAT_COMPLEXINT
                         ? "complex"
                         : "unsigned";
  return std::to_string(bits) + "-bit " + kind + " samples";
}

bool keeps_everything(unsigned compression) {
  constexpr std::array kLossless{
      COMPRESSION_NONE,      COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,     COMPRESSION_CCITTFAX4,
      COMPRESSION_CCITTRLEW, COMPRESSION_LZW,      COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
      COMPRESSION_PACKBITS,  COMPRESSION_LZMA,     COMPRESSION_ZSTD};
  return std::find(kLossless.begin(), kLossless.end(), static_cast<int>(compression)) !=
         kLossless.end();
}

bool needs_conversion(unsigned photometric, unsigned bits, unsigned samples) {
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_RGB:
      return bits < 8 && samples > 1;
    default:
      return true;
  }
}

Result<Layout> read_layout(TIFF* tiff) {
  const auto rows = field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  const auto cols = field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  const unsigned samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  const unsigned bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  const unsigned format = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  const unsigned compression = field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  const unsigned photometric = field<std::uint16_t>(
      tiff, TIFFTAG_PHOTOMETRIC, samples < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  const unsigned orientation = field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1);

  if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) {
    return unsupported("compression " + std::to_string(compression));
  }
  if (samples < 1 || samples > 4)
    return unsupported(std::to_string(samples) + " channels (only 1 to 4)");

  Layout layout;
  layout.bits = bits;
  layout.tiled = TIFFIsTiled(tiff) != 0;
  layout.separate =
      samples > 1 && field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) ==
                         PLANARCONFIG_SEPARATE;
  layout.info.format = Format::Tiff;
  layout.info.orientation =
      orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  layout.info.lossless = keeps_everything(compression);

  if (needs_conversion(photometric, bits, samples)) {
    std::array<char, 1024> why{};
    if (TIFFRGBAImageOK(tiff, why.data()) == 0) {
      return Error{ErrorCode::Unsupported,
                   "this kind of TIFF is not read (" + std::string(why.data()) + ")"};
    }
    layout.convert = true;
    layout.info.shape = Shape::image(rows, cols, 3);
    return layout;
  }

  const std::optional<DType> dtype = dtype_of(format, bits);
  if (!dtype || (bits < 8 && bits != 1 && bits != 2 && bits != 4))
    return unsupported(describe(format, bits));
  if (photometric == PHOTOMETRIC_RGB && samples < 3) {
    return unsupported("RGB colour in " + std::to_string(samples) + " channels");
  }
  const bool is_unsigned = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
  layout.invert = photometric == PHOTOMETRIC_MINISWHITE;
  if (layout.invert && !is_unsigned)
    return unsupported("white as zero and " + describe(format, bits));

  std::uint16_t extras = 0;
  const std::uint16_t* extra = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &extra);
  layout.associated =
      samples % 2 == 0 && extras == 1 && extra != nullptr && extra[0] == EXTRASAMPLE_ASSOCALPHA;
  if (layout.associated && format == SAMPLEFORMAT_INT) {
    return unsupported("associated alpha and " + describe(format, bits));
  }
  layout.info.shape = Shape::image(rows, cols, samples);
  layout.info.dtype = *dtype;
  return layout;
}

bool is_big(Bytes file) {
  return file[2] == 0x2B || file[3] == 0x2B;  // BigTIFF
}

// A number of `size` bytes; nothing where the file ends before it.
std::optional<std::uint64_t> number_at(Bytes file, std::uint64_t at, std::size_t size) {
  if (at > file.size() || file.size() - at < size) return std::nullopt;
  const std::uint8_t* const p = file.data() + at;
  return file[0] == 'M' ? read_big(p, size) : read_little(p, size);
}

// The byte where the first directory is said to be.
std::optional<std::uint64_t> directory_at(Bytes file) {
  const std::size_t size = is_big(file) ? 8 : 4;
  return number_at(file, size, size);
}

// The byte where the one after the directory at `at` is said to be; 0 for none.
std::optional<std::uint64_t> directory_after(Bytes file, std::uint64_t at) {
  const bool big = is_big(file);
  const auto entries = number_at(file, at, big ? 8 : 2);
  if (!entries || *entries > 0xFFFF) return std::nullopt;
  return number_at(file, at + (big ? 8 + 20 * *entries : 2 + 12 * *entries), big ? 8 : 4);
}

Error open_error(const Port& port) {
  const std::optional<std::uint64_t> directory = directory_at(port.file);
  if (!directory) return {ErrorCode::Truncated, "truncated: the file ends within its header"};
  if (*directory >= port.file.size()) {
    return {ErrorCode::Truncated, "truncated: the directory of the picture is at byte " +
                                      std::to_string(*directory) + ", the file has " +
                                      std::to_string(port.file.size())};
  }
  return {ErrorCode::Damaged, "damaged: the directory cannot be read" + because(port)};
}

bool matches(Bytes head) {
  if (head.size() < 4) return false;
  const auto is = [&](std::initializer_list<std::uint8_t> bytes) {
    return std::equal(bytes.begin(), bytes.end(), head.begin());
  };
  return is({'I', 'I', 42, 0}) || is({'M', 'M', 0, 42}) || is({'I', 'I', 43, 0}) ||
         is({'M', 'M', 0, 43});
}

Result<ImageInfo> read_info(Bytes file) {
  Port port;
  port.file = file;
  const Handle tiff = open(port, "r");
  if (tiff == nullptr) return open_error(port);
  Result<Layout> layout = read_layout(tiff.get());
  if (!layout) return layout.error();
  std::uint32_t length = 0;
  const std::uint8_t* icc = nullptr;
  if (TIFFGetField(tiff.get(), TIFFTAG_ICCPROFILE, &length, &icc) != 0 && icc != nullptr)
    layout->info.icc.assign(icc, icc + length);
  return layout->info;
}

// An error of one page of a volume, counted from 0 here and from 1 for people.
Error in_page(std::int64_t page, Error error) {
  error.message = "page " + std::to_string(page + 1) + ": " + error.message;
  return error;
}

// Goes on to the next page, the `page`-th from 0.
Result<Done> next_page(Port& port, TIFF* tiff, std::int64_t page) {
  port.error[0] = '\0';
  const auto at = directory_after(port.file, TIFFCurrentDirOffset(tiff));
  if (TIFFReadDirectory(tiff) != 0) return Done{};
  if (!at || *at >= port.file.size()) {
    return in_page(page, {ErrorCode::Truncated,
                          "truncated: its directory is behind the end of the file, which has " +
                              std::to_string(port.file.size()) + " bytes"});
  }
  return in_page(page,
                 {ErrorCode::Damaged, "damaged: its directory cannot be read" + because(port)});
}

// The pages are planes, all alike.
Result<ImageInfo> read_volume_info(Bytes file) {
  Port port;
  port.file = file;
  const Handle tiff = open(port, "r");
  if (tiff == nullptr) return open_error(port);
  ImageInfo info;
  std::int64_t pages = 0;
  while (true) {
    const Result<Layout> layout = read_layout(tiff.get());
    if (!layout) return in_page(pages, layout.error());
    const ImageInfo& page = layout->info;
    if (pages == 0) info = page;
    if (page.shape != info.shape || page.dtype != info.dtype) {
      const auto described = [](const ImageInfo& i) {
        return to_string(i.shape) + " " + std::string(name_of(i.dtype));
      };
      return in_page(pages,
                     {ErrorCode::Shape, described(page) + ", the first page is " + described(info) +
                                            "; the pages of a volume are all alike"});
    }
    if (info.orientation == 1) info.orientation = page.orientation;
    info.lossless = info.lossless && page.lossless;
    ++pages;
    if (TIFFLastDirectory(tiff.get()) != 0) break;
    if (auto next = next_page(port, tiff.get(), pages); !next) return next.error();
  }
  info.shape = Shape{3, {pages, info.shape.rows(), info.shape.cols()}, info.shape.channels};
  return info;
}

// ---- the pixels

// Copies one plane's samples of a block to where they belong among the channels.
void place_samples(const std::uint8_t* from, std::uint8_t* to, std::size_t count,
                   std::size_t sample_bytes, std::size_t step) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to, from, sample_bytes);
    from += sample_bytes;
    to += step;
  }
}

void expand_bits(const std::uint8_t* from, std::uint8_t* to, std::size_t count, unsigned bits) {
  const unsigned most = (1U << bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * bits;
    const unsigned value = unsigned{from[bit / 8]} >> (8 - bits - bit % 8) & most;
    to[i] = static_cast<std::uint8_t>(value * 255 / most);
  }
}

template <typename T>
void invert_grey(std::uint8_t* samples, std::size_t pixels, std::size_t channels) {
  for (std::size_t i = 0; i < pixels * channels; i += channels) {
    T value{};
    std::memcpy(&value, samples + i * sizeof(T), sizeof(T));
    value = static_cast<T>(std::numeric_limits<T>::max() - value);
    std::memcpy(samples + i * sizeof(T), &value, sizeof(T));
  }
}

template <typename T>
void divide_by_alpha(std::uint8_t* samples, std::size_t pixels, std::size_t channels) {
  constexpr double kWhite =
      std::is_integral_v<T> ? static_cast<double>(std::numeric_limits<T>::max()) : 1.0;
  for (std::size_t p = 0; p < pixels; ++p) {
    std::array<T, 4> pixel{};
    std::uint8_t* const at = samples + p * channels * sizeof(T);
    std::memcpy(pixel.data(), at, channels * sizeof(T));
    const auto alpha = static_cast<double>(pixel.at(channels - 1));
    for (std::size_t c = 0; c + 1 < channels; ++c) {
      double value = alpha > 0 ? static_cast<double>(pixel.at(c)) * kWhite / alpha : 0.0;
      if constexpr (std::is_integral_v<T>) value = std::floor(std::min(value, kWhite) + 0.5);
      pixel.at(c) = static_cast<T>(value);
    }
    std::memcpy(at, pixel.data(), channels * sizeof(T));
  }
}

// The first thing that was wrong with the picture data.
Error block_error(const Port& port, TIFF* tiff, std::uint32_t block, std::int64_t first_row,
                  std::int64_t last_row, std::int64_t rows) {
  const std::uint64_t offset = TIFFGetStrileOffset(tiff, block);
  const std::uint64_t count = TIFFGetStrileByteCount(tiff, block);
  const std::string where = "rows " + std::to_string(first_row) + " to " +
                            std::to_string(last_row) + " of " + std::to_string(rows);
  if (offset > port.file.size() || count > port.file.size() - offset) {
    return {ErrorCode::Truncated, "truncated: the data of " + where + " ends at byte " +
                                      std::to_string(offset + count) + ", the file has " +
                                      std::to_string(port.file.size())};
  }
  return {ErrorCode::Damaged, "damaged: corrupt data in " + where + because(port)};
}

// How the strips or tiles of a page lie: a band is a strip, a row of tiles, or of a very large
// strip a row alone.
struct Bands {
  std::int64_t rows = 0;  // of a band; the last one may have fewer
  std::int64_t tile_cols = 0;
  std::size_t planes = 1;
  tmsize_t size = 0;    // bytes of a strip or tile
  tmsize_t stride = 0;  // ... of one of its rows
  bool by_rows = false;
  bool direct = false;  // the bytes are the tensor's
};

Result<Bands> bands_of(const Port& port, TIFF* tiff, const Layout& layout, std::size_t row_bytes) {
  constexpr tmsize_t kMostBlockBytes = tmsize_t{1} << 30;
  Bands bands;
  const std::size_t channels = static_cast<std::size_t>(layout.info.shape.channels);
  const std::size_t stored =
      layout.separate ? 1 : channels;  // samples of a pixel side by side in the file
  bands.planes = layout.separate ? channels : 1;
  bands.rows = std::min<std::int64_t>(
      field<std::uint32_t>(tiff, layout.tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP,
                           0xFFFFFFFF),
      layout.info.shape.rows());
  bands.tile_cols = layout.info.shape.cols();
  if (layout.tiled) {
    bands.rows = field<std::uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
    bands.tile_cols = field<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
  }
  bands.size = layout.tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  bands.stride = layout.tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  const std::int64_t row_bits =
      bands.tile_cols * static_cast<std::int64_t>(stored) * static_cast<std::int64_t>(layout.bits);
  if (bands.rows < 1 || bands.tile_cols < 1 || bands.size < 1 ||
      bands.stride < (row_bits + 7) / 8) {
    return Error{ErrorCode::Damaged,
                 "damaged: the strips or tiles have no valid size" + because(port)};
  }
  bands.direct = !layout.tiled && bands.planes == 1 && layout.bits >= 8 &&
                 bands.stride == static_cast<tmsize_t>(row_bytes);
  if (!bands.direct && bands.size > kMostBlockBytes) {
    return Error{ErrorCode::TooLarge,
                 "a strip or tile of " + std::to_string(bands.size) + " bytes is not read"};
  }
  return bands;
}

// Reads the band from the page's row `top`, of one plane, to `out`, whose row `first` is the page's
// first. Gives what was wrong; `go_on` reads the rest all the same, zero where nothing is.
std::optional<Error> read_band(Port& port, TIFF* tiff, const Layout& layout, const Bands& bands,
                               std::size_t plane, std::int64_t top, bool go_on, Tensor& out,
                               std::int64_t first) {
  thread_local Buffer block;  // kept from picture to picture
  if (!bands.direct)
    block.resize(static_cast<std::size_t>(bands.by_rows ? bands.stride : bands.size));
  const std::int64_t rows = layout.info.shape.rows();
  const std::int64_t cols = layout.info.shape.cols();
  const std::size_t sample_bytes = size_of(out.dtype);
  const std::int64_t high = std::min(bands.rows, rows - top);
  const auto sample = static_cast<std::uint16_t>(plane);
  std::optional<Error> wrong;
  for (std::int64_t left = 0; left < cols; left += bands.tile_cols) {
    const std::int64_t wide = std::min(bands.tile_cols, cols - left);
    const auto y = static_cast<std::uint32_t>(top);
    const std::uint32_t number =
        layout.tiled ? TIFFComputeTile(tiff, static_cast<std::uint32_t>(left), y, 0, sample)
                     : TIFFComputeStrip(tiff, y, sample);
    std::uint8_t* const to = bands.direct ? out.row(first + top) : block.data();
    if (go_on && !bands.direct) std::memset(to, 0, block.size());
    const tmsize_t wanted = layout.tiled ? bands.size : bands.stride * high;
    tmsize_t got = 0;
    if (bands.by_rows) {
      got = TIFFReadScanline(tiff, to, y, sample) < 0 ? 0 : wanted;
    } else {
      got = layout.tiled ? TIFFReadEncodedTile(tiff, number, to, wanted)
                         : TIFFReadEncodedStrip(tiff, number, to, wanted);
    }
    if (!wrong && (got < wanted || port.error[0] != '\0')) {
      wrong = block_error(port, tiff, number, top, top + high - 1, rows);
      if (!go_on) return wrong;
    }
    if (const std::uint64_t at = TIFFGetStrileOffset(tiff, number); at < port.file.size())
      passed(port.file.data() + at);
    if (bands.direct) continue;
    for (std::int64_t r = 0; r < high; ++r) {
      const std::uint8_t* from = to + r * bands.stride;
      std::uint8_t* into =
          out.row(first + top + r) + static_cast<std::size_t>(left) * out.pixel_bytes();
      const auto count = static_cast<std::size_t>(wide);
      if (layout.bits < 8) {
        expand_bits(from, into, count, layout.bits);
      } else if (bands.planes == 1) {
        std::memcpy(into, from, count * out.pixel_bytes());
      } else {
        place_samples(from, into + plane * sample_bytes, count, sample_bytes, out.pixel_bytes());
      }
    }
  }
  return wrong;
}

// Strip by strip or tile by tile, as the numbers are in the file, to `out` from its row `first`.
// Gives what was wrong, with the rest zero.
Result<std::optional<Error>> read_samples(Port& port, TIFF* tiff, const Layout& layout, bool go_on,
                                          Tensor& out, std::int64_t first) {
  const auto bands = bands_of(port, tiff, layout, out.row_bytes());
  if (!bands) return bands.error();
  const std::int64_t rows = layout.info.shape.rows();
  std::optional<Error> wrong;
  if (go_on) std::memset(out.row(first), 0, static_cast<std::size_t>(rows) * out.row_bytes());
  for (std::size_t plane = 0; plane < bands->planes; ++plane) {
    for (std::int64_t top = 0; top < rows; top += bands->rows) {
      auto here = read_band(port, tiff, layout, *bands, plane, top, go_on, out, first);
      if (here && !go_on) return here;
      if (!wrong) wrong = std::move(here);
    }
  }
  return wrong;
}

// Through libtiff's conversion to RGBA. It can turn pictures upright; asked for the orientation
// that the file has, it does not.
Result<std::optional<Error>> read_converted(Port& port, TIFF* tiff, const Layout& layout,
                                            bool go_on, Tensor& out, std::int64_t first) {
  thread_local Buffer raster;
  const auto rows = static_cast<std::uint32_t>(layout.info.shape.rows());
  const auto cols = static_cast<std::uint32_t>(layout.info.shape.cols());
  const std::size_t pixels = std::size_t{rows} * cols;
  raster.resize(pixels * sizeof(std::uint32_t));
  std::memset(raster.data(), 0, raster.size());

  TIFFRGBAImage image{};
  std::array<char, 1024> why{};
  if (TIFFRGBAImageBegin(&image, tiff, go_on ? 0 : 1, why.data()) == 0) {
    return Error{ErrorCode::Unsupported,
                 "this kind of TIFF is not read (" + std::string(why.data()) + ")"};
  }
  image.req_orientation = image.orientation;
  // new[] aligns for any plain type
  const bool done =
      TIFFRGBAImageGet(&image, reinterpret_cast<std::uint32_t*>(raster.data()), cols, rows) != 0;
  TIFFRGBAImageEnd(&image);
  std::optional<Error> wrong;
  if (!done || port.error[0] != '\0') {
    wrong = Error{ErrorCode::Damaged, "damaged: the picture data cannot be read" + because(port)};
    const std::uint32_t blocks =
        TIFFIsTiled(tiff) != 0 ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
    for (std::uint32_t i = 0; i < blocks; ++i) {
      const std::uint64_t end = TIFFGetStrileOffset(tiff, i) + TIFFGetStrileByteCount(tiff, i);
      if (end <= port.file.size()) continue;
      wrong = Error{ErrorCode::Truncated,
                    "truncated: the data of strip or tile " + std::to_string(i + 1) + " of " +
                        std::to_string(blocks) + " ends at byte " + std::to_string(end) +
                        ", the file has " + std::to_string(port.file.size())};
      break;
    }
    if (!go_on) return wrong;
  }
  for (std::size_t i = 0; i < pixels; ++i) {
    std::uint32_t abgr = 0;
    std::memcpy(&abgr, raster.data() + i * sizeof abgr, sizeof abgr);
    std::uint8_t* const to = out.row(first) + 3 * i;
    to[0] = static_cast<std::uint8_t>(TIFFGetR(abgr));
    to[1] = static_cast<std::uint8_t>(TIFFGetG(abgr));
    to[2] = static_cast<std::uint8_t>(TIFFGetB(abgr));
  }
  return wrong;
}

// Samples as a Tensor has them: white is large, alpha is straight.
void finish_samples(const Layout& layout, DType dtype, std::uint8_t* samples, std::size_t pixels) {
  const auto channels = static_cast<std::size_t>(layout.info.shape.channels);
  with_type(dtype, [&]<typename T>(T) {
    if constexpr (std::is_unsigned_v<T>) {
      if (layout.invert) invert_grey<T>(samples, pixels, channels);
    }
    if constexpr (std::is_unsigned_v<T> || std::is_floating_point_v<T>) {
      if (layout.associated) divide_by_alpha<T>(samples, pixels, channels);
    }
  });
}

// The page that libtiff is at, to `out` from its row `first`; gives what was wrong with it.
Result<std::optional<Error>> read_page(Port& port, TIFF* tiff, const Shape& shape, bool go_on,
                                       Tensor& out, std::int64_t first) {
  const Result<Layout> layout = read_layout(tiff);
  if (!layout) return layout.error();
  if (layout->info.shape != shape || layout->info.dtype != out.dtype)
    return Error{ErrorCode::Changed, "not what the header said"};
  port.error[0] = '\0';
  port.in_pixels = true;
  Result<std::optional<Error>> read = layout->convert
                                          ? read_converted(port, tiff, *layout, go_on, out, first)
                                          : read_samples(port, tiff, *layout, go_on, out, first);
  port.in_pixels = false;
  if (!read || (*read && !go_on)) return read;

  finish_samples(*layout, out.dtype, out.row(first), static_cast<std::size_t>(shape.pixels()));
  return read;
}

Result<Damage> decode_tiff(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out) {
  Port port;
  port.file = file;
  const Handle tiff = open(port, "r");
  if (tiff == nullptr) return open_error(port);
  const bool volume = info.shape.rank == 3;
  const std::int64_t pages = volume ? info.shape[0] : 1;
  const Shape page_shape =
      volume ? Shape::image(info.shape[1], info.shape[2], info.shape.channels) : info.shape;
  out.reset(info.shape, info.dtype);
  Damage damage;
  for (std::int64_t page = 0; page < pages; ++page) {
    if (page > 0) {
      if (auto next = next_page(port, tiff.get(), page); !next) return next.error();
    }
    auto read = read_page(port, tiff.get(), page_shape, options.accept_truncated, out,
                          page * page_shape.rows());
    const bool whole = read.has_value();
    std::optional<Error> wrong = whole ? *std::move(read) : std::optional<Error>(read.error());
    if (!wrong) continue;
    if (volume) wrong = in_page(page, *std::move(wrong));
    if (!whole || !options.accept_truncated) return *std::move(wrong);
    if (damage.empty()) damage.missing = std::move(wrong->message);
  }
  return damage;
}

// ---- reading row by row

std::string needs_whole(Bytes file) {
  Port port;
  port.file = file;
  const Handle tiff = open(port, "r");
  if (tiff == nullptr) return "";
  const Result<Layout> layout = read_layout(tiff.get());
  if (!layout) return "";
  if (layout->convert) return "a tiff whose colours are converted (palette, CMYK, YCbCr, ..)";
  return layout->separate ? "a tiff with its channels one after the other" : "";
}

// Does what decode_tiff does, band by band.
class TiffRows final : public RowReader {
 public:
  explicit TiffRows(Bytes file) { port_.file = file; }

  Result<Done> start(const ImageInfo& info) {
    constexpr tmsize_t kLargeStrip = tmsize_t{32} << 20U;
    tiff_ = open(port_, "r");
    if (tiff_ == nullptr) return open_error(port_);
    auto layout = read_layout(tiff_.get());
    if (!layout) return layout.error();
    layout_ = *std::move(layout);
    port_.error[0] = '\0';
    port_.in_pixels = true;
    cols_ = {0, info.shape.cols()};
    band_.reset(Shape::image(1, info.shape.cols(), info.shape.channels), info.dtype);
    auto bands = bands_of(port_, tiff_.get(), layout_, band_.row_bytes());
    if (!bands) return bands.error();
    bands_ = *bands;
    if (!layout_.tiled && bands_.size > kLargeStrip) {
      bands_.by_rows = true;
      bands_.rows = 1;
    }
    Shape shape = band_.shape;
    shape[0] = std::min(bands_.rows, info.shape.rows());
    band_.reset(shape, info.dtype);
    return Done{};
  }

  Result<const std::uint8_t*> row(std::int64_t r) override {
    while (next_ <= r) {
      if (auto wrong = read_next()) return *std::move(wrong);
    }
    return band_.row(r - top_);
  }

  Result<Done> finish() override {
    while (next_ < layout_.info.shape.rows()) {
      if (auto wrong = read_next()) return *std::move(wrong);
    }
    return Done{};
  }

 private:
  std::optional<Error> read_next() {
    top_ = next_;
    next_ = std::min(top_ + bands_.rows, layout_.info.shape.rows());
    auto wrong = read_band(port_, tiff_.get(), layout_, bands_, 0, top_, false, band_, -top_);
    if (wrong) return wrong;
    finish_samples(layout_, band_.dtype, band_.data.data(),
                   static_cast<std::size_t>((next_ - top_) * band_.shape.cols()));
    return std::nullopt;
  }

  Port port_;
  Handle tiff_{nullptr, &TIFFClose};
  Layout layout_;
  Bands bands_;
  Tensor band_;
  std::int64_t top_ = 0;   ///< of the band
  std::int64_t next_ = 0;  ///< the first row behind it
};

Result<std::unique_ptr<RowReader>> read_rows(Bytes file, const ImageInfo& info,
                                             const DecodeOptions& /*options*/,
                                             const Window& /*needed*/) {
  auto reader = std::make_unique<TiffRows>(file);
  if (auto started = reader->start(info); !started) return started.error();
  return std::unique_ptr<RowReader>(std::move(reader));
}

// ---- writing

Result<Done> can_encode(const Shape& shape, DType dtype) {
  return check_holds({"tiff",
                      {DType::UInt8, DType::Int8, DType::UInt16, DType::Int16, DType::UInt32,
                       DType::Int32, DType::Float32, DType::Float64},
                      {1, 2, 3, 4},
                      std::numeric_limits<std::int32_t>::max(),
                      true},
                     shape, dtype);
}

void describe_page(TIFF* tiff, const RowSource& pixels, std::optional<int> compression) {
  constexpr std::size_t kStripBytes = std::size_t{256} << 10U;
  const DTypeInfo& type = info(pixels.dtype);
  const bool is_signed =
      pixels.dtype == DType::Int8 || pixels.dtype == DType::Int16 || pixels.dtype == DType::Int32;
  const auto channels = pixels.shape.channels;
  const std::int64_t rows = pixels.shape[pixels.shape.rank - 2];
  const std::int64_t cols = pixels.shape[pixels.shape.rank - 1];
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(cols));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(rows));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, static_cast<int>(type.bytes * 8));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(channels));
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT,
               type.is_float ? SAMPLEFORMAT_IEEEFP
               : is_signed   ? SAMPLEFORMAT_INT
                             : SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  if (channels % 2 == 0) {
    const std::uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  }
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP,
               static_cast<std::uint32_t>(std::clamp<std::size_t>(
                   kStripBytes / pixels.row_bytes(), 1, static_cast<std::size_t>(rows))));

  const int level = std::clamp(compression.value_or(-1), -1, 9);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION,
               level < 0    ? COMPRESSION_LZW
               : level == 0 ? COMPRESSION_NONE
                            : COMPRESSION_ADOBE_DEFLATE);
  if (level > 0) TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, level);
  if (level != 0) {
    TIFFSetField(tiff, TIFFTAG_PREDICTOR,
                 type.is_float ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
  }
}

Result<Done> encode_rows(const RowSource& pixels, const EncodeOptions& options, Sink& out) {
  constexpr std::size_t kMostClassicBytes =
      std::size_t{4'000'000'000} / 2;  // LZW may make it larger
  if (const Result<Done> can = can_encode(pixels.shape, pixels.dtype); !can) return can.error();
  const std::int64_t pages = pixels.shape.rank == 3 ? pixels.shape[0] : 1;
  const std::int64_t rows = pixels.shape[pixels.shape.rank - 2];
  const std::size_t row_bytes = pixels.row_bytes();
  Port port;
  port.out = &out;
  const bool big = static_cast<std::size_t>(pages * rows) * row_bytes > kMostClassicBytes;
  Handle tiff = open(port, big ? "wl8" : "wl");
  bool done = tiff != nullptr;
  thread_local Buffer strip;  // kept from picture to picture
  for (std::int64_t page = 0; done && page < pages; ++page) {
    describe_page(tiff.get(), pixels, options.compression);
    const auto rows_per_strip =
        static_cast<std::int64_t>(field<std::uint32_t>(tiff.get(), TIFFTAG_ROWSPERSTRIP, 1));
    strip.resize(static_cast<std::size_t>(rows_per_strip) * row_bytes);
    std::uint32_t number = 0;
    for (std::int64_t top = 0; done && top < rows; top += rows_per_strip) {
      const auto high = static_cast<std::size_t>(std::min(rows_per_strip, rows - top));
      for (std::size_t r = 0; done && r < high; ++r) {
        const std::uint8_t* const row =
            pixels.row(page * rows + top + static_cast<std::int64_t>(r));
        done = row != nullptr;
        if (done) std::memcpy(strip.data() + r * row_bytes, row, row_bytes);
      }
      done = done && TIFFWriteEncodedStrip(tiff.get(), number++, strip.data(),
                                           static_cast<tmsize_t>(high * row_bytes)) >= 0;
    }
    done = done && (page + 1 < pages ? TIFFWriteDirectory(tiff.get()) : TIFFFlush(tiff.get())) != 0;
  }
  tiff.reset();
  if (!done || port.error[0] != '\0') {
    return Error{ErrorCode::Internal, "libtiff cannot encode" + because(port)};
  }
  return Done{};
}

Result<Done> encode(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  return encode_in_memory(tiff_codec(), rows_of(pixels), options, out);
}

// libtiff may have been built with libdeflate, which does not tell its version.
std::string version(const EncodeOptions& options) {
  const std::string_view text = TIFFGetVersion();  // "LIBTIFF, Version 4.5.0\nCopyright ..."
  const std::string_view line = text.substr(0, text.find('\n'));
  std::string made_by =
      "libtiff " + std::string(line.substr(line.rfind(' ') + 1)) + ", zlib " + zlibVersion();
  Buffer made;
  if (options.compression.value_or(0) > 0 && encode(sample_picture(), options, made)) {
    made_by += ", deflate (level " + std::to_string(*options.compression) + ": " +
               short_digest(made.bytes()) + ")";
  }
  return made_by;
}

}  // namespace

Codec tiff_codec() {
  return {.format = Format::Tiff,
          .name = "tiff",
          .extensions = {"tif", "tiff"},
          .matches = matches,
          .read_info = read_info,
          .decode = decode_tiff,
          .can_encode = can_encode,
          .encode = encode,
          .version = version,
          .read_volume_info = read_volume_info,
          .encode_rows = encode_rows,
          .read_rows = read_rows,
          .needs_whole = needs_whole};
}

}  // namespace deckle

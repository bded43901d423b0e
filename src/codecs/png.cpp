// SPDX-License-Identifier: Apache-2.0
// png: PNG of every kind; the default image of an animated one. Colour profiles and gamma are not
// applied.
// Shapes  H x W x 1 to 4; uint8 (1, 2 and 4 bits are expanded) or uint16; palette to RGB, tRNS to
//         alpha; with ImageInfo::indexed: palette indices, and grey of 1, 2 and 4 bits, as stored
// Fails   Truncated with the row where the data ends, Damaged (checksum, deflate), TooLarge
// Source  PNG specification, 3rd edition (W3C 2025); libpng-manual.txt
// libpng reports errors by callback, and leaves by longjmp, which skips destructors: code inside
// `guarded` must not own objects that have one.
#include <libdeflate.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/codec.h"
#include "codecs/png_chunks.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"
#include "codecs/sample.h"
#include "codecs/write_picture.h"

namespace deckle {
namespace {

// The messages of libpng, and the memory that it reads or writes. Plain data, because longjmp skips
// destructors.
struct Port {
  const std::uint8_t* next;
  std::size_t left;
  bool ran_out;
  bool alpha;  // the pixels have an alpha channel of their own
  Sink* out;
  std::array<char, 128> error;
  std::array<char, 128> damage;  // the first warning that concerns pixels
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& port = *static_cast<Port*>(png_get_error_ptr(png));
  std::snprintf(port.error.data(), port.error.size(), "%s", message);
  png_longjmp(png, 1);
}

// Most warnings are about metadata that is not used. If libpng drops a tRNS chunk, the alpha
// channel is lost, unless the pixels have their own. tRNS values that are out of range are
// harmless: libpng masks them, as PNG 11.3.1.1 says. A wrong deflate checksum means that pixels are
// wrong.
void on_warning(png_structp png, png_const_charp message) {
  auto& port = *static_cast<Port*>(png_get_error_ptr(png));
  const auto begins = [&](const char* with) {
    return std::strncmp(message, with, std::strlen(with)) == 0;
  };
  const auto holds = [&](const char* part) { return std::strstr(message, part) != nullptr; };
  const bool pixels = (begins("tRNS") && !port.alpha && !holds("out-of-range")) ||
                      (begins("IDAT") && holds("incorrect data check"));
  if (!pixels || port.damage[0] != '\0') return;
  std::snprintf(port.damage.data(), port.damage.size(), "%s", message);
}

void read_port(png_structp png, png_bytep to, std::size_t size) {
  auto& port = *static_cast<Port*>(png_get_io_ptr(png));
  if (size > port.left) {
    port.ran_out = true;
    png_error(png, "the file ends");
  }
  std::memcpy(to, port.next, size);
  port.next += size;
  port.left -= size;
}

void write_port(png_structp png, png_bytep from, std::size_t size) {
  auto& port = *static_cast<Port*>(png_get_io_ptr(png));
  if (!port.out->append({from, size})) png_error(png, "it cannot be written");
}

void flush_port(png_structp /*png*/) {}

// Runs `body`. False if libpng reported an error. Never inlined: the locals of the caller must not
// be in the frame that longjmp returns to.
template <typename Body>
[[gnu::noinline]] bool guarded(png_structp png, Body&& body) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng is C
  body();
  return true;
}

// ---- reading

// Colours by index, and the first index without a colour. Plain data, because longjmp skips
// destructors.
struct Palette {
  std::array<std::array<png_byte, 4>, PNG_MAX_PALETTE_LENGTH> colours;
  int count;
  std::size_t channels;
  int wrong;  // index, or 0: index 0 is never wrong
  png_uint_32 row;
};

// Expands a row of indices in place. libpng's own expansion would make an index without a colour
// black.
void expand_palette(png_structp png, png_row_infop row, png_bytep samples) {
  auto& palette = *static_cast<Palette*>(png_get_user_transform_ptr(png));
  for (png_uint_32 c = row->width; c-- > 0;) {
    const png_byte index = samples[c];
    if (index >= palette.count && palette.wrong == 0) {
      palette.wrong = index;
      palette.row = png_get_current_row_number(png);
    }
    std::memcpy(samples + c * palette.channels, palette.colours[index].data(), palette.channels);
  }
}

// Makes libpng keep samples as stored: indices, or grey of fewer than 8 bits, with alpha if one
// level is transparent. Runs inside `guarded`.
void keep_numbers(png_structp png, png_infop image, Palette& palette) {
  png_colorp colours = nullptr;
  png_color_16p transparent = nullptr;
  const bool indices = png_get_PLTE(png, image, &colours, &palette.count) != 0;
  if (!indices) palette.count = 1 << png_get_bit_depth(png, image);
  const bool alpha = !indices && png_get_tRNS(png, image, nullptr, nullptr, &transparent) != 0;
  palette.channels = alpha ? 2 : 1;
  const int level = alpha ? transparent->gray & (palette.count - 1) : -1;
  for (int i = 0; i < palette.count; ++i) {
    palette.colours[static_cast<std::size_t>(i)] = {
        static_cast<png_byte>(i), i == level ? png_byte{0} : std::numeric_limits<png_byte>::max(),
        0, 0};
  }
}

// Runs inside `guarded`.
void take_colours(png_structp png, png_infop image, Palette& palette) {
  png_colorp colours = nullptr;
  png_bytep alpha = nullptr;
  int with_alpha = 0;
  png_get_PLTE(png, image, &colours, &palette.count);
  png_get_tRNS(png, image, &alpha, &with_alpha, nullptr);
  palette.channels = with_alpha > 0 ? 4 : 3;
  for (int i = 0; i < palette.count; ++i) {
    palette.colours[static_cast<std::size_t>(i)] = {
        colours[i].red, colours[i].green, colours[i].blue,
        i < with_alpha ? alpha[i] : std::numeric_limits<png_byte>::max()};
  }
}

// Runs inside `guarded`.
void set_palette(png_structp png, Palette& palette) {
  png_set_packing(png);
  png_set_check_for_invalid_index(png, 0);
  png_set_read_user_transform_fn(png, expand_palette);
  png_set_user_transform_info(png, &palette, 8, static_cast<int>(palette.channels));
}

// Owns libpng's decoder.
class Decoder {
 public:
  explicit Decoder(Bytes file) {
    port.next = file.data();
    port.left = file.size();
    constexpr std::size_t kColourType = 25;
    port.alpha = file.size() > kColourType && (file[kColourType] & PNG_COLOR_MASK_ALPHA) != 0;
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &port, on_error, on_warning);
    if (png == nullptr) throw std::bad_alloc();
    image = png_create_info_struct(png);
    if (image == nullptr) {
      png_destroy_read_struct(&png, &image, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Decoder() { png_destroy_read_struct(&png, &image, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Reads up to the first IDAT.
  [[nodiscard]] bool read_header() {
    return guarded(png, [this] {
      png_set_read_fn(png, &port, read_port);
      // no limit here: read_info compares rows x cols with max_pixels before memory is allocated
      png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      // all chunks except PLTE and tRNS, as text and profiles, are neither unpacked nor checked
      png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
      // small portions: no row before the end of a truncated file is lost
      png_set_compression_buffer_size(png, 512);
      png_read_info(png, image);
    });
  }

  Port port{};
  Palette palette{};
  png_structp png = nullptr;
  png_infop image = nullptr;
};

// A feature of a valid header that no PNG decoder supports; empty if there is none.
std::string unsupported(Bytes file, const PngChunks& chunks) {
  if (chunks.unknown == "CgBI") {
    return "PNG in Apple's form for iPhone apps (CgBI) is not read; Xcode's pngcrush "
           "-revert-iphone-optimizations turns it into PNG";
  }
  if (!chunks.unknown.empty())
    return "PNG with a chunk " + chunks.unknown + ", which must be understood, is not read";
  constexpr std::size_t kHeader = 16;
  constexpr std::size_t kLength = 13;
  if (file.size() < kHeader + kLength + 4 || !is_intact_chunk(file.data() + kHeader, kLength))
    return "";
  constexpr std::array<std::string_view, 3> kMethods{"compression", "filter", "interlace"};
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    const unsigned method = file[kHeader + 10 + i];
    if (method > (i == 2 ? PNG_INTERLACE_ADAM7 : 0U)) {
      return "PNG with " + std::string(kMethods.at(i)) + " method " + std::to_string(method) +
             " is not read";
    }
  }
  return "";
}

std::vector<Colour> palette_of(Decoder& decoder) {
  if (!guarded(decoder.png, [&] { take_colours(decoder.png, decoder.image, decoder.palette); }))
    return {};
  std::vector<Colour> palette;
  for (int i = 0; i < decoder.palette.count; ++i) {
    const auto& [red, green, blue, alpha] = decoder.palette.colours.at(static_cast<std::size_t>(i));
    palette.push_back(colour_of_bytes(red, green, blue, alpha));
  }
  return palette;
}

Error header_error(const Decoder& decoder) {
  if (decoder.port.ran_out)
    return {ErrorCode::Truncated, "truncated: the file ends within its header"};
  return {ErrorCode::Damaged,
          "damaged: the header cannot be read (" + std::string(decoder.port.error.data()) + ")"};
}

bool matches(Bytes head) {
  constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return head.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), head.begin());
}

Result<ImageInfo> read_info(Bytes file) {
  const PngChunks chunks = png_chunks(file);
  if (std::string what = unsupported(file, chunks); !what.empty())
    return Error{ErrorCode::Unsupported, std::move(what)};
  Decoder decoder(file);
  if (!decoder.read_header()) return header_error(decoder);
  png_structp png = decoder.png;
  png_infop image = decoder.image;

  const unsigned type = png_get_color_type(png, image);
  const bool alpha =
      (type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, image, PNG_INFO_tRNS) != 0;
  const bool colour = (type & PNG_COLOR_MASK_COLOR) != 0;
  ImageInfo info;
  info.format = Format::Png;
  info.shape = Shape::image(png_get_image_height(png, image), png_get_image_width(png, image),
                            (colour ? 3 : 1) + (alpha ? 1 : 0));
  info.dtype = png_get_bit_depth(png, image) == 16 ? DType::UInt16 : DType::UInt8;
  if (type == PNG_COLOR_TYPE_PALETTE) info.palette = palette_of(decoder);
  if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, image) < 8)
    info.white = (1U << png_get_bit_depth(png, image)) - 1;
  info.orientation = orientation_of(chunks);
  info.icc = icc_of(chunks);
  info.lossless = true;
  return info;
}

// The progress of reading rows. It is valid after a longjmp.
struct Progress {
  int passes = 1;
  int pass = 0;
  png_uint_32 row = 0;
  bool rows_done = false;
  const Stop* stop = nullptr;
  bool stopped = false;
};

// Runs inside `guarded`.
void read_rows(Decoder& decoder, png_uint_32 rows, std::uint8_t* out, std::size_t row_bytes,
               Progress& progress) {
  png_structp png = decoder.png;
  for (int pass = 0; pass < progress.passes; ++pass) {
    progress.pass = pass;
    for (png_uint_32 r = 0; r < rows; ++r) {
      progress.row = r;
      progress.stopped = is_told(progress.stop);
      if (progress.stopped) return;
      png_read_row(png, out + row_bytes * r, nullptr);
    }
  }
  progress.rows_done = true;
  png_read_end(png, nullptr);
}

Error data_error(const Decoder& decoder, const Progress& progress, std::int64_t rows) {
  const std::string_view text = decoder.port.error.data();
  std::string where = "row " +
                      std::to_string(progress.rows_done ? rows : std::int64_t{progress.row}) +
                      " of " + std::to_string(rows);
  if (progress.passes > 1) {
    where +=
        " in pass " + std::to_string(progress.pass + 1) + " of " + std::to_string(progress.passes);
  }
  if (decoder.port.ran_out || text.find("Not enough image data") != std::string_view::npos) {
    return {ErrorCode::Truncated, "truncated: the picture data ends at " + where};
  }
  return {ErrorCode::Damaged,
          "damaged: corrupt data near " + where + " (" + std::string(text) + ")"};
}

// Called after the header was read.
Promise promise_of(Decoder& decoder, const PngChunks& chunks) {
  const std::uint64_t row_bytes = png_get_rowbytes(decoder.png, decoder.image);
  return {row_bytes * png_get_image_height(decoder.png, decoder.image),
          most_unpacked(Coding::Deflate, chunks.data_bytes + 16)};
}

Promise png_promise(Bytes file, const ImageInfo& /*info*/) {
  Decoder decoder(file);
  return decoder.read_header() ? promise_of(decoder, png_chunks(file)) : Promise{};
}

// Reads up to the first row. Fails if the file cannot hold the picture.
Result<Done> start_rows(Decoder& decoder, const PngChunks& chunks, const ImageInfo& info,
                        const DecodeOptions& options, Progress& progress) {
  if (!decoder.read_header()) return header_error(decoder);
  png_structp png = decoder.png;
  const Promise promise = promise_of(decoder, chunks);
  if (!options.accept_truncated && promise.available < promise.least) {
    return Error{ErrorCode::Truncated, "truncated: " + std::to_string(chunks.data_bytes) +
                                           " bytes of picture data cannot hold " +
                                           to_string(info.shape) + " samples"};
  }
  std::size_t row_bytes = 0;
  const bool prepared = guarded(png, [&] {
    if (info.indexed || png_get_color_type(png, decoder.image) == PNG_COLOR_TYPE_PALETTE) {
      info.indexed ? keep_numbers(png, decoder.image, decoder.palette)
                   : take_colours(png, decoder.image, decoder.palette);
      set_palette(png, decoder.palette);
    } else {
      png_set_expand(png);  // expands fewer than 8 bits to 8, and tRNS to alpha
    }
    if constexpr (std::endian::native == std::endian::little) png_set_swap(png);
    progress.passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder.image);
    row_bytes = png_get_rowbytes(png, decoder.image);
  });
  if (!prepared) return header_error(decoder);
  const auto expected =
      static_cast<std::size_t>(info.shape.cols() * info.shape.channels) * size_of(info.dtype);
  if (row_bytes != expected) {
    return Error{ErrorCode::Internal, "libpng gives rows of " + std::to_string(row_bytes) +
                                          " bytes, not " + std::to_string(expected)};
  }
  return Done{};
}

// Whether an error of libpng concerns pixels. If the picture data are complete and checked, later
// errors do not matter, not even in IEND.
bool in_pixels(const Decoder& decoder, const PngChunks& chunks, const Progress& progress) {
  return !progress.rows_done || !chunks.data_whole ||
         std::strncmp(decoder.port.error.data(), "IDAT", 4) == 0;
}

// Damage in rows that were read. libpng continues after such damage.
std::optional<Error> wrong_with(const Decoder& decoder, std::int64_t rows) {
  if (decoder.port.damage[0] != '\0')
    return Error{ErrorCode::Damaged, "damaged: " + std::string(decoder.port.damage.data())};
  const Palette& palette = decoder.palette;
  if (palette.wrong == 0) return std::nullopt;
  return without_colour(palette.row, rows, static_cast<std::size_t>(palette.wrong),
                        static_cast<std::size_t>(palette.count));
}

Result<Damage> decode_png(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const PngChunks chunks = png_chunks(file);
  Decoder decoder(file);
  Progress progress;
  if (auto started = start_rows(decoder, chunks, info, options, progress); !started)
    return started.error();
  png_structp png = decoder.png;
  const std::int64_t rows = info.shape.rows();
  out.reset(info.shape, info.dtype);
  const std::size_t row_bytes = out.row_bytes();
  std::uint8_t* const pixels = out.data.data();
  // Interlaced rows are filled a few pixels at a time.
  if (progress.passes > 1) std::memset(pixels, 0, out.byte_count());

  std::optional<Error> damage;
  progress.stop = options.stop;
  const bool done = guarded(png, [&] {
    read_rows(decoder, static_cast<png_uint_32>(rows), pixels, row_bytes, progress);
  });
  if (progress.stopped) return given_up();
  if (!done) {
    const bool matters = in_pixels(decoder, chunks, progress);
    if (matters) damage = data_error(decoder, progress, rows);
    if (matters && !progress.rows_done && progress.passes == 1) {
      const std::size_t good = progress.row * row_bytes;
      std::memset(pixels + good, 0, out.byte_count() - good);
    }
  }
  if (!damage) damage = wrong_with(decoder, rows);
  return outcome(std::move(damage), options);
}

// ---- reading row by row

std::string row_streaming_obstacle(Bytes file) {
  Decoder decoder(file);
  if (!decoder.read_header()) return "";
  return png_get_interlace_type(decoder.png, decoder.image) == PNG_INTERLACE_NONE
             ? ""
             : "an interlaced png";
}

// The same as decode_png, row by row.
class PngRows final : public RowReader {
 public:
  PngRows(Bytes file, const ImageInfo& info)
      : rows_(info.shape.rows()), chunks_(png_chunks(file)), decoder_(file) {
    cols_ = {0, info.shape.cols()};
    row_.resize(static_cast<std::size_t>(info.shape.cols() * info.shape.channels) *
                size_of(info.dtype));
  }

  Result<Done> start(const ImageInfo& info, const DecodeOptions& options) {
    return start_rows(decoder_, chunks_, info, options, progress_);
  }

  Result<const std::uint8_t*> row(std::int64_t r) override {
    while (next_ <= r) {
      if (!read_row()) return data_error(decoder_, progress_, rows_);
    }
    if (auto wrong = wrong_with(decoder_, rows_)) return *wrong;
    return row_.data();
  }

  Result<Done> finish() override {
    while (next_ < rows_) {
      if (!read_row()) return data_error(decoder_, progress_, rows_);
    }
    progress_.rows_done = true;
    if (!guarded(decoder_.png, [&] { png_read_end(decoder_.png, nullptr); }) &&
        in_pixels(decoder_, chunks_, progress_)) {
      return data_error(decoder_, progress_, rows_);
    }
    if (auto wrong = wrong_with(decoder_, rows_)) return *wrong;
    return Done{};
  }

 private:
  bool read_row() {
    progress_.row = static_cast<png_uint_32>(next_++);
    release_mapped_before(decoder_.port.next);
    return guarded(decoder_.png, [&] { png_read_row(decoder_.png, row_.data(), nullptr); });
  }

  std::int64_t rows_;
  PngChunks chunks_;
  Decoder decoder_;
  Progress progress_;
  std::int64_t next_ = 0;
  Buffer row_;
};

Result<std::unique_ptr<RowReader>> open_png_rows(Bytes file, const ImageInfo& info,
                                                 const DecodeOptions& options,
                                                 const Window& /*needed*/) {
  auto reader = std::make_unique<PngRows>(file, info);
  if (auto started = reader->start(info, options); !started) return started.error();
  return std::unique_ptr<RowReader>(std::move(reader));
}

// ---- writing

Result<Done> check_png(const Shape& shape, DType dtype) {
  return check_format_limits({"png", {DType::UInt8, DType::UInt16}, {1, 2, 3, 4}, 1'000'000}, shape,
                             dtype);
}

// For a picture that is too large to be compressed in one piece.
void set_compression(png_structp png, std::optional<int> compression) {
  if (!compression) {
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
    png_set_compression_level(png, 1);
    png_set_compression_strategy(png, Z_RLE);
    return;
  }
  const int level = std::clamp(*compression, 0, 9);
  png_set_compression_level(png, std::min(level, 8));  // 9 takes 2.5 times as long, and saves 0.5 %
  png_set_filter(png, PNG_FILTER_TYPE_BASE, level == 0 ? PNG_FILTER_NONE : PNG_ALL_FILTERS);
  png_set_compression_strategy(png, Z_FILTERED);
}

constexpr std::array kTypes{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGB_ALPHA};

// PLTE and tRNS; tRNS is empty if nothing is transparent.
struct PaletteChunks {
  std::vector<std::uint8_t> colours;
  std::vector<std::uint8_t> alpha;
};

PaletteChunks chunks_of(const std::vector<Colour>& palette) {
  PaletteChunks chunks;
  bool opaque = true;
  for (const Colour& colour : palette) {
    for (std::size_t c = 0; c < 3; ++c)
      chunks.colours.push_back(static_cast<std::uint8_t>(colour.at(c) >> 8U));
    chunks.alpha.push_back(static_cast<std::uint8_t>(colour[3] >> 8U));
    opaque = opaque && chunks.alpha.back() == 0xFF;
  }
  if (opaque) chunks.alpha.clear();
  return chunks;
}

// Runs inside `guarded`.
void write_pixels(png_structp png, png_infop image, const RowSource& rows,
                  const std::vector<PngChunk>& metadata, const PaletteChunks& palette,
                  std::optional<int> compression) {
  const bool wide = rows.dtype == DType::UInt16;
  png_set_IHDR(png, image, static_cast<png_uint_32>(rows.shape.cols()),
               static_cast<png_uint_32>(rows.shape.rows()), wide ? 16 : 8,
               palette.colours.empty()
                   ? kTypes.at(static_cast<std::size_t>(rows.shape.channels - 1))
                   : PNG_COLOR_TYPE_PALETTE,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!palette.colours.empty()) {
    png_set_PLTE(png, image, reinterpret_cast<png_const_colorp>(palette.colours.data()),
                 static_cast<int>(palette.colours.size() / 3));
    if (!palette.alpha.empty()) {
      png_set_tRNS(png, image, palette.alpha.data(), static_cast<int>(palette.alpha.size()),
                   nullptr);
    }
  }
  set_compression(png, compression);
  png_write_info_before_PLTE(png, image);
  for (const PngChunk& chunk : metadata) {
    png_write_chunk(png, reinterpret_cast<png_const_bytep>(chunk.type.data()), chunk.data.data(),
                    chunk.data.size());
  }
  png_write_info(png, image);
  if (wide && std::endian::native == std::endian::little) png_set_swap(png);
  for (std::int64_t r = 0; r < rows.shape.rows(); ++r) {
    const std::uint8_t* const row = rows.row(r);
    if (row == nullptr) png_error(png, "there are no more rows");
    png_write_row(png, row);
  }
  png_write_end(png, nullptr);
}

// The usual case: all rows are filtered, then libdeflate compresses them in one piece. Larger
// pictures are written by libpng and zlib, which work row by row.
//
// Measured on windows of photographs, 224 x 224 (MB/s of samples; size as a share of the samples).
// Without a level: UP for every row and the lowest level of libdeflate: 185; 49.7 %. SUB instead of
// UP is 4 % larger, PAETH a third slower. With a level: the best filter for each row, and the
// levels of kLevels. Level 1: 148; 47.5 %. Level 6: 55; 45.0 %. Level 9: 6; 42.6 %. zlib at level
// 1: 65; 48.8 %. At 6: 16; 45.9 %. At 9: 4; 45.0 %.
constexpr std::size_t kMostAtOnce = std::size_t{32} << 20U;
constexpr std::array kLevels{0, 1, 2, 3, 4, 5, 6, 7, 10, 12};  // 8 and 9 are slow and save little

std::size_t bytes_of_rows(const RowSource& rows) {
  const std::size_t samples = static_cast<std::size_t>(rows.shape.cols() * rows.shape.channels);
  return static_cast<std::size_t>(rows.shape.rows()) * (1 + samples * size_of(rows.dtype));
}

std::uint8_t paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner);
  const int to_above = std::abs(left - corner);
  const int to_corner = std::abs(left + above - 2 * corner);
  return static_cast<std::uint8_t>(to_left <= to_above && to_left <= to_corner ? left
                                   : to_above <= to_corner                     ? above
                                                                               : corner);
}

// PNG's filters by their numbers (PNG specification, 9.2): the difference of `row` from the
// prediction by its neighbours. The left neighbour is `pixel` bytes before, also for the first
// pixel.
void filter_row(int filter, const std::uint8_t* row, const std::uint8_t* above, std::size_t pixel,
                std::size_t bytes, std::uint8_t* to) {
  const auto from = [&](auto expected) {
    for (std::size_t i = 0; i < bytes; ++i)
      to[i] = static_cast<std::uint8_t>(row[i] - expected(row + i - pixel, i));
  };
  switch (filter) {
    case PNG_FILTER_VALUE_SUB:
      return from([](const std::uint8_t* left, std::size_t) { return *left; });
    case PNG_FILTER_VALUE_UP:
      return from([&](const std::uint8_t*, std::size_t i) { return above[i]; });
    case PNG_FILTER_VALUE_AVG:
      return from([&](const std::uint8_t* left, std::size_t i) { return (*left + above[i]) / 2; });
    case PNG_FILTER_VALUE_PAETH:
      return from([&](const std::uint8_t* left, std::size_t i) {
        return paeth(*left, above[i], (above + i)[-static_cast<std::ptrdiff_t>(pixel)]);
      });
    default:
      std::memcpy(to, row, bytes);
  }
}

// The sum of the absolute differences. A row with a smaller sum usually compresses better.
std::uint64_t weight_of(const std::uint8_t* row, std::size_t bytes) {
  std::uint32_t weight = 0;  // rows have at most 8,000,000 bytes
  for (std::size_t i = 0; i < bytes; ++i)
    weight += static_cast<std::uint32_t>(std::abs(static_cast<std::int8_t>(row[i])));
  return weight;
}

constexpr int kLeast = -1;  // for each row, the filter with the least weight

// Writes each row after the number of its filter. False if rows are missing.
bool filter_rows(const RowSource& rows, int filter, Buffer& to) {
  to.resize(bytes_of_rows(rows));
  const auto count = static_cast<std::size_t>(rows.shape.rows());
  const std::size_t bytes = to.size() / count - 1;
  const std::size_t pixel = static_cast<std::size_t>(rows.shape.channels) * size_of(rows.dtype);
  std::vector<std::uint8_t> above(pixel + bytes);  // after a pixel of zeros
  std::vector<std::uint8_t> current(pixel + bytes);
  std::vector<std::uint8_t> tried(bytes);
  std::uint8_t* next = to.data();
  for (std::size_t r = 0; r < count; ++r) {
    const std::uint8_t* const row = rows.row(static_cast<std::int64_t>(r));
    if (row == nullptr) return false;
    if (rows.dtype == DType::UInt16 && std::endian::native == std::endian::little) {
      for (std::size_t i = 0; i < bytes; i += 2) {
        current[pixel + i] = row[i + 1];
        current[pixel + i + 1] = row[i];
      }
    } else {
      std::memcpy(current.data() + pixel, row, bytes);
    }
    const auto apply = [&](int number, std::uint8_t* target) {
      filter_row(number, current.data() + pixel, above.data() + pixel, pixel, bytes, target);
    };
    std::uint8_t* const filtered = next + 1;
    if (filter != kLeast) {
      *next = static_cast<std::uint8_t>(filter);
      apply(filter, filtered);
    } else {
      std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
      for (int number = PNG_FILTER_VALUE_NONE; number < PNG_FILTER_VALUE_LAST; ++number) {
        apply(number, tried.data());
        const std::uint64_t weight = weight_of(tried.data(), bytes);
        if (weight >= least) continue;
        least = weight;
        *next = static_cast<std::uint8_t>(number);
        std::memcpy(filtered, tried.data(), bytes);
      }
    }
    std::swap(above, current);
    next = filtered + bytes;
  }
  return true;
}

void put_big_endian(std::uint8_t* to, std::size_t value) {
  for (int i = 0; i < 4; ++i)
    to[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

// Writes a chunk: length, type, `length` bytes of data, checksum. The data are copied, unless they
// are in place already. Returns the end of the chunk.
std::uint8_t* put_chunk(std::uint8_t* to, std::string_view type, std::size_t length,
                        const std::uint8_t* data = nullptr) {
  put_big_endian(to, length);
  std::memcpy(to + 4, type.data(), 4);
  if (data != nullptr) std::memcpy(to + 8, data, length);
  put_big_endian(to + 8 + length, libdeflate_crc32(0, to + 4, length + 4));
  return to + 12 + length;
}

// The compressor and buffers that a thread reuses for the next picture.
struct Deflater {
  libdeflate_compressor* compressor = nullptr;
  int level = -1;
  Buffer filtered;

  Deflater() = default;
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { libdeflate_free_compressor(compressor); }

  void set(int to) {
    if (level == to) return;
    level = -1;
    libdeflate_free_compressor(compressor);
    compressor = libdeflate_alloc_compressor(to);
    if (compressor == nullptr) throw std::bad_alloc();
    level = to;
  }
};

bool encode_at_once(const RowSource& rows, const std::vector<PngChunk>& metadata,
                    const PaletteChunks& palette, std::optional<int> compression, Buffer& out) {
  thread_local Deflater kept;
  const int asked = std::clamp(compression.value_or(1), 0, 9);
  kept.set(kLevels.at(static_cast<std::size_t>(asked)));
  const int filter = !compression ? PNG_FILTER_VALUE_UP
                     : asked == 0 ? PNG_FILTER_VALUE_NONE
                                  : kLeast;
  if (!filter_rows(rows, filter, kept.filtered)) return false;
  const Bytes filtered = kept.filtered.bytes();

  constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  std::array<std::uint8_t, 13> header{};
  put_big_endian(header.data(), static_cast<std::size_t>(rows.shape.cols()));
  put_big_endian(header.data() + 4, static_cast<std::size_t>(rows.shape.rows()));
  header[8] = rows.dtype == DType::UInt16 ? 16 : 8;
  header[9] = static_cast<std::uint8_t>(
      palette.colours.empty() ? kTypes.at(static_cast<std::size_t>(rows.shape.channels - 1))
                              : PNG_COLOR_TYPE_PALETTE);

  constexpr std::size_t kFrame = 12;
  std::size_t frames = kSignature.size() + 5 * kFrame + header.size() + palette.colours.size() +
                       palette.alpha.size();
  for (const PngChunk& chunk : metadata)
    frames += kFrame + chunk.data.size();
  const std::size_t most = libdeflate_zlib_compress_bound(kept.compressor, filtered.size());
  out.resize(frames + most);
  std::uint8_t* to = out.data();
  std::memcpy(to, kSignature.data(), kSignature.size());
  to = put_chunk(to + kSignature.size(), "IHDR", header.size(), header.data());
  for (const PngChunk& chunk : metadata)
    to = put_chunk(to, chunk.type, chunk.data.size(), chunk.data.data());
  if (!palette.colours.empty())
    to = put_chunk(to, "PLTE", palette.colours.size(), palette.colours.data());
  if (!palette.alpha.empty())
    to = put_chunk(to, "tRNS", palette.alpha.size(), palette.alpha.data());
  const std::size_t length =
      libdeflate_zlib_compress(kept.compressor, filtered.data(), filtered.size(), to + 8, most);
  to = put_chunk(to, "IDAT", length);
  to = put_chunk(to, "IEND", 0);
  out.resize(static_cast<std::size_t>(to - out.data()));
  return true;
}

Result<Done> encode_rows(const RowSource& rows, const EncodeOptions& options, Sink& out) {
  if (const Result<Done> can = check_png(rows.shape, rows.dtype); !can) return can.error();
  const PaletteChunks palette = chunks_of(options.palette);
  const auto metadata = chunks_of(options.metadata);
  if (!metadata) return metadata.error();
  if (bytes_of_rows(rows) <= kMostAtOnce) {
    Buffer own;
    Buffer* const to = out.memory() != nullptr ? out.memory() : &own;
    if (encode_at_once(rows, *metadata, palette, options.compression, *to) &&
        (to != &own || out.append(own.bytes())))
      return Done{};
    return Error{ErrorCode::Internal, "a row cannot be read or written"};
  }
  Port port{};
  port.out = &out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &port, on_error, on_warning);
  if (png == nullptr) throw std::bad_alloc();
  png_infop image = nullptr;
  const bool done = guarded(png, [&] {
    image = png_create_info_struct(png);
    if (image == nullptr) png_error(png, "not enough memory");
    png_set_write_fn(png, &port, write_port, flush_port);
    write_pixels(png, image, rows, *metadata, palette, options.compression);
  });
  png_destroy_write_struct(&png, &image);
  if (!done)
    return Error{ErrorCode::Internal, "libpng cannot encode: " + std::string(port.error.data())};
  return Done{};
}

Result<Done> encode(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  return encode_in_memory(encode_rows, rows_of(pixels), options, out);
}

// libdeflate does not report its version.
std::string version(const EncodeOptions& options) {
  const int level = std::clamp(options.compression.value_or(1), 0, 9);
  Buffer made;
  if (!encode_at_once(rows_of(sample_picture()), {}, {}, options.compression, made))
    throw std::bad_alloc();
  return std::string("libpng ") + png_get_libpng_ver(nullptr) + ", zlib " + zlibVersion() +
         ", libdeflate (level " + std::to_string(level) + ": " + short_digest(made.bytes()) + ")";
}

}  // namespace

Codec png_codec() {
  return {.format = Format::Png,
          .extensions = {"png", "apng"},
          .matches = matches,
          .read_info = read_info,
          .decode = decode_png,
          .promise = png_promise,
          .read_metadata = read_png_metadata,
          .version = version,
          .rows = RowStreaming{.open = open_png_rows, .obstacle = row_streaming_obstacle},
          .encoder = Encoder{.check = check_png,
                             .encode = encode,
                             .encode_rows = encode_rows,
                             .carries = {.icc = true, .exif = true, .xmp = true},
                             .usual_share = 0.65}};
}

}  // namespace deckle

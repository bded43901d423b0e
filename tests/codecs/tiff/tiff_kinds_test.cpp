// SPDX-License-Identifier: Apache-2.0
// Kinds of TIFF besides plain grey and RGB.
#include <tiffio.h>
#include <zlib.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/tiff/tiff_files.h"
#include "codecs/tiff/tiff_layout.h"
#include "codecs/tiff/tiff_port.h"
#include "support/catch.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;

namespace {

// Properties of a file, besides those that `describe` sets.
struct Kind {
  int photometric = PHOTOMETRIC_MINISBLACK;
  int compression = COMPRESSION_NONE;
  int planar = PLANARCONFIG_CONTIG;
  int bits = 0;  // 0: of the tensor's type
  int format = SAMPLEFORMAT_UINT;
  std::uint32_t rows_per_strip = 0;  // 0: all in one
  std::vector<std::uint16_t> extras{};
  std::function<void(TIFF*)> more{};
};

void describe_kind(TIFF* file, const Tensor& t, const Kind& kind) {
  describe(file, t, kind.photometric, kind.planar);
  if (kind.bits != 0) TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, kind.bits);
  TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, kind.format);
  TIFFSetField(file, TIFFTAG_COMPRESSION, kind.compression);
  TIFFSetField(
      file, TIFFTAG_ROWSPERSTRIP,
      kind.rows_per_strip != 0 ? kind.rows_per_strip : static_cast<std::uint32_t>(t.shape.rows()));
  if (!kind.extras.empty()) {
    TIFFSetField(file, TIFFTAG_EXTRASAMPLES, static_cast<int>(kind.extras.size()),
                 kind.extras.data());
  }
  if (kind.more) kind.more(file);
}

// One strip for each plane, with these bytes before compression.
File of_strips(const Tensor& t, const Kind& kind, const std::vector<File>& strips,
               const char* mode = "wl") {
  return tiff_file(mode, [&](TIFF* file) {
    describe_kind(file, t, kind);
    for (std::uint32_t i = 0; i < strips.size(); ++i) {
      File copy(strips[i]);  // libtiff may swap in place
      TIFFWriteEncodedStrip(file, i, copy.data(), static_cast<tmsize_t>(copy.size()));
    }
  });
}

// The samples of `t` by rows.
File of_rows(const Tensor& t, const Kind& kind, const char* mode = "wl") {
  return tiff_file(mode, [&](TIFF* file) {
    describe_kind(file, t, kind);
    File copy(t.data.data(), t.data.data() + t.byte_count());
    for (std::int64_t r = 0; r < t.shape.rows(); ++r) {
      TIFFWriteScanline(file, copy.data() + static_cast<std::size_t>(r) * t.row_bytes(),
                        static_cast<std::uint32_t>(r), 0);
    }
  });
}

// A Tensor of which only the shape is used.
Tensor shaped(std::int64_t rows, std::int64_t cols, std::int64_t channels,
              DType dtype = DType::UInt8) {
  return picture(rows, cols, channels, dtype);
}

template <typename T>
std::vector<T> values_of(const Tensor& t) {
  std::vector<T> values(t.byte_count() / sizeof(T));
  std::memcpy(values.data(), t.data.data(), t.byte_count());
  return values;
}

template <typename T>
File bytes_of_values(const std::vector<T>& values) {
  File bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

void set_map(TIFF* file, std::size_t entries, unsigned step) {
  std::array<std::vector<std::uint16_t>, 3> map;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < entries; ++i)
      map.at(c).push_back(static_cast<std::uint16_t>((i + c) % 256 * step));
  }
  TIFFSetField(file, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data());
}

// Replaces the value of a tag in a little-endian file of one directory.
void set_tag(File& file, std::uint16_t tag, std::uint16_t other_tag, std::uint32_t value) {
  const auto at = [&](std::size_t i) { return file[i] | std::uint32_t{file[i + 1]} << 8U; };
  const std::size_t directory = at(4) | at(6) << 16U;
  for (std::size_t e = 0; e < at(directory); ++e) {
    const std::size_t entry = directory + 2 + 12 * e;
    if (at(entry) != tag) continue;
    for (std::size_t i = 0; i < 2; ++i)
      file[entry + i] = static_cast<std::uint8_t>(other_tag >> (8 * i));
    for (std::size_t i = 0; i < 4; ++i)
      file[entry + 8 + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

}  // namespace

// ---- samples

TEST_CASE("integers of 10, 12 and 14 bits are scaled to 16, odd ones below 8 to 8",
          "[codecs][tiff]") {
  Tensor out;
  REQUIRE(read(of_strips(shaped(1, 2, 1), {.bits = 12}, {{0xFF, 0xF0, 0x01}}), out));
  CHECK(out.dtype == DType::UInt16);
  CHECK(values_of<std::uint16_t>(out) == std::vector<std::uint16_t>{65535, 16});
  REQUIRE(read(of_strips(shaped(1, 4, 1), {.bits = 10}, {{0xFF, 0xC0, 0x00, 0x08, 0x01}}), out));
  CHECK(values_of<std::uint16_t>(out) == std::vector<std::uint16_t>{65535, 0, 128, 64});
  REQUIRE(read(of_strips(shaped(1, 1, 1), {.bits = 14}, {{0xFF, 0xFC}}), out));
  CHECK(values_of<std::uint16_t>(out) == std::vector<std::uint16_t>{65535});
  REQUIRE(read(of_strips(shaped(1, 2, 1), {.bits = 6}, {{0xFC, 0x10}}), out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{255, 4});
  // rows begin at a byte; each byte order of the file is the same
  REQUIRE(read(of_strips(shaped(2, 1, 1), {.bits = 12}, {{0xFF, 0xF0, 0x00, 0x10}}, "wb"), out));
  CHECK(values_of<std::uint16_t>(out) == std::vector<std::uint16_t>{65535, 16});
  // RGB of 4 bits a sample
  REQUIRE(
      read(of_strips(shaped(1, 1, 3), {.photometric = PHOTOMETRIC_RGB, .bits = 4}, {{0xF0, 0x10}}),
           out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{255, 0, 17});
}

TEST_CASE("floats of 16 and of 24 bits become float32", "[codecs][tiff]") {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const char* mode : {"wl", "wb"}) {
    const bool big = mode[1] == 'b';
    Tensor out;
    // in memory order: libtiff swaps them for the file
    const std::vector<std::uint16_t> halves{0x3C00, 0xC100, 0x0001, 0x7C00};
    REQUIRE(read(of_strips(shaped(1, 4, 1), {.bits = 16, .format = SAMPLEFORMAT_IEEEFP},
                           {bytes_of_values(halves)}, mode),
                 out));
    CHECK(out.dtype == DType::Float32);
    CHECK(values_of<float>(out) == std::vector<float>{1, -2.5F, std::ldexp(1.0F, -24), infinity});
    File triples;
    for (const std::uint32_t bits : {0x3F0000U, 0xC04000U, 0x000001U, 0x7F0000U}) {
      for (unsigned i = 0; i < 3; ++i)  // libtiff does not swap these
        triples.push_back(static_cast<std::uint8_t>(bits >> (8 * (big ? 2 - i : i))));
    }
    const File described = tiff_file(mode, [&](TIFF* t) {
      describe_kind(t, shaped(1, 4, 1), {.bits = 24, .format = SAMPLEFORMAT_IEEEFP});
      TIFFWriteRawStrip(t, 0, triples.data(), static_cast<tmsize_t>(triples.size()));
    });
    REQUIRE(read(described, out));
    CHECK(values_of<float>(out) == std::vector<float>{1, -2.5F, std::ldexp(1.0F, -78), infinity});
  }
}

TEST_CASE("the message about a TIFF that is not read has the true reason", "[codecs][tiff]") {
  const auto refusal = [](std::int64_t channels, const Kind& kind) {
    return message_of(of_strips(shaped(1, 1, channels), kind, {File(64)}));
  };
  CHECK(refusal(1, {.photometric = PHOTOMETRIC_MINISWHITE, .bits = 16, .format = SAMPLEFORMAT_INT})
            .starts_with("TIFF with white as zero and 16-bit signed samples, for which TIFF does "
                         "not define black, is not read"));
  CHECK(refusal(1, {.bits = 64, .format = SAMPLEFORMAT_INT}) ==
        "TIFF with 64-bit signed samples (a picture's integers have up to 32 bits) is not read");
  CHECK(refusal(4, {.photometric = PHOTOMETRIC_SEPARATED, .more = [](TIFF* t) {
                      TIFFSetField(t, TIFFTAG_INKSET, INKSET_MULTIINK);
                    }}) == "TIFF with 4 inks other than CMYK is not read");
  CHECK(refusal(1, {.photometric = PHOTOMETRIC_CFA}) ==
        "TIFF with a camera's raw colour filter array is not read");
  CHECK(refusal(3, {.photometric = PHOTOMETRIC_YCBCR, .planar = PLANARCONFIG_SEPARATE}) ==
        "TIFF with YCbCr colour in separate planes, subsampled 2 x 2, is not read");
  CHECK(refusal(3, {.photometric = PHOTOMETRIC_YCBCR, .bits = 16}) ==
        "TIFF with YCbCr colour and 16-bit unsigned samples is not read");
}

TEST_CASE("a TIFF that does not say what its samples mean is not guessed at", "[codecs][tiff]") {
  for (const std::int64_t channels : {1, 3}) {
    File file = of_rows(picture(3, 4, channels), {.photometric = PHOTOMETRIC_RGB});
    set_tag(file, TIFFTAG_PHOTOMETRIC, TIFFTAG_THRESHHOLDING, 1);
    CHECK(message_of(file).starts_with("damaged: the header has no PhotometricInterpretation"));
    const Result<ImageInfo> info = read_info(file, {});
    REQUIRE_FALSE(info);
    CHECK(info.error().code == ErrorCode::Damaged);
  }
}

// ---- colours

TEST_CASE("palettes of 1 to 16 bits, also with 8-bit entries", "[codecs][tiff]") {
  Tensor out;
  const auto with_map = [](int bits, unsigned step) {
    return Kind{.photometric = PHOTOMETRIC_PALETTE, .bits = bits, .more = [=](TIFF* t) {
                  set_map(t, std::size_t{1} << bits, step);
                }};
  };
  REQUIRE(read(of_strips(shaped(1, 2, 1), with_map(4, 257), {{0x2F}}), out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{2, 3, 4, 15, 16, 17});
  REQUIRE(read(of_strips(shaped(1, 2, 1), with_map(8, 257), {{7, 200}}), out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{7, 8, 9, 200, 201, 202});
  REQUIRE(read(of_strips(shaped(1, 2, 1), with_map(8, 1), {{7, 200}}), out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{7, 8, 9, 200, 201, 202});
  REQUIRE(read(of_strips(shaped(1, 2, 1), with_map(16, 257),
                         {bytes_of_values(std::vector<std::uint16_t>{7, 515})}),
               out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{7, 8, 9, 3, 4, 5});
  File lost = of_strips(shaped(1, 2, 1), with_map(8, 257), {{7, 200}});
  set_tag(lost, TIFFTAG_COLORMAP, TIFFTAG_HALFTONEHINTS, 0);
  CHECK(message_of(lost) ==
        "damaged: the header says palette colour and has no colour map of 256 entries");
}

TEST_CASE("CMYK of 8 and 16 bits, its inks side by side or one after the other", "[codecs][tiff]") {
  Tensor out;
  const Tensor ink = picture(5, 7, 4, DType::UInt16);
  const File side_by_side = of_rows(ink, {.photometric = PHOTOMETRIC_SEPARATED});
  REQUIRE(read(side_by_side, out));
  CHECK(out.dtype == DType::UInt16);
  CHECK(out.shape == Shape::image(5, 7, 3));
  const auto inks = values_of<std::uint16_t>(ink);
  const auto colours = values_of<std::uint16_t>(out);
  for (std::size_t i = 0; i < colours.size(); ++i) {
    const std::uint64_t light = 65535U - inks[i / 3 * 4 + 3];
    REQUIRE(colours[i] == light * (65535U - inks[i / 3 * 4 + i % 3]) / 65535U);
  }
  Tensor planes;
  REQUIRE(
      read(of_strips(ink, {.photometric = PHOTOMETRIC_SEPARATED, .planar = PLANARCONFIG_SEPARATE},
                     {plane(ink, 0), plane(ink, 1), plane(ink, 2), plane(ink, 3)}),
           planes));
  CHECK(same(out, planes));
}

TEST_CASE("LogLuv and LogL are float", "[codecs][tiff]") {
  const auto logged = [](int photometric, int compression) {
    const std::int64_t channels = photometric == PHOTOMETRIC_LOGL ? 1 : 3;
    // grey of equal energy: X = Y = Z = 0.5
    const std::vector<float> samples(static_cast<std::size_t>(channels * 6), 0.5F);
    return tiff_file("wl", [&](TIFF* t) {
      describe(t, shaped(2, 3, channels), photometric);
      TIFFSetField(t, TIFFTAG_COMPRESSION, compression);
      TIFFSetField(t, TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT);
      TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 2);
      std::vector<float> copy(samples);
      TIFFWriteEncodedStrip(t, 0, copy.data(), static_cast<tmsize_t>(copy.size() * sizeof(float)));
    });
  };
  Tensor out;
  for (const int compression : {COMPRESSION_SGILOG, COMPRESSION_SGILOG24}) {
    REQUIRE(read(logged(PHOTOMETRIC_LOGLUV, compression), out));
    CHECK(out.shape == Shape::image(2, 3, 3));
    CHECK(out.dtype == DType::Float32);
    for (const float value : values_of<float>(out))
      REQUIRE(std::abs(value - 0.5F) < 0.03F);
  }
  REQUIRE(read(logged(PHOTOMETRIC_LOGL, COMPRESSION_SGILOG), out));
  CHECK(out.shape == Shape::image(2, 3, 1));
  for (const float value : values_of<float>(out))
    REQUIRE(std::abs(value - 0.5F) < 0.01F);
}

TEST_CASE("YCbCr, by JPEG or plain, becomes RGB", "[codecs][tiff]") {
  Tensor out;
  const Tensor in = picture(24, 31, 3);
  const File jpeg = of_rows(
      in, {.photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG, .more = [](TIFF* t) {
             TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
             TIFFSetField(t, TIFFTAG_JPEGQUALITY, 95);
             TIFFSetField(t, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
           }});
  REQUIRE(read(jpeg, out));
  CHECK(largest_difference(in, out) < 24);
  CHECK(codec_of(Format::Tiff).rows->obstacle(jpeg).empty());
  // Y = 100, Cb = Cr = 128: grey
  REQUIRE(read(of_strips(shaped(1, 1, 3),
                         {.photometric = PHOTOMETRIC_YCBCR,
                          .more = [](TIFF* t) { TIFFSetField(t, TIFFTAG_YCBCRSUBSAMPLING, 1, 1); }},
                         {{100, 128, 128}}),
               out));
  CHECK(values_of<std::uint8_t>(out) == std::vector<std::uint8_t>{100, 100, 100});
}

// ---- bands

TEST_CASE("bands keep their meaning in TIFF", "[codecs][tiff][bands]") {
  struct Case {
    int photometric;
    std::int64_t channels;
    std::vector<std::uint16_t> extras;
    std::optional<Bands> bands;
  };
  const std::vector<Case> cases{
      {PHOTOMETRIC_RGB, 4, {EXTRASAMPLE_UNASSALPHA}, std::nullopt},
      {PHOTOMETRIC_RGB, 4, {EXTRASAMPLE_ASSOCALPHA}, std::nullopt},
      {PHOTOMETRIC_RGB, 4, {EXTRASAMPLE_UNSPECIFIED}, Bands{3, {Extra::Unspecified}}},
      {PHOTOMETRIC_MINISBLACK, 2, {EXTRASAMPLE_UNSPECIFIED}, Bands{1, {Extra::Unspecified}}},
      {PHOTOMETRIC_MINISBLACK, 2, {EXTRASAMPLE_UNASSALPHA}, std::nullopt},
      {PHOTOMETRIC_MINISBLACK, 3, {0, 0}, Bands{1, {Extra::Unspecified, Extra::Unspecified}}},
      {PHOTOMETRIC_MINISBLACK,
       4,
       {0, 0, 2},
       Bands{1, {Extra::Unspecified, Extra::Unspecified, Extra::Alpha}}},
  };
  for (const Case& c : cases) {
    const Tensor in = picture(4, 5, c.channels, DType::UInt16);
    const File file = of_rows(in, {.photometric = c.photometric, .extras = c.extras});
    const Result<ImageInfo> info = read_info(file, {});
    INFO(c.photometric << " " << c.channels);
    REQUIRE(info);
    CHECK(info->bands == c.bands);
    Tensor out;
    REQUIRE(read(file, out));
    const File written = encoded(out, {.format = Format::Tiff, .bands = info->bands});
    CHECK(read_info(written, {})->bands == c.bands);
    Tensor again;
    REQUIRE(read(written, again));
    CHECK(same(out, again));
  }
  // a fourth channel without a description
  const File silent = of_rows(picture(4, 5, 4), {.photometric = PHOTOMETRIC_RGB});
  CHECK(read_info(silent, {})->bands == Bands{3, {Extra::Unspecified}});
  CHECK(to_string(Bands{1, {Extra::Unspecified, Extra::Unspecified, Extra::Alpha}}) ==
        "grey and alpha and 2 bands of unstated meaning");
}

// ---- proofs

TEST_CASE("a strip may have more rows than the picture", "[codecs][tiff][written]") {
  // the header says fewer rows than the data have
  const Tensor in = picture(16, 100, 1);
  for (const int compression : {COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZW, COMPRESSION_PACKBITS,
                                COMPRESSION_ZSTD, COMPRESSION_LZMA}) {
    if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) continue;
    File file = of_strips(in, {.compression = compression}, {plane(in, 0)});
    set_tag(file, TIFFTAG_IMAGELENGTH, TIFFTAG_IMAGELENGTH, 10);
    Tensor out;
    INFO(compression);
    REQUIRE(read_twice(file, out));
    REQUIRE(out.shape == Shape::image(10, 100, 1));
    CHECK(std::memcmp(out.data.data(), in.data.data(), out.byte_count()) == 0);
  }
}

TEST_CASE("deflate with differences, in either order of bytes and bits, comes back exactly",
          "[codecs][tiff][written]") {
  for (const DType dtype : {DType::UInt8, DType::UInt16, DType::UInt32, DType::Float32}) {
    const bool is_float = dtype == DType::Float32;
    const Tensor in = picture(21, 32, 3, dtype);
    for (const char* mode : {"wl", "wb"}) {
      for (const int predictor : {PREDICTOR_NONE, PREDICTOR_HORIZONTAL, PREDICTOR_FLOATINGPOINT}) {
        if ((predictor == PREDICTOR_FLOATINGPOINT) != is_float) continue;
        // libtiff swaps the bytes of differenced floats when it writes them, which is wrong
        if (is_float && std::string_view(mode) == "wb") continue;
        for (const int fill : {FILLORDER_MSB2LSB, FILLORDER_LSB2MSB}) {
          INFO(name_of(dtype) << " " << mode << " " << predictor << " " << fill);
          const Kind kind{.photometric = PHOTOMETRIC_RGB,
                          .compression = COMPRESSION_ADOBE_DEFLATE,
                          .format = is_float ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT,
                          .rows_per_strip = 8,
                          .more = [&](TIFF* t) {
                            TIFFSetField(t, TIFFTAG_PREDICTOR, predictor);
                            TIFFSetField(t, TIFFTAG_FILLORDER, fill);
                          }};
          Tensor out;
          REQUIRE(read_twice(of_rows(in, kind, mode), out));
          CHECK(same(in, out));
          const Kind planes{.photometric = PHOTOMETRIC_RGB,
                            .compression = COMPRESSION_ADOBE_DEFLATE,
                            .planar = PLANARCONFIG_SEPARATE,
                            .format = kind.format,
                            .more = kind.more};
          if (fill != FILLORDER_MSB2LSB) continue;
          REQUIRE(read_twice(
              of_strips(in, planes, {plane(in, 0), plane(in, 1), plane(in, 2)}, mode), out));
          CHECK(same(in, out));
        }
      }
    }
  }
}

TEST_CASE("a wrong checksum of deflate data is damage", "[codecs][tiff]") {
  const Tensor in = picture(16, 100, 1);
  uLongf size = compressBound(1600);
  File data(size);
  REQUIRE(compress(data.data(), &size, in.data.data(), 1600) == Z_OK);
  data.resize(size);
  for (const bool wrong : {false, true}) {
    if (wrong) data.back() ^= 1U;
    const File file = tiff_file("wl", [&](TIFF* t) {
      describe_kind(t, in, {.compression = COMPRESSION_ADOBE_DEFLATE});
      TIFFWriteRawStrip(t, 0, data.data(), static_cast<tmsize_t>(data.size()));
    });
    CHECK(
        message_of(file).starts_with(wrong ? "damaged: corrupt data in rows 0 to 15 of 16 (" : ""));
    CHECK(message_of(file).empty() == !wrong);
    Tensor out;
    REQUIRE(read(file, out, {.accept_truncated = true}));
    CHECK(same(in, out));
  }
}

TEST_CASE("fax data that end early are an error, not white", "[codecs][tiff][written]") {
  const Tensor wide = shaped(8, 64, 1);
  for (const int compression :
       {COMPRESSION_CCITTFAX4, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTRLE}) {
    const Kind kind{.photometric = PHOTOMETRIC_MINISWHITE, .compression = compression, .bits = 1};
    File bits(64);
    for (std::size_t i = 0; i < bits.size(); ++i)
      bits[i] = static_cast<std::uint8_t>(i * 37);
    File file = of_strips(wide, kind, {bits});
    Tensor out;
    INFO(compression);
    REQUIRE(read_twice(file, out));
    for (std::size_t i = 0; i < 512; ++i)
      REQUIRE(out.data.data()[i] == ((bits[i / 8] >> (7 - i % 8) & 1) != 0 ? 0 : 255));
    set_tag(file, TIFFTAG_IMAGELENGTH, TIFFTAG_IMAGELENGTH,
            12);  // four rows more than the data have
    set_tag(file, TIFFTAG_ROWSPERSTRIP, TIFFTAG_ROWSPERSTRIP, 12);
    CHECK_FALSE(read_twice(file, out));
  }
}

TEST_CASE("every kind of TIFF writes all of its output", "[codecs][tiff][written]") {
  const Stderr said;
  const Tensor in = picture(21, 32, 1);
  const Tensor colour = picture(21, 32, 3);
  std::vector<File> files{encoded(colour, {.format = Format::Tiff}),
                          encoded(colour, {.format = Format::Tiff, .compression = 6})};
  for (const int compression :
       {COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZMA,
        COMPRESSION_ZSTD, COMPRESSION_LERC, COMPRESSION_JPEG}) {
    if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) continue;
    files.push_back(of_rows(in, {.compression = compression, .rows_per_strip = 8}));
  }
  if (TIFFIsCODECConfigured(COMPRESSION_WEBP) != 0)
    files.push_back(
        of_rows(colour, {.photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_WEBP}));
  for (const int compression :
       {COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_JBIG}) {
    if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) continue;
    files.push_back(of_strips(
        in, {.photometric = PHOTOMETRIC_MINISWHITE, .compression = compression, .bits = 1},
        {File(in.data.data(), in.data.data() + 84)}));
  }
  files.push_back(of_rows(in, {.photometric = PHOTOMETRIC_PALETTE,
                               .compression = COMPRESSION_ADOBE_DEFLATE,
                               .more = [](TIFF* t) { set_map(t, 256, 257); }}));
  files.push_back(of_rows(picture(21, 32, 4),
                          {.photometric = PHOTOMETRIC_SEPARATED, .compression = COMPRESSION_LZW}));
  files.push_back(
      of_strips(shaped(20, 32, 3),
                {.photometric = PHOTOMETRIC_YCBCR,
                 .compression = COMPRESSION_ADOBE_DEFLATE,
                 .more = [](TIFF* t) { TIFFSetField(t, TIFFTAG_YCBCRSUBSAMPLING, 2, 2); }},
                {File(20 * 32 * 3 / 2, 90)}));
  // separate planes, of tensors and of inks; associated alpha; few bits; floats of 16 bits
  const Tensor four = picture(21, 32, 4);
  const auto planes = [&](std::size_t count) {
    std::vector<File> all;
    for (std::size_t c = 0; c < count; ++c)
      all.push_back(plane(four, c));
    return all;
  };
  files.push_back(of_strips(colour,
                            {.photometric = PHOTOMETRIC_RGB,
                             .compression = COMPRESSION_ADOBE_DEFLATE,
                             .planar = PLANARCONFIG_SEPARATE},
                            planes(3)));
  files.push_back(of_strips(four,
                            {.photometric = PHOTOMETRIC_SEPARATED,
                             .compression = COMPRESSION_LZW,
                             .planar = PLANARCONFIG_SEPARATE},
                            planes(4)));
  files.push_back(of_rows(four, {.photometric = PHOTOMETRIC_RGB,
                                 .compression = COMPRESSION_LZW,
                                 .extras = {EXTRASAMPLE_ASSOCALPHA}}));
  files.push_back(of_strips(shaped(21, 33, 1), {.compression = COMPRESSION_PACKBITS, .bits = 12},
                            {File(std::size_t{21} * 50, 0x5A)}));
  files.push_back(
      of_strips(shaped(21, 32, 1),
                {.compression = COMPRESSION_LZW, .bits = 16, .format = SAMPLEFORMAT_IEEEFP},
                {File(std::size_t{21} * 64, 0x3C)}));
  // tiles; the last ones extend beyond the picture
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZW,
                                COMPRESSION_PACKBITS, COMPRESSION_ZSTD, COMPRESSION_JPEG}) {
    if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) continue;
    files.push_back(tiff_file("wl", [&](TIFF* file) {
      describe(file, shaped(37, 45, 3), PHOTOMETRIC_RGB);
      TIFFSetField(file, TIFFTAG_COMPRESSION, compression);
      TIFFSetField(file, TIFFTAG_TILEWIDTH, 16);
      TIFFSetField(file, TIFFTAG_TILELENGTH, 32);
      for (std::uint32_t i = 0; i < 6; ++i) {
        File tile(std::size_t{16} * 32 * 3, static_cast<std::uint8_t>(40 * i + 3));
        TIFFWriteEncodedTile(file, i, tile.data(), static_cast<tmsize_t>(tile.size()));
      }
    }));
  }
  for (const File& file : files) {
    INFO(&file - files.data());
    check_all_written(file);
  }
  CHECK(said.text().empty());
}

TEST_CASE("memory is allocated in proportion to the size of a TIFF", "[codecs][tiff]") {
  File palette = of_strips(shaped(16, 16, 1),
                           {.photometric = PHOTOMETRIC_PALETTE,
                            .compression = COMPRESSION_LZW,
                            .more = [](TIFF* t) { set_map(t, 256, 257); }},
                           {File(256)});
  for (const std::uint16_t tag :
       {std::uint16_t{TIFFTAG_IMAGEWIDTH}, std::uint16_t{TIFFTAG_IMAGELENGTH},
        std::uint16_t{TIFFTAG_ROWSPERSTRIP}}) {
    set_tag(palette, tag, tag, 16384);
  }
  for (const bool accept : {false, true}) {
    const auto info = read_info(palette, {.accept_truncated = accept});
    REQUIRE_FALSE(info);
    CHECK(info.error().message.starts_with(
        "truncated: the header promises a picture of at least 268435456 bytes"));
  }
  // a tile that is far larger than its picture
  const File tile = tiff_file("wl", [](TIFF* t) {
    describe(t, shaped(16, 16, 1), PHOTOMETRIC_MINISBLACK);
    TIFFSetField(t, TIFFTAG_TILEWIDTH, 32768);
    TIFFSetField(t, TIFFTAG_TILELENGTH, 32768);
    File data(100);
    TIFFWriteRawTile(t, 0, data.data(), static_cast<tmsize_t>(data.size()));
  });
  const std::string short_of_data =
      "truncated: the data of rows 0 to 15 of 16 are 100 bytes, which cannot be the 1073741824 of "
      "a strip or tile";
  CHECK(message_of(tile) == short_of_data);
  // refused, not filled with zeros
  Tensor out;
  CHECK_FALSE(read(tile, out, {.accept_truncated = true}));
  CHECK(
      message_of(tile, {.accept_truncated = true}) ==
      "truncated: a strip or tile is 1073741824 bytes, of which the file has 100 at most: nothing "
      "of the picture can be read");
}

// ---- messages

TEST_CASE("messages of libtiff count where pixels are lost or guessed", "[codecs][tiff]") {
  const auto lost = [](std::string_view text, TiffPhase phase = TiffPhase::Strips) {
    return meaning_of_warning(text, phase) == TiffWord::Lost;
  };
  CHECK_FALSE(lost("Old-style LZW codes, convert file"));
  CHECK_FALSE(lost("Deprecated and troublesome old-style JPEG compression mode, please convert"));
  CHECK_FALSE(lost("Assuming 8-bit colormap"));
  CHECK_FALSE(lost("Unknown Adobe color transform code 9"));
  CHECK(lost("Corrupt JPEG data: premature end of data segment"));
  CHECK(lost("Line length mismatch at line 4 of strip 0 (got 63, expected 64)"));
  CHECK(lost("Improper JPEG strip/tile size, expected 64x64, got 64x32"));
  // messages that are not in the table
  CHECK(lost("something new"));
  CHECK_FALSE(lost("Unknown field with tag 50000 (0xc350) encountered", TiffPhase::Header));
  CHECK(lost("Photometric tag is missing, assuming data is YCbCr", TiffPhase::Header));
  // more data than rows: harmless at the end of a strip, but within a strip rows are lost
  CHECK_FALSE(lost("Discarding 12 bytes to avoid buffer overrun"));
  CHECK(lost("Discarding 12 bytes to avoid buffer overrun", TiffPhase::Rows));
}

TEST_CASE("harmless warnings do not make a TIFF damaged", "[codecs][tiff]") {
  // PackBits with more rows than the strip: libtiff warns
  const Tensor in = picture(16, 100, 1);
  File file = of_strips(in, {.compression = COMPRESSION_PACKBITS}, {File(1600, 7)});
  set_tag(file, TIFFTAG_IMAGELENGTH, TIFFTAG_IMAGELENGTH, 10);
  Tensor out;
  const Result<Damage> damage = read(file, out);
  REQUIRE(damage);
  CHECK(damage->empty());
}

// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string_view>

#include "codecs/codec.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

namespace {

const DecodeOptions kAccept{.accept_truncated = true};

constexpr std::array kTypes{DType::UInt8,  DType::Int8,  DType::UInt16,  DType::Int16,
                            DType::UInt32, DType::Int32, DType::Float32, DType::Float64};

// A TIFF of a kind that deckle itself does not write: `fill` sets tags and writes data.
File tiff_file(const char* mode, const std::function<void(TIFF*)>& fill) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("deckle_tiff_test_" + std::to_string(getpid()));
  TIFF* file = TIFFOpen(path.c_str(), mode);
  fill(file);
  TIFFClose(file);
  File bytes = load(path);
  std::filesystem::remove(path);
  return bytes;
}

void describe(TIFF* file, const Tensor& t, int photometric, int planar = PLANARCONFIG_CONTIG) {
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(t.shape.cols()));
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(t.shape.rows()));
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(t.shape.channels));
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * size_of(t.dtype)));
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, photometric);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, planar);
}

// One plane's samples, side by side.
File plane(const Tensor& t, std::size_t channel) {
  File out;
  const std::size_t size = size_of(t.dtype);
  for (std::size_t i = channel * size; i < t.byte_count(); i += t.pixel_bytes()) {
    out.insert(out.end(), t.data.data() + i, t.data.data() + i + size);
  }
  return out;
}

}  // namespace

TEST_CASE("a TIFF comes back exactly, for every dtype, channel count and compression",
          "[codecs][tiff]") {
  for (const DType dtype : kTypes) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      const Tensor in = picture(23, 31, channels, dtype);
      for (const int level : {-1, 0, 1, 6, 9}) {
        EncodeOptions options{.format = Format::Tiff};
        if (level >= 0) options.compression = level;
        const File file = encoded(in, options);
        CHECK(file == encoded(in, options));
        Tensor out;
        const Result<Damage> damage = read(file, out);
        INFO(name_of(dtype) << " " << channels << " " << level);
        REQUIRE(damage);
        CHECK(damage->empty());
        REQUIRE(same(in, out));
        CHECK(read_info(file, {})->lossless);
      }
    }
  }
}

TEST_CASE("a TIFF of many strips comes back exactly", "[codecs][tiff]") {
  const Tensor in = picture(700, 500, 3);
  Tensor out;
  REQUIRE(read(encoded(in, {.format = Format::Tiff}), out));
  CHECK(same(in, out));
}

TEST_CASE("tiles, separate planes and either byte order give the same picture", "[codecs][tiff]") {
  for (const char* mode : {"wl", "wb", "wb8"}) {
    const Tensor in = picture(37, 45, 3, DType::UInt16);
    Tensor out;
    const File planes = tiff_file(mode, [&](TIFF* file) {
      describe(file, in, PHOTOMETRIC_RGB, PLANARCONFIG_SEPARATE);
      TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, 10);
      for (std::size_t c = 0; c < 3; ++c) {
        File samples = plane(in, c);
        for (std::uint32_t r = 0; r < 37; ++r) {
          TIFFWriteScanline(file, samples.data() + std::size_t{r} * 90, r,
                            static_cast<std::uint16_t>(c));
        }
      }
    });
    REQUIRE(read(planes, out));
    CHECK(same(in, out));

    const File tiles = tiff_file(mode, [&](TIFF* file) {
      describe(file, in, PHOTOMETRIC_RGB);
      TIFFSetField(file, TIFFTAG_TILEWIDTH, 16);
      TIFFSetField(file, TIFFTAG_TILELENGTH, 32);
      for (std::uint32_t top = 0; top < 37; top += 32) {
        for (std::uint32_t left = 0; left < 45; left += 16) {
          File tile(std::size_t{16} * 32 * 6);
          for (std::uint32_t r = top; r < std::min(37U, top + 32); ++r) {
            std::memcpy(tile.data() + std::size_t{r - top} * 96, in.row(r) + std::size_t{left} * 6,
                        std::size_t{std::min(16U, 45 - left)} * 6);
          }
          TIFFWriteTile(file, tile.data(), left, top, 0, 0);
        }
      }
    });
    REQUIRE(read(tiles, out));
    CHECK(same(in, out));
  }
}

TEST_CASE("white as zero is inverted, few bits are expanded", "[codecs][tiff]") {
  Tensor grey = picture(1, 3, 1);
  const std::uint8_t values[3]{0, 10, 255};
  std::memcpy(grey.data.data(), values, 3);
  Tensor out;
  REQUIRE(read(tiff_file("w",
                         [&](TIFF* file) {
                           describe(file, grey, PHOTOMETRIC_MINISWHITE);
                           TIFFWriteScanline(file, grey.data.data(), 0, 0);
                         }),
               out));
  CHECK(File(out.data.data(), out.data.data() + 3) == File{255, 245, 0});
  for (const int bits : {1, 2, 4}) {
    Tensor shape = picture(1, 8 / bits, 1);
    const File file = tiff_file("w", [&](TIFF* t) {
      describe(t, shape, PHOTOMETRIC_MINISBLACK);
      TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bits);
      std::uint8_t packed = 0x1B;
      TIFFWriteScanline(t, &packed, 0, 0);
    });
    REQUIRE(read(file, out));
    const File samples(out.data.data(), out.data.data() + out.byte_count());
    if (bits == 1) CHECK(samples == File{0, 0, 0, 255, 255, 0, 255, 255});
    if (bits == 2) CHECK(samples == File{0, 85, 170, 255});
    if (bits == 4) CHECK(samples == File{17, 187});
  }
}

TEST_CASE("associated alpha is divided out, unassociated stays", "[codecs][tiff]") {
  Tensor in = picture(1, 2, 4);
  const std::uint8_t values[8]{50, 100, 0, 100, 9, 9, 9, 0};
  std::memcpy(in.data.data(), values, 8);
  for (const std::uint16_t kind :
       {std::uint16_t{EXTRASAMPLE_ASSOCALPHA}, std::uint16_t{EXTRASAMPLE_UNASSALPHA}}) {
    const File file = tiff_file("w", [&](TIFF* t) {
      describe(t, in, PHOTOMETRIC_RGB);
      TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &kind);
      TIFFWriteScanline(t, in.data.data(), 0, 0);
    });
    Tensor out;
    REQUIRE(read(file, out));
    const File samples(out.data.data(), out.data.data() + 8);
    CHECK(samples == (kind == EXTRASAMPLE_ASSOCALPHA ? File{128, 255, 0, 100, 0, 0, 0, 0}
                                                     : File{50, 100, 0, 100, 9, 9, 9, 0}));
  }
}

TEST_CASE("palette and CMYK become RGB, and the orientation is applied once", "[codecs][tiff]") {
  Tensor index = picture(2, 3, 1);
  for (std::size_t i = 0; i < 6; ++i)
    index.data.data()[i] = static_cast<std::uint8_t>(i);
  const File file = tiff_file("w", [&](TIFF* t) {
    describe(t, index, PHOTOMETRIC_PALETTE);
    TIFFSetField(t, TIFFTAG_ORIENTATION, 6);
    std::uint16_t map[256];
    for (int i = 0; i < 256; ++i)
      map[i] = static_cast<std::uint16_t>(i * 257);
    TIFFSetField(t, TIFFTAG_COLORMAP, map, map, map);
    TIFFWriteScanline(t, index.data.data(), 0, 0);
    TIFFWriteScanline(t, index.data.data() + 3, 1, 0);
  });
  CHECK(read_info(file, {})->shape == Shape::image(2, 3, 3));
  Tensor out;
  REQUIRE(read(file, out));
  CHECK(plane(out, 0) == File{3, 0, 4, 1, 5, 2});

  Tensor ink = picture(1, 1, 4);
  const std::uint8_t values[4]{0, 128, 255, 0};
  std::memcpy(ink.data.data(), values, 4);
  REQUIRE(read(tiff_file("w",
                         [&](TIFF* t) {
                           describe(t, ink, PHOTOMETRIC_SEPARATED);
                           TIFFWriteScanline(t, ink.data.data(), 0, 0);
                         }),
               out));
  CHECK(File(out.data.data(), out.data.data() + 3) == File{255, 127, 0});
}

TEST_CASE("more than four channels and odd sample types are refused by name", "[codecs][tiff]") {
  const auto refuse = [](std::int64_t channels, int bits, int format) {
    const Tensor t = picture(2, 2, channels);
    const File file = tiff_file("w", [&](TIFF* f) {
      describe(f, t, PHOTOMETRIC_MINISBLACK);
      TIFFSetField(f, TIFFTAG_BITSPERSAMPLE, bits);
      TIFFSetField(f, TIFFTAG_SAMPLEFORMAT, format);
      File row(512);
      TIFFWriteScanline(f, row.data(), 0, 0);
      TIFFWriteScanline(f, row.data(), 1, 0);
    });
    return message_of(file);
  };
  CHECK(refuse(5, 8, SAMPLEFORMAT_UINT) == "TIFF with 5 channels (only 1 to 4) is not read");
  CHECK(refuse(1, 16, SAMPLEFORMAT_IEEEFP) == "TIFF with 16-bit float samples is not read");
  CHECK(refuse(1, 12, SAMPLEFORMAT_UINT) == "TIFF with 12-bit unsigned samples is not read");
  CHECK(refuse(1, 64, SAMPLEFORMAT_COMPLEXIEEEFP) ==
        "TIFF with 64-bit complex samples is not read");
}

TEST_CASE("a TIFF that is cut anywhere is an error, or read with damage text", "[codecs][tiff]") {
  const Stderr said;
  const Tensor in = picture(40, 50, 3);
  for (const int level : {-1, 0, 6}) {
    EncodeOptions options{.format = Format::Tiff};
    if (level >= 0) options.compression = level;
    const File file = encoded(in, options);
    for (std::size_t n = 4; n < file.size(); n += 1 + file.size() / 200) {
      INFO(level << ": " << n << " of " << file.size());
      Tensor out;
      const Result<Damage> strict = read(first_bytes(file, n), out);
      // the very end may be a tag that is not needed
      if (strict) {
        REQUIRE(same(in, out));
        continue;
      }
      const Result<Damage> lenient = read(first_bytes(file, n), out, kAccept);
      if (lenient) CHECK_FALSE(lenient->empty());
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("a TIFF with its directory first says which rows are missing", "[codecs][tiff]") {
  // libtiff writes the directory last; one that is moved to the front has its data cut off
  const Tensor in = picture(40, 50, 3);
  File file = encoded(in, {.format = Format::Tiff, .compression = 0});
  const auto at = [&](std::size_t i) {
    return file[i] | std::uint32_t{file[i + 1]} << 8U | std::uint32_t{file[i + 2]} << 16U |
           std::uint32_t{file[i + 3]} << 24U;
  };
  const std::size_t entries = file[at(4)];
  for (std::size_t e = 0; e < entries; ++e) {
    const std::size_t entry = at(4) + 2 + 12 * e;
    if (file[entry] != 0x11 || file[entry + 1] != 0x01) continue;  // StripOffsets
    const auto offset = static_cast<std::uint32_t>(file.size() - 1000);
    for (std::size_t i = 0; i < 4; ++i)
      file[entry + 8 + i] = static_cast<std::uint8_t>(offset >> (8 * i));
  }
  CHECK(message_of(file) == "truncated: the data of rows 0 to 39 of 40 ends at byte " +
                                std::to_string(file.size() + 5000) + ", the file has " +
                                std::to_string(file.size()));
}

TEST_CASE("a directory that points to itself is the first page", "[codecs][tiff]") {
  const Tensor in = picture(4, 5, 1);
  File file = encoded(in, {.format = Format::Tiff});
  const std::size_t directory = file[4] | std::size_t{file[5]} << 8U;
  const std::size_t next = directory + 2 + 12 * std::size_t{file[directory]};
  std::copy_n(file.begin() + 4, 4, file.begin() + static_cast<std::ptrdiff_t>(next));
  Tensor out;
  REQUIRE(read(file, out));
  CHECK(same(in, out));
}

TEST_CASE("changed bytes in a TIFF never crash it or print anything", "[codecs][tiff]") {
  const Stderr said;
  for (const Tensor& in : {picture(20, 30, 3), picture(20, 30, 2, DType::Float32)}) {
    for (const int level : {-1, 0, 6}) {
      EncodeOptions options{.format = Format::Tiff};
      if (level >= 0) options.compression = level;
      with_flips(encoded(in, options), 500, [](const File& file) {
        Tensor out;
        static_cast<void>(read(file, out, {.max_pixels = 1 << 20}));
        static_cast<void>(read(file, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
      });
    }
  }
  CHECK(said.text().empty());
}

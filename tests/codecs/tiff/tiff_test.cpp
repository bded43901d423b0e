// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/tiff/tiff_files.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

namespace {

const DecodeOptions kAccept{.accept_truncated = true};

constexpr std::array kTypes{DType::UInt8,  DType::Int8,  DType::UInt16,  DType::Int16,
                            DType::UInt32, DType::Int32, DType::Float32, DType::Float64};

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

TEST_CASE("the ICC profile of a TIFF is read", "[codecs][tiff]") {
  const Tensor in = picture(9, 8, 3);
  const File profile = bytes_of("a profile");
  for (const bool with : {false, true}) {
    const File file = tiff_file("w", [&](TIFF* tiff) {
      describe(tiff, in, PHOTOMETRIC_RGB);
      if (with) {
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(profile.size()),
                     profile.data());
      }
      for (std::uint32_t r = 0; r < 9; ++r)
        TIFFWriteScanline(tiff, const_cast<std::uint8_t*>(in.row(r)), r, 0);
    });
    const auto info = read_info(file, {});
    REQUIRE(info);
    CHECK(info->icc == (with ? profile : File{}));
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
  CHECK(refuse(1, 20, SAMPLEFORMAT_UINT) == "TIFF with 20-bit unsigned samples is not read");
  CHECK(refuse(1, 12, SAMPLEFORMAT_INT) == "TIFF with 12-bit signed samples is not read");
  CHECK(refuse(1, 64, SAMPLEFORMAT_UINT) ==
        "TIFF with 64-bit unsigned samples (a picture's integers have up to 32 bits) is not read");
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
      // the last bytes may be a tag that is not needed
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
  // libtiff writes the directory last; with a directory at the front, truncation cuts the data
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

// ---- volumes

namespace {

const DecodeOptions kVolume{.rank = 3, .volume = true};

// A volume with `pages` as planes.
Tensor volume_of(const std::vector<Tensor>& pages) {
  const Shape& page = pages.front().shape;
  Tensor volume;
  volume.reset(
      {3, {static_cast<std::int64_t>(pages.size()), page.rows(), page.cols()}, page.channels},
      pages.front().dtype);
  for (std::size_t p = 0; p < pages.size(); ++p) {
    std::memcpy(volume.data.data() + p * pages[p].byte_count(), pages[p].data.data(),
                pages[p].byte_count());
  }
  return volume;
}

std::vector<Tensor> some_pages(std::int64_t channels, DType dtype) {
  std::vector<Tensor> pages;
  for (int p = 0; p < 3; ++p) {
    pages.push_back(picture(9, 14, channels, dtype));
    std::reverse(pages.back().data.data(),
                 pages.back().data.data() + std::size_t(p) * size_of(dtype));
    pages.back().data.data()[0] = static_cast<std::uint8_t>(p);
  }
  return pages;
}

// A page that libtiff writes, with more tags by `describe_more`.
void write_page(TIFF* file, const Tensor& page,
                const std::function<void(TIFF*)>& describe_more = {}) {
  describe(file, page, page.shape.channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  if (describe_more) describe_more(file);
  Tensor copy = picture(1, 1, 1);
  copy.reset(page.shape, page.dtype);
  std::memcpy(copy.data.data(), page.data.data(), page.byte_count());  // libtiff may swap in place
  for (std::int64_t r = 0; r < page.shape.rows(); ++r)
    TIFFWriteScanline(file, copy.row(r), static_cast<std::uint32_t>(r), 0);
  TIFFWriteDirectory(file);
}

}  // namespace

TEST_CASE("a volume comes back exactly, a page a plane, for every dtype and compression",
          "[codecs][tiff][volume]") {
  for (const DType dtype : kTypes) {
    for (const std::int64_t channels : {1, 2, 3, 4}) {
      const std::vector<Tensor> pages = some_pages(channels, dtype);
      const Tensor in = volume_of(pages);
      for (const int level : {-1, 0, 6}) {
        EncodeOptions options{.format = Format::Tiff};
        if (level >= 0) options.compression = level;
        const File file = encoded(in, options);
        INFO(name_of(dtype) << " " << channels << " " << level);
        Tensor out;
        REQUIRE(read(file, out, kVolume));
        REQUIRE(same(in, out));
        REQUIRE(read(file, out));  // only the first page
        CHECK(same(pages.front(), out));
      }
    }
  }
}

TEST_CASE("a TIFF of one page is a volume of one plane, and the same file as the picture",
          "[codecs][tiff][volume]") {
  std::vector<Tensor> pages;
  pages.push_back(picture(9, 14, 3));
  const Tensor in = volume_of(pages);
  const File file = encoded(in, {.format = Format::Tiff});
  CHECK(file == encoded(pages.front(), {.format = Format::Tiff}));
  Tensor out;
  REQUIRE(read(file, out, kVolume));
  CHECK(same(in, out));
}

TEST_CASE("pages that others wrote: BigTIFF, either byte order, palettes among RGB",
          "[codecs][tiff][volume]") {
  for (const char* mode : {"wl", "wb", "wl8", "wb8"}) {
    const std::vector<Tensor> pages = some_pages(1, DType::Float32);
    const File file = tiff_file(mode, [&](TIFF* t) {
      for (const Tensor& page : pages) {
        write_page(t, page,
                   [](TIFF* f) { TIFFSetField(f, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP); });
      }
    });
    Tensor out;
    INFO(mode);
    REQUIRE(read(file, out, kVolume));
    CHECK(same(volume_of(pages), out));
  }
  const Tensor colour = picture(2, 3, 3);
  Tensor index = picture(2, 3, 1);
  const File file = tiff_file("w", [&](TIFF* t) {
    write_page(t, colour);
    std::vector<std::uint16_t> map(256);
    for (std::size_t i = 0; i < 256; ++i)
      map[i] = static_cast<std::uint16_t>(i * 257);
    describe(t, index, PHOTOMETRIC_PALETTE);
    TIFFSetField(t, TIFFTAG_COLORMAP, map.data(), map.data(), map.data());
    TIFFWriteScanline(t, index.row(0), 0, 0);
    TIFFWriteScanline(t, index.row(1), 1, 0);
  });
  Tensor out;
  REQUIRE(read(file, out, kVolume));
  REQUIRE(out.shape == Shape{3, {2, 2, 3}, 3});
  CHECK(std::memcmp(out.data.data(), colour.data.data(), colour.byte_count()) == 0);
  for (std::size_t i = 0; i < 18; ++i)
    CHECK(out.row(2)[i] == index.data.data()[i / 3]);
}

TEST_CASE("pages that are not alike are refused by number", "[codecs][tiff][volume]") {
  const auto refusal = [](const Tensor& second) {
    return message_of(tiff_file("w",
                                [&](TIFF* t) {
                                  write_page(t, picture(4, 5, 3));
                                  write_page(t, second);
                                  write_page(t, picture(4, 5, 3));
                                }),
                      kVolume);
  };
  const std::string rest =
      ", the first page is 4 x 5 x 3 uint8; all pages of a volume must be alike";
  CHECK(refusal(picture(4, 6, 3)) == "page 2: 4 x 6 x 3 uint8" + rest);
  CHECK(refusal(picture(4, 5, 1)) == "page 2: 4 x 5 x 1 uint8" + rest);
  CHECK(refusal(picture(4, 5, 3, DType::UInt16)) == "page 2: 4 x 5 x 3 uint16" + rest);
  CHECK(refusal(picture(4, 5, 5)) == "page 2: TIFF with 5 channels (only 1 to 4) is not read");
}

TEST_CASE("a volume counts its planes for max_pixels", "[codecs][tiff][volume]") {
  const File file = encoded(volume_of(some_pages(1, DType::UInt8)), {.format = Format::Tiff});
  DecodeOptions options = kVolume;
  options.max_pixels = 3 * 9 * 14;
  Tensor out;
  CHECK(read(file, out, options));
  --options.max_pixels;
  CHECK(message_of(file, options) ==
        "the header says 3 x 9 x 14 pixels; the limit (max_pixels) is 377; \"input\": "
        "{\"max_pixels\": ..} in the chain raises it");
  options.volume = false;
  options.rank = 2;
  CHECK(read(file, out, options));
}

TEST_CASE("pages with an orientation are refused, unless the orientation is ignored",
          "[codecs][tiff][volume]") {
  const std::vector<Tensor> pages = some_pages(1, DType::UInt8);
  const File file = tiff_file("w", [&](TIFF* t) {
    write_page(t, pages[0]);
    write_page(t, pages[1], [](TIFF* f) { TIFFSetField(f, TIFFTAG_ORIENTATION, 6); });
    write_page(t, pages[2]);
  });
  CHECK(message_of(file, kVolume) ==
        "a volume whose pages have an orientation (6) is not read; set \"input\": "
        "{\"orientation\": \"ignore\"} to take them as stored");
  DecodeOptions options = kVolume;
  options.apply_orientation = false;
  Tensor out;
  REQUIRE(read(file, out, options));
  CHECK(same(volume_of(pages), out));
}

TEST_CASE("messages about layers of three axes and pictures", "[codecs][tiff][volume]") {
  const Tensor in = picture(4, 5, 3);
  const DecodeOptions three{.rank = 3};
  CHECK(message_of(encoded(in, {.format = Format::Png}), kVolume) ==
        "png holds pictures (2 axes); these layers take planes x rows x cols");
  CHECK(message_of(encoded(in, {.format = Format::Tiff}), three) ==
        "tiff holds pictures (2 axes); these layers take planes x rows x cols: set \"input\": "
        "{\"pages\": \"volume\"} to take its pages as planes");
  const auto cannot = codec_of(Format::Png).encoder->check({3, {2, 4, 5}, 3}, DType::UInt8);
  REQUIRE_FALSE(cannot);
  CHECK(cannot.error().message ==
        "png holds pictures (2 axes), not 3 axes; tiff (a page a plane) and npy hold volumes");
  CHECK(codec_of(Format::Tiff).encoder->check({3, {2, 4, 5}, 3}, DType::UInt8));
  CHECK_FALSE(codec_of(Format::Tiff).encoder->check({1, {4}, 3}, DType::UInt8));
  CHECK_FALSE(codec_of(Format::Tiff).encoder->check({3, {0, 4, 5}, 3}, DType::UInt8));
}

TEST_CASE("a volume that is cut anywhere is an error that names the page, or damage",
          "[codecs][tiff][volume]") {
  const Stderr said;
  const File file = encoded(volume_of(some_pages(3, DType::UInt8)), {.format = Format::Tiff});
  DecodeOptions lenient = kVolume;
  lenient.accept_truncated = true;
  std::size_t named = 0;
  for (std::size_t n = 4; n + 1 < file.size(); ++n) {
    INFO(n << " of " << file.size());
    Tensor out;
    const Result<Damage> strict = read(first_bytes(file, n), out, kVolume);
    if (strict) continue;  // the last bytes may be a tag that is not needed
    if (strict.error().message.starts_with("page ")) ++named;
    const Result<Damage> taken = read(first_bytes(file, n), out, lenient);
    if (taken) CHECK_FALSE(taken->empty());
  }
  CHECK(named > file.size() / 2);
  CHECK(message_of(first_bytes(file, file.size() / 2), kVolume) ==
        "page 2: truncated: its directory is after the end of the file, which has " +
            std::to_string(file.size() / 2) + " bytes");
  CHECK(said.text().empty());
}

TEST_CASE("a page with damaged data is named, or accepted with zeros", "[codecs][tiff][volume]") {
  const std::vector<Tensor> pages = some_pages(1, DType::UInt8);
  File file = encoded(volume_of(pages), {.format = Format::Tiff, .compression = 6});
  // The data of the second page follows the first directory.
  const std::size_t directory = file[4] | std::size_t{file[5]} << 8U;
  const std::size_t next = directory + 2 + 12 * std::size_t{file[directory]} + 4;
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(next), 30, std::uint8_t{0xFF});
  CHECK(message_of(file, kVolume).starts_with("page 2: damaged: corrupt data in rows 0 to 8 of 9"));
  DecodeOptions lenient = kVolume;
  lenient.accept_truncated = true;
  Tensor out;
  const Result<Damage> damage = read(file, out, lenient);
  REQUIRE(damage);
  CHECK(damage->missing.starts_with("page 2: "));
  CHECK(std::memcmp(out.row(0), pages[0].data.data(), pages[0].byte_count()) == 0);
  CHECK(std::memcmp(out.row(18), pages[2].data.data(), pages[2].byte_count()) == 0);
}

TEST_CASE("directories in a circle are refused as a volume", "[codecs][tiff][volume]") {
  File file = encoded(picture(4, 5, 1), {.format = Format::Tiff});
  const std::size_t directory = file[4] | std::size_t{file[5]} << 8U;
  const std::size_t next = directory + 2 + 12 * std::size_t{file[directory]};
  std::copy_n(file.begin() + 4, 4, file.begin() + static_cast<std::ptrdiff_t>(next));
  CHECK(message_of(file, kVolume).starts_with("page 2: damaged: its directory cannot be read"));
}

TEST_CASE("changed bytes in a volume never crash it or print anything", "[codecs][tiff][volume]") {
  const Stderr said;
  for (const int level : {0, 6}) {
    with_flips(encoded(volume_of(some_pages(3, DType::UInt8)),
                       {.format = Format::Tiff, .compression = level}),
               500, [](const File& file) {
                 Tensor out;
                 DecodeOptions options = kVolume;
                 options.max_pixels = 1 << 20;
                 static_cast<void>(read(file, out, options));
                 options.accept_truncated = true;
                 static_cast<void>(read(file, out, options));
               });
  }
  CHECK(said.text().empty());
}

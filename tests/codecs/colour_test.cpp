// SPDX-License-Identifier: Apache-2.0
#include "codecs/colour.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "codecs/checks.h"
#include "support/catch.h"
#include "support/pictures.h"
#include "support/profiles.h"

using namespace deckle;
using namespace deckle::test;

namespace {

using Background = std::optional<std::array<int, 3>>;

// The samples of one pixel after it was written and read.
template <typename T>
std::vector<T> seen(const std::vector<T>& pixel, DType dtype, ColorMode mode,
                    const Background& background = {}) {
  Tensor one;
  one.reset(Shape::image(1, 1, static_cast<std::int64_t>(pixel.size())), dtype);
  std::memcpy(one.data.data(), pixel.data(), one.byte_count());
  const File file = encoded(one, {.format = Format::Tiff});
  DecodeOptions options;
  options.color_mode = mode;
  options.background = background;
  Tensor out;
  REQUIRE(read(file, out, options));
  std::vector<T> made(static_cast<std::size_t>(out.shape.channels));
  REQUIRE(out.byte_count() == made.size() * sizeof(T));
  std::memcpy(made.data(), out.data.data(), out.byte_count());
  return made;
}

using Bytes8 = std::vector<std::uint8_t>;

Bytes8 seen8(const Bytes8& pixel, ColorMode mode, const Background& background = {}) {
  return seen(pixel, DType::UInt8, mode, background);
}

std::string refused(const File& file, const DecodeOptions& options) {
  const auto info = read_info(file, options);
  return info ? "" : std::string(error_name(info.error().code)) + ": " + info.error().message;
}

}  // namespace

TEST_CASE("Every color_mode of every kind of picture", "[codecs][colour]") {
  const Bytes8 grey{90};
  const Bytes8 grey_alpha{90, 40};
  const Bytes8 rgb{10, 20, 30};
  const Bytes8 rgba{10, 20, 30, 40};
  for (const Bytes8& pixel : {grey, grey_alpha, rgb, rgba})
    CHECK(seen8(pixel, ColorMode::Keep) == pixel);
  CHECK(seen8(grey, ColorMode::Grayscale) == Bytes8{90});
  CHECK(seen8(grey_alpha, ColorMode::Grayscale) == Bytes8{90});
  CHECK(seen8(rgb, ColorMode::Grayscale) == Bytes8{18});  // Pillow's value, not 18.65 rounded
  CHECK(seen8(rgba, ColorMode::Grayscale) == Bytes8{18});
  CHECK(seen8({255, 0, 0}, ColorMode::Grayscale) == Bytes8{76});
  CHECK(seen8({0, 255, 0}, ColorMode::Grayscale) == Bytes8{150});
  CHECK(seen8({0, 0, 255}, ColorMode::Grayscale) == Bytes8{29});
  CHECK(seen8({255, 255, 255}, ColorMode::Grayscale) == Bytes8{255});
  CHECK(seen8(grey, ColorMode::Rgb) == Bytes8{90, 90, 90});
  CHECK(seen8(grey_alpha, ColorMode::Rgb) == Bytes8{90, 90, 90});
  CHECK(seen8(rgb, ColorMode::Rgb) == rgb);
  CHECK(seen8(rgba, ColorMode::Rgb) == rgb);
  CHECK(seen8(grey, ColorMode::Rgba) == Bytes8{90, 90, 90, 255});
  CHECK(seen8(grey_alpha, ColorMode::Rgba) == Bytes8{90, 90, 90, 40});
  CHECK(seen8(rgb, ColorMode::Rgba) == Bytes8{10, 20, 30, 255});
  CHECK(seen8(rgba, ColorMode::Rgba) == rgba);
}

TEST_CASE("A background replaces transparency when alpha is removed", "[codecs][colour]") {
  const Background white{{255, 255, 255}};
  const Background red{{255, 0, 0}};
  CHECK(seen8({255, 0, 0, 128}, ColorMode::Rgb, white) == Bytes8{255, 127, 127});
  CHECK(seen8({0, 0, 0, 0}, ColorMode::Rgb, red) == Bytes8{255, 0, 0});
  CHECK(seen8({7, 8, 9, 255}, ColorMode::Rgb, red) == Bytes8{7, 8, 9});
  CHECK(seen8({7, 8, 9}, ColorMode::Rgb, red) == Bytes8{7, 8, 9});
  CHECK(seen8({0, 51}, ColorMode::Grayscale, white) == Bytes8{204});
  CHECK(seen8({0, 0}, ColorMode::Grayscale, red) == Bytes8{76});
  CHECK(seen8({0, 0}, ColorMode::Rgb, red) == Bytes8{255, 0, 0});
  CHECK(seen8({0, 0, 0, 0}, ColorMode::Grayscale, red) == Bytes8{76});
}

TEST_CASE("16 bits and floats have the same colours", "[codecs][colour]") {
  using Wide = std::vector<std::uint16_t>;
  CHECK(seen<std::uint16_t>({65535, 0, 0}, DType::UInt16, ColorMode::Grayscale) == Wide{19595});
  CHECK(seen<std::uint16_t>({65535, 65535, 65535}, DType::UInt16, ColorMode::Grayscale) ==
        Wide{65535});
  CHECK(seen<std::uint16_t>({1000}, DType::UInt16, ColorMode::Rgba) ==
        Wide{1000, 1000, 1000, 65535});
  CHECK(seen<std::uint16_t>({0, 0, 0, 0}, DType::UInt16, ColorMode::Rgb, {{255, 128, 0}}) ==
        Wide{65535, 128 * 257, 0});
  using Floats = std::vector<float>;
  CHECK(seen<float>({0.5F}, DType::Float32, ColorMode::Rgba) == Floats{0.5F, 0.5F, 0.5F, 1.0F});
  CHECK(seen<float>({0.0F, 0.0F, 0.0F, 0.5F}, DType::Float32, ColorMode::Rgb, {{255, 0, 255}}) ==
        Floats{0.5F, 0.0F, 0.5F});
  CHECK(seen<float>({1.0F, 0.0F, 0.0F}, DType::Float32, ColorMode::Grayscale) == Floats{0.299F});
}

TEST_CASE("Windows, rows and turned pictures have the same colours", "[codecs][colour]") {
  Tensor whole_picture;
  const File file = encoded(picture(40, 30, 3), {.format = Format::Png});
  DecodeOptions options;
  options.color_mode = ColorMode::Grayscale;
  REQUIRE(read(file, whole_picture, options));
  REQUIRE(whole_picture.shape == Shape::image(40, 30, 1));
  const auto info = read_info(file, options);
  REQUIRE(info);
  CHECK(info->seen.shape == Shape::image(40, 30, 1));
  CHECK(info->shape == Shape::image(40, 30, 3));
  const auto rows = open_rows(file, *info, options, whole(info->shape));
  REQUIRE(rows);
  for (std::int64_t r = 0; r < 40; ++r) {
    const auto row = (*rows)->row(r);
    REQUIRE(row);
    CHECK(std::memcmp(*row, whole_picture.row(r), whole_picture.row_bytes()) == 0);
  }
  CHECK((*rows)->finish());
}

TEST_CASE("A color_mode that is impossible for the samples is refused by the header",
          "[codecs][colour]") {
  DecodeOptions options;
  options.color_mode = ColorMode::Rgb;
  EncodeOptions four_bands{.format = Format::Tiff};
  four_bands.bands = Bands{3, {Extra::Unspecified}};
  CHECK(refused(encoded(picture(5, 5, 4), four_bands), options) ==
        "depth: its channels are RGB and a band of unstated meaning, which cannot become rgb");
  CHECK(refused(encoded(picture(5, 5, 1, DType::Int16), {.format = Format::Tiff}), options) ==
        "depth: samples of int16 cannot become rgb");
  CHECK(
      refused(encoded(picture(5, 5, 3, DType::Int16), {.format = Format::Tiff}), options).empty());
  CHECK(refused(encoded(picture(5, 5, 1), {.format = Format::Npy}), options) ==
        "shape: an array of 1 channels; color_mode rgb has 3, and only pictures are converted");
  CHECK(refused(encoded(picture(5, 5, 3), {.format = Format::Npy}), options).empty());
}

TEST_CASE("Indices and grey of few bits are as stored in the file", "[codecs][colour]") {
  const std::vector<Colour> palette{{0, 0, 0, 0xFFFF},
                                    {0x8080, 0, 0, 0xFFFF},
                                    {0, 0xFFFF, 0x1111, 0xFFFF},
                                    {0xC0C0, 0x4040, 0x2020, 0xFFFF}};
  Tensor indices;
  indices.reset(Shape::image(3, 5, 1), DType::UInt8);
  for (std::size_t i = 0; i < 15; ++i)
    indices.data.data()[i] = static_cast<std::uint8_t>(i * 7 % 4);
  DecodeOptions options;
  options.index = true;
  for (const Format format : {Format::Png, Format::Tiff, Format::Bmp}) {
    INFO(codec_of(format).name);
    EncodeOptions with_palette{.format = format};
    with_palette.palette = palette;
    const File file = encoded(indices, with_palette);
    const auto info = read_info(file, options);
    REQUIRE(info);
    CHECK(info->indexed);
    REQUIRE(info->palette.size() >= palette.size());
    for (std::size_t i = 0; i < palette.size(); ++i)
      CHECK(info->palette[i] == palette[i]);
    Tensor out;
    REQUIRE(read(file, out, options));
    CHECK(same(out, indices));
    // without the option they are colours
    REQUIRE(read(file, out));
    REQUIRE(out.shape == Shape::image(3, 5, 3));
    for (std::size_t i = 0; i < 15; ++i) {
      for (std::size_t c = 0; c < 3; ++c)
        CHECK(out.data.data()[3 * i + c] == palette[i * 7 % 4].at(c) >> 8U);
    }
  }
}

TEST_CASE("PNG keeps the alpha of a palette", "[codecs][colour]") {
  const std::vector<Colour> palette{{0x0101, 0x0202, 0x0303, 0x8080}, {0xFFFF, 0, 0, 0xFFFF}};
  Tensor indices;
  indices.reset(Shape::image(1, 2, 1), DType::UInt8);
  indices.data.data()[0] = 0;
  indices.data.data()[1] = 1;
  EncodeOptions with_palette{.format = Format::Png};
  with_palette.palette = palette;
  const File file = encoded(indices, with_palette);
  DecodeOptions options;
  options.index = true;
  const auto info = read_info(file, options);
  REQUIRE(info);
  CHECK(info->palette == palette);
  Tensor out;
  REQUIRE(read(file, out));
  CHECK(samples_of(out) == File{1, 2, 3, 0x80, 255, 0, 0, 255});
}

TEST_CASE("A large palette picture, which libpng writes, has the same colours",
          "[codecs][colour]") {
  const std::vector<Colour> palette{{0, 0, 0, 0xFFFF}, {0xFFFF, 0x8080, 0, 0x1111}};
  Tensor indices;
  indices.reset(Shape::image(6000, 6000, 1), DType::UInt8);  // more than is compressed in one piece
  for (std::size_t i = 0; i < indices.byte_count(); ++i)
    indices.data.data()[i] = static_cast<std::uint8_t>(i / 1000 % 2);
  EncodeOptions with_palette{.format = Format::Png};
  with_palette.palette = palette;
  const File file = encoded(indices, with_palette);
  DecodeOptions options;
  options.index = true;
  Tensor out;
  REQUIRE(read(file, out, options));
  CHECK(same(out, indices));
  CHECK(read_info(file, options)->palette == palette);
}

TEST_CASE("A PGM of maxval 20 keeps its numbers", "[codecs][colour]") {
  const File file = bytes_of("P2 3 1 20 0 8 20");
  DecodeOptions options;
  options.index = true;
  Tensor out;
  REQUIRE(read(file, out, options));
  CHECK(samples_of(out) == File{0, 8, 20});
  CHECK(read_info(file, options)->white == 20);
  REQUIRE(read(file, out));
  CHECK(samples_of(out) == File{0, 102, 255});
  // Pictures without a palette have no indices.
  REQUIRE(read(bytes_of("P3 1 1 20 0 8 20"), out, options));
  CHECK(samples_of(out) == File{0, 102, 255});
}

TEST_CASE("Colours are converted from the profile that the picture has", "[codecs][colour]") {
  EncodeOptions with_profile{.format = Format::Tiff};
  with_profile.metadata.icc = adobe_profile();
  const File file = encoded(picture(4, 4, 3), with_profile);
  DecodeOptions options;
  options.to_srgb = true;
  Tensor before;
  Tensor after;
  REQUIRE(read(file, before));
  REQUIRE(read(file, after, options));
  CHECK(same(before, picture(4, 4, 3)));
  CHECK_FALSE(same(before, after));
  const auto change = ToSrgb::of(with_profile.metadata.icc, 3, DType::UInt8);
  REQUIRE(change);
  change->run(before.data.data(), before.data.data(), 16);
  CHECK(same(before, after));
  CHECK_FALSE(read_info(file, options)->seen.icc);
  CHECK(read_info(file, {})->seen.icc);

  with_profile.metadata.icc = srgb_profile();
  REQUIRE(read(encoded(picture(4, 4, 3), with_profile), after, options));
  CHECK(same(after, picture(4, 4, 3)));
  with_profile.metadata.icc = ProfileMaker("CMYK").take();
  CHECK(
      refused(encoded(picture(4, 4, 3), with_profile), options) ==
      "unsupported: its ICC profile is for CMYK, its samples are RGB; \"icc\": \"keep\" takes its "
      "samples as they are");
}

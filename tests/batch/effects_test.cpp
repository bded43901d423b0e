// SPDX-License-Identifier: Apache-2.0
#include "batch/effects.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/output_checks.h"
#include "batch/output_encoding.h"
#include "kernels/convolve.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/pictures.h"
#include "support/profiles.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

using Names = std::vector<std::string>;

// What a chain does to a picture, by name; or why it is refused.
Names effects(const std::string& chain_text, const File& file) {
  const Chain chain = chain_of(chain_text);
  const auto info = read_info(file, chain.input);
  REQUIRE(info);
  const auto plan = make_plan(chain, info->seen.shape, info->dtype, {}, {});
  REQUIRE(plan);
  const Codec& target = codec_of(chain.output.format.value_or(info->format));
  const DType depth = output_dtype(chain, *plan, target.format);
  if (const auto fits = check_output(target, *plan, *info, depth); !fits)
    return {fits.error().message};
  Names names;
  for (const Effect effect : effects_on(chain, *info, *plan, target, depth,
                                        metadata_for_output(chain, *plan, *info, file, target)))
    names.emplace_back(name_of(effect));
  return names;
}

std::string chain_with(const std::string& layers, const std::string& rest) {
  return R"({"seed": 1, "layers": [)" + layers + "]" + rest + "}";
}

const std::string kCrop = R"({"class_name": "Cropping2D", "cropping": 1})";
const std::string kPng = R"(, "output": {"format": "png"})";
const std::string kIndex = R"(, "input": {"palette": "index"})";

std::string rescaling(const std::string& scale, const std::string& offset = "0") {
  return R"({"class_name": "Rescaling", "scale": )" + scale + R"(, "offset": )" + offset + "}";
}

File palette_png(std::size_t colours, bool alpha = false) {
  EncodeOptions options{.format = Format::Png};
  for (std::size_t i = 0; i < colours; ++i)
    options.palette.push_back({static_cast<std::uint16_t>(i * 257), 0, 0,
                               static_cast<std::uint16_t>(alpha ? 0x8080 : 0xFFFF)});
  Tensor indices;
  indices.reset(Shape::image(9, 9, 1), DType::UInt8);
  std::fill_n(indices.data.data(), 81, std::uint8_t{1});
  return encoded(indices, options);
}

File with_profile(std::vector<std::uint8_t> profile, std::int64_t channels = 3) {
  EncodeOptions options{.format = Format::Png};
  options.metadata.icc = std::move(profile);
  return encoded(picture(9, 9, channels), options);
}

// A grey TIFF of one pixel, with a directory of EXIF.
File tiff_with_exif() {
  File file = bytes_of("II*\0\x08\0\0\0"sv);
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      file.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  constexpr std::uint32_t kPixelAt = 8 + 2 + 10 * 12 + 4;
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 10> kTags{{{256, 1},
                                                                           {257, 1},
                                                                           {258, 8},
                                                                           {259, 1},
                                                                           {262, 1},
                                                                           {273, kPixelAt},
                                                                           {277, 1},
                                                                           {278, 1},
                                                                           {279, 1},
                                                                           {34665, kPixelAt}}};
  put(kTags.size(), 2);
  for (const auto& [tag, value] : kTags) {
    put(tag, 2);
    put(4, 2);  // LONG
    put(1, 4);
    put(value, 4);
  }
  put(0, 4);
  put(77, 1);
  return file;
}

}  // namespace

TEST_CASE("Values of about 0 to 1 are nearly black as integers", "[chain][effects]") {
  const File png = encoded(picture(9, 9, 3), {.format = Format::Png});
  const auto is_dark = [&](const std::string& layers, const std::string& rest = "") {
    return effects(chain_with(layers, rest), png) == Names{"unit_range"};
  };
  CHECK(is_dark(rescaling("0.00392156862745098")));
  CHECK(is_dark(rescaling("0.00784313725490196", "-1")));
  CHECK(is_dark(kCrop + "," + rescaling("[0.0171, 0.0175, 0.0174]", "[-2.1, -2.0, -1.8]")));
  CHECK(is_dark(rescaling("0.00392156862745098") + R"(, {"class_name": "RandomCrop", "height": 4,
                                                        "width": 4})"));
  CHECK_FALSE(is_dark(kCrop));
  CHECK_FALSE(is_dark(rescaling("0.5", "20")));
  CHECK_FALSE(is_dark(rescaling("0.00392156862745098") + "," + rescaling("255")));
  CHECK_FALSE(is_dark(rescaling("0.00392156862745098"), R"(, "output": {"format": "npy"})"));
  CHECK(is_dark(rescaling("0.00392156862745098"),
                R"(, "output": {"format": "tiff", "dtype": "float32"})"));
  CHECK(is_dark(rescaling("0.00392156862745098"),
                R"(, "output": {"format": "npy", "dtype": "uint8"})"));
  CHECK_FALSE(is_dark(kCrop, R"(, "output": {"format": "npy", "dtype": "uint8"})"));
  // int16 has no defined white.
  const File signed_tiff = encoded(picture(9, 9, 1, DType::Int16), {.format = Format::Tiff});
  CHECK(effects(chain_with(kCrop, ""), signed_tiff).empty());
  const File wide = encoded(picture(9, 9, 3, DType::UInt16), {.format = Format::Png});
  CHECK(effects(chain_with(rescaling("0.0000152590218966964"), ""), wide) == Names{"unit_range"});
  // Of floats, 1 is white.
  const File floats = encoded(picture(9, 9, 3, DType::Float32), {.format = Format::Tiff});
  CHECK(effects(chain_with(rescaling("0.5"), R"(, "output": {"format": "png", "dtype": "uint8"})"),
                floats)
            .empty());
}

TEST_CASE("A convolution keeps dark values dark, and some activations make values dark",
          "[chain][effects]") {
  if (!can_convolve()) {
    WARN("SKIPPED: built without oneDNN");
    return;
  }
  const File png = encoded(picture(9, 9, 3), {.format = Format::Png});
  const auto names = [&](const std::string& layers) {
    return effects(chain_with(layers, ""), png);
  };
  const auto blur = [](const std::string& activation) {
    return R"({"class_name": "DepthwiseConv2D", "kernel": "box", "kernel_size": 3, "activation": ")" +
           activation + R"("})";
  };
  CHECK(names(blur("linear")).empty());
  CHECK(names(rescaling("0.0039") + "," + blur("linear")) == Names{"unit_range"});
  CHECK(names(blur("sigmoid")) == Names{"unit_range"});
  CHECK(names(blur("tanh")) == Names{"unit_range"});
}

TEST_CASE("Palettes and grey of few bits are reported", "[chain][effects]") {
  CHECK(effects(chain_with(kCrop, kPng), palette_png(5)) == Names{"palette_expanded"});
  CHECK(effects(chain_with(kCrop, kPng + kIndex), palette_png(5)) == Names{"indices"});
  const File pgm = bytes_of("P2 3 3 20 0 1 2 3 4 5 6 7 8");
  CHECK(effects(chain_with(kCrop, kPng), pgm) == Names{"grey_stretched"});
  CHECK(effects(chain_with(kCrop, kPng + kIndex), pgm) == Names{"numbers"});
  const File plain = encoded(picture(9, 9, 3), {.format = Format::Png});
  CHECK(effects(chain_with(kCrop, kPng + kIndex), plain).empty());
}

TEST_CASE("Outputs whose samples would not be valid indices are refused", "[chain][effects]") {
  const auto why = [](const std::string& layers, const std::string& output, const File& file) {
    const Names names =
        effects(chain_with(layers, kIndex + R"(, "output": {)" + output + "}"), file);
    REQUIRE(names.size() == 1);
    return names.front().substr(0, names.front().find(';'));
  };
  const std::string resize = R"({"class_name": "Resizing", "height": 5, "width": 5)";
  CHECK(why(resize + "}", R"("format": "png")", palette_png(5)) ==
        "the samples are indices, but the chain mixes or scales values");
  CHECK(why(resize + R"(, "interpolation": "nearest"})", R"("format": "png")", palette_png(5)) ==
        "indices");
  CHECK(why(R"({"class_name": "ZeroPadding2D", "padding": 1, "value": 5})", R"("format": "png")",
            palette_png(5)) == "it is padded with index 5, but its palette has 5 colours");
  CHECK(why(R"({"class_name": "ZeroPadding2D", "padding": 1, "value": 255})", R"("format": "npy")",
            palette_png(5)) == "indices");
  CHECK(why(kCrop, R"("format": "jpg")", palette_png(5)) == "jpg cannot store indices");
  CHECK(why(kCrop, R"("format": "pnm")", palette_png(5)) == "pnm cannot store a palette");
  CHECK(why(kCrop, R"("format": "tiff")", palette_png(5, true)) ==
        "its palette has alpha, which tiff cannot store");
  CHECK(why(kCrop, R"("format": "png", "dtype": "uint16")", palette_png(5)) ==
        "indices of uint8 would be scaled to uint16");
}

TEST_CASE("Profiles that the output does not get are reported", "[chain][effects]") {
  const auto names = [](const std::string& rest, const File& file) {
    return effects(chain_with(kCrop, rest), file);
  };
  const File adobe = with_profile(adobe_profile());
  CHECK(names("", adobe).empty());
  CHECK(names(R"(, "output": {"format": "tiff"})", adobe).empty());
  CHECK(names(R"(, "output": {"format": "bmp"})", adobe) == Names{"profile_left_out"});
  CHECK(names(R"(, "output": {"format": "npy"})", adobe) == Names{"profile_left_out"});
  CHECK(names(R"(, "output": {"format": "bmp", "metadata": "none"})", adobe).empty());
  CHECK(names(R"(, "output": {"format": "bmp"}, "input": {"icc": "srgb"})", adobe).empty());
  CHECK(names(R"(, "input": {"color_mode": "grayscale"})", adobe) == Names{"profile_left_out"});
  CHECK(names(R"(, "input": {"color_mode": "grayscale", "icc": "srgb"})", adobe).empty());
  CHECK(names(R"(, "output": {"format": "bmp"})", with_profile(srgb_profile())).empty());
  CHECK(names("", with_profile(adobe_profile(), 1)) == Names{"profile_unfit"});
  std::vector<std::uint8_t> cut = adobe_profile();
  cut.resize(cut.size() / 2);
  CHECK(names("", with_profile(cut)) == Names{"profile_unfit"});
  // WebP stores grey as RGB.
  const auto linear = [](double v) { return v; };
  CHECK(names("", with_profile(grey_profile(linear), 1)).empty());
  CHECK(names(R"(, "output": {"format": "webp"})", with_profile(grey_profile(linear), 1)) ==
        Names{"profile_left_out"});
}

TEST_CASE("EXIF that the output does not get is reported", "[chain][effects]") {
  const std::string keep = R"({"class_name": "Cropping2D", "cropping": 0})";
  const std::string all = R"(, "output": {"format": "png", "metadata": "all"})";
  CHECK(effects(chain_with(keep, all), tiff_with_exif()) == Names{"metadata_left_out"});
  CHECK(effects(chain_with(keep, kPng), tiff_with_exif()).empty());
}

TEST_CASE("Alpha that is dropped is reported", "[chain][effects]") {
  const File rgba = encoded(picture(9, 9, 4), {.format = Format::Png});
  const std::string rgb = R"(, "input": {"color_mode": "rgb")";
  CHECK(effects(chain_with(kCrop, rgb + "}"), rgba) == Names{"alpha_dropped"});
  CHECK(effects(chain_with(kCrop, rgb + R"(, "background": [0, 0, 0]})"), rgba).empty());
}

TEST_CASE("Integers without a white are not scaled", "[chain][effects]") {
  for (const DType dtype : {DType::UInt32, DType::Int16}) {
    const File file = encoded(picture(9, 9, 1, dtype), {.format = Format::Tiff});
    CHECK(effects(chain_with(kCrop, R"(, "output": {"format": "png", "dtype": "uint8"})"), file) ==
          Names{"samples of " + std::string(name_of(dtype)) +
                " have no white value and cannot be scaled to uint8; tiff and npy can store them: "
                "\"output\": {\"format\": \"tiff\"} without a dtype"});
    CHECK(effects(chain_with(kCrop, ""), file).empty());
    CHECK(effects(chain_with(kCrop, R"(, "output": {"format": "npy", "dtype": "uint8"})"), file)
              .empty());
  }
}

TEST_CASE("Texts count", "[chain][effects]") {
  CHECK(text_of(Effect::AlphaDropped, 1).starts_with("1 image loses its alpha; "));
  CHECK(text_of(Effect::AlphaDropped, 12000).starts_with("12 000 images lose their alpha; "));
  CHECK(is_told_by_runs(Effect::UnitRange));
  CHECK_FALSE(is_told_by_runs(Effect::Indices));
}

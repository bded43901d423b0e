// SPDX-License-Identifier: Apache-2.0
#include "codecs/icc.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/catch.h"
#include "support/profiles.h"

using namespace deckle;
using namespace deckle::test;

namespace {

Matrix inverse(const Matrix& m) {
  Matrix made{};
  double determinant = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t r1 = (k + 1) % 3;
      const std::size_t r2 = (k + 2) % 3;
      const std::size_t c1 = (i + 1) % 3;
      const std::size_t c2 = (i + 2) % 3;
      made.at(i).at(k) = m.at(r1).at(c1) * m.at(r2).at(c2) - m.at(r1).at(c2) * m.at(r2).at(c1);
    }
  }
  for (std::size_t k = 0; k < 3; ++k)
    determinant += m[0].at(k) * made.at(k)[0];
  for (auto& row : made) {
    for (double& value : row)
      value /= determinant;
  }
  return made;
}

std::array<double, 3> times(const Matrix& m, const std::array<double, 3>& v) {
  std::array<double, 3> made{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k)
      made.at(i) += m.at(i).at(k) * v.at(k);
  }
  return made;
}

double to_srgb_curve(double linear) {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

// Converts an Adobe RGB colour of 0 to 1 to sRGB, by the formulas.
std::array<double, 3> expected(const std::array<double, 3>& adobe) {
  std::array<double, 3> linear{};
  for (std::size_t c = 0; c < 3; ++c)
    linear.at(c) = adobe_to_linear(adobe.at(c));
  linear = times(inverse(kSrgbPrimaries), times(kAdobePrimaries, linear));
  for (double& value : linear)
    value = to_srgb_curve(std::clamp(value, 0.0, 1.0));
  return linear;
}

template <typename T>
T converted(const std::vector<std::uint8_t>& profile, T pixel, DType dtype) {
  const auto change = ToSrgb::of(profile, static_cast<std::int64_t>(pixel.size()), dtype);
  REQUIRE(change);
  T made{};
  change->run(reinterpret_cast<const std::uint8_t*>(pixel.data()),
              reinterpret_cast<std::uint8_t*>(made.data()), 1);
  return made;
}

}  // namespace

TEST_CASE("The colour space of a profile is read from its header", "[codecs][icc]") {
  CHECK(icc_space(adobe_profile()) == IccSpace::Rgb);
  CHECK(icc_space(grey_profile(srgb_to_linear)) == IccSpace::Grey);
  CHECK(icc_space(ProfileMaker("CMYK").take()) == IccSpace::Cmyk);
  CHECK(icc_space(ProfileMaker("Lab ").take()) == IccSpace::Other);
  CHECK(icc_space({}) == IccSpace::None);
  const std::vector<std::uint8_t> zeros(500);
  CHECK(icc_space(zeros) == IccSpace::None);
}

TEST_CASE("sRGB is recognised by its colours, not by its name", "[codecs][icc]") {
  CHECK(is_srgb(srgb_profile()));
  CHECK(is_srgb(grey_profile(srgb_to_linear)));
  CHECK_FALSE(is_srgb(adobe_profile()));
  CHECK_FALSE(is_srgb(rgb_profile(kSrgbPrimaries, adobe_to_linear)));
  CHECK_FALSE(is_srgb(rgb_profile(kAdobePrimaries, srgb_to_linear)));
  CHECK_FALSE(is_srgb(grey_profile([](double v) { return v; })));
  CHECK_FALSE(is_srgb(ProfileMaker("RGB ").take()));  // only a header
  for (int i = 0; i < 20; ++i)                        // more than the cache keeps
    CHECK_FALSE(is_srgb(rgb_profile(kSrgbPrimaries, [&](double v) { return std::pow(v, 1 + i); })));
}

TEST_CASE("Adobe RGB becomes sRGB by the formulas", "[codecs][icc]") {
  const auto profile = adobe_profile();
  for (int red = 0; red < 256; red += 51) {
    for (int green = 0; green < 256; green += 51) {
      for (int blue = 0; blue < 256; blue += 51) {
        const auto want = expected({red / 255.0, green / 255.0, blue / 255.0});
        const auto got = converted<std::array<std::uint8_t, 4>>(
            profile,
            {static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
             static_cast<std::uint8_t>(blue), 77},
            DType::UInt8);
        const auto wide = converted<std::array<std::uint16_t, 3>>(
            profile,
            {static_cast<std::uint16_t>(red * 257), static_cast<std::uint16_t>(green * 257),
             static_cast<std::uint16_t>(blue * 257)},
            DType::UInt16);
        INFO(red << " " << green << " " << blue);
        for (std::size_t c = 0; c < 3; ++c) {
          CHECK(std::abs(got.at(c) - 255 * want.at(c)) < 1.6);
          CHECK(std::abs(wide.at(c) - 65535 * want.at(c)) < 200);
        }
        CHECK(got[3] == 77);  // alpha does not change
      }
    }
  }
  const auto floats = converted<std::array<float, 3>>(profile, {0.4F, 0.5F, 0.6F}, DType::Float32);
  const auto want = expected({0.4, 0.5, 0.6});
  for (std::size_t c = 0; c < 3; ++c)
    CHECK(std::abs(double{floats.at(c)} - want.at(c)) < 0.002);
}

TEST_CASE("Grey becomes grey with the tone curve of sRGB", "[codecs][icc]") {
  const auto linear = grey_profile([](double v) { return v; });
  for (const int value : {0, 3, 64, 128, 200, 255}) {
    const auto got = converted<std::array<std::uint8_t, 2>>(
        linear, {static_cast<std::uint8_t>(value), 9}, DType::UInt8);
    CHECK(std::abs(got[0] - 255 * to_srgb_curve(value / 255.0)) < 1.6);
    CHECK(got[1] == 9);
  }
}

TEST_CASE("A profile for other samples is refused", "[codecs][icc]") {
  const auto message = [](const std::vector<std::uint8_t>& profile, std::int64_t channels,
                          DType dtype = DType::UInt8) {
    const auto change = ToSrgb::of(profile, channels, dtype);
    return change ? "" : change.error().message;
  };
  CHECK(message(adobe_profile(), 1) == "its ICC profile is for RGB, its samples are grey");
  CHECK(message(grey_profile(srgb_to_linear), 4) ==
        "its ICC profile is for grey, its samples are RGB");
  CHECK(message(ProfileMaker("CMYK").take(), 3) ==
        "its ICC profile is for CMYK, its samples are RGB");
  CHECK(message({1, 2, 3}, 3) == "its ICC profile cannot be read");
  CHECK(message(ProfileMaker("RGB ").take(), 3) == "Little CMS cannot use its ICC profile");
  CHECK(message(adobe_profile(), 3, DType::Int16) ==
        "colours of int16 are not converted by profiles");
}

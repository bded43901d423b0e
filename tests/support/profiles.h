// SPDX-License-Identifier: Apache-2.0
// ICC profiles made in code: three primaries and a tone curve, or a tone curve alone.
// Source  ICC.1:2022, 7.2 (header), 10.6 (curveType), 10.31 (XYZType)
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace deckle::test {

using Matrix = std::array<std::array<double, 3>, 3>;

/// X, Y, Z of red, green and blue (columns) in D50.
inline constexpr Matrix kSrgbPrimaries{{{0.4360747, 0.3850649, 0.1430804},
                                        {0.2225045, 0.7168786, 0.0606169},
                                        {0.0139322, 0.0971045, 0.7141733}}};
inline constexpr Matrix kAdobePrimaries{
    {{0.60974, 0.20528, 0.14919}, {0.31111, 0.62567, 0.06322}, {0.01947, 0.06087, 0.74457}}};

inline double srgb_to_linear(double value) {
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}
inline double adobe_to_linear(double value) {
  return std::pow(value, 563.0 / 256);
}

class ProfileMaker {
 public:
  explicit ProfileMaker(std::string_view space) {
    bytes_.resize(kHeader);
    put(8, 0x02400000);
    put(12, "mntr");
    put(16, space);
    put(20, "XYZ ");
    put(36, "acsp");
    put_xyz(68, {0.9642, 1.0, 0.8249});
  }

  void add(std::string_view name, std::vector<std::uint8_t> data) {
    tags_.emplace_back(name, std::move(data));
  }

  void add_xyz(std::string_view name, const std::array<double, 3>& xyz) {
    std::vector<std::uint8_t> data(8);
    std::copy_n("XYZ ", 4, data.begin());
    for (const double value : xyz)
      append(data, fixed(value), 4);
    add(name, std::move(data));
  }

  void add_curve(std::string_view name, const std::function<double(double)>& to_linear) {
    constexpr std::uint32_t kEntries = 4096;
    std::vector<std::uint8_t> data(8);
    std::copy_n("curv", 4, data.begin());
    append(data, kEntries, 4);
    for (std::uint32_t i = 0; i < kEntries; ++i)
      append(data, static_cast<std::uint32_t>(std::lround(65535 * to_linear(i / (kEntries - 1.0)))),
             2);
    add(name, std::move(data));
  }

  [[nodiscard]] std::vector<std::uint8_t> take() {
    append(bytes_, static_cast<std::uint32_t>(tags_.size()), 4);
    std::size_t at = bytes_.size() + 12 * tags_.size();
    for (const auto& [name, data] : tags_) {
      bytes_.insert(bytes_.end(), name.begin(), name.end());
      append(bytes_, static_cast<std::uint32_t>(at), 4);
      append(bytes_, static_cast<std::uint32_t>(data.size()), 4);
      at += data.size();
    }
    for (const auto& [name, data] : tags_)
      bytes_.insert(bytes_.end(), data.begin(), data.end());
    put(0, static_cast<std::uint32_t>(bytes_.size()));
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t kHeader = 128;

  static std::uint32_t fixed(double value) {
    return static_cast<std::uint32_t>(std::lround(value * 65536));
  }
  static void append(std::vector<std::uint8_t>& to, std::uint32_t value, int bytes) {
    for (int i = bytes; i-- > 0;)
      to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void put(std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      bytes_[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
  void put(std::size_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void put_xyz(std::size_t at, const std::array<double, 3>& xyz) {
    for (std::size_t i = 0; i < 3; ++i)
      put(at + 4 * i, fixed(xyz.at(i)));
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<std::pair<std::string_view, std::vector<std::uint8_t>>> tags_;
};

inline std::vector<std::uint8_t> rgb_profile(const Matrix& primaries,
                                             const std::function<double(double)>& to_linear) {
  ProfileMaker profile("RGB ");
  const std::array<std::string_view, 3> columns{"rXYZ", "gXYZ", "bXYZ"};
  const std::array<std::string_view, 3> curves{"rTRC", "gTRC", "bTRC"};
  profile.add_xyz("wtpt", {0.9642, 1.0, 0.8249});
  for (std::size_t c = 0; c < 3; ++c) {
    profile.add_xyz(columns.at(c), {primaries[0].at(c), primaries[1].at(c), primaries[2].at(c)});
    profile.add_curve(curves.at(c), to_linear);
  }
  return profile.take();
}

inline std::vector<std::uint8_t> grey_profile(const std::function<double(double)>& to_linear) {
  ProfileMaker profile("GRAY");
  profile.add_xyz("wtpt", {0.9642, 1.0, 0.8249});
  profile.add_curve("kTRC", to_linear);
  return profile.take();
}

inline std::vector<std::uint8_t> srgb_profile() {
  return rgb_profile(kSrgbPrimaries, srgb_to_linear);
}
inline std::vector<std::uint8_t> adobe_profile() {
  return rgb_profile(kAdobePrimaries, adobe_to_linear);
}

}  // namespace deckle::test

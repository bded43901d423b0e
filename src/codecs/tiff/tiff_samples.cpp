// SPDX-License-Identifier: Apache-2.0
#include "codecs/tiff/tiff_samples.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/dtype.h"
#include "core/float16.h"

namespace deckle {
namespace {

template <typename T>
T load(const std::uint8_t* from) {
  T value{};
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
void store(std::uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
void unpack_bits(const std::uint8_t* from, std::uint8_t* to, std::size_t count, unsigned bits,
                 bool scaled) {
  constexpr std::uint32_t kWhite = std::numeric_limits<T>::max();
  const std::uint32_t most = (1U << bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t value = 0;
    std::size_t at = i * bits;
    for (unsigned left = bits; left > 0;) {  // byte by byte
      const auto here = static_cast<unsigned>(std::min<std::size_t>(left, 8 - at % 8));
      const unsigned shift = 8 - static_cast<unsigned>(at % 8) - here;
      value = value << here | (unsigned{from[at / 8]} >> shift & ((1U << here) - 1));
      left -= here;
      at += here;
    }
    store(to + i * sizeof(T), static_cast<T>(scaled ? (value * kWhite + most / 2) / most : value));
  }
}

// A sign, 7 bits of exponent, 16 of fraction; libtiff gives the bytes in the machine's order.
float float_of_three(const std::uint8_t* from) {
  constexpr bool kBig = std::endian::native == std::endian::big;
  const std::uint32_t bits =
      unsigned{from[kBig ? 0 : 2]} << 16U | unsigned{from[1]} << 8U | unsigned{from[kBig ? 2 : 0]};
  constexpr int kBias = 63;
  constexpr int kFraction = 16;
  const std::uint32_t exponent = bits >> kFraction & 0x7FU;
  const std::uint32_t fraction = bits & 0xFFFFU;
  float value = 0;
  if (exponent == 0x7F) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), 1 - kBias - kFraction);
  } else {
    value = std::ldexp(static_cast<float>(fraction | 1U << kFraction),
                       static_cast<int>(exponent) - kBias - kFraction);
  }
  return (bits >> 23U) != 0 ? -value : value;
}

template <typename T>
void look_up(const std::vector<std::uint8_t>& palette, const std::uint8_t* from, std::uint8_t* to,
             std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i)
    std::memcpy(to + 3 * i, palette.data() + 3 * std::size_t{load<T>(from + i * sizeof(T))}, 3);
}

// The formula of libtiff for 8 bits.
template <typename T>
void cmyk_to_rgb(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) {
  constexpr std::uint64_t kWhite = std::numeric_limits<T>::max();
  for (std::size_t i = 0; i < pixels; ++i, from += 4 * sizeof(T)) {
    const std::uint64_t light = kWhite - load<T>(from + 3 * sizeof(T));
    for (std::size_t c = 0; c < 3; ++c, to += sizeof(T))
      store(to, static_cast<T>(light * (kWhite - load<T>(from + c * sizeof(T))) / kWhite));
  }
}

// libtiff's matrix. The result is linear light with the primaries of Rec. 709; white is equal
// energy.
void xyz_to_rgb(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels) {
  constexpr std::array<std::array<double, 3>, 3> kMatrix{
      {{2.690, -1.276, -0.414}, {-1.022, 1.978, 0.044}, {0.061, -0.224, 1.163}}};
  for (std::size_t i = 0; i < pixels; ++i, from += 3 * sizeof(float)) {
    std::array<float, 3> xyz{};
    std::memcpy(xyz.data(), from, sizeof xyz);
    for (const auto& row : kMatrix) {
      store(to, static_cast<float>(row[0] * double{xyz[0]} + row[1] * double{xyz[1]} +
                                   row[2] * double{xyz[2]}));
      to += sizeof(float);
    }
  }
}

template <typename T>
void invert_grey(std::uint8_t* samples, std::size_t pixels, std::size_t channels, T white) {
  for (std::size_t i = 0; i < pixels * channels; i += channels) {
    std::uint8_t* const at = samples + i * sizeof(T);
    store(at, static_cast<T>(white - load<T>(at)));
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

}  // namespace

void unpack_samples(const TiffLayout& layout, const std::uint8_t* from, std::uint8_t* to,
                    std::size_t count) {
  switch (layout.packing) {
    case TiffPacking::Whole:
      std::memcpy(to, from, count * size_of(layout.sample));
      break;
    case TiffPacking::Bits:
      if (layout.sample == DType::UInt8) {
        unpack_bits<std::uint8_t>(from, to, count, layout.bits, layout.scaled);
      } else {
        unpack_bits<std::uint16_t>(from, to, count, layout.bits, layout.scaled);
      }
      break;
    case TiffPacking::Half:
      for (std::size_t i = 0; i < count; ++i) {
        const auto half = Float16::from_bits(load<std::uint16_t>(from + 2 * i));
        store(to + 4 * i, static_cast<float>(half));
      }
      break;
    case TiffPacking::Three:
      for (std::size_t i = 0; i < count; ++i)
        store(to + 4 * i, float_of_three(from + 3 * i));
      break;
  }
}

void convert_colours(const TiffLayout& layout, const std::uint8_t* from, std::uint8_t* to,
                     std::size_t pixels) {
  const bool bytes = layout.sample == DType::UInt8;
  switch (layout.colour) {
    case TiffColour::Palette:
      bytes ? look_up<std::uint8_t>(layout.palette, from, to, pixels)
            : look_up<std::uint16_t>(layout.palette, from, to, pixels);
      break;
    case TiffColour::Cmyk:
      bytes ? cmyk_to_rgb<std::uint8_t>(from, to, pixels)
            : cmyk_to_rgb<std::uint16_t>(from, to, pixels);
      break;
    case TiffColour::Luminance:
      xyz_to_rgb(from, to, pixels);
      break;
    case TiffColour::Plain:
    case TiffColour::ByLibtiff:
      break;
  }
}

void finish_samples(const TiffLayout& layout, std::uint8_t* samples, std::size_t pixels) {
  if (!layout.invert && !layout.associated) return;
  const auto channels = static_cast<std::size_t>(layout.info.shape.channels);
  with_image_type(layout.info.dtype, [&]<typename T>(T) {
    if constexpr (std::is_unsigned_v<T>) {
      constexpr T kWhite = std::numeric_limits<T>::max();
      const bool few = layout.info.indexed && layout.info.white != 0;
      if (layout.invert)
        invert_grey<T>(samples, pixels, channels, few ? static_cast<T>(layout.info.white) : kWhite);
    }
    if constexpr (std::is_unsigned_v<T> || std::is_floating_point_v<T>) {
      if (layout.associated) divide_by_alpha<T>(samples, pixels, channels);
    }
  });
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "core/float16.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.h"

using namespace deckle;

namespace {

constexpr std::uint32_t kHalves = 1U << 16U;
constexpr double kInf = std::numeric_limits<double>::infinity();

Float16 half_of(std::uint32_t bits) {
  return Float16::from_bits(static_cast<std::uint16_t>(bits));
}

// The value of a half's bits by the standard. Not for infinity and NaN.
double meaning(std::uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10U & 0x1FU);
  const double fraction = static_cast<double>(bits & 0x3FFU) / 1024;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
  return bits >= 0x8000U ? -magnitude : magnitude;
}

bool is_nan(std::uint32_t bits) {
  return (bits & 0x7FFFU) > 0x7C00U;
}

// The slow way: finds the two positive halves around the number, and takes the nearer one.
std::uint32_t nearest_half(double value) {
  static const std::vector<double> kAll = [] {
    std::vector<double> all;
    for (std::uint32_t bits = 0; bits < 0x7C00U; ++bits)
      all.push_back(meaning(bits));
    all.push_back(65536);  // the place of infinity, for rounding
    return all;
  }();
  const std::uint32_t sign = std::signbit(value) ? 0x8000U : 0;
  const double magnitude = std::abs(value);
  if (magnitude >= kAll.back()) return sign | 0x7C00U;
  const auto above = static_cast<std::uint32_t>(
      std::upper_bound(kAll.begin(), kAll.end(), magnitude) - kAll.begin());
  const double up = kAll[above] - magnitude;
  const double down = magnitude - kAll[above - 1];
  const bool take_upper = up < down || (up == down && above % 2 == 0);
  return sign | (take_upper ? above : above - 1);
}

template <typename T>
void check_rounding(T value) {
  if (std::isnan(value)) return;
  if (Float16(value).bits != nearest_half(static_cast<double>(value))) {
    CAPTURE(sizeof(T), value);
    CHECK(Float16(value).bits == nearest_half(static_cast<double>(value)));
  }
}

}  // namespace

TEST_CASE("every half becomes the float and the double of the standard") {
  std::uint32_t wrong = 0;
  for (std::uint32_t bits = 0; bits < kHalves; ++bits) {
    const Float16 half = half_of(bits);
    if ((bits & 0x7C00U) == 0x7C00U) {
      wrong += std::isnan(static_cast<float>(half)) == is_nan(bits) ? 0 : 1;
      wrong += std::isnan(static_cast<double>(half)) == is_nan(bits) ? 0 : 1;
      continue;
    }
    wrong += static_cast<double>(half) == meaning(bits) ? 0 : 1;
    wrong += static_cast<double>(static_cast<float>(half)) == meaning(bits) ? 0 : 1;
    wrong += std::signbit(static_cast<float>(half)) == (bits >= 0x8000U) ? 0 : 1;
    wrong += std::signbit(static_cast<double>(half)) == (bits >= 0x8000U) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(static_cast<double>(half_of(0x7C00)) == kInf);
  CHECK(static_cast<float>(half_of(0xFC00)) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("every half comes back from float and from double, NaN with its payload") {
  std::uint32_t wrong = 0;
  for (std::uint32_t bits = 0; bits < kHalves; ++bits) {
    wrong += Float16(static_cast<float>(half_of(bits))).bits == bits ? 0 : 1;
    wrong += Float16(static_cast<double>(half_of(bits))).bits == bits ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a number near any half becomes the nearest half, ties the even one") {
  for (std::uint32_t bits = 0; bits < 0x7C00U; ++bits) {
    const double here = meaning(bits);
    const double next = bits + 1 < 0x7C00U ? meaning(bits + 1) : 65536;
    const double middle = here + (next - here) / 2;  // a float, too
    for (const double value : {here, middle}) {
      for (const double sign : {1.0, -1.0}) {
        check_rounding(sign * value);
        check_rounding(sign * std::nextafter(value, kInf));
        check_rounding(sign * std::nextafter(value, -kInf));
        const auto single = static_cast<float>(value);
        check_rounding(static_cast<float>(sign) * single);
        check_rounding(static_cast<float>(sign) * std::nextafter(single, 1e9F));
        check_rounding(static_cast<float>(sign) * std::nextafter(single, -1e9F));
      }
    }
  }
}

TEST_CASE("any float and any double becomes the nearest half") {
  std::mt19937_64 random(16);  // NOLINT(cert-msc51-cpp)
  for (int i = 0; i < 500'000; ++i) {
    const std::uint64_t bits = random();
    check_rounding(std::bit_cast<double>(bits));
    check_rounding(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    // Most of those are far above all halves. These have an exponent that halves have, or nearly.
    const double significand = 1 + static_cast<double>(bits >> 12U) / 4503599627370496.0;
    const double value = std::ldexp(significand, static_cast<int>(bits % 44) - 27);
    check_rounding(value);
    check_rounding(-static_cast<float>(value));
  }
}

TEST_CASE("a double becomes a half in one rounding, not through a float") {
  // Just above the tie of 1 and the next half: a float would lose the last bit, and round to 1.
  const double value = 1 + 0x1p-11 + 0x1p-40;
  CHECK(Float16(value).bits == 0x3C01);
  CHECK(Float16(static_cast<float>(value)).bits == 0x3C00);
}

TEST_CASE(
    "a number that is too large becomes infinity, one that is too small becomes zero with its "
    "sign") {
  CHECK(Float16(65504.0).bits == 0x7BFF);
  CHECK(Float16(65519.99).bits == 0x7BFF);
  CHECK(Float16(65520.0).bits == 0x7C00);
  CHECK(Float16(-1e300).bits == 0xFC00);
  CHECK(Float16(-kInf).bits == 0xFC00);
  CHECK(Float16(0x1p-24).bits == 1);
  CHECK(Float16(0x1p-25).bits == 0);
  CHECK(Float16(std::nextafter(0x1p-25, 1.0)).bits == 1);
  CHECK(Float16(-1e-300).bits == 0x8000);
  CHECK(Float16(-std::numeric_limits<double>::denorm_min()).bits == 0x8000);
  CHECK(Float16(std::numeric_limits<float>::denorm_min()).bits == 0);
}

TEST_CASE("NaN stays NaN, whatever its payload") {
  const auto from_double = [](std::uint64_t bits) {
    return Float16(std::bit_cast<double>(bits)).bits;
  };
  CHECK(from_double(0x7FF8000000000000) == 0x7E00);
  CHECK(from_double(0xFFF8000000000000) == 0xFE00);
  CHECK(from_double(0x7FF8000000000001) == 0x7E00);
  CHECK(from_double(0x7FF0000000000001) == 0x7C01);  // its upper bits alone would mean infinity
  CHECK(Float16(std::bit_cast<float>(0x7F800001U)).bits == 0x7C01);
}

TEST_CASE("whole numbers become the same halves as their doubles") {
  CHECK(Float16(2049).bits == Float16(2048.0).bits);
  CHECK(Float16(std::int8_t{-128}).bits == Float16(-128.0).bits);
  CHECK(Float16(true).bits == 0x3C00);
  CHECK(Float16(std::numeric_limits<std::uint64_t>::max()).bits == 0x7C00);
  CHECK(Float16(std::numeric_limits<std::int64_t>::min()).bits == 0xFC00);
  static_assert(static_cast<double>(Float16(0.5)) == 0.5);
}

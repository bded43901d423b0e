// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/fdct.h"

#include <random>
#include <vector>

#include "support/catch.h"

using namespace deckle;

namespace {

std::mt19937 random_numbers(5);  // NOLINT: the same in every run

int below(int n) {
  return std::uniform_int_distribution<int>(0, n - 1)(random_numbers);
}

}  // namespace

TEST_CASE("the plain and the AVX2 transform give the same coefficients", "[codecs][jpeg]") {
  if (avx2_fdct() == nullptr) {
    WARN("SKIPPED: this processor has no AVX2");
    return;
  }
  for (int round = 0; round < 3000; ++round) {
    QuantTable one{};
    QuantTable other{};
    for (std::size_t i = 0; i < one.size(); ++i) {
      one.at(i) = static_cast<std::uint16_t>(1 + below(round % 3 == 0 ? 1 : 255));
      other.at(i) = static_cast<std::uint16_t>(1 + below(20));
    }
    const Quantiser quantiser(one, other);
    std::vector<std::uint8_t> samples(8 * 40);
    const int strength = round % 2 == 0 ? 256 : 1 + below(20);
    for (std::uint8_t& sample : samples)
      sample = static_cast<std::uint8_t>(round % 5 == 0 ? 255 * below(2) : 90 + below(strength));
    const auto made = [&](ForwardTransform transform) {
      CoefficientPair pair;
      transform({samples.data() + 3, 40}, {samples.data() + 20, 40}, quantiser, pair);
      return pair;
    };
    const CoefficientPair a = made(fdct());
    const CoefficientPair b = made(plain_fdct());
    REQUIRE(a.blocks.values == b.blocks.values);
    REQUIRE(a.nonzero == b.nonzero);
  }
}

TEST_CASE("a quantiser divides and rounds as a division does", "[codecs][jpeg]") {
  for (std::uint16_t step = 1; step <= 255; ++step) {
    QuantTable table{};
    table.fill(step);
    const Quantiser q(table, table);
    bool right = true;
    for (std::uint32_t x = 0; x < 32768 - 1024; ++x) {
      const std::uint32_t size = ((x + q.half[0]) * q.reciprocal[0] >> 16U) * q.scale[0] >> 16U;
      right = right && size == (x + 4U * step) / (8U * step);
    }
    CAPTURE(step);
    CHECK(right);
  }
}

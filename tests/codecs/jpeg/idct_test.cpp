// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/idct.h"

#include <algorithm>
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

TEST_CASE("the plain and the AVX2 transform give the same samples", "[codecs][jpeg]") {
  if (avx2_idct() == nullptr) {
    WARN("SKIPPED: this processor has no AVX2");
    return;
  }
  for (int round = 0; round < 3000; ++round) {
    BlockPair pair;
    QuantTablePair quant_tables;
    const int coefficients = 1 + below(round % 2 == 0 ? 6 : 64);
    const int most = round % 4 < 2 ? 20 : 32767;  // also values that no encoder writes
    const std::size_t end = round % 3 == 0 ? BlockPair::kStride : BlockPair::kNowhere;
    for (std::size_t i = 0; i < BlockPair::kNowhere; ++i)
      quant_tables.values.at(i) = static_cast<std::int16_t>(1 + below(2 * most));
    for (std::size_t i = round % 5 == 0 ? 8 : 0; i < end; ++i) {
      if (below(64) < coefficients)
        pair.values.at(i) = static_cast<std::int16_t>(below(2 * most + 1) - most);
    }
    BlockPair again = pair;
    std::vector<std::uint8_t> one(8 * 40, 7);
    std::vector<std::uint8_t> other = one;
    const auto transform = [&](InverseTransform idct_of, BlockPair& values, auto& out) {
      idct_of(values, quant_tables, {out.data() + 3, 40}, {out.data() + 20, 40});
    };
    transform(idct(), pair, one);
    transform(plain_idct(), again, other);
    REQUIRE(one == other);
    const auto cleared = [](const BlockPair& p) {
      return std::all_of(p.values.begin(), p.values.begin() + BlockPair::kNowhere,
                         [](std::int16_t v) { return v == 0; });
    };
    REQUIRE(cleared(pair));
    REQUIRE(cleared(again));
  }
}

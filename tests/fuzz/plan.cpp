// SPDX-License-Identifier: Apache-2.0
// A random chain and picture from the bytes: the plan must give the output of its naive twin.
#include "fuzz/fuzz.h"
#include "support/naive_plan.h"

namespace deckle::fuzz {

void plan(Bytes input) {
  test::twin::Chance chance(numbers_of(input));
  const test::twin::Case c = test::twin::any_case(chance, 1);
  const Chain chain = test::chain_of(c.json.dump());
  const auto made = make_plan(chain, c.shape(), c.source.dtype, c.image);
  const std::string differs = test::twin::what_differs(c, chain, made);
  must(differs.empty(), "a plan is not as its twin", differs + " in " + c.json.dump());
}

}  // namespace deckle::fuzz

// SPDX-License-Identifier: Apache-2.0
#include "fuzz/chains.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "chain/plan.h"

namespace deckle::fuzz {
namespace {

// Whether the chain is fast enough: a fuzzer runs a million of them.
bool is_small(const Chain& chain, const Shape& shape) {
  const auto shapes = plan_shapes(chain, shape);
  return shapes && std::all_of(shapes->begin(), shapes->end(), [](const Shape& s) {
           return s.pixels() * s.channels <= kMostPixels;
         });
}

bool has_weights(const Chain& chain) {
  return std::any_of(chain.layers.begin(), chain.layers.end(),
                     [](const Layer& layer) { return layer.parameters != nullptr; });
}

}  // namespace

Chain check_chain(const Chain& chain) {
  const std::string text = resolved(chain).dump();
  auto again = parse_chain(text);
  if (const auto* mistakes = std::get_if<Mistakes>(&again)) {
    must(false, "the resolved chain is refused",
         mistakes->front().pointer + ": " + mistakes->front().message + " in " + text);
  }
  Chain same = std::get<Chain>(std::move(again));
  must(resolved(same).dump() == text, "the resolved chain is another one", text);

  const Shape shape = chain.rank == 1   ? Shape::sequence(12, 3)
                      : chain.rank == 2 ? Shape::image(11, 9, 3)
                                        : Shape{3, {5, 6, 4}, 3};
  if (!is_small(chain, shape)) return same;
  Chain seeded = chain;
  if (!seeded.seed) seeded.seed = SeedPair{1, 2};
  ImageIdentity image;
  image.path = "a.png";
  const auto plan = make_plan(seeded, shape, DType::UInt8, image);
  if (!plan || !plan->skip.empty() || has_weights(chain)) return same;
  Tensor source;
  source.reset(shape, DType::UInt8);
  std::fill_n(source.data.data(), source.data.size(), std::uint8_t{7});
  OpScratch scratch;
  const auto made = run_plan(*plan, source, whole(shape), scratch);
  must(made.has_value(), "a plan does not run", made ? "" : made.error().message);
  must((*made)->shape == plan->output, "a plan gives another shape than it says");
  return same;
}

}  // namespace deckle::fuzz

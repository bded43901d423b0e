// SPDX-License-Identifier: Apache-2.0
#include "ops/final_rounding.h"

#include <cstddef>
#include <variant>

namespace deckle {

void fuse_final_rounding(std::vector<Op>& ops, DType input, DType depth) {
  if (ops.empty() || input != depth || info(depth).is_float || size_of(depth) > 2) return;
  const auto* cast = std::get_if<CastOp>(&ops.back());
  const bool rounds = cast != nullptr && cast->rounded && cast->to == depth;
  const std::size_t last = ops.size() - (rounds ? 2 : 1);
  auto* resize = std::get_if<ResizeOp>(&ops[last]);
  if (resize == nullptr || resize->to != DType::Float32) return;
  // Its samples must be integers of the same type: others are rounded in a different way.
  for (std::size_t i = 0; i < last; ++i) {
    if (!std::holds_alternative<GatherOp>(ops[i])) return;
  }
  resize->to = depth;
  ops.resize(last + 1);
}

}  // namespace deckle

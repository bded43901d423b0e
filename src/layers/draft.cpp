// SPDX-License-Identifier: Apache-2.0
#include "layers/draft.h"

#include <cstddef>

namespace deckle {
namespace {

// Whether every value of `from` is one of `to`. (A wider integer type is taken for another: who
// asks for it wants it.)
bool holds_all(DType to, DType from) {
  return to == from || (info(to).is_float && info(from).digits <= info(to).digits);
}

}  // namespace

Draft::Draft(const Shape& shape, DType dtype) : shape_(shape), dtype_(dtype), held_(dtype) {
  open_gather();
}

GatherOp& Draft::open_gather() {
  if (ops_.empty() || !std::holds_alternative<GatherOp>(ops_.back())) {
    GatherOp gather;
    for (int a = 0; a < shape_.rank; ++a)
      gather.axes.emplace_back(shape_[a]);
    ops_.emplace_back(std::move(gather));
  }
  return std::get<GatherOp>(ops_.back());
}

Shape Draft::shape() const {
  Shape now = shape_;
  if (const auto* gather = std::get_if<GatherOp>(&ops_.back())) {
    for (int a = 0; a < now.rank; ++a)
      now[a] = gather->axes[static_cast<std::size_t>(a)].length();
  }
  return now;
}

AxisTable& Draft::axis(int a) {
  return open_gather().axes[static_cast<std::size_t>(a)];
}

void Draft::resize(std::int64_t rows, std::int64_t cols) {
  shape_ = shape();
  shape_[0] = rows;
  shape_[1] = cols;
  ops_.emplace_back(ResizeOp{rows, cols});
  dtype_ = held_ = DType::Float32;
}

void Draft::cast(DType to) {
  dtype_ = to;
  if (holds_all(to, held_)) return;
  shape_ = shape();
  ops_.emplace_back(CastOp{to});
  held_ = to;
}

}  // namespace deckle

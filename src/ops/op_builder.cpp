// SPDX-License-Identifier: Apache-2.0
#include "ops/op_builder.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "core/json.h"
#include "core/text.h"

namespace deckle {
namespace {

// Whether no cast is needed because `to` has every value of `from`. (A cast to a wider integer type
// is always made: the chain asks for that type.)
bool holds_all(DType to, DType from) {
  return to == from || (info(to).is_float && info(from).digits <= info(to).digits);
}

}  // namespace

OpBuilder::OpBuilder(const Shape& shape, DType dtype) : shape_(shape), dtype_(dtype), held_(dtype) {
  open_gather();
}

GatherOp& OpBuilder::open_gather() {
  if (ops_.empty() || !std::holds_alternative<GatherOp>(ops_.back())) {
    GatherOp gather;
    for (int a = 0; a < shape_.rank; ++a)
      gather.axes.emplace_back(shape_[a]);
    ops_.emplace_back(std::move(gather));
  }
  return std::get<GatherOp>(ops_.back());
}

Shape OpBuilder::shape() const {
  Shape now = shape_;
  if (const auto* gather = std::get_if<GatherOp>(&ops_.back())) {
    for (int a = 0; a < now.rank; ++a)
      now[a] = gather->axes[static_cast<std::size_t>(a)].length();
  }
  return now;
}

AxisTable& OpBuilder::axis(int a) {
  return open_gather().axes[static_cast<std::size_t>(a)];
}

Result<int> OpBuilder::fill(const Fill& values) {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  if (values.size() != 1 && values.size() != channels) {
    return Error{ErrorCode::Shape,
                 count_of(values.size(), "value") + " for " + count_of(channels, "channel")};
  }
  const auto all_in = [&](DType dtype) {
    return std::all_of(values.begin(), values.end(), [&](double v) { return holds(dtype, v); });
  };
  if (!all_in(dtype_)) {
    const auto outside = std::find_if_not(values.begin(), values.end(),
                                          [&](double value) { return holds(dtype_, value); });
    return Error{ErrorCode::Depth, "the value " + Json(*outside).dump() + " is not one of " +
                                       std::string(name_of(dtype_))};
  }
  // The fill joins the samples before their casts. If it is not a value of that type, the casts are
  // made first.
  const bool waits = all_in(held_) && std::all_of(casts_.begin(), casts_.end(),
                                                  [&](const CastOp& c) { return all_in(c.to); });
  if (!waits) {
    if (casts_.empty() || casts_.back().to != dtype_) casts_.push_back({dtype_});
    make_casts();
  }
  std::vector<Fill>& fills = open_gather().fills;
  if (fills.back() != values) fills.push_back(values);
  return static_cast<int>(fills.size()) - 1;
}

void OpBuilder::make_casts() {
  shape_ = shape();
  for (const CastOp& cast : casts_) {
    ops_.emplace_back(cast);
    held_ = cast.to;
  }
  casts_.clear();
}

// Adds an operation that ends the gather and returns samples of `answer`.
void OpBuilder::compute(Op op, DType answer) {
  make_casts();
  ops_.push_back(std::move(op));
  dtype_ = held_ = answer;
}

void OpBuilder::resize(std::int64_t rows, std::int64_t cols, const Resampling& how, DType to) {
  const DType given = casts_.empty() ? held_ : casts_.back().to;
  const bool picture = given != DType::Bool && given != DType::Int64 && given != DType::UInt64 &&
                       given != DType::Float16;
  if (!picture) casts_.push_back({to});  // the kernel does not know these types
  compute(ResizeOp{rows, cols, how, to}, to);
  shape_[0] = rows;
  shape_[1] = cols;
}

void OpBuilder::scale(std::vector<double> scale, std::vector<double> offset, DType to) {
  compute(ScaleOp{std::move(scale), std::move(offset), to}, to);
}

void OpBuilder::convolve(std::shared_ptr<const Convolution> convolution,
                         std::vector<ConvolvedAxis> axes) {
  cast(DType::Float32);
  const Shape in = shape();
  Shape out = in;
  out.channels = convolution->channels_of(in.channels);
  for (int a = 0; a < out.rank; ++a)
    out[a] = axes[static_cast<std::size_t>(a)].out;
  compute(ConvolveOp{std::move(convolution), std::move(axes), in, out}, DType::Float32);
  shape_ = out;
}

void OpBuilder::cast(DType to) {
  const DType given = casts_.empty() ? held_ : casts_.back().to;
  if (!holds_all(to, given)) casts_.push_back({to});
  dtype_ = to;
}

void OpBuilder::round_to(DType to) {
  if (dtype_ != to) compute(CastOp{to, true}, to);
}

std::vector<Op> OpBuilder::take() && {
  make_casts();
  return std::move(ops_);
}

bool holds(DType dtype, double value) {
  return with_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_integral_v<T>) {
      // Compared as doubles. The largest values are not exact there, but no fill is as large.
      return value >= static_cast<double>(std::numeric_limits<T>::lowest()) &&
             value <= static_cast<double>(std::numeric_limits<T>::max()) &&
             static_cast<double>(static_cast<T>(value)) == value;
    } else {
      return true;  // rounded to the type's precision, as any constant is
    }
  });
}

}  // namespace deckle

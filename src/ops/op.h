// SPDX-License-Identifier: Apache-2.0
// op: the operations that a plan is made of, and what is known of them before they run.
// Units   pixels; axes in the order of the shape: rows, cols for images
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/dtype.h"
#include "core/shape.h"
#include "geometry/axis_table.h"
#include "geometry/placed.h"
#include "geometry/window.h"
#include "kernels/convolve.h"
#include "kernels/gather.h"
#include "kernels/resample.h"

namespace deckle {

/// Moves pixels: one table for each spatial axis, and the fills that their entries name.
struct GatherOp {
  std::vector<AxisTable> axes;
  std::vector<Fill> fills{{0.0}};  ///< the first is zero
};

/// Resizes to rows x cols. `to` is a float type; fuse_final_rounding makes it uint8 or uint16.
struct ResizeOp {
  std::int64_t rows;
  std::int64_t cols;
  Resampling how;
  DType to;
};

/// Keras' cast that changes values. `rounded`: half to even and saturated, instead of dropping the
/// fraction.
struct CastOp {
  DType to;
  bool rounded = false;
};

/// x * scale + offset in `to`, a float type: one number for all channels, or one for each channel.
struct ScaleOp {
  std::vector<double> scale;
  std::vector<double> offset;
  DType to;
};

/// A convolution; its result is float32 of shape `out`.
struct ConvolveOp {
  std::shared_ptr<const Convolution> convolution;
  std::vector<ConvolvedAxis> axes;
  Shape in;
  Shape out;
};

using Op = std::variant<GatherOp, ResizeOp, CastOp, ScaleOp, ConvolveOp>;

/// The window of its input that a gather reads; empty if all of its output is fill.
[[nodiscard]] Window window_of(const GatherOp& gather);

/// Where an input of this shape lies in the output of all the operations.
[[nodiscard]] Spans spans_of(const std::vector<Op>& ops, const Shape& input);

}  // namespace deckle

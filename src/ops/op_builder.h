// SPDX-License-Identifier: Apache-2.0
// builder: the plan of one image while its layers write it.
//
// Layers that move pixels edit the tables of the gather that stands open; a layer that computes
// values closes it. So any run of moving layers is one gather, however long.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/dtype.h"
#include "core/result.h"
#include "core/shape.h"
#include "geometry/axis_table.h"
#include "kernels/convolve.h"
#include "kernels/gather.h"
#include "kernels/resample.h"

namespace deckle {

/// Moves pixels: one table a spatial axis, and the fills that their entries name.
struct GatherOp {
  std::vector<AxisTable> axes;
  std::vector<Fill> fills{{0.0}};  ///< the first is zero
};

/// Resizing to rows x cols of `to`, a float type.
struct ResizeOp {
  std::int64_t rows;
  std::int64_t cols;
  Resampling how;
  DType to;
};

/// Keras' cast, where it changes values. `rounded`: half to even and saturated, instead of cut off.
struct CastOp {
  DType to;
  bool rounded = false;
};

/// x * scale + offset in `to`, a float type: one number for all channels, or one a channel.
struct ScaleOp {
  std::vector<double> scale;
  std::vector<double> offset;
  DType to;
};

/// Answers float32 of shape `out`.
struct ConvolveOp {
  std::shared_ptr<const Convolution> convolution;
  std::vector<ConvolvedAxis> axes;
  Shape in;
  Shape out;
};

using Op = std::variant<GatherOp, ResizeOp, CastOp, ScaleOp, ConvolveOp>;

class OpBuilder {
 public:
  OpBuilder(const Shape& shape, DType dtype);

  /// Shape and type as they are after all that was written so far.
  [[nodiscard]] Shape shape() const;
  [[nodiscard]] DType dtype() const { return dtype_; }

  /// The table of one spatial axis, to be edited.
  [[nodiscard]] AxisTable& axis(int a);
  /// The number of a fill of these values, for AxisTable::pad; later fills have higher numbers.
  /// Fails with Depth where the samples' type does not hold them, with Shape where they are as many
  /// as there are no channels.
  [[nodiscard]] Result<int> fill(const Fill& values);

  /// In float64 where `to` is float64, else in float32.
  void resize(std::int64_t rows, std::int64_t cols, const Resampling& how = {},
              DType to = DType::Float32);
  /// `axes` as for Convolution::run; their `out` are the lengths of what is answered, in float32.
  void convolve(std::shared_ptr<const Convolution> convolution, std::vector<ConvolvedAxis> axes);
  void scale(std::vector<double> scale, std::vector<double> offset, DType to);
  void cast(DType to);
  /// Rounds floats half to even and saturates.
  void round_to(DType to);

  /// The operations, the first of them always a gather; the builder is done with.
  [[nodiscard]] std::vector<Op> take() &&;

 private:
  GatherOp& open_gather();
  void make_casts();
  void compute(Op op, DType answer);

  std::vector<Op> ops_;
  Shape shape_;  ///< before the gather at the end of ops_, or after its other last operation
  DType dtype_;  ///< what Keras would answer
  DType held_;   ///< what the samples are stored in
  /// What is still to be cast. It makes no difference whether samples are moved before or after, so
  /// casts wait for the gather's end; those that change no value are left out.
  std::vector<CastOp> casts_;
};

/// Whether `dtype` holds this value exactly.
[[nodiscard]] bool holds(DType dtype, double value);

}  // namespace deckle

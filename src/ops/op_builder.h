// SPDX-License-Identifier: Apache-2.0
// op_builder: collects the operations of one image while its layers are planned.
//
// Layers that move pixels edit the tables of the last gather. A layer that computes values ends
// that gather. Therefore any number of layers that move pixels in sequence become one gather.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/dtype.h"
#include "core/result.h"
#include "core/shape.h"
#include "geometry/axis_table.h"
#include "kernels/convolve.h"
#include "kernels/gather.h"
#include "kernels/resample.h"
#include "ops/op.h"

namespace deckle {

class OpBuilder {
 public:
  OpBuilder(const Shape& shape, DType dtype);

  /// Shape and type after all operations so far.
  [[nodiscard]] Shape shape() const;
  [[nodiscard]] DType dtype() const { return dtype_; }

  /// The table of one spatial axis, for editing.
  [[nodiscard]] AxisTable& axis(int a);
  /// The number of a fill of these values, for AxisTable::pad; later fills have higher numbers.
  /// Fails with Depth if they are not values of the samples' type; with Shape if there is neither
  /// one value nor one for each channel.
  [[nodiscard]] Result<int> fill(const Fill& values);

  /// Computes in float64 if `to` is float64, else in float32.
  void resize(std::int64_t rows, std::int64_t cols, const Resampling& how = {},
              DType to = DType::Float32);
  /// `axes` as for Convolution::run; their `out` are the lengths of the result, which is float32.
  void convolve(std::shared_ptr<const Convolution> convolution, std::vector<ConvolvedAxis> axes);
  void scale(std::vector<double> scale, std::vector<double> offset, DType to);
  void cast(DType to);
  /// Rounds floats half to even and saturates.
  void round_to(DType to);

  /// The operations. The first is always a gather. The builder is not used afterwards.
  [[nodiscard]] std::vector<Op> take() &&;

 private:
  GatherOp& open_gather();
  void make_casts();
  void compute(Op op, DType answer);

  std::vector<Op> ops_;
  Shape shape_;  ///< before the gather if ops_ ends with one, else after the last operation
  DType dtype_;  ///< the type that Keras would return
  DType held_;   ///< what the samples are stored in
  /// Casts that are not in ops_ yet. Samples may be moved before or after a cast: the casts are
  /// added at the end of the gather. Casts that change no value are dropped.
  std::vector<CastOp> casts_;
};

/// Whether `dtype` has exactly this value.
[[nodiscard]] bool holds(DType dtype, double value);

}  // namespace deckle

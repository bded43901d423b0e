// SPDX-License-Identifier: Apache-2.0
// draft: the plan of one image while its layers write it.
//
// Layers that move pixels edit the tables of the gather that stands open; a layer that computes
// values closes it. So any run of moving layers is one gather, however long.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/dtype.h"
#include "core/shape.h"
#include "geometry/axis_table.h"

namespace deckle {

/// Moves pixels: one table a spatial axis.
struct GatherOp {
  std::vector<AxisTable> axes;
};

/// Bilinear resizing to rows x cols of float32.
struct ResizeOp {
  std::int64_t rows;
  std::int64_t cols;
};

/// Keras' cast, where it changes values.
struct CastOp {
  DType to;
};

using Op = std::variant<GatherOp, ResizeOp, CastOp>;

class Draft {
 public:
  Draft(const Shape& shape, DType dtype);

  /// Shape and type as they are after all that was written so far.
  [[nodiscard]] Shape shape() const;
  [[nodiscard]] DType dtype() const { return dtype_; }

  /// The table of one spatial axis, to be edited.
  [[nodiscard]] AxisTable& axis(int a);

  void resize(std::int64_t rows, std::int64_t cols);
  void cast(DType to);

  /// The operations, the first of them always a gather; the draft is done with.
  [[nodiscard]] std::vector<Op> take() && { return std::move(ops_); }

 private:
  GatherOp& open_gather();

  std::vector<Op> ops_;
  Shape shape_;  ///< before the gather at the end of ops_, or after its other last operation
  DType dtype_;  ///< what Keras would answer
  DType held_;   ///< what the samples are stored in: a cast that changes no value is left out
};

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// run_ops: runs the operations of a plan on pixels.
// Shapes  of one sample, channels last: rows x cols x channels for images; windows in pixels
// Fails   Stopped
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "core/dtype.h"
#include "core/result.h"
#include "core/stop.h"
#include "core/tensor.h"
#include "geometry/window.h"
#include "ops/op.h"

namespace deckle {

/// Tensors that a thread keeps from image to image.
struct OpScratch {
  Tensor a;
  Tensor b;
};

/// Calls f(0) to f(n - 1) in any order, perhaps several at the same time. If one throws, the
/// exception is thrown again when all have ended.
using Runner = std::function<void(std::size_t n, const std::function<void(std::size_t)>& f)>;

/// Runs `ops` on `source`, which is the part `origin` of the input. Returns `source` itself if
/// there is nothing to do, else one of the scratch tensors. The type of the result may be narrower
/// than the type that Keras would return; the values are the same.
///
/// `runner` runs the parts of large convolutions. The result does not depend on their order.
/// Without it they run one after the other. `rounded`: the type to which the result is converted,
/// as `to_file_depth` does, on its own scale. `stop` is called between operations, between the
/// parts of convolutions and between the rows of a resize. Fails with Stopped if it returns true.
[[nodiscard]] Result<const Tensor*> run_ops(std::span<const Op> ops, const Tensor& source,
                                            const Window& origin, OpScratch& scratch,
                                            const Runner& runner = {},
                                            std::optional<DType> rounded = {},
                                            const Stop& stop = {});

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// plan: a chain and an image's shape become operations on pixels. The only place that fuses layers.
// Shapes  of one sample, channels last: rows x cols x channels for images; windows in pixels
// Fails   Shape, Depth, TooLarge if the image does not fit the chain; Usage, with the numbers, if
//         the caller's arguments are wrong
// Source  Keras' compute_output_shape; for draws, random/stateless.h
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/stop.h"
#include "core/tensor.h"
#include "geometry/placed.h"
#include "geometry/window.h"
#include "ops/op.h"
#include "ops/run_ops.h"
#include "random/seeds.h"

namespace deckle {

/// The choice of a random layer. `layer` is its number in the chain, from 0.
struct Draw {
  std::size_t layer;
  Choice choice;

  bool operator==(const Draw&) const = default;
};

/// Everything that is done for one output, decided before any pixel is read.
struct Plan {
  Shape input;
  DType input_dtype = DType::UInt8;
  Shape output;
  DType dtype = DType::UInt8;  ///< the type that Keras would return
  ArrayLayout layout;
  Window window;  ///< the part of the input that is needed; empty if all of the output is fill
  Spans spans;    ///< where the input lies in the output
  std::vector<Op> ops;  ///< the first is a gather
  std::vector<Draw> draws;
  std::string skip;  ///< why this image is skipped; then there are no ops. "" otherwise
};

/// The shapes after each layer, from the first layer's input to the last one's output; no draws are
/// made. Fails with Usage if `input` is not a valid shape (check_shape), with Shape if a layer
/// cannot take its input, with TooLarge as make_plan.
[[nodiscard]] Result<std::vector<Shape>> plan_shapes(const Chain& chain, const Shape& input);

/// Plans one output. All samples of a batch share one plan. Fails with Shape, Depth or TooLarge
/// (more pixels after some layer than the chain's max_pixels); with Usage if `input` is not a valid
/// shape, a needed seed is missing, a batch, batch_size or copies is below 1, or index or copy is
/// below 0.
[[nodiscard]] Result<Plan> make_plan(const Chain& chain, const Shape& input, DType dtype,
                                     const ImageIdentity& image, const ArrayLayout& given = {});

/// Plans an output from recorded choices alone, one for each random layer: nothing is drawn. Fails
/// with Shape if a choice does not fit this image.
[[nodiscard]] Result<Plan> replay_plan(const Chain& chain, const Shape& input, DType dtype,
                                       const std::vector<Draw>& draws,
                                       const ArrayLayout& layout = {});

/// run_ops of the plan's operations. `origin` must contain the plan's window. Fails with Usage if
/// the plan skips its image, or if `source` is not the part `origin` of the input; with Stopped as
/// run_ops.
[[nodiscard]] Result<const Tensor*> run_plan(const Plan& plan, const Tensor& source,
                                             const Window& origin, OpScratch& scratch,
                                             const Runner& runner = {},
                                             std::optional<DType> rounded = {},
                                             const Stop& stop = {});

}  // namespace deckle

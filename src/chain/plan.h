// SPDX-License-Identifier: Apache-2.0
// plan: a chain and an image's shape become operations on pixels. The only place that fuses layers.
// Shapes  of one sample, channels last: rows x cols x channels for images; windows in pixels
// Fails   Shape, Depth, TooLarge where the image does not fit the chain; Usage where the caller is
//         wrong, with the numbers
// Source  Keras' compute_output_shape; of draws, random/stateless.h
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.h"
#include "codecs/format.h"
#include "codecs/image_info.h"
#include "codecs/metadata.h"
#include "codecs/options.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/stop.h"
#include "core/tensor.h"
#include "geometry/placed.h"
#include "geometry/window.h"
#include "ops/op_builder.h"
#include "random/seeds.h"

namespace deckle {

struct Codec;

/// What a random layer chose, and which layer of the chain it was (from 0).
struct Draw {
  std::size_t layer;
  Choice choice;

  bool operator==(const Draw&) const = default;
};

/// All that is to be done for one output, before a pixel is touched.
struct Plan {
  Shape input;
  DType input_dtype = DType::UInt8;
  Shape output;
  DType dtype = DType::UInt8;  ///< what Keras would answer
  ArrayLayout layout;
  Window window;        ///< the part of the input that is needed at all; empty where all is fill
  Spans spans;          ///< where the input lies in the output
  std::vector<Op> ops;  ///< the first is a gather
  std::vector<Draw> draws;
  std::string skip;  ///< why this image is to be left out, where it is; there are no ops then
};

/// The shapes after each layer, from the first layer's input to the last one's output; no draws are
/// made. Fails with Usage where `input` is no shape (check_shape), with Shape where a layer cannot
/// take what comes to it, with TooLarge as make_plan.
[[nodiscard]] Result<std::vector<Shape>> plan_shapes(const Chain& chain, const Shape& input);

/// Plans one output. All samples of a batch share one plan. Fails with Shape, Depth or TooLarge
/// (more pixels on the way than the chain's max_pixels); with Usage where `input` is no shape, a
/// needed seed is missing, a batch, batch_size or copies is below 1, or index or copy is below 0.
[[nodiscard]] Result<Plan> make_plan(const Chain& chain, const Shape& input, DType dtype,
                                     const ImageIdentity& image, const ArrayLayout& given = {});

/// Plans an output from recorded choices alone, one for each random layer: nothing is drawn. Fails
/// with Shape where a choice does not fit this image.
[[nodiscard]] Result<Plan> replay_plan(const Chain& chain, const Shape& input, DType dtype,
                                       const std::vector<Draw>& draws,
                                       const ArrayLayout& layout = {});

/// The type of what is written: what the chain's output asks for, else the input's own between
/// image files, else what Keras answers.
[[nodiscard]] DType output_dtype(const Chain& chain, const Plan& plan, Format target);

/// Fails with Shape, Depth or Unsupported where the output is anything but the plan's window of the
/// picture as `file` stores it, or that cannot be cut out without loss.
[[nodiscard]] Error not_lossless(const std::string& why);
[[nodiscard]] Result<Done> check_lossless(const Chain& chain, const Plan& plan,
                                          const ImageInfo& info, Bytes file, const Codec& target);

/// Fails with Shape where a batch goes into an image file, with Depth where the format cannot say
/// what the channels of the input (`info`) are, where indices would not stay indices of a palette,
/// and where it cannot hold the output.
[[nodiscard]] Result<Done> check_output(const Codec& target, const Plan& plan,
                                        const ImageInfo& info, DType dtype);

/// Where the plan ends by interpolating small integers, and those of `depth` are to be stored as
/// such: lets them be rounded as they are made, which gives the same and saves a picture of floats.
void fuse_final_rounding(Plan& plan, DType depth);

/// Tensors that a thread keeps from image to image.
struct PlanScratch {
  Tensor a;
  Tensor b;
};

/// Does f(0) to f(n - 1) in any order, maybe at once; an exception of one comes back when all have
/// ended.
using Runner = std::function<void(std::size_t n, const std::function<void(std::size_t)>& f)>;

/// Runs the operations on `source`, the part `origin` of the input, which must contain the plan's
/// window. Returns `source` itself where there is nothing to do, else one of the scratch tensors.
/// Their type may be narrower than `plan.dtype`; the values are the same. `runner` runs the parts
/// of large convolutions, with the same result in any order; without it they run one after the
/// other. `rounded`: the type to convert the result to, as `to_file_depth` does, on its own scale.
/// Fails with Usage where the plan skips its image, or `source` is not that part; with Stopped
/// where `stop` says so, which is asked between operations, from part to part of convolutions and
/// from row to row of resizing.
[[nodiscard]] Result<const Tensor*> run_plan(const Plan& plan, const Tensor& source,
                                             const Window& origin, PlanScratch& scratch,
                                             const Runner& runner = {},
                                             std::optional<DType> rounded = {},
                                             const Stop& stop = {});

/// What of a file's metadata goes along with an output: EXIF and XMP say what is true of that.
struct GoingAlong {
  Metadata metadata;
  bool left_out = false;  ///< EXIF or XMP that is asked for stays behind
};

/// Of the picture `file`, to an output of this plan.
[[nodiscard]] GoingAlong going_along(const Chain& chain, const Plan& plan, const ImageInfo& info,
                                     Bytes file, const Codec& target);

/// How an output of this plan is encoded: the chain's options, with what `info` says of the input
/// where the chain leaves it open. `metadata` goes along.
[[nodiscard]] EncodeOptions encode_options(const Chain& chain, const Plan& plan,
                                           const ImageInfo& info, Metadata metadata, Format target);

/// Runs the plan as run_plan does and gives the samples as `target` stores them, of the type
/// `depth` (output_dtype): arrays keep their values, image files keep white white. Fails with Depth
/// where an array of integers would get NaN or infinity.
[[nodiscard]] Result<const Tensor*> make_samples(const Plan& plan, const Tensor& source,
                                                 const Window& origin, Format target, DType depth,
                                                 PlanScratch& scratch, Tensor& converted,
                                                 const Runner& runner = {}, const Stop& stop = {});

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// output_encoding: what an encoder is given: samples, options and metadata.
// Fails   as run_plan; Depth if the output cannot store the values
#pragma once

#include <optional>

#include "chain/chain.h"
#include "chain/plan.h"
#include "codecs/codec.h"
#include "core/bands.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/stop.h"
#include "core/tensor.h"
#include "geometry/window.h"
#include "ops/run_ops.h"

namespace deckle {

/// The type of the samples that are written: the type that the chain's output names. Otherwise the
/// input's type for image files, and the type that Keras returns for npy.
[[nodiscard]] DType output_dtype(const Chain& chain, const Plan& plan, Format target);

/// The meaning of the output's channels, if it is not the usual one. Nothing after a convolution:
/// its channels are features.
[[nodiscard]] std::optional<Bands> bands_of(const Plan& plan, const ImageInfo& info);

/// The metadata of an output. EXIF and XMP are edited if the output differs from the input.
struct OutputMetadata {
  Metadata metadata;
  bool left_out = false;  ///< EXIF or XMP that the chain asks for is not written
};

/// The metadata that an output of this plan takes from the image in `file`.
[[nodiscard]] OutputMetadata metadata_for_output(const Chain& chain, const Plan& plan,
                                                 const ImageInfo& info, Bytes file,
                                                 const Codec& target);

/// The options with which an output of this plan is encoded: those of the chain. For options that
/// the chain does not set, those of the input (`info`).
[[nodiscard]] EncodeOptions encode_options(const Chain& chain, const Plan& plan,
                                           const ImageInfo& info, Metadata metadata, Format target);

/// Runs the plan as run_plan does and returns the samples as `target` stores them, of the type
/// `depth` (output_dtype). Arrays keep their values. In image files, white stays white. Fails with
/// Depth if an array of integers would get NaN or infinity.
[[nodiscard]] Result<const Tensor*> output_samples(const Plan& plan, const Tensor& source,
                                                   const Window& origin, Format target, DType depth,
                                                   OpScratch& scratch, Tensor& converted,
                                                   const Runner& runner = {},
                                                   const Stop& stop = {});

}  // namespace deckle

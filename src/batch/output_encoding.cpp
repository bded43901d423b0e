// SPDX-License-Identifier: Apache-2.0
#include "batch/output_encoding.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "codecs/exif.h"
#include "codecs/formats.h"
#include "codecs/icc.h"
#include "kernels/convert.h"
#include "ops/op.h"

namespace deckle {

DType output_dtype(const Chain& chain, const Plan& plan, Format target) {
  const bool as_keras = target == Format::Npy;
  return chain.output.dtype.value_or(as_keras ? plan.dtype : plan.input_dtype);
}

std::optional<Bands> bands_of(const Plan& plan, const ImageInfo& info) {
  const auto convolves = [](const Op& op) { return std::holds_alternative<ConvolveOp>(op); };
  if (std::any_of(plan.ops.begin(), plan.ops.end(), convolves)) return std::nullopt;
  return info.seen.bands;
}

OutputMetadata metadata_for_output(const Chain& chain, const Plan& plan, const ImageInfo& info,
                                   Bytes file, const Codec& target) {
  OutputMetadata result;
  Metadata& metadata = result.metadata;
  const Carries carries = target.encoder ? target.encoder->carries : Carries{};
  if (chain.output.metadata == Goes::None) return result;
  // Layers may turn colours into grey, or grey into colours; WebP stores grey as RGB.
  const bool grey = plan.output.channels < 3 && target.format != Format::Webp;
  const bool fits = !info.palette.empty() || (info.seen.shape.channels < 3) == grey;
  if (info.seen.icc && fits && carries.icc && !is_srgb(info.icc)) metadata.icc = info.icc;
  if (chain.output.metadata != Goes::All) return result;
  Metadata has = codec_of(info.format).read_metadata(file);
  result.left_out =
      has.more || (!has.exif.empty() && !carries.exif) || (!has.xmp.empty() && !carries.xmp);
  // If the pixels were not rotated by the tag, the tag stays valid.
  const bool turned = chain.input.apply_orientation && info.orientation != 1;
  if (carries.exif && !has.exif.empty()) {
    metadata.exif = upright_exif(std::move(has.exif), turned, plan.output[plan.output.rank - 2],
                                 plan.output[plan.output.rank - 1]);
    result.left_out = result.left_out || metadata.exif.empty();
  }
  if (carries.xmp) metadata.xmp = turned ? upright_xmp(std::move(has.xmp)) : std::move(has.xmp);
  return result;
}

EncodeOptions encode_options(const Chain& chain, const Plan& plan, const ImageInfo& info,
                             Metadata metadata, Format target) {
  EncodeOptions options{target,
                        chain.output.quality,
                        chain.output.lossless,
                        chain.output.compression,
                        chain.output.channels_first.value_or(chain.channels_first),
                        info.batch.has_value(),
                        bands_of(plan, info)};
  options.metadata = std::move(metadata);
  if (info.indexed && target != Format::Npy) options.palette = info.palette;
  // A lossless WebP stays lossless, unless the chain sets a quality.
  if (!chain.output.format && info.lossless && !options.quality) options.lossless = true;
  return options;
}

Result<const Tensor*> output_samples(const Plan& plan, const Tensor& source, const Window& origin,
                                     Format target, DType depth, OpScratch& scratch,
                                     Tensor& converted, const Runner& runner, const Stop& stop) {
  const bool array = target == Format::Npy;
  const DType dtype = plan.input_dtype;
  const auto rounded = array || dtype != depth ? std::nullopt : std::optional(depth);
  auto made = run_plan(plan, source, origin, scratch, runner, rounded, stop);
  if (!made || ((*made)->dtype == depth && (dtype == depth || array))) return made;
  if (array) {
    if (auto finite = check_finite_for(**made, depth); !finite) return finite.error();
  }
  to_file_depth(**made, array ? depth : dtype, depth, converted);
  return &converted;
}

}  // namespace deckle

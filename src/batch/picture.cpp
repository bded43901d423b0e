// SPDX-License-Identifier: Apache-2.0
// picture: does in memory what `process` does with files.
// Shapes  a file's bytes  ->  a file's bytes
// Fails   as picture.h says
// Source  batch/process.cpp; the tests compare the outputs of both
#include "batch/picture.h"

#include <exception>
#include <new>
#include <utility>

#include "batch/output_checks.h"
#include "batch/output_encoding.h"
#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "core/digest.h"
#include "ops/final_rounding.h"

namespace deckle {
namespace {

Result<MadePicture> made(const Chain& chain, Bytes file, const PictureName& name) {
  const auto info = read_info(file, chain.input);
  if (!info) return info.error();
  ImageIdentity image{name.path, name.index, {}, name.copy};
  if (chain.seed_from == SeedFrom::Content) image.content = sha256(file);
  auto plan = make_plan(chain, info->seen.shape, info->dtype, image,
                        {info->format == Format::Npy, info->batch});
  if (!plan) return plan.error();

  MadePicture picture;
  picture.format = chain.output.format.value_or(info->format);
  picture.draws = plan->draws;
  picture.skip = plan->skip;
  if (!plan->skip.empty()) return picture;
  const Codec& codec = codec_of(picture.format);
  const DType depth = output_dtype(chain, *plan, picture.format);
  if (auto fits = check_output(codec, *plan, *info, depth); !fits) return fits.error();
  OutputMetadata goes = metadata_for_output(chain, *plan, *info, file, codec);
  picture.effects = effects_on(chain, *info, *plan, codec, depth, goes);
  fuse_final_rounding(plan->ops, plan->input_dtype, depth);
  const bool cut = chain.output.jpeg_lossless;
  if (cut) {
    if (auto can = check_lossless(chain, *plan, *info, file, codec); !can) return can.error();
  }

  Tensor decoded;
  auto part = decode_window(file, *info, chain.input, plan->window, decoded);
  if (!part) return part.error();
  OpScratch scratch;
  Tensor converted;
  const auto samples =
      output_samples(*plan, decoded, part->window, picture.format, depth, scratch, converted);
  if (!samples) return samples.error();
  const EncodeOptions options =
      encode_options(chain, *plan, *info, std::move(goes.metadata), picture.format);
  const auto done =
      cut ? codec.lossless_crop->crop(file, plan->window, options.metadata, picture.file)
          : encode_tensor(**samples, options, picture.file);
  if (!done) {
    return cut && done.error().code == ErrorCode::Unsupported ? not_lossless(done.error().message)
                                                              : done.error();
  }
  picture.shape = (*samples)->shape;
  picture.dtype = (*samples)->dtype;
  picture.window = plan->window;
  picture.damage = std::move(part->damage);
  return picture;
}

}  // namespace

Result<MadePicture> run_on_picture(const Chain& chain, Bytes file, const PictureName& name) {
  try {
    return made(chain, file, name);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::TooLarge, "not enough memory for this picture"};
  } catch (const std::exception& e) {
    return Error{ErrorCode::Internal, std::string("an internal error in deckle: ") + e.what()};
  }
}

}  // namespace deckle

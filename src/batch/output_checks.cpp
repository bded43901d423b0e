// SPDX-License-Identifier: Apache-2.0
#include "batch/output_checks.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <variant>

#include "batch/output_encoding.h"
#include "codecs/colour.h"
#include "codecs/formats.h"
#include "codecs/write_picture.h"
#include "geometry/axis_table.h"
#include "ops/op.h"

namespace deckle {
namespace {

// Fails if the input's samples are indices, but the output's samples would not be valid indices of
// its palette.
Result<Done> check_indices(const Codec& target, const Plan& plan, const ImageInfo& source,
                           DType dtype) {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorCode::Depth,
                 why + R"(; "input": {"palette": "expand"} uses colours or grey instead)"};
  };
  const std::size_t colours = source.palette.size();
  for (const Op& op : plan.ops) {
    const auto* gather = std::get_if<GatherOp>(&op);
    if (gather == nullptr && !std::holds_alternative<CastOp>(op)) {
      return refuse(
          "the samples are indices, but the chain mixes or scales values; layers that only move "
          "pixels, such as \"interpolation\": \"nearest\", keep indices");
    }
    for (std::size_t i = 0; gather != nullptr && colours > 0 && i < gather->fills.size(); ++i) {
      for (const double value : gather->fills[i]) {
        if (target.format == Format::Npy || value < static_cast<double>(colours)) continue;
        return refuse("it is padded with index " + std::to_string(std::lround(value)) +
                      ", but its palette has " + std::to_string(colours) + " colours");
      }
    }
  }
  if (target.format == Format::Npy) return Done{};
  if (dtype != source.dtype) {
    return refuse("indices of " + std::string(name_of(source.dtype)) + " would be scaled to " +
                  std::string(name_of(dtype)));
  }
  if (target.format == Format::Jpeg || target.format == Format::Webp)
    return refuse(std::string(target.name) + " cannot store indices; png can");
  if (colours == 0) return Done{};
  constexpr std::size_t kMost = 256;
  const bool alpha = std::any_of(source.palette.begin(), source.palette.end(),
                                 [](const Colour& colour) { return colour[3] != 0xFFFF; });
  const bool png = target.format == Format::Png;
  const bool tiff = target.format == Format::Tiff;
  if (!png && !tiff && target.format != Format::Bmp)
    return refuse(std::string(target.name) + " cannot store a palette; png, tiff and bmp can");
  if (alpha && !png) {
    return refuse("its palette has alpha, which " + std::string(target.name) +
                  " cannot store; png can");
  }
  if (colours > kMost && !tiff) {
    return refuse("its palette has " + std::to_string(colours) + " colours; " +
                  std::string(target.name) + " stores at most 256, tiff more");
  }
  return Done{};
}

}  // namespace

Error not_lossless(const std::string& why) {
  return {ErrorCode::Unsupported,
          "cannot be cropped without loss: " + why +
              R"(. Leave "jpeg": "lossless" out if it may be encoded again)"};
}

Result<Done> check_lossless(const Chain& chain, const Plan& plan, const ImageInfo& info, Bytes file,
                            const Codec& target) {
  if (!target.lossless_crop)
    return not_lossless(std::string(target.name) + " has no coefficients to copy");
  if (info.format != target.format) {
    return not_lossless("it is " + std::string(codec_of(info.format).name) + ", the output " +
                        std::string(target.name));
  }
  if (chain.input.apply_orientation && info.orientation != 1)
    return not_lossless("its orientation tag (" + std::to_string(info.orientation) + ") turns it");
  const auto colours = ColourChange::of(info, chain.input);
  if (!colours) return colours.error();
  if (!colours->empty()) return not_lossless("its colours are converted");
  const auto* gather = std::get_if<GatherOp>(&plan.ops.front());
  if (plan.ops.size() != 1 || gather == nullptr ||
      output_dtype(chain, plan, target.format) != info.dtype)
    return not_lossless("the chain does more than crop");
  for (const AxisTable& axis : gather->axes) {
    AxisTable cropped(axis.source_span().end);
    cropped.crop(axis.source_span().begin, 0);
    if (axis != cropped) return not_lossless("the chain does more than crop");
  }
  if (const auto can = target.lossless_crop->check(file, plan.window); !can) {
    return can.error().code == ErrorCode::Unsupported ? not_lossless(can.error().message)
                                                      : can.error();
  }
  return Done{};
}

Result<Done> check_output(const Codec& target, const Plan& plan, const ImageInfo& info,
                          DType dtype) {
  if (!target.encoder) return read_only(target);
  if (const auto bands = bands_of(plan, info);
      bands && target.format != Format::Tiff && target.format != Format::Npy) {
    return Error{ErrorCode::Depth, std::string(target.name) +
                                       " cannot say what the channels are (" + to_string(*bands) +
                                       R"(); tiff can: "output": {"format": "tiff"}; )"
                                       "npy stores only the numbers"};
  }
  if (plan.layout.batch && target.format != Format::Npy)
    return holds_no_batch(target, *plan.layout.batch);
  if (target.format != Format::Npy && dtype != plan.input_dtype && !deckle::info(dtype).is_float &&
      deckle::info(plan.input_dtype).white == 0) {
    return Error{
        ErrorCode::Depth,
        "samples of " + std::string(name_of(plan.input_dtype)) +
            " have no white value and cannot be scaled to " + std::string(name_of(dtype)) +
            R"(; tiff and npy can store them: "output": {"format": "tiff"} without a dtype)"};
  }
  if (info.indexed) {
    if (auto kept = check_indices(target, plan, info, dtype); !kept) return kept;
  }
  return target.encoder->check(plan.output, dtype);
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/memory_estimate.h"

#include <algorithm>
#include <variant>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "core/text.h"
#include "ops/op.h"

namespace deckle {

std::uint64_t estimate_memory(const Chain& chain, Bytes file, const ImageInfo& info,
                              const Window& needed, const Plan& plan, DType depth,
                              const MemoryLimit& limit) {
  const auto bytes = [](std::int64_t pixels, std::int64_t channels, DType dtype) {
    return static_cast<std::uint64_t>(pixels * channels) * size_of(dtype);
  };
  const bool jpeg = info.format == Format::Jpeg;
  const auto takes = [&](bool all, bool coefficients) {
    return file.size() +
           bytes(all ? info.shape.pixels() : needed.pixels(), info.shape.channels, info.dtype) +
           (info.seen.shape.channels != info.shape.channels
                ? bytes(needed.pixels(), info.seen.shape.channels, info.dtype)
                : 0) +
           bytes(plan.output.pixels(), plan.output.channels, depth) +
           (coefficients ? bytes(info.shape.pixels(), info.shape.channels, DType::UInt16) : 0);
  };
  // The upper bound is nearly always small enough, and needs no look at the header.
  if (const std::uint64_t most = takes(true, jpeg); most <= limit.bytes) return most;
  const bool all = decodes_whole(file, info, chain.input);
  // A JPEG of several scans, or one whose coefficients are copied, keeps all coefficients in
  // memory: 16 bits each.
  return takes(all, jpeg && (chain.output.jpeg_lossless ||
                             (all && !codec_of(info.format).rows->obstacle(file).empty())));
}

std::string row_streaming_obstacle(const Chain& chain, Bytes file, const ImageInfo& info,
                                   const Plan& plan, const Codec& from, const Codec& to,
                                   DType depth) {
  const auto* gather = std::get_if<GatherOp>(&plan.ops.front());
  if (!from.rows) return no_row_reader(from);
  if (!to.encoder || to.encoder->encode_rows == nullptr)
    return std::string(to.name) + " cannot be written row by row";
  if (info.shape.rank != 2) return "it is a volume";
  if (std::string kind = from.rows->obstacle(file); !kind.empty()) return "it is " + kind;
  if (chain.input.apply_orientation && info.orientation != 1)
    return "its orientation tag (" + std::to_string(info.orientation) + ") turns it";
  if (chain.output.jpeg_lossless) return "its coefficients are copied";
  if (chain.input.accept_truncated) return R"("truncated": "accept" needs the whole picture)";
  if (plan.ops.size() != 1 || gather == nullptr || info.dtype != depth)
    return "the chain does more than move pixels";
  std::int32_t last = 0;
  for (const std::int32_t row : gather->axes[0].entries()) {
    if (row >= 0 && row < last) return "the chain changes the order of the rows";
    last = std::max(last, row);
  }
  return "";
}

std::string no_row_reader(const Codec& codec) {
  return std::string(codec.name) + " cannot be read row by row";
}

Error over_memory_limit(std::uint64_t takes, const MemoryLimit& limit, const std::string& why) {
  return {ErrorCode::TooLarge, "takes about " + byte_size(takes) + " of memory, more than the " +
                                   byte_size(limit.bytes) +
                                   " of --max-memory, and cannot be streamed row by row: " + why};
}

}  // namespace deckle

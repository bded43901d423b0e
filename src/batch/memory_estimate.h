// SPDX-License-Identifier: Apache-2.0
// memory_estimate: how much memory an image takes, and whether it can be streamed row by row
// instead.
// Units   bytes
#pragma once

#include <cstdint>
#include <string>

#include "batch/memory.h"
#include "chain/chain.h"
#include "chain/plan.h"
#include "codecs/codec.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "geometry/window.h"

namespace deckle {

/// The memory that an image takes if it is not streamed: the bytes of `file`, the decoded part
/// (`needed` or all) and one output of type `depth`. If an upper bound is within `limit`, returns
/// that bound.
[[nodiscard]] std::uint64_t estimate_memory(const Chain& chain, Bytes file, const ImageInfo& info,
                                            const Window& needed, const Plan& plan, DType depth,
                                            const MemoryLimit& limit);

/// Why the image cannot be streamed (decoded, moved and encoded row by row). Empty if it can.
[[nodiscard]] std::string row_streaming_obstacle(const Chain& chain, Bytes file,
                                                 const ImageInfo& info, const Plan& plan,
                                                 const Codec& from, const Codec& to, DType depth);

/// "bmp cannot be read row by row".
[[nodiscard]] std::string no_row_reader(const Codec& codec);

/// The error of an image that takes more than `limit` and cannot be streamed, for the reason `why`.
[[nodiscard]] Error over_memory_limit(std::uint64_t takes, const MemoryLimit& limit,
                                      const std::string& why);

}  // namespace deckle

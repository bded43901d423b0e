// SPDX-License-Identifier: Apache-2.0
// stack: the .npy outputs of each folder as one array, for those who train from it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/shard.h"
#include "core/result.h"

namespace deckle {

/// The name of a folder's array: deckle-stack.npy, of a shard deckle-stack-0003-of-0008.npy.
[[nodiscard]] std::string stack_name(const std::optional<Shard>& shard);
[[nodiscard]] bool is_stack_name(std::string_view name);

/// Writes, into every folder of outputs below `out`, the array of its outputs' arrays: as many as
/// the manifest has for it, in its order. Shape (outputs, ...); streamed, so that memory does not
/// grow with them. A Shape error names the first output that is of another shape or type than those
/// before it in its folder. Gives back the paths that were written: none where
/// the outputs were not `changed` and every folder has its array.
[[nodiscard]] Result<std::vector<std::string>> stack_outputs(const std::string& out,
                                                             const std::string& manifest,
                                                             const std::optional<Shard>& shard,
                                                             bool changed = true);

}  // namespace deckle

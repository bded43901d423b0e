// SPDX-License-Identifier: Apache-2.0
// merge: the shards' manifests become the manifest that one machine would have written.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"

namespace deckle {

struct MergeResult {
  std::size_t shards = 0;
  std::size_t lines = 0;
  std::vector<unsigned> missing;  ///< shards without a manifest: nothing was written then
  std::vector<std::string>
      problems;  ///< why these do not belong together: nothing was written then
};

/// Merges manifests of shards into `target`, line by line: memory does not grow with their length.
/// A folder stands for the manifests of shards in it. Every shard must be there exactly once and
/// complete, with the same chain, seed and list of inputs. Fails with Unreadable, Usage (not a
/// manifest) or Write; the message names the file.
[[nodiscard]] Result<MergeResult> merge_manifests(const std::vector<std::string>& paths,
                                                  const std::string& target);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// merge: makes the manifest that one machine would have written from the manifests of shards.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"

namespace deckle {

struct MergeResult {
  std::size_t shards = 0;
  std::size_t lines = 0;
  std::vector<unsigned>
      missing;  ///< shards without a manifest; if there are any, nothing was written
  std::vector<std::string> problems;  ///< why the manifests do not belong together; if there are
                                      ///< any, nothing was written
};

/// Merges manifests of shards into `target`, line by line: memory does not grow with their length.
/// If a path is a folder, all manifests of shards in it are merged. Every shard must be given
/// exactly once and be complete, with the same chain, seed and list of inputs. Fails with
/// Unreadable, Usage (not a manifest) or Write; the message names the file.
[[nodiscard]] Result<MergeResult> merge_manifests(const std::vector<std::string>& paths,
                                                  const std::string& target);

}  // namespace deckle

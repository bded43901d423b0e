// SPDX-License-Identifier: Apache-2.0
// stack: writes the .npy outputs of each folder as one array, for training.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/shard.h"
#include "core/result.h"
#include "dataset/out_tree.h"

namespace deckle {

/// The name of a folder's array: deckle-stack.npy, of a shard deckle-stack-0003-of-0008.npy.
[[nodiscard]] std::string stack_name(const std::optional<Shard>& shard);
[[nodiscard]] bool is_stack_name(std::string_view name);

struct Stacked {
  std::vector<std::string> written;   ///< paths
  std::vector<std::string> problems;  ///< folders without an array, each with the output that does
                                      ///< not fit: "a.npy is 4 x 4 x 1 uint8, those before it .."
};

/// Writes one array for every folder below `out`: the arrays of its outputs, in the order of the
/// manifest. Its shape is (outputs, ...). It is streamed: memory does not grow with the number of
/// outputs. An array that is newer than the manifest and of the right size is kept. Any other is
/// deleted first. Fails with Write, for example if the disk is full. `sync`: each array is on the
/// disk before it gets its final name.
[[nodiscard]] Result<Stacked> stack_outputs(const std::string& out, const std::string& manifest,
                                            const std::optional<Shard>& shard, bool sync = false);

/// Deletes the array of one folder of the tree, before its outputs change. `folder` comes from a
/// journal. If its path contains a link, nothing is deleted.
void remove_stack(const OutTree& tree, std::string_view folder, const std::optional<Shard>& shard);

struct StackCheck {
  std::string path;            ///< relative to the manifest's folder
  std::optional<Error> error;  ///< what is wrong with it
};

/// Reads all arrays that the chain of a manifest asks for, and compares them with the digests of
/// their outputs.
[[nodiscard]] Result<std::vector<StackCheck>> check_stacks(const std::string& manifest);

}  // namespace deckle

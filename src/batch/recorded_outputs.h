// SPDX-License-Identifier: Apache-2.0
// recorded_outputs: whether the outputs in the folder are still those that an entry records.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/journal.h"
#include "core/bytes.h"
#include "core/digest.h"
#include "dataset/out_tree.h"

namespace deckle {

/// In hex; "" if there is no digest.
[[nodiscard]] std::string hex_or_empty(const std::optional<Sha256>& digest);

/// The digests of outputs, in hex, that these lines of a manifest record.
[[nodiscard]] std::vector<std::string> recorded_digests(std::string_view lines);

/// The digest of an output in the folder; nothing if it cannot be read. `output` is its path in the
/// tree.
[[nodiscard]] std::optional<Sha256> digest_of(const OutTree& tree, const std::string& output,
                                              Buffer& buffer);

/// Checks whether the input and the outputs of an entry are unchanged. If size or time differ,
/// digests are compared. Returns the entry with the current stamps; nothing if something changed,
/// or if another version of a decoder made the pixels. `file` is the path of the input.
[[nodiscard]] std::optional<Entry> entry_if_unchanged(const OutTree& tree, const std::string& file,
                                                      const Entry& before, Buffer& buffer);

}  // namespace deckle

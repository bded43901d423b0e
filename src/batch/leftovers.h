// SPDX-License-Identifier: Apache-2.0
// leftovers: deletes outputs of earlier runs that the present run does not make.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "batch/journal.h"
#include "core/bytes.h"
#include "dataset/out_tree.h"

namespace deckle {

class Leftovers {
 public:
  /// `current`: the outputs of the present run, which stay.
  Leftovers(const OutTree& tree, const PreviousRuns& previous,
            const std::unordered_set<std::string>& current)
      : tree_(tree), previous_(previous), current_(current) {}

  /// Deletes the outputs of an entry, and the folders that become empty. An output that is not as
  /// recorded is kept and added to changed().
  void remove_outputs_of(const EntryLocation& location);

  /// The number of outputs that were deleted.
  [[nodiscard]] std::size_t removed() const { return removed_; }
  /// Outputs that stay because they are not as recorded.
  [[nodiscard]] const std::vector<std::string>& changed() const { return changed_; }
  /// Outputs that could not be deleted or read, each with the reason.
  [[nodiscard]] const std::vector<std::string>& undeleted() const { return undeleted_; }
  /// Entries with outputs that could not be deleted or read. The state keeps them for the next run.
  [[nodiscard]] const std::vector<EntryLocation>& entries() const { return entries_; }

 private:
  /// False if the output could not be deleted or read.
  bool remove_output(const std::string& output, const std::string& recorded);

  const OutTree& tree_;
  const PreviousRuns& previous_;
  const std::unordered_set<std::string>& current_;
  Buffer buffer_;
  std::size_t removed_ = 0;
  std::vector<std::string> changed_;
  std::vector<std::string> undeleted_;
  std::vector<EntryLocation> entries_;
};

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// output_folder: what earlier runs left in the output folder, and the lock of that folder.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "batch/journal.h"
#include "batch/shard.h"
#include "chain/chain.h"
#include "core/json.h"
#include "core/result.h"
#include "dataset/inputs.h"
#include "dataset/lock.h"
#include "dataset/out_tree.h"

namespace deckle {

class OutputFolder {
 public:
  /// Makes the folder if it is missing. A run without shards takes the folder's lock, so a second
  /// run is refused. Shards take no lock, because a dead node could not release it. Fails with
  /// Write if the folder cannot be used, is in use, or contains the outputs of another chain, seed
  /// or codec. With `overwrite`, these outputs become previous().replaced() instead.
  static Result<OutputFolder> open(const std::string& path, const Chain& chain,
                                   std::optional<Shard> shard, bool overwrite,
                                   NamesFrom names = NamesFrom::InputFolder);

  /// The same, but creates, deletes and locks nothing.
  static Result<OutputFolder> look(const std::string& path, const Chain& chain,
                                   std::optional<Shard> shard, bool overwrite,
                                   NamesFrom names = NamesFrom::InputFolder);

  /// For a replay. The outputs in the folder must belong to one of the `headers`, as compared by
  /// header_differences(). The first header is that of the replayed outputs.
  static Result<OutputFolder> open_for_replay(const std::string& path,
                                              const std::vector<Json>& headers, bool overwrite);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The tree that outputs are written into. A folder opened by look() has none.
  [[nodiscard]] const OutTree& tree() const { return *tree_; }
  /// What a user should know about the lock of the folder; "" if it is the usual lock.
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] std::string manifest() const;
  [[nodiscard]] const PreviousRuns& previous() const { return previous_; }

  /// Whether an earlier run, or another shard, recorded this output. The first call reads all
  /// journals. Fails if one cannot be read. Safe to call from several threads.
  [[nodiscard]] Result<bool> is_recorded(const std::string& output) const;

  /// Whether the folder was empty when it was opened and locked.
  [[nodiscard]] bool was_empty() const { return was_empty_; }

 private:
  static Result<Done> check_others(const std::string& path, const std::vector<Json>& headers,
                                   const std::string& ours, bool overwrite, bool remove);
  static Result<OutputFolder> open_locked(const std::string& path, std::optional<Shard> shard);

  std::string path_;
  std::optional<Shard> shard_;
  std::optional<FolderLock> lock_;
  std::optional<OutTree> tree_;
  std::string note_;
  bool was_empty_ = false;
  PreviousRuns previous_;
  struct Own {
    std::once_flag once;
    std::unordered_set<std::string> outputs;
    std::optional<Error> failure;
  };
  std::unique_ptr<Own> own_ = std::make_unique<Own>();
};

/// The manifests in a folder, including those of shards and those of which only the journal exists
/// yet. Sorted. Empty if there is no folder; fails if the folder cannot be listed.
[[nodiscard]] Result<std::vector<std::string>> manifests_in(const std::string& folder);

/// The manifests in a folder that belong to runs with another number of shards.
[[nodiscard]] Result<std::vector<std::string>> other_shards_in(const std::string& folder,
                                                               Shard shard);

/// The seed that an earlier run into this folder drew for the same chain; nothing if there was
/// none.
[[nodiscard]] Result<std::optional<SeedPair>> recorded_seed(const std::string& folder,
                                                            const Chain& chain);

}  // namespace deckle

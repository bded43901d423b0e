// SPDX-License-Identifier: Apache-2.0
// output_folder: what a run finds where it is to write, and the right to write there.
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
  /// Makes the folder where it is missing. Without a shard it takes the folder's lock: a second run
  /// is refused; shards hold no lock, because a dead node could not let go of it. Fails with Write,
  /// and a sentence, where the folder cannot be used, is in use, or holds the outputs of another
  /// chain, seed or codec and not `overwrite`: then what it holds becomes previous().replaced().
  static Result<OutputFolder> open(const std::string& path, const Chain& chain,
                                   std::optional<Shard> shard, bool overwrite,
                                   NamesFrom names = NamesFrom::InputFolder);

  /// The same, but creates, deletes and locks nothing.
  static Result<OutputFolder> look(const std::string& path, const Chain& chain,
                                   std::optional<Shard> shard, bool overwrite,
                                   NamesFrom names = NamesFrom::InputFolder);

  /// For a replay. Outputs that are in the folder must be of one of the `headers`, as
  /// header_differences() tells; the first is that of the replayed outputs.
  static Result<OutputFolder> open_for_replay(const std::string& path,
                                              const std::vector<Json>& headers, bool overwrite);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The tree that outputs are written into. Not for a folder that look() opened.
  [[nodiscard]] const OutTree& tree() const { return *tree_; }
  /// What a user should know about the lock of the folder; "" where it is the usual one.
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] std::string manifest() const;
  [[nodiscard]] const PreviousRuns& previous() const { return previous_; }

  /// Whether an earlier run, or another shard, recorded this output. Reads all journals when it is
  /// first asked, and fails where one cannot be read; safe to call from several threads.
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

/// The manifests in a folder, those of shards included, also where only their journals are there
/// yet. Sorted. None where there is no folder; fails where it cannot be listed.
[[nodiscard]] Result<std::vector<std::string>> manifests_in(const std::string& folder);

/// Manifests in a folder of another number of shards than this one is of.
[[nodiscard]] Result<std::vector<std::string>> other_shards_in(const std::string& folder,
                                                               Shard shard);

/// The seed that an earlier run into this folder drew for the same chain; nothing where there was
/// none.
[[nodiscard]] Result<std::optional<SeedPair>> recorded_seed(const std::string& folder,
                                                            const Chain& chain);

}  // namespace deckle

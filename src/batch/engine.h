// SPDX-License-Identifier: Apache-2.0
// engine: runs a chain over a list of inputs, in parallel, into a folder.
// Fails   what concerns one image is its report and its line of the manifest; what ends the run
//         (Write, Usage) is RunResult::fatal
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/effects.h"
#include "batch/manifest.h"
#include "batch/memory.h"
#include "batch/output_folder.h"
#include "batch/shard.h"
#include "chain/chain.h"
#include "core/result.h"
#include "dataset/inputs.h"
#include "random/seeds.h"

namespace deckle {

enum class Outcome {
  Written,
  UpToDate,    ///< made by an earlier run; neither input nor outputs changed
  Skipped,     ///< the chain leaves images of this kind out
  NotAnImage,  ///< not an image
  Failed,
};

/// What became of one input.
struct ImageReport {
  std::string file;  ///< as it was opened
  Outcome outcome;
  const Error* error;    ///< where it failed
  std::string note;      ///< why it was skipped; what is missing of it
  std::string remark{};  ///< what is odd about its file, though nothing is missing
  std::vector<Effect> effects{};
};

/// What survives a loss of power. With Batch and Each, all outputs of a run that ended survive.
enum class Sync {
  Batch,  ///< a group of outputs is synced, with the journal, before it gets its names
  Each,   ///< the same for each image
  None,   ///< nothing is promised: only the manifest and the journal's last state are synced
};

struct RunOptions {
  int jobs = 1;
  Sync sync = Sync::None;
  bool stop_on_error = false;
  bool overwrite = false;               ///< also files that are not our own
  MemoryLimit memory;                   ///< of each image
  std::chrono::nanoseconds timeout{0};  ///< of each image; 0: none
  bool record = true;          ///< off: neither journal nor manifest; previous runs are ignored
  bool prune = false;          ///< delete the outputs of inputs that are gone
  bool prune_all = false;      ///< also where no recorded input would be left
  bool add = false;            ///< keep the records of inputs that are not in the list
  bool need_images = false;    ///< a list without any image is no run: nothing is recorded
  std::optional<Shard> shard;  ///< then `inputs` holds this shard's files alone
  std::string all_inputs;      ///< inputs_digest of the whole list, and its length
  std::size_t all_inputs_count = 0;
  const std::atomic<int>* stop = nullptr;  ///< not 0: take no new image, and finish those at work
  std::atomic<int>* at_work = nullptr;     ///< how many images are at work now
  std::vector<std::size_t> order;  ///< of work; empty: as listed. The results do not depend on it.
  int seed_derivation = kSeedDerivation;  ///< of what is recorded: of a replay, the manifest's
  /// Where a manifest is replayed: its records of an input. None: the input is left alone. An
  /// Error, which names the manifest, ends the run.
  std::function<Result<std::vector<Record>>(const InputFile&)> recorded;
  /// Called once an input is done, by one thread at a time, in the order in which they end.
  std::function<void(const ImageReport&)> report;
  /// Told of every step of finishing; tests end the process there.
  std::function<void(std::string_view)> checkpoint;
};

struct RunResult {
  std::size_t written = 0;  ///< inputs whose outputs are all there
  std::size_t outputs = 0;  ///< files
  std::size_t up_to_date = 0;
  std::size_t retried = 0;  ///< of those done, how many had failed before
  std::size_t skipped = 0;
  std::size_t not_images = 0;
  std::size_t failed = 0;
  std::size_t noted = 0;                 ///< of those written, how many have a note in the manifest
  EffectCounts effects{};                ///< of those written
  std::uint64_t bytes = 0;               ///< of the outputs
  std::vector<std::string> gone;         ///< inputs of earlier runs that are not in the list
  std::size_t pruned = 0;                ///< outputs of such that were deleted
  std::size_t unseen = 0;                ///< records lost, of folders that cannot be listed
  std::size_t kept = 0;                  ///< inputs that are not in the list and stay recorded
  std::vector<std::string> changed;      ///< recorded inputs that are other files now
  std::size_t removed = 0;               ///< outputs of another chain that were deleted
  std::vector<std::string> left_behind;  ///< such that are not as recorded, and stay
  std::vector<std::string> undeleted;    ///< outputs that stay recorded, each with the reason why
  std::vector<std::string> stray;        ///< the same of outputs that nothing records any more
  bool prunes_all = false;  ///< nothing was pruned or recorded: no recorded input would be left
  bool no_images = false;   ///< there was none among the inputs, and one was needed
  bool finished = false;    ///< every input was taken, and the manifest is written
  std::optional<Error>
      fatal;  ///< what ended the run early; `fatal_file` is the file it happened to
  std::string fatal_file;
};

/// Continues an earlier run in the same folder. Outputs appear in the folder as they are made, the
/// manifest at the end; a file under its final name is whole, however the run ends. A wrong
/// argument (no seed for a chain that draws, no job, an order or a root that does not fit the list)
/// gives a `fatal` Usage, and nothing is written.
[[nodiscard]] RunResult run_chain(const Chain& chain, const InputList& inputs,
                                  const OutputFolder& folder, const RunOptions& options);

}  // namespace deckle

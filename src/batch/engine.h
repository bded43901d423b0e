// SPDX-License-Identifier: Apache-2.0
// engine: runs a chain over a list of inputs, in parallel, into a folder.
// Fails   an error of one image is in its report and its record; an error that ends the run (Write,
//         Usage) is RunResult::fatal
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
  UpToDate,    ///< written by an earlier run; neither the input nor the outputs changed
  Skipped,     ///< the chain skips it
  NotAnImage,  ///< not an image
  Failed,
};

/// The result for one input.
struct ImageReport {
  std::string file;  ///< the path that was opened
  Outcome outcome;
  const Error* error;    ///< null unless it failed
  std::string note;      ///< why it was skipped, or what is missing of it
  std::string remark{};  ///< what is unusual in its file, although nothing is missing
  std::vector<Effect> effects{};
};

/// What survives a loss of power. With Batch and Each, all outputs of a run that ended survive.
enum class Sync {
  Batch,  ///< a group of outputs is synced, with the journal, before it gets its final names
  Each,   ///< the same for each image
  None,   ///< nothing is promised: only the manifest and the journal's last state are synced
};

struct RunOptions {
  int jobs = 1;
  Sync sync = Sync::None;
  bool stop_on_error = false;
  bool overwrite = false;               ///< also replace files that deckle did not make
  MemoryLimit memory;                   ///< of each image
  std::chrono::nanoseconds timeout{0};  ///< of each image; 0: none
  bool record = true;          ///< false: no journal, no manifest; previous runs are ignored
  bool prune = false;          ///< delete the outputs of recorded inputs that are not in the list
  bool prune_all = false;      ///< prune even if no recorded input would be left
  bool keep_unlisted = false;  ///< keep the records of inputs that are not in the list (--add)
  bool need_images = false;    ///< a list without any image records nothing
  std::optional<Shard> shard;  ///< if set, `inputs` contains only this shard's files
  std::string all_inputs;      ///< inputs_digest of the whole list; below, its length
  std::size_t all_inputs_count = 0;
  const std::atomic<int>* stop =
      nullptr;  ///< not 0: begin no new image, and finish those that have begun
  std::atomic<int>* at_work = nullptr;  ///< number of images that are processed now
  std::vector<std::size_t>
      order;  ///< of processing; empty: as listed. The results do not depend on it.
  int seed_derivation =
      kSeedDerivation;  ///< recorded in the header; in a replay, that of the replayed manifest
  /// In a replay: returns the manifest's records of an input. If there are none, the input is not
  /// processed. An Error (it names the manifest) ends the run.
  std::function<Result<std::vector<Record>>(const InputFile&)> recorded;
  /// Called when an input is done, by one thread at a time, in the order of completion.
  std::function<void(const ImageReport&)> report;
  /// Called at every step of finishing, so that tests can end the process there.
  std::function<void(std::string_view)> checkpoint;
};

struct RunResult {
  std::size_t written = 0;  ///< inputs that were processed and have all their outputs
  std::size_t outputs = 0;  ///< files that were written
  std::size_t up_to_date = 0;
  std::size_t retried = 0;  ///< inputs that had failed in an earlier run
  std::size_t skipped = 0;
  std::size_t not_images = 0;
  std::size_t failed = 0;
  std::size_t noted = 0;          ///< written inputs that have a note in the manifest
  EffectCounts effects{};         ///< of written inputs
  std::uint64_t bytes = 0;        ///< of the outputs
  std::vector<std::string> gone;  ///< recorded inputs that are not in the list
  std::size_t pruned = 0;         ///< outputs of `gone` inputs that were deleted
  std::size_t unseen = 0;  ///< records left out of the manifest: their folders cannot be listed
  std::size_t kept = 0;    ///< records of inputs that are not in the list
  std::vector<std::string> changed;  ///< recorded inputs whose content is different now
  std::size_t removed = 0;           ///< outputs of another chain that were deleted
  std::vector<std::string>
      left_behind;  ///< outputs of another chain that are not as recorded and were kept
  std::vector<std::string>
      undeleted;  ///< outputs that could not be deleted and stay recorded, each with the reason
  std::vector<std::string> stray;  ///< the same, but no record names them any more
  bool prunes_all =
      false;  ///< nothing was pruned or recorded, because no recorded input would be left
  bool no_images = false;      ///< `need_images` was set, but no input is an image
  bool finished = false;       ///< every input is done, and the manifest is written
  std::optional<Error> fatal;  ///< what ended the run early; `fatal_file` is the file concerned
  std::string fatal_file;
};

/// Continues an earlier run in the same folder. Outputs get their final names during the run, the
/// manifest at the end. A file under its final name is whole, however the run ends. A wrong
/// argument (no seed for a chain that draws, no job, an order or a root that does not fit the list)
/// gives a `fatal` Usage error, and nothing is written.
[[nodiscard]] RunResult run_chain(const Chain& chain, const InputList& inputs,
                                  const OutputFolder& folder, const RunOptions& options);

}  // namespace deckle

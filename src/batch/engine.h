// SPDX-License-Identifier: Apache-2.0
// engine: runs a chain over a list of inputs, in parallel, into a folder.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/survey.h"
#include "chain/chain.h"
#include "core/result.h"
#include "dataset/inputs.h"

namespace deckle {

enum class Outcome {
  Written,
  Skipped,     ///< the chain leaves images of this kind out
  PassedOver,  ///< not an image
  Failed,
};

/// What became of one input.
struct ImageReport {
  std::string file;  ///< as it was opened
  Outcome outcome;
  const Error* error;  ///< where it failed
  std::string note;    ///< why it was skipped; what is missing of it
};

struct RunOptions {
  int jobs = 1;
  bool stop_on_error = false;
  bool overwrite = false;                  ///< also files that are not our own
  const OwnOutputs* own = nullptr;         ///< outputs of earlier runs, which may be replaced
  const std::atomic<int>* stop = nullptr;  ///< not 0: take no new image
  std::vector<std::size_t> order;  ///< of work; empty: as listed. The results do not depend on it.
  /// Called once an input is done, by one thread at a time, in the order in which they end.
  std::function<void(const ImageReport&)> report;
};

struct RunResult {
  std::size_t written = 0;  ///< inputs whose outputs are all there
  std::size_t outputs = 0;  ///< files
  std::size_t skipped = 0;
  std::size_t passed_over = 0;
  std::size_t failed = 0;
  std::uint64_t bytes = 0;  ///< of the outputs
  bool finished = false;    ///< every input was taken, and the manifest is written
  std::optional<Error>
      fatal;  ///< what ended the run early; `fatal_file` is the file it happened to
  std::string fatal_file;
};

/// The chain must have a seed if it draws. Outputs, and at the end the manifest, appear in `out`.
/// Every file under a final name is whole, however the run ends.
[[nodiscard]] RunResult run_chain(const Chain& chain, const InputList& inputs,
                                  const std::string& out, const RunOptions& options);

}  // namespace deckle

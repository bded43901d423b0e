// SPDX-License-Identifier: Apache-2.0
// process: one image, from the bytes of its file to outputs that have no final name yet.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "batch/effects.h"
#include "batch/manifest.h"
#include "batch/memory.h"
#include "chain/chain.h"
#include "chain/plan.h"
#include "core/bytes.h"
#include "core/tensor.h"
#include "dataset/files.h"
#include "dataset/out_tree.h"

namespace deckle {

/// Memory that a thread keeps from image to image.
struct Scratch {
  Buffer file;
  Tensor decoded;
  OpScratch ops;
  Tensor converted;
  Buffer encoded;
};

/// The result for one image.
struct Processed {
  bool abandoned =
      false;  ///< the run was asked to end before the image was finished: nothing was written
  bool no_image = false;  ///< not an image, and skipped: see is_skipped
  FileStamp input;        ///< stamp of the file that was read
  std::vector<Record>
      records;  ///< one for each copy; or a single one that says why there is no output
  std::vector<PendingFile> outputs;  ///< in the order of the records that have an output
  std::vector<Effect> effects;       ///< changes that a user may not expect
  std::string note;                  ///< set in a replay if the bytes differ from the recorded ones
};

struct ImageSource {
  std::string file;    ///< the path to open
  std::string path;    ///< relative to the input root
  std::int64_t index;  ///< in the sorted list
  bool named;          ///< named by the user: an error if it is not an image
  /// In a replay: the manifest's records of this image. Draws are taken from them, and the outputs
  /// are compared with them.
  std::vector<Record> recorded;
  const Error* failure = nullptr;  ///< set if it failed already: a folder that could not be listed
};

struct ProcessOptions {
  MemoryLimit memory{};
  int jobs = 1;  ///< threads for this image, as far as there is work for them
  /// Not 0: the run ends, and an image that takes longer than `grace` after this is abandoned. This
  /// is checked between and within operations, and between rows of decoding (JPEG, PNG) and
  /// encoding.
  const std::atomic<int>* stop = nullptr;
  std::chrono::nanoseconds grace = std::chrono::seconds(2);
  /// An image that takes longer than this fails; checked at the same points. 0: no limit.
  std::chrono::nanoseconds timeout{0};
  /// The clock, for tests. It is called only if `stop` is not 0 or there is a timeout, perhaps by
  /// several threads at once.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// Reads, plans, decodes, runs the plan, encodes and writes under temporary names. Fails only with
/// an Error that concerns the whole run (an output cannot be written, no more files can be opened).
/// An Error of this image alone is in its records.
[[nodiscard]] Result<Processed> process_image(const Chain& chain, const ImageSource& source,
                                              const OutTree& out, Scratch& scratch,
                                              const ProcessOptions& options = {});

/// Whether a failure to write is caused by the name of one output. Other outputs can still be
/// written.
[[nodiscard]] bool concerns_one_file(const Error& error);

/// The most memory of a large image that a thread keeps.
inline constexpr std::size_t kKeptScratchBytes = std::size_t{256} << 20U;

}  // namespace deckle

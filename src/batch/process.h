// SPDX-License-Identifier: Apache-2.0
// process: one image, from the bytes of its file to outputs that wait to be renamed.
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

/// What a thread keeps from image to image.
struct Scratch {
  Buffer file;
  Tensor decoded;
  OpScratch ops;
  Tensor converted;
  Buffer encoded;
};

/// One image and what became of it.
struct Processed {
  bool abandoned = false;            ///< the run was asked to end: nothing was made
  bool no_image = false;             ///< not an image: see is_skipped
  FileStamp input;                   ///< of the file as it was read
  std::vector<Record> records;       ///< one a copy, or one that says why there is none
  std::vector<PendingFile> outputs;  ///< in the order of the records that have one
  std::vector<Effect> effects;       ///< that a user may not expect
  std::string note;                  ///< of a replay whose bytes differ from the recorded ones
};

struct ImageSource {
  std::string file;    ///< to be opened
  std::string path;    ///< relative to the input root
  std::int64_t index;  ///< in the sorted list
  bool named;          ///< an error where it is no image
  /// Where a manifest is replayed: its records of this image. Draws are taken from them, and the
  /// outputs are compared with them.
  std::vector<Record> recorded;
  const Error* failure = nullptr;  ///< it failed before: a folder that could not be listed
};

struct ProcessOptions {
  MemoryLimit memory{};
  int jobs = 1;  ///< threads for this image, where there is work for them
  /// Not 0: the run is to end, and an image that takes longer than `grace` from then on is given
  /// up, wherever it is: between and within operations, and from row to row of decoding (JPEG, PNG)
  /// and encoding.
  const std::atomic<int>* stop = nullptr;
  std::chrono::nanoseconds grace = std::chrono::seconds(2);
  /// An image that takes longer than this fails; looked at in the same places. 0: none.
  std::chrono::nanoseconds timeout{0};
  /// The clock, for tests; asked only once `stop` is not 0 or where there is a timeout, maybe by
  /// several threads at once.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// Reads, decodes, plans, gathers, encodes and writes under temporary names. An Error is one that
/// concerns the whole run (an output cannot be written, no more files can be opened); what concerns
/// the image alone is in its records.
[[nodiscard]] Result<Processed> process_image(const Chain& chain, const ImageSource& source,
                                              const OutTree& out, Scratch& scratch,
                                              const ProcessOptions& options = {});

/// Whether a failure to write is the name's fault alone, so that other outputs may still be
/// written.
[[nodiscard]] bool concerns_one_file(const Error& error);

/// What a thread may keep of a large image's memory.
inline constexpr std::size_t kKeptScratchBytes = std::size_t{256} << 20U;

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/engine.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "batch/for_each_index.h"
#include "batch/journal.h"
#include "batch/manifest.h"
#include "batch/process.h"
#include "dataset/files.h"
#include "dataset/outputs.h"

namespace deckle {
namespace {

class Engine {
 public:
  Engine(const Chain& chain, const InputList& inputs, const std::string& out,
         const RunOptions& options)
      : chain_(chain), inputs_(inputs), out_(out), options_(options) {}

  RunResult run() {
    if (auto made = make_folders(out_); !made) return ended(out_, made.error());
    const std::string header = manifest_header(chain_);
    auto journal = Journal::create(join_path(out_, kJournalName), inputs_.files.size(), header);
    if (!journal) return ended(join_path(out_, kJournalName), journal.error());
    journal_ = &*journal;

    const int jobs = std::max(options_.jobs, 1);
    std::vector<Scratch> scratch(static_cast<std::size_t>(jobs));
    for_each_index(inputs_.files.size(), jobs, [&](std::size_t i, std::size_t worker) {
      if (stopped_ || (options_.stop != nullptr && *options_.stop != 0)) return;
      take(options_.order.empty() ? i : options_.order[i], scratch[worker]);
    });

    if (taken_ == inputs_.files.size() && !stopped_) {
      const std::string manifest = join_path(out_, kManifestName);
      if (auto finished = journal_->finish(manifest, header); !finished)
        return ended(manifest, finished.error());
      result_.finished = true;
    }
    return result_;
  }

 private:
  RunResult ended(const std::string& file, const Error& error) {
    result_.fatal = error;
    result_.fatal_file = file;
    return result_;
  }

  void take(std::size_t index, Scratch& scratch) {
    const InputFile& input = inputs_.files[index];
    const ImageSource source{inputs_.file_path(input), input.path, static_cast<std::int64_t>(index),
                             input.named};
    auto processed = process_image(chain_, source, out_, scratch);
    if (processed) {
      if (auto kept = keep(index, *processed); !kept) processed = kept.error();
    }
    const std::lock_guard lock(mutex_);
    if (!processed) {
      stopped_ = true;
      if (!result_.fatal) ended(fatal_file(source.path), processed.error());
      return;
    }
    ++taken_;
    count(source.file, *processed);
  }

  // Journal first, then the names: whatever has a final name is known to be ours.
  Result<Done> keep(std::size_t index, Processed& processed) {
    if (processed.no_image) return Done{};
    if (auto noted = note(index, processed); !noted) return noted;
    std::size_t next = 0;
    for (const Record& record : processed.records) {
      if (record.output.empty()) continue;
      const bool replace =
          options_.overwrite || (options_.own != nullptr && options_.own->contains(record.output));
      auto renamed = processed.outputs[next++].commit(replace);
      if (renamed) continue;
      Error error = renamed.error();
      if (!concerns_one_file(error)) return error;
      error.message = "cannot write " + record.output + ": " + error.message;
      Record failed;
      failed.input = record.input;
      failed.input_sha256 = record.input_sha256;
      failed.shape = record.shape;
      failed.error = std::move(error);
      processed.outputs.clear();
      processed.records = {std::move(failed)};
      return note(index, processed);
    }
    return Done{};
  }

  Result<Done> note(std::size_t index, const Processed& processed) {
    std::string lines;
    for (const Record& record : processed.records)
      lines += manifest_line(record, chain_) + "\n";
    return journal_->append(index, lines);
  }

  void count(const std::string& file, const Processed& processed) {
    ImageReport report{file, Outcome::Written, nullptr, ""};
    if (processed.no_image) {
      report.outcome = Outcome::PassedOver;
      ++result_.passed_over;
    } else if (processed.records.front().error) {
      report.outcome = Outcome::Failed;
      report.error = &*processed.records.front().error;
      ++result_.failed;
      if (options_.stop_on_error) stopped_ = true;
    } else if (!processed.records.front().skipped.empty()) {
      report.outcome = Outcome::Skipped;
      report.note = processed.records.front().skipped;
      ++result_.skipped;
    } else {
      report.note = processed.records.front().truncated;
      ++result_.written;
      for (const Record& record : processed.records) {
        ++result_.outputs;
        result_.bytes += record.bytes;
      }
    }
    if (options_.report) options_.report(report);
  }

  // The output that could not be written, as far as it has a name.
  [[nodiscard]] std::string fatal_file(const std::string& input) const {
    const auto* codec = chain_.output.format ? &codec_of(*chain_.output.format) : nullptr;
    return join_path(
        out_, codec != nullptr ? output_path(input, *codec, false, 0, chain_.copies) : input);
  }

  const Chain& chain_;
  const InputList& inputs_;
  const std::string& out_;
  const RunOptions& options_;
  Journal* journal_ = nullptr;
  std::mutex mutex_;  ///< guards result_, taken_ and the report
  std::atomic<bool> stopped_ = false;
  std::size_t taken_ = 0;
  RunResult result_;
};

}  // namespace

RunResult run_chain(const Chain& chain, const InputList& inputs, const std::string& out,
                    const RunOptions& options) {
  return Engine(chain, inputs, out, options).run();
}

}  // namespace deckle

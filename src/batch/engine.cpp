// SPDX-License-Identifier: Apache-2.0
#include "batch/engine.h"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>
#include <unordered_set>

#include "batch/for_each_index.h"
#include "batch/group_commit.h"
#include "batch/journal.h"
#include "batch/leftovers.h"
#include "batch/process.h"
#include "batch/recorded_outputs.h"
#include "batch/stack.h"
#include "batch/survey.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

// A processed image. Its outputs get their final names when it is committed.
struct Finished {
  std::size_t index;
  std::string file;  ///< the path that was opened
  std::optional<Entry> before;
  Processed processed;
  std::vector<bool> replaces{};  ///< for each record: whether its output may replace a file
};

// Up to this number, files are synced one by one. A sync of the whole file system also waits for
// data of other programs.
constexpr std::size_t kMostSyncedAlone = 8;

Json header_of(const Chain& chain, const InputList& inputs, const RunOptions& options) {
  Json header = manifest_header(chain, inputs.names_from);
  header["seed_derivation"] = options.seed_derivation;
  return header;
}

class Engine {
 public:
  Engine(const Chain& chain, const InputList& inputs, const OutputFolder& folder,
         const RunOptions& options)
      : chain_(chain),
        inputs_(inputs),
        folder_(folder),
        tree_(folder.tree()),
        out_(folder.path()),
        options_(options),
        header_(header_of(chain, inputs, options)),
        journal_(folder.manifest(), line_text(header_), folder.previous(), inputs.files.size(),
                 options.checkpoint),
        item_of_(inputs.files.size(), kNoEntry) {
    if (!inputs_.unlisted.empty()) find_unlisted();
    if (options_.record) match_previous();
  }

  RunResult run() {
    if (lost_previous()) return std::move(result_);
    const int jobs = std::max(options_.jobs, 1);
    // Threads are shared among images first; the rest are used within images.
    const auto images =
        std::clamp<std::size_t>(inputs_.files.size(), 1, static_cast<std::size_t>(jobs));
    jobs_inside_ = jobs / static_cast<int>(images);
    std::vector<Scratch> scratch(static_cast<std::size_t>(jobs));
    if (options_.sync == Sync::Batch)
      groups_.emplace(GroupLimits{}, [this](std::vector<Finished>& group) { commit(group); });
    for_each_index(inputs_.files.size(), jobs, [&](std::size_t i, std::size_t worker) {
      if (stopped_ || (options_.stop != nullptr && *options_.stop != 0)) return;
      const std::size_t index = options_.order.empty() ? i : options_.order[i];
      try {
        take(index, scratch[worker]);
      } catch (const std::bad_alloc&) {
        const std::lock_guard lock(mutex_);
        end(inputs_.file_path(inputs_.files[index]), {ErrorCode::TooLarge, "not enough memory"});
      }
    });
    groups_.reset();
    if (taken_ == inputs_.files.size() && !stopped_) finish();
    return std::move(result_);
  }

 private:
  static constexpr std::uint32_t kNoEntry = ~std::uint32_t{0};

  // Both lists are sorted by path.
  void match_previous() {
    const auto& items = folder_.previous().items();
    std::size_t input = 0;
    for (std::size_t item = 0; item < items.size(); ++item) {
      while (input < inputs_.files.size() && inputs_.files[input].path < items[item].path)
        ++input;
      if (input < inputs_.files.size() && inputs_.files[input].path == items[item].path) {
        item_of_[input] = static_cast<std::uint32_t>(item);
      } else if (const auto entry = folder_.previous().read(items[item].location)) {
        // A damaged entry is ignored.
        if (options_.keep_unlisted || is_unseen(items[item].path)) {
          kept_.push_back({input, items[item].location, lines_of(*entry)});
        } else if (!entry->outputs.empty()) {  // a failed input has no outputs
          set_gone(items[item].path, items[item].location);
        }
      }
    }
  }

  void find_unlisted() {
    for (const InputFile& file : inputs_.files) {
      if (inputs_.unlisted.contains(inputs_.file_path(file))) unlisted_.push_back(file.path + "/");
    }
  }

  // An input in a folder that could not be listed may still be there.
  [[nodiscard]] bool is_unseen(const std::string& path) const {
    return std::any_of(unlisted_.begin(), unlisted_.end(),
                       [&](const std::string& folder) { return path.starts_with(folder); });
  }

  void set_gone(const std::string& path, const EntryLocation& location) {
    if (is_unseen(path)) {
      ++result_.unseen;
      return unseen_.push_back(location);
    }
    gone_.push_back(location);
    result_.gone.push_back(path);
  }

  void end(const std::string& file, const Error& error) {
    stopped_ = true;
    if (result_.fatal) return;
    result_.fatal = error;
    result_.fatal_file = file;
  }

  // Ends the run if an entry of a previous run could not be read: a missing entry then proves
  // nothing.
  bool lost_previous() {
    const auto failure = folder_.previous().failure();
    if (failure) end("", *failure);
    return failure.has_value();
  }

  void take(std::size_t index, Scratch& scratch) {
    const InputFile& input = inputs_.files[index];
    ImageSource source{inputs_.file_path(input),
                       input.path,
                       static_cast<std::int64_t>(input.index),
                       input.named,
                       {}};
    if (!inputs_.unlisted.empty()) {
      const auto unlisted = inputs_.unlisted.find(source.file);
      if (unlisted != inputs_.unlisted.end()) source.failure = &unlisted->second;
    }
    if (options_.recorded) {
      auto recorded = options_.recorded(input);
      if (!recorded) {
        const std::lock_guard lock(mutex_);
        return end("", recorded.error());
      }
      source.recorded = *std::move(recorded);
      if (source.recorded.empty()) {
        const std::lock_guard lock(mutex_);
        ++taken_;
        return;
      }
    }
    const std::optional<Entry> before = previous_entry(index);
    if (!before && item_of_[index] != kNoEntry) {  // damaged, or it could not be read
      const std::lock_guard lock(mutex_);
      if (lost_previous()) return;
    }
    if (before && options_.recorded) add_recorded(*before, source.recorded);
    if (before && before->status != Status::Failed) {
      const std::size_t lines =
          options_.recorded ? source.recorded.size() : static_cast<std::size_t>(chain_.copies);
      const auto kept = keep_if_unchanged(index, source.file, *before, lines, scratch.file);
      if (!kept || *kept) {
        const std::lock_guard lock(mutex_);
        if (!kept) return end(folder_.manifest(), kept.error());
        ++taken_;
        ++result_.up_to_date;
        if (options_.report) options_.report({source.file, Outcome::UpToDate, nullptr, "", ""});
        return;
      }
    }
    if (options_.at_work != nullptr) ++*options_.at_work;
    auto processed = process_image(chain_, source, tree_, scratch,
                                   {.memory = options_.memory,
                                    .jobs = jobs_inside_,
                                    .stop = options_.stop,
                                    .timeout = options_.timeout});
    if (options_.at_work != nullptr) --*options_.at_work;
    if (!processed) {
      const std::lock_guard lock(mutex_);
      return end(processed.error().code == ErrorCode::Write ? fatal_file(input) : source.file,
                 processed.error());
    }
    if (processed->abandoned) return;
    if (options_.stop_on_error && !processed->no_image && processed->records.front().error)
      stopped_ = true;
    Finished finished{index, std::move(source.file), before, *std::move(processed)};
    if (!groups_) {
      std::vector<Finished> alone;
      alone.push_back(std::move(finished));
      return commit(alone);
    }
    std::uint64_t bytes = 0;
    for (const PendingFile& output : finished.processed.outputs)
      bytes += output.stamp().size;
    const std::size_t outputs = finished.processed.outputs.size();
    groups_->add(std::move(finished), outputs, bytes);
  }

  // All copies of an image are processed together. A replay of some copies therefore includes the
  // copies of earlier replays.
  static void add_recorded(const Entry& before, std::vector<Record>& recorded) {
    std::string_view lines = before.lines;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      auto record = parse_record(line);
      if (!record || record->output.empty()) continue;
      const auto same = [&](const Record& other) { return other.copy == record->copy; };
      if (std::none_of(recorded.begin(), recorded.end(), same))
        recorded.push_back(*std::move(record));
    }
    std::sort(recorded.begin(), recorded.end(),
              [](const Record& x, const Record& y) { return x.copy < y.copy; });
  }

  [[nodiscard]] std::optional<Entry> previous_entry(std::size_t index) const {
    if (item_of_[index] == kNoEntry) return std::nullopt;
    return folder_.previous().read(folder_.previous().items()[item_of_[index]].location);
  }

  // Keeps the entry of an input if it has not changed. `lines`: the number of records that it must
  // have.
  Result<bool> keep_if_unchanged(std::size_t index, const std::string& file, const Entry& before,
                                 std::size_t lines, Buffer& buffer) {
    if (chain_.uses_index() && before.index != std::int64_t{inputs_.files[index].index})
      return false;
    // An edited manifest may lack the records of some copies.
    if (lines_of(before) != lines) return false;
    std::optional<Entry> now = entry_if_unchanged(tree_, file, before, buffer);
    if (!now) return false;
    if (*now == before) {
      journal_.keep(index, folder_.previous().items()[item_of_[index]].location, lines_of(before));
      return true;
    }
    now->index = inputs_.files[index].index;
    if (auto noted = journal_.append(index, *now, before); !noted) return noted.error();
    return true;
  }

  // Syncs data and journal, then gives the outputs their final names. Therefore a file with a final
  // name is whole and recorded, even after a loss of power.
  void commit(std::vector<Finished>& group) {
    try {
      if (auto committed = commit_all(group); !committed) {
        const std::lock_guard lock(mutex_);
        end(folder_.manifest(), committed.error());
      }
    } catch (const std::bad_alloc&) {
      const std::lock_guard lock(mutex_);
      end(folder_.manifest(), {ErrorCode::TooLarge, "not enough memory"});
    }
  }

  // A returned Error concerns the journal. An error of an output ends the run here.
  Result<Done> commit_all(std::vector<Finished>& group) {
    Buffer buffer;
    for (Finished& finished : group) {
      if (auto claimed = claim(finished, buffer); !claimed) return claimed;
    }
    Result<Done> all_noted = note_group(group);
    if (auto synced = sync_data(group); !synced) return synced;
    std::string open_name;  // neighbours in the list often have the same folder
    File open;
    std::unordered_set<std::string> folders;
    for (Finished& finished : group) {
      if (auto named = name_outputs(finished, open, open_name, buffer); !named) {
        const std::lock_guard lock(mutex_);
        end(fatal_file(inputs_.files[finished.index]), named.error());
        return Done{};
      }
      if (finished.before) remove_superseded(finished, buffer);
      for (const Record& record : finished.processed.records) {
        if (record.output.empty()) continue;
        // Parent folders too: they contain the names of new folders.
        for (std::string_view folder = folder_of(record.output);; folder = folder_of(folder)) {
          folders.emplace(folder);
          if (folder.empty()) break;
        }
      }
      const std::lock_guard lock(mutex_);
      count(finished);
    }
    if (options_.sync == Sync::None) return all_noted;
    if (options_.sync == Sync::Batch && folders.size() > kMostSyncedAlone) {
      names_unsynced_ = true;
      return all_noted;
    }
    for (const std::string& folder : folders) {
      if (auto synced = sync_folder(join_path(out_, folder)); !synced) return synced;
    }
    return all_noted;
  }

  // If the disk is full, the last outputs of the group are deleted to make room for the records of
  // the others.
  Result<Done> note_group(std::vector<Finished>& group) {
    Result<Done> all = Done{};
    for (std::size_t i = 0; i < group.size(); ++i) {
      auto noted = note(group[i]);
      while (!noted && group.size() > i + 1) {
        all = noted.error();
        group.pop_back();
        noted = note(group[i]);
      }
      if (noted) continue;
      group.pop_back();
      return noted;
    }
    return all;
  }

  [[nodiscard]] Result<Done> sync_data(const std::vector<Finished>& group) {
    if (options_.sync == Sync::None) return Done{};
    std::size_t outputs = 0;
    for (const Finished& finished : group)
      outputs += finished.processed.outputs.size();
    if (options_.sync == Sync::Batch && outputs > kMostSyncedAlone) return tree_.sync();
    for (const Finished& finished : group) {
      for (const PendingFile& output : finished.processed.outputs) {
        if (auto synced = output.sync(); !synced) return synced;
      }
    }
    return journal_.sync();
  }

  // Checks files that already have an output's name, before the journal records the output. Such a
  // file may be replaced if a run made it, or if it is empty and a loss of power destroyed the
  // journal of its run.
  Result<Done> claim(Finished& finished, Buffer& buffer) const {
    Processed& processed = finished.processed;
    if (processed.no_image) return Done{};
    for (std::size_t i = 0; i < processed.records.size(); ++i) {
      const Record& record = processed.records[i];
      const auto was_ours = [&](const EntryOutput& output) { return output.path == record.output; };
      const bool replaces =
          options_.overwrite ||
          (finished.before &&
           std::any_of(finished.before->outputs.begin(), finished.before->outputs.end(), was_ours));
      finished.replaces.push_back(replaces);
      if (record.output.empty() || replaces || folder_.was_empty() || !tree_.has(record.output))
        continue;
      if (digest_of(tree_, record.output, buffer) == record.output_sha256) continue;  // same bytes
      const auto recorded_output = folder_.is_recorded(record.output);
      if (!recorded_output) return recorded_output.error();
      if (!*recorded_output && !was_left_empty(record.output)) {
        fail(finished, Record(record), not_ours());
        return Done{};
      }
      finished.replaces.back() = true;
    }
    return Done{};
  }

  static Error not_ours() {
    return {ErrorCode::Write,
            "a file that deckle did not make already exists there; --overwrite replaces it",
            EEXIST};
  }

  [[nodiscard]] bool was_left_empty(const std::string& output) const {
    FileStamp stamp;
    return !folder_.previous().logs().empty() && tree_.open_file(output, &stamp) && stamp.size == 0;
  }

  // If one copy fails, the whole image fails.
  static void fail(Finished& finished, const Record& record, Error error) {
    Record failed;
    failed.input = record.input;
    failed.input_sha256 = record.input_sha256;
    failed.shape = record.shape;
    failed.error = std::move(error);
    failed.error->message = printable(record.output) + ": " + failed.error->message;
    finished.processed.outputs.clear();
    finished.processed.records = {std::move(failed)};
    finished.processed.effects.clear();
  }

  // Gives the outputs of one image their final names. An Error ends the run.
  Result<Done> name_outputs(Finished& finished, File& open, std::string& open_name,
                            Buffer& buffer) {
    Processed& processed = finished.processed;
    std::size_t next = 0;
    for (std::size_t i = 0; i < processed.records.size(); ++i) {
      const Record& record = processed.records[i];
      if (record.output.empty()) continue;
      const std::string folder(folder_of(record.output));
      Result<Done> named = Done{};
      if (!open.is_open() || open_name != folder) {
        auto opened = tree_.folder(folder, true);
        if (opened) {
          open = *std::move(opened);
          open_name = folder;
        } else {
          named = opened.error();
        }
      }
      if (named)
        named = name_output(processed.outputs[next++], record, finished.replaces[i], open, buffer);
      if (named) continue;
      if (!concerns_one_file(named.error())) return named;
      // Outputs of this image that already have their final names are deleted.
      for (const Record& made : processed.records) {
        if (&made == &record) break;
        (void)tree_.remove(made.output);
      }
      const Error error = named.error();
      fail(finished, Record(record), error);
      return note(finished);
    }
    return Done{};
  }

  // Two processes may run the same shard at the same time: a file with the same bytes is accepted.
  Result<Done> name_output(PendingFile& pending, const Record& record, bool replaces,
                           const File& folder, Buffer& buffer) const {
    const std::string name(name_of_path(record.output));
    auto named = pending.commit_to(folder, name, replaces);
    if (named || named.error().sys_errno != EEXIST) return named;
    if (digest_of(tree_, record.output, buffer) == record.output_sha256) return Done{};
    return not_ours();
  }

  // Deletes outputs that an earlier run made from this input under other names, unless they were
  // changed.
  void remove_superseded(const Finished& finished, Buffer& buffer) {
    const std::vector<Record>& records = finished.processed.records;
    const Entry& before = *finished.before;
    if (finished.processed.no_image || records.front().error || !records.front().skipped.empty())
      return;
    const auto digests = recorded_digests(before.lines);
    for (std::size_t i = 0; i < before.outputs.size() && i < digests.size(); ++i) {
      const std::string& old = before.outputs[i].path;
      const bool still_made =
          std::any_of(records.begin(), records.end(),
                      [&](const Record& record) { return record.output == old; });
      if (still_made || hex_or_empty(digest_of(tree_, old, buffer)) != digests[i]) continue;
      const auto removed = tree_.remove(old);
      if (removed || removed.error().sys_errno == ENOENT) continue;
      const std::lock_guard lock(mutex_);
      result_.stray.push_back(printable(old) + ": " + removed.error().message);
    }
  }

  Result<Done> note(const Finished& finished) {
    const Processed& processed = finished.processed;
    const std::optional<Entry>& before = finished.before;
    if (!options_.record || processed.no_image) return Done{};
    const Record& first = processed.records.front();
    if (options_.recorded && before && before->status != Status::Failed && first.error) {
      // The outputs of an earlier replay are still right.
      journal_.keep(finished.index, folder_.previous().items()[item_of_[finished.index]].location,
                    lines_of(*before));
      return Done{};
    }
    Entry entry;
    entry.path = first.input;
    entry.status = first.error              ? Status::Failed
                   : !first.skipped.empty() ? Status::Skipped
                                            : Status::Written;
    entry.index = inputs_.files[finished.index].index;
    entry.input = processed.input;
    entry.input_sha256 = hex_or_empty(first.input_sha256);
    std::size_t next = 0;
    for (const Record& record : processed.records) {
      entry.lines += line_text(manifest_line(record, chain_)) + "\n";
      if (!record.output.empty()) {
        entry.outputs.push_back(
            {record.output, without_recent_coarse_time(processed.outputs[next++].stamp())});
      }
    }
    // The outputs of an earlier run are out of date, but stay recorded as ours.
    if (before && entry.status != Status::Written) entry.outputs = before->outputs;
    return journal_.append(finished.index, entry, before);
  }

  void count(const Finished& finished) {
    const Processed& processed = finished.processed;
    const std::optional<Entry>& before = finished.before;
    ++taken_;
    if (before && before->status == Status::Failed) ++result_.retried;
    if (!options_.recorded && before && before->status != Status::Failed &&
        !before->input_sha256.empty() && !processed.no_image &&
        hex_or_empty(processed.records.front().input_sha256) != before->input_sha256) {
      result_.changed.push_back(inputs_.files[finished.index].path);
    }
    ImageReport report{finished.file, Outcome::Written, nullptr, processed.note};
    if (processed.no_image) {
      report.outcome = Outcome::NotAnImage;
      ++result_.not_images;
    } else if (processed.records.front().error) {
      report.outcome = Outcome::Failed;
      report.error = &*processed.records.front().error;
      ++result_.failed;
      if (options_.stop_on_error) stopped_ = true;  // a name that is taken is a failure too
    } else if (!processed.records.front().skipped.empty()) {
      report.outcome = Outcome::Skipped;
      report.note = processed.records.front().skipped;
      ++result_.skipped;
    } else {
      if (const std::string& missing = processed.records.front().truncated;
          report.note.empty() && !missing.empty()) {
        report.note = "taken as it is: " + missing;
      }
      report.remark = processed.records.front().note;
      result_.noted += report.remark.empty() ? 0 : 1;
      report.effects = processed.effects;
      for (const Effect effect : processed.effects)
        ++result_.effects.at(static_cast<std::size_t>(effect));
      ++result_.written;
      for (const Record& record : processed.records) {
        ++result_.outputs;
        result_.bytes += record.bytes;
      }
    }
    if (options_.report) options_.report(report);
  }

  void finish() {
    if (!options_.record) {
      result_.finished = true;
      return;
    }
    if (options_.need_images && result_.not_images == inputs_.files.size()) {
      result_.no_images = true;
      return;
    }
    if (lost_previous()) return;
    // An input that is no longer an image has no entry. Its outputs are treated as those of a
    // missing input.
    for (std::size_t i = 0; i < item_of_.size(); ++i) {
      if (item_of_[i] == kNoEntry || journal_.has(i)) continue;
      if (const auto entry = previous_entry(i); entry && !entry->outputs.empty())
        set_gone(inputs_.files[i].path, folder_.previous().items()[item_of_[i]].location);
    }
    if (options_.prune && !options_.prune_all && prunes_all()) {
      result_.prunes_all = true;
      return;
    }
    const bool deletes =
        (options_.prune && !gone_.empty()) || !folder_.previous().replaced().empty();
    const std::unordered_set<std::string> current =
        deletes || !kept_.empty() ? current_outputs() : std::unordered_set<std::string>{};
    drop_taken(current);
    result_.kept = kept_.size();
    const std::uint64_t inputs_digest = digest_of_inputs();
    if ((chain_.output.stack && !journal_.is_unchanged(inputs_digest, deletes)) ||
        !folder_.previous().replaced().empty())
      remove_stacks();
    const bool deleted = remove_replaced(current) || (options_.prune && !gone_.empty());
    if (options_.prune) prune(current);
    if (lost_previous()) return;
    gone_.insert(gone_.end(), undeleted_.begin(), undeleted_.end());
    gone_.insert(gone_.end(), unseen_.begin(), unseen_.end());
    std::sort(result_.undeleted.begin(), result_.undeleted.end());
    std::sort(result_.stray.begin(), result_.stray.end());
    std::sort(result_.gone.begin(), result_.gone.end());
    result_.gone.erase(std::unique(result_.gone.begin(), result_.gone.end()), result_.gone.end());
    std::sort(result_.changed.begin(), result_.changed.end());
    if (names_unsynced_) {  // the manifest must not name files that are not on the disk
      if (auto synced = tree_.sync(); !synced) return end(folder_.manifest(), synced.error());
    }
    Json header = header_;
    if (options_.shard) {
      std::size_t records = 0;
      for (std::size_t i = 0; i < inputs_.files.size(); ++i)
        records += journal_.has(i) ? 1 : 0;
      header["shard"] = {
          {"index", options_.shard->index},      {"of", options_.shard->of},
          {"inputs", options_.all_inputs_count}, {"inputs_digest", options_.all_inputs},
          {"taken", inputs_.files.size()},       {"records", records}};
    }
    if (auto done = journal_.finish(line_text(header), kept_, gone_, inputs_digest, deleted);
        !done) {
      return end(folder_.manifest(), done.error());
    }
    if (options_.sync != Sync::None) {
      if (auto synced = sync_folder(out_); !synced) return end(folder_.manifest(), synced.error());
    }
    result_.finished = true;
  }

  // Deletes the stacked arrays before the manifest that they were made from is replaced. This
  // includes folders that will have no outputs any more.
  void remove_stacks() const {
    std::unordered_set<std::string> folders;
    const auto add = [&](const std::optional<Entry>& entry) {
      for (std::size_t i = 0; entry && i < entry->outputs.size(); ++i)
        folders.emplace(folder_of(entry->outputs[i].path));
    };
    for (const auto* items : {&folder_.previous().items(), &folder_.previous().replaced()}) {
      for (const PreviousRuns::Item& item : *items)
        add(folder_.previous().read(item.location));
    }
    for (std::size_t i = 0; i < inputs_.files.size(); ++i)
      add(journal_.read(i));
    for (const std::string& folder : folders)
      remove_stack(tree_, folder, options_.shard);
  }

  // The outputs that this run made or kept.
  [[nodiscard]] std::unordered_set<std::string> current_outputs() const {
    std::unordered_set<std::string> current;
    for (std::size_t i = 0; i < inputs_.files.size(); ++i) {
      const auto entry = journal_.read(i);
      if (!entry) continue;
      for (const EntryOutput& output : entry->outputs)
        current.insert(output.path);
    }
    return current;
  }

  // Drops kept entries whose output is now recorded for another input.
  void drop_taken(const std::unordered_set<std::string>& current) {
    std::unordered_map<std::string, int> times;
    const auto for_each_output = [&](const KeptEntry& kept, const auto& visit) {
      const auto entry = folder_.previous().read(kept.location);
      const auto digests = entry ? recorded_digests(entry->lines) : std::vector<std::string>{};
      for (std::size_t i = 0; entry && i < entry->outputs.size(); ++i)
        visit(entry->outputs[i].path, i < digests.size() ? digests[i] : "");
    };
    for (const KeptEntry& kept : kept_)
      for_each_output(kept, [&](const std::string& path, const std::string&) { ++times[path]; });
    Buffer buffer;
    std::erase_if(kept_, [&](const KeptEntry& kept) {
      bool taken = false;
      for_each_output(kept, [&](const std::string& path, const std::string& digest) {
        taken = taken || current.contains(path) ||
                (times[path] > 1 && hex_or_empty(digest_of(tree_, path, buffer)) != digest);
      });
      return taken;
    });
  }

  // Whether no recorded input would be left. In that case the list of inputs is probably wrong.
  [[nodiscard]] bool prunes_all() const {
    if ((gone_.empty() && folder_.previous().replaced().empty()) || !kept_.empty()) return false;
    for (std::size_t i = 0; i < inputs_.files.size(); ++i) {
      if (journal_.has(i)) return false;
    }
    return true;
  }

  // Deletes outputs of another chain that this run does not make. Changed outputs are kept and
  // reported. Outputs of inputs that are not in the list wait for --prune. Returns whether the
  // state changed.
  bool remove_replaced(const std::unordered_set<std::string>& current) {
    const auto by_path = [](const InputFile& file, const std::string& path) {
      return file.path < path;
    };
    Leftovers leftovers(tree_, folder_.previous(), current);
    bool changed = false;
    for (const PreviousRuns::Item& item : folder_.previous().replaced()) {
      const auto& files = inputs_.files;
      const auto file = std::lower_bound(files.begin(), files.end(), item.path, by_path);
      const bool listed = file != files.end() && file->path == item.path;
      const auto entry = folder_.previous().read(item.location);
      if (!entry) continue;
      const bool waits = !listed && std::any_of(entry->outputs.begin(), entry->outputs.end(),
                                                [&](const EntryOutput& output) {
                                                  return !current.contains(output.path);
                                                });
      if (waits) {
        set_gone(item.path, item.location);
        continue;
      }
      changed = true;
      leftovers.remove_outputs_of(item.location);
    }
    result_.removed += leftovers.removed();
    add_leftovers(leftovers);
    return changed;
  }

  // Deletes the outputs of inputs that are not in the list, unless they were changed or now belong
  // to another input.
  void prune(const std::unordered_set<std::string>& current) {
    Leftovers leftovers(tree_, folder_.previous(), current);
    for (const EntryLocation& location : gone_)
      leftovers.remove_outputs_of(location);
    gone_.clear();
    result_.pruned += leftovers.removed();
    add_leftovers(leftovers);
  }

  void add_leftovers(const Leftovers& leftovers) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(result_.left_behind, leftovers.changed());
    append(result_.undeleted, leftovers.undeleted());
    append(undeleted_, leftovers.entries());
  }

  // The digest of a shard includes the whole list of inputs: a new input in any shard changes the
  // manifests of all shards. Otherwise they could not be merged.
  [[nodiscard]] std::uint64_t digest_of_inputs() const {
    std::uint64_t digest = 0;
    if (options_.shard)
      digest = XXH3_64bits(options_.all_inputs.data(), options_.all_inputs.size());
    const auto add_path = [&](const std::string& path) {
      digest = XXH3_64bits_withSeed(path.data(), path.size(), digest);
    };
    auto kept = kept_.begin();
    for (std::size_t i = 0; i <= inputs_.files.size(); ++i) {
      for (; kept != kept_.end() && kept->before == i; ++kept) {
        if (const auto entry = folder_.previous().read(kept->location)) add_path(entry->path);
      }
      // Files that are not images are not recorded, although an earlier run may have recorded them.
      if (i < inputs_.files.size() && journal_.has(i)) add_path(inputs_.files[i].path);
    }
    return digest;
  }

  // The output that could not be written, if its name is known; else the input's path in the output
  // folder.
  [[nodiscard]] std::string fatal_file(const InputFile& input) const {
    if (!chain_.output.format || is_late_name(chain_.output.name))
      return join_path(out_, input.path);
    const Codec& codec = codec_of(*chain_.output.format);
    return join_path(out_,
                     output_name(chain_, {input.path, 0, chain_.copies, input.index}, codec).path);
  }

  const Chain& chain_;
  const InputList& inputs_;
  const OutputFolder& folder_;
  const OutTree& tree_;
  const std::string& out_;  ///< the tree's path
  const RunOptions& options_;
  const Json header_;
  Journal journal_;
  std::vector<std::uint32_t> item_of_;  ///< for each input, its item in PreviousRuns
  std::vector<EntryLocation> gone_;
  std::vector<EntryLocation> undeleted_;  ///< entries with an output that could not be deleted
  std::vector<std::string> unlisted_;  ///< names of folders that could not be listed, each with "/"
  std::vector<EntryLocation> unseen_;  ///< entries of inputs in these folders
  std::vector<KeptEntry> kept_;
  std::mutex mutex_;  ///< guards result_, taken_ and the report
  std::atomic<bool> stopped_ = false;
  std::size_t taken_ = 0;
  std::atomic<bool> names_unsynced_ = false;
  int jobs_inside_ = 1;
  RunResult result_;
  std::optional<GroupCommit<Finished>> groups_;  ///< last: it ends before what it uses
};

// Checks the arguments before any image is opened.
Result<Done> check_given(const Chain& chain, const InputList& inputs, const OutputFolder& folder,
                         const RunOptions& options) {
  const auto wrong = [](const std::string& what) { return Error{ErrorCode::Usage, what}; };
  if (options.jobs < 1)
    return wrong("a run has at least 1 job, not " + std::to_string(options.jobs));
  if (chain.needs_seed() && !chain.seed) return wrong("the chain draws but has no seed");
  if (!options.order.empty() && options.order.size() != inputs.files.size()) {
    return wrong("an order of " + std::to_string(options.order.size()) + " inputs for a list of " +
                 std::to_string(inputs.files.size()));
  }
  for (const std::size_t i : options.order) {
    if (i >= inputs.files.size()) {
      return wrong("an order that names input " + std::to_string(i) + " of " +
                   std::to_string(inputs.files.size()));
    }
  }
  for (const InputFile& file : inputs.files) {
    if (file.root >= inputs.roots.size()) {
      return wrong("the input " + printable(file.path) + " is of root " +
                   std::to_string(file.root) + ", and there are " +
                   std::to_string(inputs.roots.size()));
    }
  }
  // Another process may have written into the folder after it was opened.
  if (const std::string& previous = folder.previous().header();
      options.record && !previous.empty()) {
    const auto differences =
        header_differences(parse_json(previous), header_of(chain, inputs, options));
    if (!differences.empty()) {
      return Error{ErrorCode::Write,
                   "contains the outputs of another run: " + differences.front() +
                       "; give another -o, or --overwrite to process everything again"};
    }
  }
  return Done{};
}

}  // namespace

RunResult run_chain(const Chain& chain, const InputList& inputs, const OutputFolder& folder,
                    const RunOptions& options) {
  if (auto right = check_given(chain, inputs, folder, options); !right) {
    RunResult refused;
    refused.fatal = right.error();
    refused.fatal_file = folder.path();
    return refused;
  }
  return Engine(chain, inputs, folder, options).run();
}

}  // namespace deckle

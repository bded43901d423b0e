// SPDX-License-Identifier: Apache-2.0
// journal: which inputs are finished. A run continues where an earlier one ended.
//
// A running run appends to a log of its own; when it ends well the log becomes the state, which the
// next run starts from. Both are text of the same form: the manifest's header, then entries, then
// perhaps a seal. Entries that are cut short or damaged are ignored, as is any other text
// between entries: their inputs are processed again. A journal is only a shortcut. The manifest
// says the same, but without a journal files have to be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/result.h"
#include "dataset/files.h"

namespace deckle {

enum class Status : char {
  Written = 'w',
  Skipped = 's',
  Failed = 'f',
  Replaced = 'r'  ///< by a run of another chain; kept until its outputs are deleted
};

struct EntryOutput {
  std::string path;  ///< relative to the output folder
  FileStamp stamp;

  bool operator==(const EntryOutput&) const = default;
};

/// What is known of one input that is finished.
struct Entry {
  std::string path;  ///< relative, as in the manifest
  Status status = Status::Written;
  std::int64_t index = -1;  ///< its place in the list; -1 where that is not known
  FileStamp input;
  std::string input_sha256;  ///< hex; empty where it could not be read
  std::vector<EntryOutput> outputs;
  std::string lines;  ///< of the manifest, each with its newline

  bool operator==(const Entry&) const = default;
};

/// The number of its lines in the manifest.
[[nodiscard]] std::size_t lines_of(const Entry& entry);

[[nodiscard]] std::string to_text(const Entry& entry);
/// Nothing where the text is spoilt, or names a path that leads out of its folder.
[[nodiscard]] std::optional<Entry> parse_entry(std::string_view text);

/// Where the text of an entry is in the files of the journal.
struct EntryLocation {
  std::uint32_t file = 0;
  std::uint32_t length = 0;
  std::uint64_t offset = 0;
};

/// Identifies the manifest and the inputs of the last finished run. Where both are unchanged,
/// nothing is written.
struct Seal {
  FileStamp manifest;
  std::uint64_t inputs = 0;  ///< digest of the paths

  bool operator==(const Seal&) const = default;
};

/// Everything that earlier runs with the same manifest name left in a folder.
class PreviousRuns {
 public:
  struct Item {
    std::string path;
    EntryLocation location;
  };

  /// Reads the state and the logs beside `manifest` (which need not exist); without any, the
  /// manifest itself. What is damaged is left out. Fails with Unreadable, or Usage for a manifest
  /// that is none, or has not as many lines as its header says; the message names the file.
  static Result<PreviousRuns> load(const std::string& manifest);

  /// The header of the runs that made the entries; empty where there were none.
  [[nodiscard]] const std::string& header() const { return header_; }
  /// Sorted by path, one an input.
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }
  /// Entries of runs of another chain, which --overwrite began to replace. Sorted by path.
  [[nodiscard]] const std::vector<Item>& replaced() const { return replaced_; }
  [[nodiscard]] const std::optional<Seal>& seal() const { return seal_; }
  /// Logs of runs that did not end, or that are still running.
  [[nodiscard]] const std::vector<std::string>& logs() const { return logs_; }
  [[nodiscard]] bool has_state() const { return has_state_; }
  /// Of the manifest, as it was before anything was read.
  [[nodiscard]] const std::optional<FileStamp>& manifest() const { return manifest_; }

  /// Nothing where the entry is damaged, or could not be read: then failure() has the error.
  [[nodiscard]] std::optional<Entry> read(const EntryLocation& location) const;
  /// The error of the first entry that could not be read, or whose path leads out of the folder.
  /// After such an error, a missing entry does not mean that there was none. Safe to call from
  /// several threads, as read() is.
  [[nodiscard]] std::optional<Error> failure() const;

  /// All outputs of all entries, of replaced ones too.
  [[nodiscard]] std::unordered_set<std::string> outputs() const;

 private:
  static Result<PreviousRuns> load_once(const std::string& manifest);
  Result<Done> read_journal(const std::string& path, bool is_state);
  Result<Done> read_manifest(const std::string& path);
  void add_file(File file, const std::string& path);

  std::optional<FileStamp> manifest_;
  std::string header_;
  std::vector<Item> items_;
  std::vector<Item> replaced_;
  std::optional<Seal> seal_;
  std::vector<std::string> logs_;
  bool has_state_ = false;
  std::vector<File> files_;
  std::vector<std::string> paths_;  ///< of the files
  struct Failure {
    std::mutex mutex;
    std::optional<Error> first;
  };
  std::unique_ptr<Failure> failure_ = std::make_unique<Failure>();
  std::uint64_t id_ = 0;  ///< tells this object from others that the same thread read
};

/// Prepares a run of another chain: writes all entries of the previous runs, as Replaced, into a
/// new log under `header`, then deletes the files of the previous runs. An interruption loses no
/// entry.
[[nodiscard]] Result<Done> start_over(const std::string& manifest, const std::string& header,
                                      const PreviousRuns& previous);

/// An entry of a previous run that stays in the manifest although its input is not in the list.
/// `before` is the number of listed inputs that come before it.
struct KeptEntry {
  std::size_t before;
  EntryLocation location;
  std::size_t lines;  ///< of the manifest
};

/// The journal of a run: its own log, and the previous runs that it continues.
class Journal {
 public:
  /// `manifest` is the path of the manifest to be; `checkpoint`, where given, is told of every step
  /// of finishing (tests end the process there).
  Journal(std::string manifest, std::string header, const PreviousRuns& previous,
          std::size_t inputs, std::function<void(std::string_view)> checkpoint);

  /// Records a finished input; the last call for an input counts. Where `entry` differs from
  /// `before`, the entry of the previous run, the manifest of a shard is out of date and is
  /// deleted: it must not be merged. Safe to call from several threads.
  Result<Done> append(std::size_t input, const Entry& entry,
                      const std::optional<Entry>& before = std::nullopt);
  /// What was appended is on the disk when this returns, with the log's name. Safe to call
  /// from several threads.
  [[nodiscard]] Result<Done> sync();
  /// Keeps the entry of a previous run unchanged. It has `lines` lines of the manifest.
  void keep(std::size_t input, const EntryLocation& location, std::size_t lines);

  /// Whether everything is as the last run left it. Then finish() writes nothing.
  [[nodiscard]] bool is_unchanged(std::uint64_t inputs_digest, bool deleted) const;
  /// Writes the manifest: `header` with the number of lines behind it, then the inputs in their
  /// order, with those that are `kept` (sorted) between them. Then the log becomes the state,
  /// together with `gone`: entries of inputs that are no longer there. Where nothing changed,
  /// nothing is written. `inputs_digest` tells one list of inputs from another. Where outputs were
  /// `deleted` the state is written again in any case.
  Result<Done> finish(std::string_view header, const std::vector<KeptEntry>& kept,
                      const std::vector<EntryLocation>& gone, std::uint64_t inputs_digest,
                      bool deleted);

  /// Whether this input has an entry, ours or one that was kept.
  [[nodiscard]] bool has(std::size_t input) const { return entries_[input].location.length != 0; }
  /// Both this and finish() are for one thread alone, when nothing is appended any more.
  [[nodiscard]] std::optional<Entry> read(std::size_t input) const;

 private:
  struct LocatedEntry {
    EntryLocation location;
    std::uint32_t lines = 0;  ///< of the manifest
    bool ours = false;        ///< in our log, else in one of a previous run
  };

  Result<Done> open_log();
  Result<Done> withdraw_manifest();
  /// Visits the entries of this run and those that are kept, in the order of their paths.
  Result<Done> for_each_entry(const std::vector<KeptEntry>& kept,
                              const std::function<Result<Done>(const LocatedEntry&)>& visit) const;
  Result<Done> write_manifest(std::string_view header, const std::vector<KeptEntry>& kept,
                              Seal& seal);
  Result<Done> write_state(const std::vector<KeptEntry>& kept,
                           const std::vector<EntryLocation>& gone, const Seal& seal);
  [[nodiscard]] Result<std::string> text_of(const LocatedEntry& entry_at) const;
  void step(std::string_view name) const {
    if (checkpoint_) checkpoint_(name);
  }

  std::string manifest_;
  std::string header_;
  const PreviousRuns& previous_;
  std::function<void(std::string_view)> checkpoint_;
  std::string log_path_;
  File log_;
  std::uint64_t log_size_ = 0;
  bool withdrawn_ = false;
  bool name_synced_ = false;       ///< of the log
  mutable PartReader log_reader_;  ///< of our log, once nothing is appended any more
  std::vector<LocatedEntry> entries_;
  std::mutex mutex_;
};

/// The hidden file beside a manifest that holds the state of its last run.
[[nodiscard]] std::string state_path(const std::string& manifest);

}  // namespace deckle

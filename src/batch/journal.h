// SPDX-License-Identifier: Apache-2.0
// journal: which inputs are finished. A run continues where an earlier run ended.
//
// Each run appends to its own log. When it finishes, the log becomes the state, from which the next
// run starts. Both have the same text format: the manifest's header, then entries, then (in a
// state) a seal. Entries that are cut short or damaged are ignored, and their inputs are processed
// again. Other text between entries is ignored too. A journal only saves time. The manifest
// contains the same facts, but without a journal all files have to be read.
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
  Replaced = 'r'  ///< replaced by a run of another chain; kept until its outputs are deleted
};

struct EntryOutput {
  std::string path;  ///< relative to the output folder
  FileStamp stamp;

  bool operator==(const EntryOutput&) const = default;
};

/// What is known of one finished input.
struct Entry {
  std::string path;  ///< relative, as in the manifest
  Status status = Status::Written;
  std::int64_t index = -1;  ///< its place in the list; -1 if it is not known
  FileStamp input;
  std::string input_sha256;  ///< hex; empty if the input could not be read
  std::vector<EntryOutput> outputs;
  std::string lines;  ///< of the manifest, each with its newline

  bool operator==(const Entry&) const = default;
};

/// The number of the entry's lines in the manifest.
[[nodiscard]] std::size_t lines_of(const Entry& entry);

[[nodiscard]] std::string to_text(const Entry& entry);
/// Nothing if the text is damaged, or names a path outside its folder.
[[nodiscard]] std::optional<Entry> parse_entry(std::string_view text);

/// The place of an entry's text in the files of the journal.
struct EntryLocation {
  std::uint32_t file = 0;
  std::uint32_t length = 0;
  std::uint64_t offset = 0;
};

/// Identifies the manifest and the inputs of the last finished run. If both are unchanged, nothing
/// is written.
struct Seal {
  FileStamp manifest;
  std::uint64_t inputs = 0;  ///< digest of the paths

  bool operator==(const Seal&) const = default;
};

/// The entries that earlier runs with the same manifest name left in a folder.
class PreviousRuns {
 public:
  struct Item {
    std::string path;
    EntryLocation location;
  };

  /// Reads the state and the logs beside `manifest` (which need not exist). If there are none,
  /// reads the manifest itself. Damaged entries are left out. Fails with Unreadable. Fails with
  /// Usage if the file is not a manifest, or its number of lines is not that of its header. The
  /// message names the file.
  static Result<PreviousRuns> load(const std::string& manifest);

  /// The header of the runs that made the entries; empty if there were none.
  [[nodiscard]] const std::string& header() const { return header_; }
  /// Sorted by path; one for each input.
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }
  /// Entries of runs of another chain, which --overwrite began to replace. Sorted by path.
  [[nodiscard]] const std::vector<Item>& replaced() const { return replaced_; }
  [[nodiscard]] const std::optional<Seal>& seal() const { return seal_; }
  /// Logs of runs that did not end, or that are still running.
  [[nodiscard]] const std::vector<std::string>& logs() const { return logs_; }
  [[nodiscard]] bool has_state() const { return has_state_; }
  /// The stamp of the manifest before anything was read.
  [[nodiscard]] const std::optional<FileStamp>& manifest() const { return manifest_; }

  /// Nothing if the entry is damaged or could not be read. In the second case failure() has the
  /// error.
  [[nodiscard]] std::optional<Entry> read(const EntryLocation& location) const;
  /// The error of the first entry that could not be read, or whose path is outside the folder.
  /// After such an error, a missing entry may still exist. read() and failure() are safe to call
  /// from several threads.
  [[nodiscard]] std::optional<Error> failure() const;

  /// All outputs of all entries, including replaced entries.
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
  std::uint64_t id_ = 0;  ///< a number that no other PreviousRuns of this process has
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

/// The journal of a run: its log, and the previous runs that it continues.
class Journal {
 public:
  /// `manifest` is the path of the manifest that will be written. `checkpoint`, if given, is called
  /// at every step of finishing (tests end the process there).
  Journal(std::string manifest, std::string header, const PreviousRuns& previous,
          std::size_t inputs, std::function<void(std::string_view)> checkpoint);

  /// Records a finished input; the last call for an input counts. If `entry` differs from `before`
  /// (the entry of the previous run), the manifest of a shard is out of date. It is deleted,
  /// because it must not be merged. Safe to call from several threads.
  Result<Done> append(std::size_t input, const Entry& entry,
                      const std::optional<Entry>& before = std::nullopt);
  /// Writes all appended entries, and the log's name, to the disk. Safe to call from several
  /// threads.
  [[nodiscard]] Result<Done> sync();
  /// Keeps the entry of a previous run unchanged. It has `lines` manifest lines.
  void keep(std::size_t input, const EntryLocation& location, std::size_t lines);

  /// Whether nothing changed since the last run. In that case finish() writes nothing.
  [[nodiscard]] bool is_unchanged(std::uint64_t inputs_digest, bool deleted) const;
  /// Writes the manifest: `header` with the number of lines that follow, then the lines of the
  /// inputs and of the `kept` entries, sorted by path. Then the log, together with `gone` (entries
  /// of inputs that are not in the list), becomes the state. If nothing changed, nothing is
  /// written. `inputs_digest` identifies the list of inputs. If outputs were `deleted`, the state
  /// is always written.
  Result<Done> finish(std::string_view header, const std::vector<KeptEntry>& kept,
                      const std::vector<EntryLocation>& gone, std::uint64_t inputs_digest,
                      bool deleted);

  /// Whether this input has an entry, from this run or kept from a previous run.
  [[nodiscard]] bool has(std::size_t input) const { return entries_[input].location.length != 0; }
  /// read() and finish() are for a single thread, after the last append().
  [[nodiscard]] std::optional<Entry> read(std::size_t input) const;

 private:
  struct LocatedEntry {
    EntryLocation location;
    std::uint32_t lines = 0;  ///< of the manifest
    bool ours = false;        ///< in the log of this run, else in a file of a previous run
  };

  Result<Done> open_log();
  Result<Done> withdraw_manifest();
  /// Visits the entries of this run and the kept entries, in the order of their paths.
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
  mutable PartReader log_reader_;  ///< of the log of this run, after the last append()
  std::vector<LocatedEntry> entries_;
  std::mutex mutex_;
};

/// The hidden file beside a manifest that holds the state of its last run.
[[nodiscard]] std::string state_path(const std::string& manifest);

}  // namespace deckle

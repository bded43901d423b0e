// SPDX-License-Identifier: Apache-2.0
#include "batch/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "batch/manifest.h"
#include "chain/output_names.h"
#include "core/json.h"

namespace deckle {
namespace {

// The lines of an entry; fields are separated by tabs:
//     R  status  index  size  mtime  sha256  number of outputs  number of manifest lines  path
//     O  size  mtime  path                 for each output
//     {..}                                 the manifest's lines
//     E  XXH3-64 of all of the entry before it
constexpr char kEntryBegin = 'R';
constexpr char kOutput = 'O';
constexpr char kEntryEnd = 'E';
constexpr char kSeal = 'F';

std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else {
      text += c;
    }
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      path += text[i];
      continue;
    }
    ++i;
    path += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
  }
  return path;
}

// Reads the fields of a line one after the other.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  std::string_view text() {
    const auto tab = rest_.find('\t');
    const std::string_view field = rest_.substr(0, tab);
    rest_ = tab == std::string_view::npos ? std::string_view{} : rest_.substr(tab + 1);
    return field;
  }
  template <typename T>
  T number(int base = 10) {
    const std::string_view field = text();
    T value{};
    const auto [end, error] =
        std::from_chars(field.data(), field.data() + field.size(), value, base);
    good_ = good_ && error == std::errc{} && end == field.data() + field.size();
    return value;
  }
  FileStamp stamp() {
    const auto size = number<std::uint64_t>();
    return {size, number<std::int64_t>()};
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::string stamp_text(const FileStamp& stamp) {
  return std::to_string(stamp.size) + "\t" + std::to_string(stamp.mtime_ns);
}

std::string checksum(std::string_view text) {
  std::array<char, 24> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return hex.data();
}

// Removes the first line from `text` and returns it without its newline; nothing if there is no
// whole line.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::string seal_text(const Seal& seal) {
  const std::string text = std::string(1, kSeal) + "\t" + stamp_text(seal.manifest) + "\t" +
                           std::to_string(seal.inputs) + "\t";
  return text + checksum(text) + "\n";
}

std::optional<Seal> parse_seal(std::string_view line) {
  const auto tab = line.rfind('\t');
  if (tab == std::string_view::npos || checksum(line.substr(0, tab + 1)) != line.substr(tab + 1))
    return std::nullopt;
  Fields fields(line);
  fields.text();
  Seal seal;
  seal.manifest = fields.stamp();
  seal.inputs = fields.number<std::uint64_t>();
  return fields.good() ? std::optional(seal) : std::nullopt;
}

bool begins(std::string_view line, char kind) {
  return line.size() > 1 && line[0] == kind && line[1] == '\t';
}

// Collects small writes into large blocks.
class BufferedWriter {
 public:
  explicit BufferedWriter(const File& file) : file_(file) { buffer_.reserve(kBlock); }

  Result<Done> write(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kBlock ? Result<Done>(Done{}) : flush();
  }
  Result<Done> flush() {
    auto written = write_all(file_, as_bytes(buffer_));
    buffer_.clear();
    return written;
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 20U;
  const File& file_;
  std::string buffer_;
};

Result<File> create_file(const std::string& path) {
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.is_open()) return errno_error(ErrorCode::Write, "cannot write", errno);
  return file;
}

// Syncs the file, closes it and renames it to `path`.
Result<Done> settle(File& file, const std::string& temporary, const std::string& path) {
  if (::fsync(file.fd()) != 0 || !file.close() || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = errno_error(ErrorCode::Write, "cannot write", errno);
    ::unlink(temporary.c_str());
    return error;
  }
  return Done{};
}

// A missing file counts as removed.
Result<Done> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Done{};
  return errno_error(ErrorCode::Write, "cannot delete " + printable(path), errno);
}

Result<Done> remove_files(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (auto removed = remove_file(path); !removed) return removed;
  }
  return Done{};
}

std::string hidden_base(const std::string& manifest) {
  return join_path(parent_of(manifest), "." + std::string(name_of_path(manifest)));
}

// The logs beside a manifest, sorted by name.
Result<std::vector<std::string>> find_logs(const std::string& manifest) {
  const std::string base = hidden_base(manifest);
  const std::string prefix = std::string(name_of_path(base)) + ".";
  const std::string folder(parent_of(base));
  std::vector<std::string> logs;
  const auto names = list_folder(folder);
  if (!names && is_not_there(names.error())) return logs;
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name.starts_with(prefix) && name.ends_with(".log")) logs.push_back(join_path(folder, name));
  }
  std::sort(logs.begin(), logs.end());
  return logs;
}

// Two results differ if the state or the manifest was replaced in between.
std::vector<std::int64_t> versions_of(const std::string& manifest) {
  std::vector<std::int64_t> versions;
  for (const std::string& path : {state_path(manifest), manifest}) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) status = {};
    versions.insert(versions.end(),
                    {static_cast<std::int64_t>(status.st_ino), std::int64_t{status.st_size},
                     std::int64_t{status.st_mtim.tv_sec}, std::int64_t{status.st_mtim.tv_nsec}});
  }
  return versions;
}

// An entry made from the lines of a manifest. They contain no times.
std::optional<Entry> entry_from_lines(std::string_view lines) {
  Entry entry;
  entry.lines = lines;
  while (const auto line = take_line(lines)) {
    const Json json = parse_json(*line);
    if (!json.is_object()) return std::nullopt;
    const auto path = get_path(json, "input");
    if (!path) return std::nullopt;
    entry.path = *path;
    if (json.contains("input_sha256") && json["input_sha256"].is_string()) {
      entry.input_sha256 = json["input_sha256"].get<std::string>();
    }
    if (json.contains("error")) entry.status = Status::Failed;
    if (json.contains("skipped")) entry.status = Status::Skipped;
    const auto output = parse_output(*line);
    if (!output) return std::nullopt;
    if (*output) entry.outputs.push_back({(*output)->path, {(*output)->bytes, 0}});
  }
  return entry;
}

// deckle never writes an entry with a path outside the folder.
Error leads_out(const std::string& path) {
  return {ErrorCode::Usage,
          "names " + printable(path) +
              ", which is outside the folder; no run of deckle wrote that. Move this file away"};
}

// Nothing if the text is damaged; an Error if it is whole but names a path outside the folder.
Result<std::optional<Entry>> read_entry(std::string_view text) {
  const std::string_view whole = text;
  const auto first = take_line(text);
  if (!first || !begins(*first, kEntryBegin)) return std::optional<Entry>();
  Fields fields(*first);
  fields.text();
  Entry entry;
  const std::string_view status = fields.text();
  if (status != "w" && status != "s" && status != "f" && status != "r")
    return std::optional<Entry>();
  entry.status = static_cast<Status>(status[0]);
  entry.index = fields.number<std::int64_t>();
  entry.input = fields.stamp();
  entry.input_sha256 = fields.text();
  if (entry.input_sha256 == "-") entry.input_sha256.clear();
  const auto outputs = fields.number<std::size_t>();
  const auto lines = fields.number<std::size_t>();
  entry.path = unescaped(fields.text());
  if (!fields.good()) return std::optional<Entry>();
  for (std::size_t i = 0; i < outputs; ++i) {
    const auto line = take_line(text);
    if (!line || !begins(*line, kOutput)) return std::optional<Entry>();
    Fields output(*line);
    output.text();
    const FileStamp stamp = output.stamp();
    entry.outputs.push_back({unescaped(output.text()), stamp});
    if (!output.good()) return std::optional<Entry>();
  }
  for (std::size_t i = 0; i < lines; ++i) {
    const auto line = take_line(text);
    if (!line) return std::optional<Entry>();
    entry.lines += *line;
    entry.lines += '\n';
  }
  const std::string_view body = whole.substr(0, whole.size() - text.size());
  const auto end = take_line(text);
  if (!end || !begins(*end, kEntryEnd) || end->substr(2) != checksum(body) || !text.empty())
    return std::optional<Entry>();
  for (const EntryOutput& output : entry.outputs) {
    if (!is_inside(output.path)) return leads_out(output.path);
  }
  if (!is_input_name(entry.path)) return leads_out(entry.path);
  return std::optional(std::move(entry));
}

}  // namespace

std::string state_path(const std::string& manifest) {
  return hidden_base(manifest) + ".journal";
}

std::size_t lines_of(const Entry& entry) {
  return static_cast<std::size_t>(std::count(entry.lines.begin(), entry.lines.end(), '\n'));
}

std::string to_text(const Entry& entry) {
  std::string text{kEntryBegin};
  text += '\t';
  text += static_cast<char>(entry.status);
  text += "\t" + std::to_string(entry.index) + "\t" + stamp_text(entry.input) + "\t" +
          (entry.input_sha256.empty() ? "-" : entry.input_sha256) + "\t" +
          std::to_string(entry.outputs.size()) + "\t" + std::to_string(lines_of(entry)) + "\t" +
          escaped(entry.path) + "\n";
  for (const EntryOutput& output : entry.outputs) {
    text += std::string(1, kOutput) + "\t" + stamp_text(output.stamp) + "\t" +
            escaped(output.path) + "\n";
  }
  text += entry.lines;
  const std::string sum = checksum(text);
  return text + kEntryEnd + "\t" + sum + "\n";
}

std::optional<Entry> parse_entry(std::string_view text) {
  auto entry = read_entry(text);
  if (!entry || !*entry) return std::nullopt;
  return **std::move(entry);
}

// A run that ends meanwhile renames its log to the state. In that case everything is read again.
Result<PreviousRuns> PreviousRuns::load(const std::string& manifest) {
  constexpr int kMostAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    const auto before = versions_of(manifest);
    auto previous = load_once(manifest);
    if (versions_of(manifest) == before) return previous;
    if (attempt == kMostAttempts) {
      return Error{ErrorCode::Unreadable,
                   printable(manifest) +
                       ": changes each time it is read; run again when the other runs have ended"};
    }
  }
}

Result<PreviousRuns> PreviousRuns::load_once(const std::string& manifest) {
  static std::atomic<std::uint64_t> count{0};
  PreviousRuns previous;
  previous.id_ = ++count;
  previous.manifest_ = stamp_of(manifest);
  if (auto read = previous.read_journal(state_path(manifest), true); !read) return read.error();
  if (!previous.has_state_) {
    const auto there = is_there(manifest);
    if (!there) return there.error();
    if (*there) {
      if (auto read = previous.read_manifest(manifest); !read) return read.error();
    }
  }
  const auto logs = find_logs(manifest);
  if (!logs) return logs.error();
  for (const std::string& log : *logs) {
    previous.logs_.push_back(log);
    if (auto read = previous.read_journal(log, false); !read) return read.error();
  }
  // The last entry of an input counts: logs are read after the state.
  std::stable_sort(previous.items_.begin(), previous.items_.end(),
                   [](const Item& x, const Item& y) { return x.path < y.path; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < previous.items_.size(); ++i) {
    if (i + 1 < previous.items_.size() && previous.items_[i + 1].path == previous.items_[i].path)
      continue;
    if (kept != i) previous.items_[kept] = std::move(previous.items_[i]);
    ++kept;
  }
  previous.items_.resize(kept);
  std::stable_sort(previous.replaced_.begin(), previous.replaced_.end(),
                   [](const Item& x, const Item& y) { return x.path < y.path; });
  return previous;
}

Result<Done> PreviousRuns::read_journal(const std::string& path, bool is_state) {
  auto file = open_to_read(path);
  if (!file && is_not_there(file.error())) return Done{};
  if (!file) return named(path, file.error());
  LineReader reader;
  const auto header = reader.next(*file);
  if (!header) return named(path, header.error());
  if (!*header || !reader.is_whole() || !(*header)->starts_with("{\"deckle_manifest\":"))
    return Done{};  // cut short within its header
  if (header_.empty()) header_ = **header;
  const bool same_run = **header == header_;
  if (is_state) has_state_ = true;
  const auto file_index = static_cast<std::uint32_t>(files_.size());
  // An entry counts only if its end line is there, so entries that are cut short are ignored.
  std::string path_of_entry;
  std::uint64_t begin = 0;
  bool open = false;
  bool is_replaced = false;
  for (;;) {
    const auto next = reader.next(*file);
    if (!next) return named(path, next.error());
    if (!*next || !reader.is_whole()) break;
    const std::string_view line = **next;
    if (begins(line, kEntryBegin)) {
      begin = reader.begin();
      path_of_entry = unescaped(line.substr(line.rfind('\t') + 1));
      is_replaced = line.size() > 2 && line[2] == static_cast<char>(Status::Replaced);
      open = true;
    } else if (begins(line, kEntryEnd) && open) {
      open = false;
      if (!same_run) continue;
      (is_replaced ? replaced_ : items_)
          .push_back({path_of_entry,
                      {file_index, static_cast<std::uint32_t>(reader.end() - begin), begin}});
    } else if (begins(line, kSeal) && is_state) {
      seal_ = parse_seal(line);
    }
  }
  add_file(*std::move(file), path);
  return Done{};
}

Result<Done> PreviousRuns::read_manifest(const std::string& path) {
  auto file = open_to_read(path);
  if (!file) return named(path, file.error());
  LineReader reader;
  const auto header = reader.next(*file);
  if (!header) return named(path, header.error());
  const Json first = *header ? parse_json(**header) : Json();
  if (!first.is_object() || !(*header)->starts_with("{\"deckle_manifest\":"))
    return named(path, {ErrorCode::Usage, "not a deckle manifest"});
  const auto said = records_of(first);
  if (!said) return named(path, said.error());
  // A journal's header does not have these keys.
  Json json = first;
  json.erase("shard");
  json.erase(std::string(kRecordsKey));
  header_ = line_text(json);
  const auto file_index = static_cast<std::uint32_t>(files_.size());
  std::uint64_t records = 0;
  for (;;) {
    const auto line = reader.next(*file);
    if (!line) return named(path, line.error());
    if (!*line) break;
    ++records;
    if (!reader.is_whole()) continue;  // cut short: its input is processed again
    const auto entry = entry_from_lines(std::string(**line) + "\n");
    if (!entry) {
      const Json wrong = parse_json(**line);
      const auto output = wrong.is_object() ? get_path(wrong, "output") : std::nullopt;
      if (output && !is_inside(*output)) return named(path, leads_out(*output));
      continue;  // edited by hand: its input is processed again
    }
    if (!is_input_name(entry->path)) return named(path, leads_out(entry->path));
    const auto length = static_cast<std::uint32_t>(reader.end() - reader.begin());
    if (!items_.empty() && items_.back().path == entry->path &&  // another copy
        items_.back().location.offset + items_.back().location.length == reader.begin()) {
      items_.back().location.length += length;
    } else {
      items_.push_back({entry->path, {file_index, length, reader.begin()}});
    }
  }
  if (*said && records != **said) return named(path, wrong_records(records, **said));
  add_file(*std::move(file), path);
  return Done{};
}

void PreviousRuns::add_file(File file, const std::string& path) {
  files_.push_back(std::move(file));
  paths_.push_back(path);
}

std::optional<Entry> PreviousRuns::read(const EntryLocation& location) const {
  struct Reader {
    std::uint64_t runs = 0;
    std::uint32_t file = 0;
    PartReader part;
  };
  thread_local Reader reader;  // several threads read entries, each in increasing order
  if (reader.runs != id_ || reader.file != location.file) reader = {id_, location.file, {}};
  const auto fail = [&](const Error& error) {
    const std::lock_guard lock(failure_->mutex);
    if (!failure_->first) failure_->first = named(paths_[location.file], error);
  };
  const auto text = reader.part.read(files_[location.file], location.offset, location.length);
  if (!text) {
    fail(text.error());
    return std::nullopt;
  }
  if (text->starts_with('{')) return entry_from_lines(*text);
  auto entry = read_entry(*text);
  if (entry) return *std::move(entry);
  fail(entry.error());
  return std::nullopt;
}

std::optional<Error> PreviousRuns::failure() const {
  const std::lock_guard lock(failure_->mutex);
  return failure_->first;
}

std::unordered_set<std::string> PreviousRuns::outputs() const {
  std::unordered_set<std::string> all;
  for (const std::vector<Item>* items : {&items_, &replaced_}) {
    for (const Item& item : *items) {
      const auto entry = read(item.location);
      if (!entry) continue;
      for (const EntryOutput& output : entry->outputs)
        all.insert(output.path);
    }
  }
  return all;
}

Result<Done> start_over(const std::string& manifest, const std::string& header,
                        const PreviousRuns& previous) {
  const std::string temporary = temporary_name(manifest);
  auto file = create_file(temporary);
  if (!file) return file.error();
  const auto fill = [&]() -> Result<Done> {
    BufferedWriter writer(*file);
    if (auto written = writer.write(header + "\n"); !written) return written;
    for (const auto* items : {&previous.items(), &previous.replaced()}) {
      for (const PreviousRuns::Item& item : *items) {
        auto entry = previous.read(item.location);
        if (const auto failed = previous.failure()) return *failed;
        if (!entry || entry->outputs.empty()) continue;  // damaged, or without outputs to delete
        entry->status = Status::Replaced;
        if (auto written = writer.write(to_text(*entry)); !written) return written;
      }
    }
    return writer.flush();
  };
  if (auto filled = fill(); !filled) {
    ::unlink(temporary.c_str());
    return filled;
  }
  const std::string log = hidden_base(manifest) + "." + unique_id() + ".log";
  if (auto settled = settle(*file, temporary, log); !settled) return settled;
  if (auto safe = sync_folder(std::string(folder_of(manifest))); !safe) return safe;
  if (auto removed = remove_file(state_path(manifest)); !removed) return removed;
  if (auto removed = remove_file(manifest); !removed) return removed;
  return remove_files(previous.logs());
}

Journal::Journal(std::string manifest, std::string header, const PreviousRuns& previous,
                 std::size_t inputs, std::function<void(std::string_view)> checkpoint)
    : manifest_(std::move(manifest)),
      header_(std::move(header)),
      previous_(previous),
      checkpoint_(std::move(checkpoint)),
      log_path_(hidden_base(manifest_) + "." + unique_id() + ".log"),
      entries_(inputs) {}

Result<Done> Journal::open_log() {
  auto file = create_file(log_path_);
  if (!file) return file.error();
  const std::string line = header_ + "\n";
  if (auto written = write_all(*file, as_bytes(line)); !written) return written;
  log_ = *std::move(file);
  log_size_ = line.size();
  return Done{};
}

// If the manifest changed since it was read, another process has finished the same shard. Its
// manifest is right and is kept.
Result<Done> Journal::withdraw_manifest() {
  if (withdrawn_) return Done{};
  if (name_of_path(manifest_) != kManifestName && previous_.manifest() &&
      stamp_of(manifest_) == previous_.manifest()) {
    if (auto removed = remove_file(manifest_); !removed) return removed;
    if (auto safe = sync_folder(std::string(folder_of(manifest_))); !safe) return safe;
  }
  withdrawn_ = true;
  return Done{};
}

Result<Done> Journal::append(std::size_t input, const Entry& entry,
                             const std::optional<Entry>& before) {
  const std::string text = to_text(entry);
  const std::lock_guard lock(mutex_);
  if (!log_.is_open()) {
    if (auto opened = open_log(); !opened) return opened;
  }
  if (!before || before->lines != entry.lines) {
    if (auto withdrawn = withdraw_manifest(); !withdrawn) return withdrawn;
  }
  if (auto written = write_all(log_, as_bytes(text)); !written) {
    // Half an entry must not stay: it would damage the next entry too.
    if (::ftruncate(log_.fd(), static_cast<off_t>(log_size_)) == 0) {
      ::lseek(log_.fd(), static_cast<off_t>(log_size_), SEEK_SET);
    }
    return written;
  }
  entries_[input] = {{0, static_cast<std::uint32_t>(text.size()), log_size_},
                     static_cast<std::uint32_t>(lines_of(entry)),
                     true};
  log_size_ += text.size();
  return Done{};
}

Result<Done> Journal::sync() {
  std::unique_lock lock(mutex_);
  if (!log_.is_open()) return Done{};
  const int log = log_.fd();  // stays open until finish()
  const bool name_synced = name_synced_;
  lock.unlock();
  if (::fdatasync(log) != 0) return errno_error(ErrorCode::Write, "cannot write", errno);
  if (name_synced) return Done{};
  if (auto synced = sync_folder(std::string(folder_of(manifest_))); !synced) return synced;
  lock.lock();
  name_synced_ = true;
  return Done{};
}

void Journal::keep(std::size_t input, const EntryLocation& location, std::size_t lines) {
  const std::lock_guard lock(mutex_);
  entries_[input] = {location, static_cast<std::uint32_t>(lines), false};
}

Result<std::string> Journal::text_of(const LocatedEntry& entry_at) const {
  if (entry_at.ours) {
    const auto text = log_reader_.read(log_, entry_at.location.offset, entry_at.location.length);
    return text ? Result<std::string>(std::string(*text)) : text.error();
  }
  const auto entry = previous_.read(entry_at.location);
  if (!entry) return Error{ErrorCode::Unreadable, "an entry of the journal changed under the run"};
  return to_text(*entry);
}

std::optional<Entry> Journal::read(std::size_t input) const {
  if (!has(input)) return std::nullopt;
  const auto text = text_of(entries_[input]);
  return text ? parse_entry(*text) : std::nullopt;
}

Result<Done> Journal::for_each_entry(
    const std::vector<KeptEntry>& kept,
    const std::function<Result<Done>(const LocatedEntry&)>& visit) const {
  auto next = kept.begin();
  for (std::size_t i = 0; i <= entries_.size(); ++i) {
    for (; next != kept.end() && next->before <= i; ++next) {
      if (auto visited = visit({next->location, static_cast<std::uint32_t>(next->lines), false});
          !visited)
        return visited;
    }
    if (i == entries_.size() || entries_[i].location.length == 0) continue;
    if (auto visited = visit(entries_[i]); !visited) return visited;
  }
  return Done{};
}

Result<Done> Journal::write_manifest(std::string_view header, const std::vector<KeptEntry>& kept,
                                     Seal& seal) {
  const std::string temporary = temporary_name(manifest_);
  auto file = create_file(temporary);
  if (!file) return file.error();
  const auto fill = [&]() -> Result<Done> {
    BufferedWriter writer(*file);
    std::uint64_t records = 0;
    const auto count = [&](const LocatedEntry& entry_at) -> Result<Done> {
      records += entry_at.lines;
      return Done{};
    };
    if (auto counted = for_each_entry(kept, count); !counted) return counted;
    if (auto written = writer.write(with_records(header, records) + "\n"); !written) return written;
    const auto put_lines = [&](const LocatedEntry& entry_at) -> Result<Done> {
      auto text = text_of(entry_at);
      if (!text) return text.error();
      const auto entry = parse_entry(*text);
      if (!entry)
        return Error{ErrorCode::Unreadable, "an entry of the journal changed under the run"};
      return writer.write(entry->lines);
    };
    if (auto put = for_each_entry(kept, put_lines); !put) return put;
    return writer.flush();
  };
  if (auto filled = fill(); !filled) {
    ::unlink(temporary.c_str());
    return filled;
  }
  seal.manifest = stamp_of(*file).value_or(FileStamp{});
  step("before the manifest is renamed");
  auto settled = settle(*file, temporary, manifest_);
  step("after the manifest is renamed");
  return settled;
}

Result<Done> Journal::write_state(const std::vector<KeptEntry>& kept,
                                  const std::vector<EntryLocation>& gone, const Seal& seal) {
  const std::string state = state_path(manifest_);
  const bool all_ours = std::all_of(
      entries_.begin(), entries_.end(),
      [](const LocatedEntry& entry_at) { return entry_at.ours || entry_at.location.length == 0; });
  // Another process that finished the same shard may have removed our log.
  if (log_.is_open() && all_ours && gone.empty() && kept.empty() &&
      ::access(log_path_.c_str(), F_OK) == 0) {
    // The usual case, a first run: the log becomes the state.
    const std::string text = seal_text(seal);
    if (auto written = write_all(log_, as_bytes(text)); !written) return written;
    step("before the log is renamed");
    auto settled = settle(log_, log_path_, state);
    step("after the log is renamed");
    // Another process may have finished this shard meanwhile and removed our log. Its state
    // contains the same entries.
    if (!settled && settled.error().sys_errno == ENOENT && ::access(state.c_str(), F_OK) == 0)
      return Done{};
    return settled;
  }
  const std::string temporary = temporary_name(manifest_);
  auto file = create_file(temporary);
  if (!file) return file.error();
  const auto fill = [&]() -> Result<Done> {
    BufferedWriter writer(*file);
    if (auto written = writer.write(header_ + "\n"); !written) return written;
    const auto copy = [&](const LocatedEntry& entry_at) -> Result<Done> {
      auto text = text_of(entry_at);
      if (!text) return text.error();
      return writer.write(*text);
    };
    if (auto copied = for_each_entry(kept, copy); !copied) return copied;
    for (const EntryLocation& location : gone) {
      if (auto copied = copy({location, 0, false}); !copied) return copied;
    }
    if (auto written = writer.write(seal_text(seal)); !written) return written;
    return writer.flush();
  };
  if (auto filled = fill(); !filled) {
    ::unlink(temporary.c_str());
    return filled;
  }
  step("before the state is renamed");
  auto settled = settle(*file, temporary, state);
  step("after the state is renamed");
  return settled;
}

bool Journal::is_unchanged(std::uint64_t inputs_digest, bool deleted) const {
  return !deleted && !log_.is_open() && previous_.logs().empty() && previous_.has_state() &&
         previous_.seal() && stamp_of(manifest_) == previous_.seal()->manifest &&
         previous_.seal()->inputs == inputs_digest;
}

Result<Done> Journal::finish(std::string_view header, const std::vector<KeptEntry>& kept,
                             const std::vector<EntryLocation>& gone, std::uint64_t inputs_digest,
                             bool deleted) {
  if (is_unchanged(inputs_digest, deleted)) return Done{};
  Seal seal;
  seal.inputs = inputs_digest;
  if (auto written = write_manifest(header, kept, seal); !written) return written;
  if (auto written = write_state(kept, gone, seal); !written) return written;
  // The state now contains everything that is in the logs.
  if (auto removed = remove_files(previous_.logs()); !removed) return removed;
  if (auto removed = remove_file(log_path_); !removed) return removed;
  step("after the logs are removed");
  return Done{};
}

}  // namespace deckle

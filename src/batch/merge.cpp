// SPDX-License-Identifier: Apache-2.0
#include "batch/merge.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <queue>

#include "batch/manifest.h"
#include "batch/output_folder.h"
#include "batch/shard.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

// The manifest of one shard while it is read, with the current line.
struct Source {
  std::string path;
  ManifestReader reader;
  Json shard;  // its part of the header
  std::string line;
  std::string input;        // of the current line
  std::size_t inputs = 0;   // so far
  std::int64_t copy = 0;    // of the current line
  bool all_copies = false;  // whether the current input has a line for every copy

  // Goes to the next line; false at the end. Fails if it is not a valid line, or not the one that
  // must follow.
  Result<bool> advance() {
    const auto next = reader.next();
    if (!next) return named(next.error());
    if (!*next) {
      if (const auto whole = check_copies(); !whole) return whole.error();
      return false;
    }
    const Json json = parse_json(**next);
    const auto name = json.is_object() ? get_path(json, "input") : std::nullopt;
    if (!name) return named(reader.wrong({ErrorCode::Usage, "not a line of a manifest"}));
    if (inputs > 0 && *name < input) {
      return named(
          reader.wrong({ErrorCode::Usage, "its lines are out of order; was it edited by hand?"}));
    }
    const auto which = json.find("copy");
    const std::int64_t number =
        which != json.end() && which->is_number_integer() ? which->get<std::int64_t>() : 0;
    const bool same = inputs > 0 && *name == input;
    if (number != (same ? copy + 1 : 0)) {
      return named(reader.wrong({ErrorCode::Usage, "a copy is repeated or missing"}));
    }
    if (!same) {
      if (const auto whole = check_copies(); !whole) return whole.error();
      ++inputs;
    }
    all_copies = !json.contains("error");
    line = **next;
    copy = number;
    input = *name;
    return true;
  }
  // Fails if the current input does not have all its copies.
  [[nodiscard]] Result<Done> check_copies() const {
    const Json chain = reader.header().value("chain", Json::object());
    const std::int64_t wanted = chain.value("copies", std::int64_t{1});
    if (inputs == 0 || !all_copies || copy + 1 == wanted) return Done{};
    return named({ErrorCode::Usage, printable(input) + " has " + std::to_string(copy + 1) +
                                        " of its " + std::to_string(wanted) + " copies"});
  }
  [[nodiscard]] Error named(const Error& error) const { return deckle::named(path, error); }
};

Result<std::vector<std::string>> expand(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      const auto manifests = manifests_in(path);
      if (!manifests) return manifests.error();
      for (const std::string& manifest : *manifests) {
        if (!name_of_path(manifest).starts_with("manifest-")) continue;
        const auto there = is_there(manifest);
        if (!there) return there.error();
        if (*there) files.push_back(manifest);
      }
    } else {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  if (files.empty()) return Error{ErrorCode::Usage, "there is no manifest of a shard"};
  return files;
}

Result<std::vector<Source>> open_all(const std::vector<std::string>& files) {
  std::vector<Source> sources;
  for (const std::string& file : files) {
    auto reader = ManifestReader::open(file);
    if (!reader) return deckle::named(file, reader.error());
    Json shard = reader->header().value("shard", Json());
    const auto whole = [&](const char* key) {
      return shard.contains(key) && shard[key].is_number_unsigned();
    };
    if (!shard.is_object() || !whole("index") || !whole("of") || !whole("inputs") ||
        !whole("taken") || !whole("records") || shard["of"] < 1 || shard["of"] > kMaxShards ||
        shard["index"] >= shard["of"]) {
      return Error{ErrorCode::Usage, printable(file) + ": not the manifest of a shard"};
    }
    sources.push_back({file, *std::move(reader), std::move(shard), "", "", 0, 0, false});
  }
  return sources;
}

// The number of lines of the merged manifest. Headers of earlier versions do not name theirs.
Result<std::uint64_t> count_records(const std::vector<Source>& sources) {
  std::uint64_t sum = 0;
  for (const Source& source : sources) {
    if (source.reader.records()) {
      sum += *source.reader.records();
      continue;
    }
    auto reader = ManifestReader::open(source.path);
    if (!reader) return source.named(reader.error());
    for (;;) {
      const auto line = reader->next();
      if (!line) return source.named(line.error());
      if (!*line) break;
      ++sum;
    }
  }
  return sum;
}

// Lists manifests that belong to runs with different numbers of shards; "" if all belong to the
// same number.
std::string mixed_counts(const std::vector<Source>& sources) {
  constexpr std::size_t kNamed = 4;
  std::map<unsigned, std::vector<std::string>> by_count;
  for (const Source& source : sources)
    by_count[source.shard["of"].get<unsigned>()].push_back(source.path);
  if (by_count.size() == 1) return "";
  std::string text;
  for (const auto& [count, paths] : by_count) {
    text += (text.empty() ? "" : "; ") + grouped(paths.size()) + " of " + std::to_string(count) +
            " shards: ";
    for (std::size_t i = 0; i < paths.size() && i < kNamed; ++i)
      text += (i > 0 ? ", " : "") + printable(paths[i]);
    if (paths.size() > kNamed) text += ", ..";
  }
  return text + ". Delete the manifests of the number that is out of date";
}

// All checks that need only the headers.
void check_headers(const std::vector<Source>& sources, MergeResult& result) {
  // In this case the missing shards are not known.
  if (std::string mixed = mixed_counts(sources); !mixed.empty()) {
    result.problems.push_back(std::move(mixed));
    return;
  }
  const Source& first = sources.front();
  std::map<unsigned, const Source*> by_index;
  std::size_t taken = 0;
  for (const Source& source : sources) {
    for (const std::string& difference :
         header_differences(first.reader.header(), source.reader.header())) {
      result.problems.push_back(printable(source.path) + " belongs to another run than " +
                                printable(first.path) + ": " + difference);
    }
    for (const char* key : {"inputs", "inputs_digest"}) {
      if (source.shard.value(key, Json()) == first.shard.value(key, Json())) continue;
      result.problems.push_back(printable(source.path) +
                                ": made from another list of inputs than " + printable(first.path));
      break;
    }
    const auto index = source.shard["index"].get<unsigned>();
    const auto [there, added] = by_index.emplace(index, &source);
    if (!added) {
      result.problems.push_back("shard " + std::to_string(index) + " is there twice: " +
                                printable(there->second->path) + ", " + printable(source.path));
    }
    taken += source.shard["taken"].get<std::size_t>();
  }
  for (unsigned i = 0; i < first.shard["of"].get<unsigned>(); ++i) {
    if (!by_index.contains(i)) result.missing.push_back(i);
  }
  if (result.missing.empty() && result.problems.empty() &&
      taken != first.shard["inputs"].get<std::size_t>()) {
    result.problems.push_back("the shards took " + grouped(taken) + " inputs together, of " +
                              grouped(first.shard["inputs"].get<std::size_t>()));
  }
}

// The lines of all sources in the order of their inputs. Each is checked to belong to its shard.
Result<Done> merge_lines(std::vector<Source>& sources, const File& target, MergeResult& result) {
  const auto later = [&](std::size_t x, std::size_t y) {
    return sources[x].input > sources[y].input;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> queue(later);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto more = sources[i].advance();
    if (!more) return more.error();
    if (*more) queue.push(i);
  }
  std::string buffer;
  const auto of = sources.front().shard["of"].get<std::uint32_t>();
  while (!queue.empty()) {
    Source& source = sources[queue.top()];
    const std::size_t index = queue.top();
    queue.pop();
    if (shard_of(source.input, of) != source.shard["index"].get<std::uint32_t>()) {
      return source.named(
          source.reader.wrong({ErrorCode::Usage, printable(source.input) + " belongs to shard " +
                                                     std::to_string(shard_of(source.input, of))}));
    }
    buffer += source.line + "\n";
    ++result.lines;
    if (buffer.size() > (std::size_t{1} << 20U)) {
      if (auto written = write_all(target, as_bytes(buffer)); !written) return written;
      buffer.clear();
    }
    auto more = source.advance();
    if (!more) return more.error();
    if (*more) queue.push(index);
  }
  for (const Source& source : sources) {
    if (source.inputs == source.shard["records"].get<std::size_t>()) continue;
    return source.named({ErrorCode::Usage, "has " + grouped(source.inputs) +
                                               " inputs, its header says " +
                                               source.shard["records"].dump() + ": cut short?"});
  }
  return write_all(target, as_bytes(buffer));
}

}  // namespace

Result<MergeResult> merge_manifests(const std::vector<std::string>& paths,
                                    const std::string& target) {
  const auto files = expand(paths);
  if (!files) return files.error();
  auto sources = open_all(*files);
  if (!sources) return sources.error();
  MergeResult result;
  result.shards = sources->size();
  check_headers(*sources, result);
  if (!result.missing.empty() || !result.problems.empty()) return result;

  const std::string temporary = temporary_name(target);
  const auto cannot = [&](int error_number) {
    Error error = errno_error(ErrorCode::Write, printable(target) + ": cannot write", error_number);
    ::unlink(temporary.c_str());
    return error;
  };
  File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.is_open()) return cannot(errno);
  const auto records = count_records(*sources);
  if (!records) {
    ::unlink(temporary.c_str());
    return records.error();
  }
  Json header = sources->front().reader.header();
  header.erase("shard");
  header.erase(std::string(kRecordsKey));
  const std::string first = with_records(line_text(header), *records) + "\n";
  if (auto written = write_all(file, as_bytes(first)); !written) {
    return cannot(written.error().sys_errno);
  }
  if (auto merged = merge_lines(*sources, file, result); !merged) {
    ::unlink(temporary.c_str());
    return merged.error().code == ErrorCode::Write ? cannot(merged.error().sys_errno)
                                                   : merged.error();
  }
  if (::fsync(file.fd()) != 0 || !file.close() ||
      ::rename(temporary.c_str(), target.c_str()) != 0) {
    return cannot(errno);
  }
  if (auto synced = sync_folder(std::string(folder_of(target))); !synced) return synced.error();
  return result;
}

}  // namespace deckle

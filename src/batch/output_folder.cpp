// SPDX-License-Identifier: Apache-2.0
#include "batch/output_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "batch/manifest.h"
#include "chain/output_names.h"
#include "core/text.h"
#include "layers/arguments.h"

namespace deckle {
namespace {

constexpr std::string_view kLockName = ".deckle.lock";

Error refuse(const std::string& why) {
  return {ErrorCode::Write, why};
}

// The manifest that a file of ours belongs to: "manifest.jsonl" for itself, its state and its logs.
std::optional<std::string> manifest_of(std::string_view name) {
  if (name.starts_with(".manifest")) name.remove_prefix(1);
  if (!name.starts_with("manifest")) return std::nullopt;
  const auto end = name.find(".jsonl");
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(name.substr(0, end + 6));
}

// The first line of a file, as JSON; not an object if there is no file or no valid line.
Result<Json> first_line(const std::string& path) {
  const auto file = open_to_read(path);
  if (!file && is_not_there(file.error())) return Json();
  if (!file) return named(path, file.error());
  LineReader reader;
  const auto line = reader.next(*file);
  if (!line) return named(path, line.error());
  return *line ? parse_json(**line) : Json();
}

// The header that the entries of a manifest were made under.
Result<Json> header_of(const std::string& manifest) {
  const std::string state = state_path(manifest);
  auto header = first_line(state);
  if (header && !header->is_object()) header = first_line(manifest);
  if (!header || header->is_object()) return header;
  const auto previous = PreviousRuns::load(manifest);
  // The caller refuses a file that is not a manifest.
  if (!previous && previous.error().code != ErrorCode::Usage) return previous.error();
  return previous ? parse_json(previous->header()) : Json();
}

bool is_header(const Json& json) {
  return json.is_object() && json.contains("deckle_manifest");
}

// Whether the folder contains nothing except our lock.
bool holds_nothing(const std::string& folder) {
  const auto names = list_folder(folder);
  return names && std::all_of(names->begin(), names->end(),
                              [](const std::string& name) { return name.starts_with(kLockName); });
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += "\n  " + line;
  return text;
}

}  // namespace

Result<std::vector<std::string>> manifests_in(const std::string& folder) {
  const auto names = list_folder(folder);
  if (!names && is_not_there(names.error())) return std::vector<std::string>();
  if (!names) return names.error();
  std::set<std::string> found;
  for (const std::string& name : *names) {
    if (const auto manifest = manifest_of(name)) found.insert(join_path(folder, *manifest));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

Result<std::vector<std::string>> other_shards_in(const std::string& folder, Shard shard) {
  const std::string ours = manifest_name(shard);
  const auto of = [](std::string_view name) { return name.substr(name.rfind("-of-") + 1); };
  auto found = manifests_in(folder);
  if (!found) return found;
  std::vector<std::string> others = *std::move(found);
  std::erase_if(others, [&](const std::string& path) {
    const std::string_view name = name_of_path(path);
    return name.find("-of-") == std::string_view::npos || of(name) == of(ours) || !stamp_of(path);
  });
  return others;
}

Result<std::optional<SeedPair>> recorded_seed(const std::string& folder, const Chain& chain) {
  const auto manifests = manifests_in(folder);
  if (!manifests) return manifests.error();
  for (const std::string& manifest : *manifests) {
    const auto header = header_of(manifest);
    if (!header) return header.error();
    if (!header->is_object() || !header->contains("seed")) continue;
    const auto seed = seed_pair((*header)["seed"]);
    if (!seed) continue;
    Chain seeded = chain;
    seeded.seed = *seed;
    if (resolved(seeded) == header->value("chain", Json())) return std::optional<SeedPair>(*seed);
  }
  return std::optional<SeedPair>();
}

Result<OutputFolder> OutputFolder::open_locked(const std::string& path,
                                               std::optional<Shard> shard) {
  OutputFolder folder;
  folder.path_ = path;
  folder.shard_ = shard;
  auto tree = OutTree::open(path);
  if (!tree) {
    return Error{ErrorCode::Write, printable(path) + ": " + tree.error().message,
                 tree.error().sys_errno};
  }
  folder.tree_ = *std::move(tree);
  // Deletes unfinished files of killed runs. Runs that are still active in this folder keep theirs.
  sweep_unfinished(path);
  if (shard) return folder;
  const std::string lock = join_path(path, kLockName);
  auto locked = FolderLock::take(lock);
  if (!locked) return refuse(printable(lock) + ": " + locked.error().message);
  if (!*locked) {
    return refuse(printable(path) +
                  ": another run is writing into this folder; wait for it, or give another -o");
  }
  folder.lock_ = **std::move(locked);
  if (!folder.lock_->note().empty()) folder.note_ = printable(path) + ": " + folder.lock_->note();
  folder.was_empty_ = holds_nothing(path);
  return folder;
}

Result<OutputFolder> OutputFolder::open_for_replay(const std::string& path,
                                                   const std::vector<Json>& headers,
                                                   bool overwrite) {
  auto folder = open_locked(path, std::nullopt);
  if (!folder) return folder;
  if (auto checked = check_others(path, headers, folder->manifest(), overwrite, true); !checked)
    return checked.error();
  auto previous = PreviousRuns::load(folder->manifest());
  if (!previous) return refuse(previous.error().message);
  folder->previous_ = *std::move(previous);
  return folder;
}

// Checks that the outputs in the folder belong to this chain. With `remove`, manifests of other
// chains are replaced.
Result<Done> OutputFolder::check_others(const std::string& path, const std::vector<Json>& headers,
                                        const std::string& ours, bool overwrite, bool remove) {
  const auto manifests = manifests_in(path);
  if (!manifests) return refuse(manifests.error().message);
  for (const std::string& manifest : *manifests) {
    auto header = header_of(manifest);
    const auto there = is_there(manifest);
    if (!there) return refuse(there.error().message);
    // A run may have ended since the folder was listed.
    if (header && !is_header(*header) && *there) header = header_of(manifest);
    if (!header) return refuse(header.error().message);
    const Json& was = *header;
    const bool no_manifest = !is_header(was);
    if (no_manifest && !*there) continue;  // a journal without a first line
    if (no_manifest) {
      if (!overwrite) {
        return refuse(printable(manifest) +
                      ": not a manifest of deckle's; move it away, or --overwrite it");
      }
      if (remove && ::unlink(manifest.c_str()) != 0 && errno != ENOENT) {
        return refuse(
            errno_error(ErrorCode::Write, printable(manifest) + ": cannot delete", errno).message);
      }
      continue;
    }
    const auto differences = header_differences(was, headers.front());
    if (std::any_of(headers.begin(), headers.end(),
                    [&](const Json& one) { return header_differences(was, one).empty(); }))
      continue;
    if (!overwrite) {
      return refuse(printable(manifest) +
                    ": this folder contains the outputs of another run:" + joined(differences) +
                    "\n  give another -o, or --overwrite to process everything again");
    }
    // Each shard replaces its own manifest.
    if (!remove || manifest != ours) continue;
    const auto previous = PreviousRuns::load(manifest);
    if (!previous) return refuse(previous.error().message);
    if (auto replaced = start_over(manifest, line_text(headers.front()), *previous); !replaced)
      return refuse(printable(manifest) + ": " + replaced.error().message);
  }
  return Done{};
}

Result<OutputFolder> OutputFolder::open(const std::string& path, const Chain& chain,
                                        std::optional<Shard> shard, bool overwrite,
                                        NamesFrom names) {
  auto folder = open_locked(path, shard);
  if (!folder) return folder;
  if (auto checked =
          check_others(path, {manifest_header(chain, names)}, folder->manifest(), overwrite, true);
      !checked) {
    return checked.error();
  }
  auto previous = PreviousRuns::load(folder->manifest());
  if (!previous) return refuse(previous.error().message);
  folder->previous_ = *std::move(previous);
  return folder;
}

Result<OutputFolder> OutputFolder::look(const std::string& path, const Chain& chain,
                                        std::optional<Shard> shard, bool overwrite,
                                        NamesFrom names) {
  OutputFolder folder;
  folder.path_ = path;
  folder.shard_ = shard;
  if (auto checked =
          check_others(path, {manifest_header(chain, names)}, folder.manifest(), overwrite, false);
      !checked) {
    return checked.error();
  }
  auto previous = PreviousRuns::load(folder.manifest());
  if (!previous) return refuse(previous.error().message);
  folder.previous_ = *std::move(previous);
  return folder;
}

std::string OutputFolder::manifest() const {
  return join_path(path_, manifest_name(shard_));
}

Result<bool> OutputFolder::is_recorded(const std::string& output) const {
  std::call_once(own_->once, [&] {
    const auto manifests = manifests_in(path_);
    if (!manifests) {
      own_->failure = manifests.error();
      return;
    }
    for (const std::string& manifest : *manifests) {
      const auto previous = PreviousRuns::load(manifest);
      // A file that is not a manifest records no outputs.
      if (!previous && previous.error().code == ErrorCode::Usage) continue;
      if (previous) own_->outputs.merge(previous->outputs());
      own_->failure = previous ? previous->failure() : previous.error();
      if (own_->failure) return;
    }
  });
  if (own_->failure) return *own_->failure;
  return own_->outputs.contains(output);
}

}  // namespace deckle

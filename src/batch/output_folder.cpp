// SPDX-License-Identifier: Apache-2.0
#include "batch/output_folder.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

#include "batch/manifest.h"
#include "core/text.h"
#include "dataset/outputs.h"
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

// The header that the entries of a manifest were made under.
Json header_of(const std::string& manifest) {
  std::string line;
  std::ifstream state(state_path(manifest), std::ios::binary);
  if (!std::getline(state, line) || !parse_json(line).is_object()) {
    std::ifstream file(manifest, std::ios::binary);
    if (!std::getline(file, line)) {
      const auto past = Past::load(manifest);
      line = past ? past->header() : "";
    }
  }
  return parse_json(line);
}

// Nothing but our lock.
bool holds_nothing(const std::string& folder) {
  DIR* const listing = ::opendir(folder.c_str());
  if (listing == nullptr) return false;
  bool nothing = true;
  errno = 0;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    nothing = nothing && (name == "." || name == ".." || name.starts_with(kLockName));
    if (!nothing) break;
  }
  nothing = nothing && errno == 0;
  ::closedir(listing);
  return nothing;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += "\n  " + line;
  return text;
}

}  // namespace

std::vector<std::string> manifests_in(const std::string& folder) {
  std::set<std::string> found;
  if (DIR* listing = ::opendir(folder.empty() ? "." : folder.c_str())) {
    while (const dirent* entry = ::readdir(listing)) {
      if (const auto manifest = manifest_of(entry->d_name))
        found.insert(join_path(folder, *manifest));
    }
    ::closedir(listing);
  }
  return {found.begin(), found.end()};
}

std::vector<std::string> other_shards_in(const std::string& folder, Shard shard) {
  const std::string ours = manifest_name(shard);
  const auto of = [](std::string_view name) { return name.substr(name.rfind("-of-") + 1); };
  std::vector<std::string> others = manifests_in(folder);
  std::erase_if(others, [&](const std::string& path) {
    const std::string_view name = name_of_path(path);
    return name.find("-of-") == std::string_view::npos || of(name) == of(ours) || !stamp_of(path);
  });
  return others;
}

std::optional<SeedPair> recorded_seed(const std::string& folder, const Chain& chain) {
  for (const std::string& manifest : manifests_in(folder)) {
    const Json header = header_of(manifest);
    if (!header.is_object() || !header.contains("seed")) continue;
    const auto seed = seed_pair(header["seed"]);
    if (!seed) continue;
    Chain seeded = chain;
    seeded.seed = *seed;
    if (resolved(seeded) == header.value("chain", Json())) return *seed;
  }
  return std::nullopt;
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
  // What killed runs left unfinished; others may be at work in this folder, and keep theirs.
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
  if (!folder.lock_->note().empty())
    folder.note_ = printable(path) + ": " + folder.lock_->note();
  folder.was_empty_ = holds_nothing(path);
  return folder;
}

Result<OutputFolder> OutputFolder::open_for_replay(const std::string& path) {
  auto folder = open_locked(path, std::nullopt);
  if (!folder) return folder;
  auto past = Past::load(folder->manifest());
  if (!past) return refuse(past.error().message);
  folder->past_ = *std::move(past);
  return folder;
}

// Whether what is there belongs to this chain; with `remove`, what is ours and does not makes room.
Result<Done> OutputFolder::check_others(const std::string& path, const Json& header,
                                        const std::string& ours, bool overwrite, bool remove) {
  for (const std::string& manifest : manifests_in(path)) {
    const Json was = header_of(manifest);
    const bool no_manifest = !was.is_object() || !was.contains("deckle_manifest");
    if (no_manifest && ::access(manifest.c_str(), F_OK) != 0)
      continue;  // a journal without a first line
    if (no_manifest) {
      if (!overwrite) {
        return refuse(printable(manifest) +
                      ": not a manifest of deckle's; move it away, or --overwrite it");
      }
      if (remove) ::unlink(manifest.c_str());
      continue;
    }
    const auto differences = header_differences(was, header);
    if (differences.empty()) continue;
    if (!overwrite) {
      return refuse(printable(manifest) +
                    ": this folder holds the outputs of another run:" + joined(differences) +
                    "\n  give another -o, or --overwrite to make all of it again");
    }
    // Those of other shards are theirs to replace.
    if (!remove || manifest != ours) continue;
    const auto past = Past::load(manifest);
    if (!past) return refuse(past.error().message);
    if (auto replaced = replace_past(manifest, line_text(header), *past); !replaced)
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
          check_others(path, manifest_header(chain, names), folder->manifest(), overwrite, true);
      !checked) {
    return checked.error();
  }
  auto past = Past::load(folder->manifest());
  if (!past) return refuse(past.error().message);
  folder->past_ = *std::move(past);
  return folder;
}

Result<OutputFolder> OutputFolder::look(const std::string& path, const Chain& chain,
                                        std::optional<Shard> shard, bool overwrite,
                                        NamesFrom names) {
  OutputFolder folder;
  folder.path_ = path;
  folder.shard_ = shard;
  if (auto checked =
          check_others(path, manifest_header(chain, names), folder.manifest(), overwrite, false);
      !checked) {
    return checked.error();
  }
  auto past = Past::load(folder.manifest());
  if (!past) return refuse(past.error().message);
  folder.past_ = *std::move(past);
  return folder;
}

std::string OutputFolder::manifest() const {
  return join_path(path_, manifest_name(shard_));
}

bool OutputFolder::is_own(const std::string& output) const {
  std::call_once(own_->once, [&] {
    for (const std::string& manifest : manifests_in(path_)) {
      if (const auto past = Past::load(manifest)) own_->outputs.merge(past->outputs());
    }
  });
  return own_->outputs.contains(output);
}

}  // namespace deckle

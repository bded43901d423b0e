// SPDX-License-Identifier: Apache-2.0
#include "batch/verify.h"

#include <algorithm>
#include <mutex>
#include <tuple>
#include <unordered_set>

#include "batch/for_each_index.h"
#include "batch/manifest.h"
#include "batch/stack.h"
#include "core/digest.h"
#include "core/text.h"
#include "dataset/files.h"
#include "dataset/inputs.h"

namespace deckle {
namespace {

// Nothing if the output is as recorded.
std::vector<Difference> check(const std::string& folder, const ManifestOutput& output,
                              Buffer& buffer) {
  const auto differs = [&](Difference::Kind kind, std::string detail) {
    return std::vector<Difference>{{kind, output.path, std::move(detail)}};
  };
  FileStamp stamp;
  auto file = open_to_read(join_path(folder, output.path), &stamp);
  if (!file) {
    const bool gone = is_not_there(file.error());
    return differs(gone ? Difference::Missing : Difference::Unreadable,
                   gone ? "" : file.error().message);
  }
  if (stamp.size != output.bytes) {
    return differs(Difference::Altered,
                   grouped(stamp.size) + " bytes, " + grouped(output.bytes) + " recorded");
  }
  const auto digest = sha256_of(*file, stamp.size, buffer);
  if (!digest) return differs(Difference::Unreadable, digest.error().message);
  if (hex(*digest) != output.sha256) return differs(Difference::Altered, "its SHA-256 differs");
  return {};
}

// Whether the file is a shard's manifest, which stays beside the merged manifest.
bool is_shard_manifest(std::string_view name) {
  return name.starts_with("manifest-") && name.find("-of-") != std::string_view::npos &&
         name.find('/') == std::string_view::npos && name.ends_with(".jsonl");
}

}  // namespace

Result<Verification> verify_manifest(const std::string& manifest, int jobs) {
  std::vector<ManifestOutput> outputs;
  if (auto read =
          read_outputs(manifest, [&](const ManifestOutput& output) { outputs.push_back(output); });
      !read) {
    return read.error();
  }
  const std::string folder(parent_of(manifest));
  Verification result;
  result.outputs = outputs.size();
  std::vector<Buffer> buffers(static_cast<std::size_t>(std::max(jobs, 1)));
  std::mutex mutex;
  for_each_index(outputs.size(), std::max(jobs, 1), [&](std::size_t i, std::size_t worker) {
    auto found = check(folder, outputs[i], buffers[worker]);
    if (found.empty()) return;
    const std::lock_guard lock(mutex);
    result.differences.push_back(std::move(found.front()));
  });

  const auto stacks = check_stacks(manifest);
  if (!stacks) return stacks.error();
  std::unordered_set<std::string_view> known;
  for (const ManifestOutput& output : outputs)
    known.insert(output.path);
  for (const StackCheck& stack : *stacks) {
    known.insert(stack.path);
    if (!stack.error) continue;
    const bool gone = is_not_there(*stack.error);
    result.differences.push_back({gone ? Difference::Missing : Difference::Altered, stack.path,
                                  gone ? "" : stack.error->message});
  }
  const auto listed = list_inputs({{folder.empty() ? "." : folder}, {}, '\n', ""});
  if (!listed) return listed.error();
  for (const InputFile& file : listed->files) {
    if (is_shard_manifest(name_of_path(manifest)))
      break;  // the outputs of other shards are in this folder too
    // A folder that cannot be listed is in the list as an input that fails.
    if (const auto failed = listed->unlisted.find(listed->file_path(file));
        failed != listed->unlisted.end()) {
      result.differences.push_back({Difference::Unreadable, file.path, failed->second.message});
      continue;
    }
    if (known.contains(file.path) || file.path == name_of_path(manifest)) continue;
    if (is_shard_manifest(file.path)) continue;
    result.differences.push_back({Difference::Unknown, file.path, "not in the manifest"});
  }
  std::sort(result.differences.begin(), result.differences.end(),
            [](const Difference& x, const Difference& y) {
              return std::tie(x.path, x.kind) < std::tie(y.path, y.kind);
            });
  return result;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/recorded_outputs.h"

#include <cstddef>

#include "batch/archive.h"
#include "batch/manifest.h"
#include "codecs/formats.h"
#include "dataset/files.h"

namespace deckle {
namespace {

// Whether another version of a plug-in's library made the pixels. The plug-in is opened only for
// inputs that it read; if it is not installed, the outputs are kept.
bool was_decoded_otherwise(std::string_view lines) {
  const std::string_view line = lines.substr(0, lines.find('\n'));
  if (line.find("\"decoder\"") == std::string_view::npos) return false;
  const auto record = parse_record(line);
  if (!record || record->decoder.empty()) return false;
  bool installed = false;
  for (const Codec& codec : codecs()) {
    const std::string decoder = codec.decoder == nullptr ? "" : codec.decoder();
    if (decoder == record->decoder) return false;
    installed = installed || !decoder.empty();
  }
  return installed;
}

}  // namespace

std::string hex_or_empty(const std::optional<Sha256>& digest) {
  return digest ? hex(*digest) : "";
}

std::vector<std::string> recorded_digests(std::string_view lines) {
  std::vector<std::string> digests;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    if (const auto output = parse_output(lines.substr(0, end)); output && *output) {
      digests.push_back((*output)->sha256);
    }
    lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
  }
  return digests;
}

std::optional<Sha256> digest_of(const OutTree& tree, const std::string& output, Buffer& buffer) {
  FileStamp stamp;
  const auto file = tree.open_file(output, &stamp);
  if (!file) return std::nullopt;
  const auto digest = sha256_of(*file, stamp.size, buffer);
  return digest ? std::optional<Sha256>(*digest) : std::nullopt;
}

std::optional<Entry> entry_if_unchanged(const OutTree& tree, const std::string& file,
                                        const Entry& before, Buffer& buffer) {
  if (was_decoded_otherwise(before.lines)) return std::nullopt;
  Entry now = before;
  const auto stamp = input_stamp(file);
  if (!stamp) return std::nullopt;
  if (*stamp != before.input || stamp->mtime_ns == 0) {
    if (hex_or_empty(input_digest(file, buffer)) != before.input_sha256) return std::nullopt;
    now.input = without_recent_time(*stamp);
  }
  std::vector<std::string> recorded;  // digests, read from the lines only when they are needed
  for (std::size_t i = 0; now.status == Status::Written && i < now.outputs.size(); ++i) {
    EntryOutput& output = now.outputs[i];
    const auto there = stamp_of(join_path(tree.path(), output.path));
    if (!there || there->size != output.stamp.size) return std::nullopt;
    if (*there == output.stamp && there->mtime_ns != 0) continue;
    if (recorded.empty()) recorded = recorded_digests(now.lines);
    if (i >= recorded.size() || hex_or_empty(digest_of(tree, output.path, buffer)) != recorded[i])
      return std::nullopt;
    output.stamp = without_recent_coarse_time(*there);
  }
  return now;
}

}  // namespace deckle

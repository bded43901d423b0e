// SPDX-License-Identifier: Apache-2.0
#include "batch/replay.h"

#include <fnmatch.h>

#include <algorithm>
#include <unordered_set>

#include "core/text.h"
#include "dataset/files.h"

namespace deckle {
namespace {

bool is_wanted(const Record& record, const ReplayRequest& request) {
  if (record.output.empty()) return false;
  if (!request.copies.empty() && std::find(request.copies.begin(), request.copies.end(),
                                           record.copy) == request.copies.end()) {
    return false;
  }
  // As in .gitignore and rsync filters, * also matches "/": "cats/*" matches everything below cats.
  return request.only.empty() ||
         std::any_of(request.only.begin(), request.only.end(), [&](const std::string& glob) {
           return ::fnmatch(glob.c_str(), record.input.c_str(), 0) == 0 ||
                  ::fnmatch(glob.c_str(), record.output.c_str(), 0) == 0;
         });
}

}  // namespace

Result<Replay> Replay::open(const std::string& manifest, const ReplayRequest& request) {
  auto reader = ManifestReader::open(manifest);
  if (!reader) return reader.error();
  Replay replay;
  replay.header_ = reader->header();
  auto chain = chain_of(replay.header_);
  if (!chain) return reader->wrong(chain.error());
  replay.chain_ = *std::move(chain);
  replay.manifest_ = manifest;
  std::unordered_set<std::string> outputs;
  for (;;) {
    const auto line = reader->next();
    if (!line) return line.error();
    if (!*line) break;
    auto record = parse_record(**line);
    if (!record) return reader->wrong(record.error());
    for (const Draw& draw : record->draws) {
      if (draw.layer >= replay.chain_.layers.size()) {
        return reader->wrong({ErrorCode::Usage, "a draw of layer " + std::to_string(draw.layer) +
                                                    ", which the chain does not have"});
      }
    }
    if (!record->output.empty() && !outputs.insert(record->output).second) {
      return reader->wrong({ErrorCode::Usage, "the output " + printable(record->output) +
                                                  " is also the output of an earlier line"});
    }
    if (!is_wanted(*record, request)) continue;
    ++replay.outputs_;
    replay.lines_[record->input].push_back(
        {reader->offset(), static_cast<std::uint32_t>((*line)->size())});
  }
  auto file = open_to_read(manifest);
  if (!file) return file.error();
  replay.file_ = *std::move(file);
  return replay;
}

std::vector<std::string> Replay::match(InputList& list) const {
  std::erase_if(list.files, [&](const InputFile& file) { return !lines_.contains(file.path); });
  std::vector<std::string> missing;
  auto file = list.files.begin();
  for (const auto& [input, places] : lines_) {
    while (file != list.files.end() && file->path < input)
      ++file;
    if (file == list.files.end() || file->path != input) missing.push_back(input);
  }
  return missing;
}

Result<std::vector<Record>> Replay::records(const std::string& input) const {
  std::vector<Record> records;
  const auto found = lines_.find(input);
  if (found == lines_.end()) return records;
  for (const LineLocation& location : found->second) {
    const auto line = read_part(file_, location.offset, location.length);
    auto record = line ? parse_record(*line) : line.error();
    if (!record) {  // the file changed after it was opened, or can no longer be read
      return Error{ErrorCode::Unreadable, printable(manifest_) + ": " + record.error().message,
                   record.error().sys_errno};
    }
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/leftovers.h"

#include <cerrno>

#include "batch/recorded_outputs.h"
#include "core/digest.h"
#include "core/text.h"
#include "dataset/files.h"

namespace deckle {

bool Leftovers::remove_output(const std::string& output, const std::string& recorded) {
  const auto cannot = [&](const std::string& why) {
    undeleted_.push_back(printable(output) + ": " + why);
    return false;
  };
  FileStamp stamp;
  const auto file = tree_.open_file(output, &stamp);
  const auto digest = file ? sha256_of(*file, stamp.size, buffer_) : file.error();
  const int why = digest ? 0 : digest.error().sys_errno;
  if (why == ENOENT || why == ENOTDIR) return true;
  // A link, or anything that is no regular file, was not made by a run.
  if (why != 0 && why != ELOOP) return cannot(digest.error().message);
  if (!digest || hex(*digest) != recorded) {
    changed_.push_back(output);
    return true;
  }
  if (auto removed = tree_.remove(output); !removed) return cannot(removed.error().message);
  ++removed_;
  tree_.remove_empty(folder_of(output));
  return true;
}

void Leftovers::remove_outputs_of(const EntryLocation& location) {
  const auto entry = previous_.read(location);
  if (!entry) return;
  const auto digests = recorded_digests(entry->lines);
  bool all = true;
  for (std::size_t i = 0; i < entry->outputs.size(); ++i) {
    const std::string& output = entry->outputs[i].path;
    if (current_.contains(output)) continue;
    const std::string recorded = i < digests.size() ? digests[i] : "";
    all = remove_output(output, recorded) && all;
  }
  if (!all) entries_.push_back(location);
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// What an earlier run left in a folder, made of the bytes: state, log and manifest, a NUL between
// them. Whatever they are, each entry of the past can be read and says itself again.
#include "batch/journal.h"

#include <filesystem>
#include <fstream>

#include "fuzz/fuzz.h"
#include "support/folders.h"

namespace deckle::fuzz {

void journal(Bytes input) {
  static const test::Folder folder;
  const std::string manifest = folder / "deckle-manifest.jsonl";
  std::string_view rest = text_of(input);
  const std::string state = state_path(manifest);
  const std::string log = state + ".fuzz.log";
  for (const std::string& path : {state, log, manifest}) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    std::filesystem::remove(path);
    if (!part.empty()) std::ofstream(path, std::ios::binary) << part;
  }
  const std::string_view text = text_of(input);
  if (const auto entry = parse_entry(text)) {
    const auto again = parse_entry(to_text(*entry));
    must(again && *again == *entry, "an entry does not say itself again");
  }
  const auto past = Past::load(manifest);
  if (!past) return;
  static_cast<void>(past->outputs());
  for (const auto& items : {past->items(), past->replaced()}) {
    for (const Past::Item& item : items) {
      const auto entry = past->read(item.place);
      must(entry && entry->path == item.path, "an entry of the past cannot be read");
    }
  }
}

}  // namespace deckle::fuzz

// SPDX-License-Identifier: Apache-2.0
// The files that an earlier run left in a folder: state, log and manifest, with a NUL between them.
// An undamaged entry must belong to its input, and be the same when it is written and read.
#include "batch/journal.h"

#include <xxhash.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/fuzz.h"
#include "support/folders.h"

namespace deckle::fuzz {
namespace {

std::string checksum(std::string_view text) {
  std::array<char, 24> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return hex.data();
}

// Replaces the checksums by the right ones for the text: no fuzzer finds them.
std::string with_checksums(std::string_view rest) {
  std::string text;
  std::size_t entry = 0;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with("R\t")) entry = text.size();
    if (line.starts_with("E\t")) {
      text += "E\t" + checksum(std::string_view(text).substr(entry));
    } else if (line.starts_with("F\t")) {
      const std::string_view seal = line.substr(0, line.rfind('\t') + 1);
      text += std::string(seal) + checksum(seal);
    } else {
      text += line;
    }
    if (line.size() < rest.size()) text += '\n';
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return text;
}

}  // namespace

void journal(Bytes input) {
  static const test::Folder folder;
  const std::string manifest = folder / "deckle-manifest.jsonl";
  std::string text(text_of(input));
  if (!Choices(input).one_in(8)) text = with_checksums(text);
  std::string_view rest = text;
  const std::string state = state_path(manifest);
  const std::string log = state + ".fuzz.log";
  for (const std::string& path : {state, log, manifest}) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    std::filesystem::remove(path);
    if (!part.empty()) std::ofstream(path, std::ios::binary) << part;
  }
  if (const auto entry = parse_entry(text)) {
    const auto again = parse_entry(to_text(*entry));
    must(again && *again == *entry, "an entry does not say itself again");
  }
  const auto previous = PreviousRuns::load(manifest);
  if (!previous) return;
  static_cast<void>(previous->outputs());
  for (const auto& items : {previous->items(), previous->replaced()}) {
    for (const PreviousRuns::Item& item : items) {
      const auto entry = previous->read(item.location);
      must(!entry || entry->path == item.path,
           "an entry of the past is another one's");  // or damaged
    }
  }
}

}  // namespace deckle::fuzz

// SPDX-License-Identifier: Apache-2.0
// A manifest, line by line and as a file: a line that is read, written and read must give the same
// record.
#include "batch/manifest.h"

#include "core/json.h"
#include "fuzz/fuzz.h"
#include "support/chains.h"

namespace deckle::fuzz {
namespace {

void check_line(std::string_view line, const Chain& chain) {
  static_cast<void>(parse_output(line));
  const auto record = parse_record(line);
  if (!record) return;
  for (const Draw& draw : record->draws) {
    if (draw.layer >= chain.layers.size()) return;
  }
  const std::string text = line_text(manifest_line(*record, chain));
  const auto again = parse_record(text);
  must(again.has_value(), "a line that was written is refused",
       again ? "" : again.error().message + " in " + text);
  must(line_text(manifest_line(*again, chain)) == text, "a line is another one when written again",
       text);
}

}  // namespace

void manifest(Bytes input) {
  static const Chain chain = test::chain_of(R"({"seed": 1, "layers": [
      {"class_name": "RandomCrop", "height": 2, "width": 2}, {"class_name": "RandomFlip"}]})");
  std::string_view rest = text_of(input);
  while (!rest.empty()) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    check_line(line, chain);
  }
  const PathOf file(input);
  auto reader = ManifestReader::open(file.path());
  if (!reader) return;
  static_cast<void>(chain_of(reader->header()));
  static_cast<void>(header_differences(reader->header(), manifest_header(chain)));
  static_cast<void>(read_outputs(file.path(), [](const ManifestOutput&) {}));
}

}  // namespace deckle::fuzz

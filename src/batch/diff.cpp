// SPDX-License-Identifier: Apache-2.0
#include "batch/diff.h"

#include <optional>
#include <tuple>
#include <vector>

#include "batch/manifest.h"
#include "core/text.h"

namespace deckle {
namespace {

struct Side {
  std::string path;
  ManifestReader reader;
  std::optional<Record> record;

  Result<Done> advance() {
    record.reset();
    const auto line = reader.next();
    if (!line) return named(path, line.error());
    if (!*line) return Done{};
    auto parsed = parse_record(**line);
    if (!parsed) return named(path, reader.wrong(parsed.error()));
    record = *std::move(parsed);
    return Done{};
  }
  [[nodiscard]] auto key() const { return std::tie(record->input, record->copy); }
};

Result<Side> open_side(const std::string& path) {
  auto reader = ManifestReader::open(path);
  if (!reader) return named(path, reader.error());
  Side side{path, *std::move(reader), {}};
  if (auto first = side.advance(); !first) return first.error();
  return side;
}

std::string name(const Record& record) {
  return printable(record.input) +
         (record.copy > 0 ? " (copy " + std::to_string(record.copy) + ")" : "");
}

std::string window_text(const Window& window) {
  return "[" + std::to_string(window[0].begin) + ", " + std::to_string(window[1].begin) + ", " +
         std::to_string(window[0].end) + ", " + std::to_string(window[1].end) + "]";
}

std::string state(const Record& record) {
  if (record.error) return "failed: " + record.error->message;
  return record.skipped.empty() ? "written" : "skipped: " + record.skipped;
}

// Causes come before effects: a changed input explains the differences after it.
std::vector<std::string> differences(const Record& a, const Record& b) {
  std::vector<std::string> found;
  const auto differs = [&](bool same, const std::string& what) {
    if (!same) found.push_back(name(a) + ": " + what);
  };
  // A file that could not be read has no digest.
  differs(!a.input_sha256 || !b.input_sha256 || a.input_sha256 == b.input_sha256,
          "the input's content differs");
  if (state(a) != state(b)) {
    found.push_back(name(a) + ": " + state(a) + " | " + state(b));
    return found;
  }
  differs(a.shape == b.shape, "shape " + (a.shape ? to_string(*a.shape) : "?") + " | " +
                                  (b.shape ? to_string(*b.shape) : "?"));
  differs(a.decoder == b.decoder, "decoder " + (a.decoder.empty() ? "deckle" : a.decoder) + " | " +
                                      (b.decoder.empty() ? "deckle" : b.decoder));
  differs(a.truncated == b.truncated, "truncated: " + a.truncated + " | " + b.truncated);
  differs(a.note == b.note, "note: " + a.note + " | " + b.note);
  differs(a.draws == b.draws, "the draws differ");
  differs(a.window == b.window, "window " + window_text(a.window) + " | " + window_text(b.window));
  // Manifests of earlier versions do not have this key.
  differs(!a.placed || !b.placed || a.placed == b.placed,
          "the window lies elsewhere in the output");
  differs(a.output == b.output, "output " + printable(a.output) + " | " + printable(b.output));
  differs(a.output_shape == b.output_shape,
          "output shape " + to_string(a.output_shape) + " | " + to_string(b.output_shape));
  differs(a.output_dtype == b.output_dtype, "output depth " + std::string(name_of(a.output_dtype)) +
                                                " | " + std::string(name_of(b.output_dtype)));
  if (a.output_sha256 == b.output_sha256) {
    differs(a.bytes == b.bytes,
            "bytes " + std::to_string(a.bytes) + " | " + std::to_string(b.bytes));
  }
  differs(a.pixels == b.pixels, "the pixels differ");
  differs(a.output_sha256 == b.output_sha256,
          a.pixels == b.pixels ? "the file's bytes differ, but its pixels are the same"
                               : "the file's bytes differ");
  return found;
}

}  // namespace

Result<DiffCounts> diff_manifests(const std::string& a_path, const std::string& b_path,
                                  const std::function<void(const std::string&)>& say) {
  auto a = open_side(a_path);
  if (!a) return a.error();
  auto b = open_side(b_path);
  if (!b) return b.error();
  DiffCounts counts;
  const auto tell = [&](const std::string& difference) {
    ++counts.differences;
    say(difference);
  };
  for (const std::string& difference : header_differences(a->reader.header(), b->reader.header()))
    tell(difference);
  while (a->record || b->record) {
    ++counts.lines;
    const bool only_a = a->record && (!b->record || a->key() < b->key());
    const bool only_b = b->record && (!a->record || b->key() < a->key());
    if (only_a) {
      tell(name(*a->record) + ": only in " + printable(a_path));
    } else if (only_b) {
      tell(name(*b->record) + ": only in " + printable(b_path));
    } else {
      for (const std::string& difference : differences(*a->record, *b->record))
        tell(difference);
    }
    if (!only_b) {
      if (auto next = a->advance(); !next) return next.error();
    }
    if (!only_a) {
      if (auto next = b->advance(); !next) return next.error();
    }
  }
  return counts;
}

}  // namespace deckle

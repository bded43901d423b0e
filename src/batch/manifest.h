// SPDX-License-Identifier: Apache-2.0
// manifest: the record of a run: a header, then one line for each input and copy, sorted by input
// path.
//
// Nothing in it depends on time, host, threads or order of work.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.h"
#include "chain/plan.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/result.h"
#include "dataset/files.h"
#include "dataset/inputs.h"
#include "geometry/placed.h"

namespace deckle {

/// Version of the manifest's own format. A new meaning of an old key changes it; a new key does
/// not. Readers ignore unknown keys, and old manifests lack new keys.
inline constexpr int kManifestVersion = 1;

/// The first line. `names`: the folder that the names of inputs are relative to.
[[nodiscard]] Json manifest_header(const Chain& chain, NamesFrom names = NamesFrom::InputFolder);

/// The folder that the names in a manifest are relative to. If the header has no such key: the
/// input folder.
[[nodiscard]] NamesFrom names_from(const Json& header);

/// The key of the header for the number of lines that follow it.
inline constexpr std::string_view kRecordsKey = "records";

/// The text of a header with the number of records added at its end. `header` must not contain it
/// yet.
[[nodiscard]] std::string with_records(std::string_view header, std::uint64_t records);

/// The error of a manifest that has `records` lines although its header says `said`.
[[nodiscard]] Error wrong_records(std::uint64_t records, std::uint64_t said);

/// The number of records in a header; nothing if it has no such key. Fails with Usage if the value
/// is not a number.
[[nodiscard]] Result<std::optional<std::uint64_t>> records_of(const Json& header);

/// A line's text, without its newline.
[[nodiscard]] std::string line_text(const Json& json);

/// The differences between two headers that cannot belong to one run, in sentences. The key "shard"
/// is not compared.
[[nodiscard]] std::vector<std::string> header_differences(const Json& was, const Json& is);

/// The chain in a header, ready to run. Fails with Usage if it is not a valid chain.
[[nodiscard]] Result<Chain> chain_of(const Json& header);

/// The result for one input and copy.
struct Record {
  std::string input;                   ///< relative path
  std::optional<Sha256> input_sha256;  ///< absent if the file could not be read
  std::optional<Shape> shape;  ///< as the chain gets it; absent if the header could not be read
  std::optional<std::int64_t> batch;  ///< the number of samples, if the input is a batch
  int copy = 0;
  std::string
      decoder;  ///< name and version of the plug-in's library, if a plug-in decoded the input
  std::string truncated;  ///< what is missing of a damaged picture that was accepted
  std::string note;       ///< what is unusual in the input's file, although nothing is missing
  std::vector<Draw> draws;
  Window window;
  std::optional<Placed>
      placed;  ///< the window's place in the output; absent in manifests of earlier versions
  std::string output;  ///< relative path; if it is empty, the members below have no meaning
  Sha256 output_sha256{};
  std::uint64_t bytes = 0;
  Shape output_shape;
  DType output_dtype = DType::UInt8;
  std::string pixels;          ///< digest of the samples that were encoded
  std::string skipped;         ///< the reason, if the input is skipped
  std::optional<Error> error;  ///< why the input failed
};

/// One line.
[[nodiscard]] Json manifest_line(const Record& record, const Chain& chain);

/// Puts a path under `key`. If it is not UTF-8, the nearest text is put there, and the exact bytes,
/// in hex, under `key` + "_bytes".
void put_path(Json& json, const std::string& key, const std::string& path);
[[nodiscard]] std::optional<std::string> get_path(const Json& json, const std::string& key);

/// An output as a manifest records it.
struct ManifestOutput {
  std::size_t line = 0;  ///< in the file, from 1
  std::string path;
  std::string sha256;  ///< 64 hex digits
  std::uint64_t bytes = 0;
};

/// Reads a manifest line by line and calls `visit` for every output. Fails with Usage and the
/// number of the line: not a manifest, a later version, not JSON, or an output path outside the
/// folder.
[[nodiscard]] Result<Done> read_outputs(const std::string& path,
                                        const std::function<void(const ManifestOutput&)>& visit);

/// Parses a line. Fails with Usage if it is not a line of a manifest, or has impossible values.
[[nodiscard]] Result<Record> parse_record(std::string_view line);

/// Reads lines one by one and counts them.
class ManifestReader {
 public:
  /// Opens a manifest and reads its header. Fails with Usage if it is not a manifest, or of a later
  /// version.
  static Result<ManifestReader> open(const std::string& path);

  [[nodiscard]] const Json& header() const { return header_; }
  /// The number of records that the header names; nothing in manifests of earlier versions.
  [[nodiscard]] const std::optional<std::uint64_t>& records() const { return records_; }
  /// The next line, without its newline; nothing at the end. Fails if the file cannot be read, or
  /// has more or fewer lines than the header says.
  Result<std::optional<std::string_view>> next();
  [[nodiscard]] std::size_t line() const { return line_; }
  /// The offset of the last line, in bytes.
  [[nodiscard]] std::uint64_t offset() const { return lines_.begin(); }

  /// An Error (Usage) about the last line.
  [[nodiscard]] Error wrong(const Error& error) const;

 private:
  File file_;
  LineReader lines_;
  Json header_;
  std::optional<std::uint64_t> records_;
  std::size_t line_ = 0;
};

/// Checks a line after the header; nothing if it records no output.
[[nodiscard]] Result<std::optional<ManifestOutput>> parse_output(std::string_view line);

}  // namespace deckle

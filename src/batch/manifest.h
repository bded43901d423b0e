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

namespace deckle {

/// Version of the manifest's own format.
inline constexpr int kManifestVersion = 1;

/// The first line, without its newline.
[[nodiscard]] std::string manifest_header(const Chain& chain);

/// What is known of one input and copy when it is done.
struct Record {
  std::string input;                   ///< relative path
  std::optional<Sha256> input_sha256;  ///< absent where the file could not be read
  std::optional<Shape> shape;  ///< as the chain saw it; absent where the header could not be read
  int copy = 0;
  std::string truncated;  ///< what is missing of a picture that was taken all the same
  std::vector<Draw> draws;
  Window window;
  std::string output;  ///< relative path; the rest has no meaning where it is empty
  Sha256 output_sha256{};
  std::uint64_t bytes = 0;
  Shape output_shape;
  DType output_dtype = DType::UInt8;
  std::string pixels;          ///< digest of the samples that were encoded
  std::string skipped;         ///< why there is no output, where the chain wants none
  std::optional<Error> error;  ///< why there is no output, where it failed
};

/// One line, without its newline.
[[nodiscard]] std::string manifest_line(const Record& record, const Chain& chain);

/// Puts a path under `key`. Where it is not UTF-8, the nearest text stands there and the exact
/// bytes, in hex, under `key` + "_bytes".
void put_path(Json& json, const std::string& key, const std::string& path);
[[nodiscard]] std::optional<std::string> get_path(const Json& json, const std::string& key);

/// What a manifest says of an output.
struct ManifestOutput {
  std::size_t line = 0;  ///< in the file, from 1
  std::string path;
  std::string sha256;  ///< 64 hex digits
  std::uint64_t bytes = 0;
};

/// Reads a manifest line by line and calls `visit` for every output. An Error (Usage) names the
/// line: no manifest, a later version, no JSON, or an output path that leads out of the folder.
[[nodiscard]] Result<Done> read_outputs(const std::string& path,
                                        const std::function<void(const ManifestOutput&)>& visit);

/// Checks a line that is no header; nothing where it records no output.
[[nodiscard]] Result<std::optional<ManifestOutput>> parse_output(std::string_view line);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// verify: compares outputs with their manifest.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"

namespace deckle {

struct Difference {
  enum Kind { Missing, Altered, Unreadable, Unknown } kind;
  std::string path;    ///< relative to the manifest's folder
  std::string detail;  ///< "88 112 bytes, 88 100 recorded"
};

struct Verification {
  std::size_t outputs = 0;
  std::vector<Difference> differences;  ///< sorted by path
};

/// Reads every output beside the manifest, on `jobs` threads. Differences are also: files in the
/// folder that the manifest does not name, and stacked arrays that do not match their outputs.
/// Hidden files are ignored.
[[nodiscard]] Result<Verification> verify_manifest(const std::string& manifest, int jobs);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// outputs: where the output of an input goes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codecs/codec.h"
#include "core/result.h"

namespace deckle {

/// Names of deckle's own in an output folder.
inline constexpr std::string_view kManifestName = "manifest.jsonl";

/// The output's path relative to the output folder: the input's, with the extension of its format,
/// and _000, .. before it where there are several copies. A file that keeps its format keeps its
/// extension too, as far as it is one of that format.
[[nodiscard]] std::string output_path(std::string_view input_path, const Codec& format,
                                      bool same_format, int copy, int copies);

/// Whether a path from a manifest stays inside the folder it is relative to.
[[nodiscard]] bool is_inside(std::string_view relative);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// output_names: makes the path of an output from the chain's template and the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codecs/format.h"
#include "core/result.h"

namespace deckle {

struct Codec;

/// Names in an output folder that deckle itself uses.
inline constexpr std::string_view kManifestName = "manifest.jsonl";

/// The default template of output names: the input's path with the extension of the output's
/// format; if there are several copies, with _000, .. before the extension.
inline constexpr std::string_view kDefaultName = "{dir}/{stem}{_copy}.{ext}";

/// The values of a template's fields.
struct NameFields {
  std::string_view input;  ///< path: {dir}, {stem}, {name}, {input_ext}
  int copy = 0;            ///< {copy}; {_copy} is "" if there is one copy
  int copies = 1;
  std::int64_t index = 0;  ///< {index}: place in the sorted list, from 0, six digits or more
  std::string hash{};      ///< {hash}: of the input, known once it is read
  std::int64_t top = 0;    ///< {top}, {left}: of the window, known once it is planned
  std::int64_t left = 0;
};

/// The output's path relative to the output folder, from a template that check_name accepts; "" is
/// kDefaultName. {ext} is the extension of the format. A file that keeps its format also keeps the
/// spelling of its extension, if that is one of the format's extensions.
[[nodiscard]] std::string output_path(std::string_view name, const NameFields& fields,
                                      const Codec& format, bool same_format);

/// What is wrong with a template; "" if it is valid. `format` is that of the outputs; nothing: that
/// of the input.
[[nodiscard]] std::string check_name(std::string_view name, std::optional<Format> format,
                                     int copies);

/// Whether names depend on the input's index in the list.
[[nodiscard]] bool is_indexed_name(std::string_view name);
/// Whether a name is known only after its input was read and planned: {hash}, {top}, {left}.
[[nodiscard]] bool is_late_name(std::string_view name);
/// The digits of {hash}: the first 16 of the SHA-256 of the input file.
inline constexpr std::size_t kNameHashDigits = 16;

/// Fails with Unsupported if an output's path would lead out of the output folder; with Write
/// (ENAMETOOLONG) if a name in it is too long for file systems. `name` is the template that made
/// it.
[[nodiscard]] Result<Done> check_output_path(std::string_view path, std::string_view name);

/// The most bytes in the name of a file or a folder: Linux' NAME_MAX. A few file systems allow
/// less.
inline constexpr std::size_t kLongestName = 255;

/// Whether a path from a manifest stays inside the folder to which it is relative.
[[nodiscard]] bool is_inside(std::string_view relative);

/// The same for an input's name. It may be "" (the folder itself), and may contain "." or "//",
/// like names in an archive.
[[nodiscard]] bool is_input_name(std::string_view name);

}  // namespace deckle

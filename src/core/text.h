// SPDX-License-Identifier: Apache-2.0
// text: small helpers for messages and for paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deckle {

/// The candidate that is most similar to a misspelt word; empty if none is similar.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// `; did you mean "padding"?`, or "".
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// Whether these bytes are UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text with every byte that is not part of a UTF-8 character replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

/// A file name that is safe to show on a terminal: control characters (also DEL, C1 and those that
/// change the direction of writing) and bytes that are not UTF-8 are written as \n, \x1b, \xff.
[[nodiscard]] std::string printable(std::string_view bytes);

/// A whole message that is safe to show on a terminal: as `printable`, but line breaks before two
/// spaces stay, because deckle's messages of several lines have these.
[[nodiscard]] std::string terminal_text(std::string_view message);

/// JSON that is safe to show on a terminal: such characters in its strings are written as \u009b.
[[nodiscard]] std::string terminal_json(std::string_view json);

[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);

/// "1 file", "2 files"; `plural` if it is not the noun with an s.
[[nodiscard]] std::string count_of(std::uint64_t n, std::string_view noun,
                                   std::string_view plural = "");

/// The text, or its beginning and "...", in at most `limit` bytes. A character is never cut in two.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// "61 MB", "1.2 GB": decimal units, as for disks.
[[nodiscard]] std::string byte_size(std::uint64_t bytes);

/// "1 842 300": digits in groups of three.
[[nodiscard]] std::string grouped(std::uint64_t n);

/// `a, b or c`, for lists of allowed words.
[[nodiscard]] std::string one_of(std::span<const std::string_view> words);

/// Latin, Greek and Cyrillic letters in lower case. This finds names that are equal on a file
/// system that ignores case.
[[nodiscard]] std::string lower_case(std::string_view text);

/// Everything before the last '/', or "".
[[nodiscard]] std::string_view folder_of(std::string_view path);
/// The same, and "/" for a name in the root folder; "" is the current folder.
[[nodiscard]] std::string_view parent_of(std::string_view path);
[[nodiscard]] std::string_view name_of_path(std::string_view path);
/// The path without its last extension ("a.b.jpg": "a.b"). A dot at the beginning of a name does
/// not begin an extension.
[[nodiscard]] std::string_view stem_of(std::string_view path);
/// The extension in lower case, without the dot.
[[nodiscard]] std::string extension_of(std::string_view path);

/// A shape as Python writes it: "(3, 3, 1, 8)", "(5,)".
[[nodiscard]] std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// formats: the table of codecs, and recognition of files by their content.
// Fails   NotAnImage; Unsupported for formats that are known but not read (GIF, AVIF, ...)
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "codecs/codec.h"
#include "codecs/format.h"
#include "core/bytes.h"
#include "core/result.h"

namespace deckle {

/// Number of bytes that `recognise` looks at, from the beginning of a file.
inline constexpr std::size_t kHeadBytes = 512;

/// All codecs, in the order in which `recognise` asks them.
[[nodiscard]] std::span<const Codec> codecs();
/// The row of `format`; null if it is not in the table.
[[nodiscard]] const Codec* find_codec(Format format);
/// The same of a format that is in the table.
[[nodiscard]] const Codec& codec_of(Format format);
/// By name or extension, in upper or lower case; null if there is none.
[[nodiscard]] const Codec* codec_by_name(std::string_view name);

/// The codec of a file that begins with `head`. If a format is known but not read, the Error names
/// it.
[[nodiscard]] Result<const Codec*> recognise(Bytes head);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// reading: helpers of the codecs: numbers from bytes, and the messages that they share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/codec.h"

namespace deckle {

inline std::uint64_t read_little(const std::uint8_t* p, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8U | p[i];
  return value;
}

inline std::uint64_t read_big(const std::uint8_t* p, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8U | p[i];
  return value;
}

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Error header_ends() {
  return {ErrorCode::Truncated, "truncated: the file ends within its header"};
}

inline Error bad_header(const std::string& what) {
  return {ErrorCode::Damaged, "damaged: the header cannot be read (" + what + ")"};
}

/// The file ends within its rows, which have a known size.
inline Error ends_at_row(std::size_t row, std::int64_t rows) {
  return {ErrorCode::Truncated, "truncated: the picture data ends at row " + std::to_string(row) +
                                    " of " + std::to_string(rows)};
}

/// A row has an index without a colour in the palette.
inline Error without_colour(std::size_t row, std::int64_t rows, std::size_t index,
                            std::size_t colours) {
  return {ErrorCode::Damaged, "damaged: row " + std::to_string(row) + " of " +
                                  std::to_string(rows) + " has palette index " +
                                  std::to_string(index) + ", but the palette has " +
                                  std::to_string(colours) + " colours"};
}

/// An entry of a palette of 8-bit colours.
inline Colour colour_of_bytes(std::uint8_t red, std::uint8_t green, std::uint8_t blue,
                              std::uint8_t alpha = 0xFF) {
  const auto wide = [](std::uint8_t value) { return static_cast<std::uint16_t>(value * 257); };
  return {wide(red), wide(green), wide(blue), wide(alpha)};
}

/// Whether the palette is grey 0 to 255, in order: indices are grey levels.
inline bool is_grey_ramp(const std::vector<Colour>& palette) {
  for (std::size_t i = 0; i < palette.size(); ++i) {
    const auto level = static_cast<std::uint8_t>(i);
    if (palette[i] != colour_of_bytes(level, level, level)) return false;
  }
  return palette.size() == 256;
}

/// The run of zero bytes that contains byte `at`.
inline Bytes zeros_around(Bytes bytes, std::size_t at) {
  const std::size_t end = std::min(text_of(bytes).find_first_not_of('\0', at), bytes.size());
  std::size_t begin = at;
  while (begin > 0 && bytes[begin - 1] == 0)
    --begin;
  return bytes.subspan(begin, end - begin);
}

/// A part of the picture data, `zeros`, has only zero bytes, as a lost disk sector has. It is a
/// part of `file`.
inline Error zeros_amid(Bytes file, Bytes zeros) {
  return {ErrorCode::Damaged, "damaged: " + std::to_string(zeros.size()) +
                                  " zero bytes within the picture data, from byte " +
                                  std::to_string(zeros.data() - file.data()) + " of the file"};
}

/// The result of a decoder. `wrong` is the damage; `note` says what is unusual but harmless.
inline Result<Damage> outcome(std::optional<Error> wrong, const DecodeOptions& options,
                              std::string note = {}) {
  if (wrong && !options.accept_truncated) return *std::move(wrong);
  return Damage{wrong ? std::move(wrong->message) : std::string(), std::move(note)};
}

inline void zero_rows(Tensor& out, std::size_t from, std::size_t to) {
  if (from < to) {
    std::memset(out.row(static_cast<std::int64_t>(from)), 0, (to - from) * out.row_bytes());
  }
}

/// Scales samples of 0 to `most` to the full range of their type.
template <typename T>
inline void scale_samples(Tensor& out, std::uint32_t most) {
  constexpr std::uint32_t kWhite = std::numeric_limits<T>::max();
  if (most == kWhite) return;
  for (std::size_t i = 0; i < out.byte_count(); i += sizeof(T)) {
    T value{};
    std::memcpy(&value, out.data.data() + i, sizeof(T));
    const std::uint32_t clamped = std::min(std::uint32_t{value}, most);
    value = static_cast<T>((clamped * kWhite + most / 2) / most);
    std::memcpy(out.data.data() + i, &value, sizeof(T));
  }
}

/// Codec::version of codecs without a library.
inline std::string by_deckle(const EncodeOptions& /*options*/) {
  return "deckle";
}

}  // namespace deckle

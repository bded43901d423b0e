// SPDX-License-Identifier: Apache-2.0
// json_text: JSON with the positions of its values, for messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/json.h"

namespace deckle {

/// A position in a text, counted from 1. Columns count characters, not bytes.
struct TextPosition {
  std::size_t line = 1;
  std::size_t column = 1;

  bool operator==(const TextPosition&) const = default;
};

[[nodiscard]] TextPosition position_of(std::string_view text, std::size_t offset);

/// A syntax error, with deckle's message.
struct SyntaxError {
  TextPosition position;
  std::string message;
};

/// A parsed text and the positions of its keys and values.
class JsonText {
 public:
  /// Parses; a byte-order mark is ignored. Returns the syntax error if there is one.
  static std::variant<JsonText, SyntaxError> parse(std::string_view text);

  [[nodiscard]] const Json& value() const { return value_; }

  /// The position of the member (its key) or element with this pointer. If it does not exist: that
  /// of the nearest value that would contain it.
  [[nodiscard]] TextPosition find(std::string_view pointer) const;

  /// Keys that are repeated in one object. JSON parsers silently keep only the last one.
  struct Repeated {
    std::string pointer;
    TextPosition first;
    TextPosition second;
  };
  [[nodiscard]] const std::vector<Repeated>& repeated() const { return repeated_; }

  /// The message with the original digits of whole numbers of more than 64 bits, at the pointer or
  /// below it. The parser has rounded them to floats.
  [[nodiscard]] std::string with_digits(std::string_view pointer, std::string message) const;

 private:
  struct Entry {
    std::string pointer;
    TextPosition position;
  };

  void index(std::string_view text);

  struct LongNumber {
    std::string pointer;
    std::string digits;
  };

  Json value_;
  std::vector<LongNumber> long_numbers_;  ///< sorted by pointer
  std::vector<Entry> entries_;            ///< sorted by pointer
  std::vector<Repeated> repeated_;
};

}  // namespace deckle

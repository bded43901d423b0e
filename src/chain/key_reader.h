// SPDX-License-Identifier: Apache-2.0
// key_reader: reads the keys of JSON objects, and records mistakes with their pointers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "layers/arguments.h"

namespace deckle {

/// A member of an object; null if it is missing or null.
[[nodiscard]] const Json* get_member(const Json& object, std::string_view key);

/// "a number", "an object": for messages.
[[nodiscard]] std::string kind_of(const Json& value);

/// Each function takes the JSON pointer of the object that it reads from.
class KeyReader {
 public:
  /// Mistakes are appended to `mistakes`.
  explicit KeyReader(std::vector<Mistake>& mistakes) : mistakes_(mistakes) {}

  void mistake(std::string pointer, std::string message) {
    mistakes_.push_back({std::move(pointer), std::move(message)});
  }

  /// The value; else a mistake is recorded.
  template <typename T>
  std::optional<T> take(Result<T> result, const std::string& pointer) {
    if (result) return *std::move(result);
    mistake(pointer, result.error().message);
    return std::nullopt;
  }

  /// Records a mistake for each key that is not one of `keys`. `what`: "a chain".
  void known_keys(const Json& object, const std::string& pointer,
                  std::span<const std::string_view> keys, const std::string& what);

  /// The index of a word in the list of allowed words; nothing if the key is missing or wrong.
  std::optional<std::size_t> word(const Json& object, const std::string& pointer,
                                  std::string_view key, std::span<const std::string_view> allowed);

  /// A whole number from `least` to `most`; nothing if the key is missing or wrong. `why` ends the
  /// message about a number that is too large.
  std::optional<std::int64_t> number(const Json& object, const std::string& pointer,
                                     std::string_view key, std::int64_t least, std::int64_t most,
                                     std::string_view why = "");

  /// The object at a key of `root`; other keys than these in it are mistakes. Null if it is missing
  /// or wrong.
  const Json* section(const Json& root, std::string_view key,
                      std::span<const std::string_view> keys);

 private:
  std::vector<Mistake>& mistakes_;
};

}  // namespace deckle

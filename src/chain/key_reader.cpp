// SPDX-License-Identifier: Apache-2.0
#include "chain/key_reader.h"

#include <algorithm>

#include "core/text.h"

namespace deckle {

std::string kind_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  return value.is_array() ? "a list" : "an object";
}

const Json* get_member(const Json& object, std::string_view key) {
  const auto it = object.find(std::string(key));
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

void KeyReader::known_keys(const Json& object, const std::string& pointer,
                           std::span<const std::string_view> keys, const std::string& what) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      mistake(join_pointer(pointer, key), "not a key of " + what + did_you_mean(key, keys));
    }
  }
}

std::optional<std::size_t> KeyReader::word(const Json& object, const std::string& pointer,
                                           std::string_view key,
                                           std::span<const std::string_view> allowed) {
  const Json* value = get_member(object, key);
  if (value == nullptr) return std::nullopt;
  const std::string here = join_pointer(pointer, key);
  if (!value->is_string()) {
    mistake(here, value->dump() + " is not one of " + one_of(allowed));
    return std::nullopt;
  }
  const auto& text = value->get_ref<const std::string&>();
  const auto it = std::find(allowed.begin(), allowed.end(), text);
  if (it != allowed.end()) return static_cast<std::size_t>(it - allowed.begin());
  mistake(here, "\"" + text + "\" is not one of " + one_of(allowed) + did_you_mean(text, allowed));
  return std::nullopt;
}

std::optional<std::int64_t> KeyReader::number(const Json& object, const std::string& pointer,
                                              std::string_view key, std::int64_t least,
                                              std::int64_t most, std::string_view why) {
  const Json* value = get_member(object, key);
  if (value == nullptr) return std::nullopt;
  const std::string here = join_pointer(pointer, key);
  const auto result = take(whole_number(*value, least, ""), here);
  if (result && *result > most) {
    mistake(here, value->dump() + " is too large; at most " + std::to_string(most) +
                      " is possible" + std::string(why));
    return std::nullopt;
  }
  return result;
}

const Json* KeyReader::section(const Json& root, std::string_view key,
                               std::span<const std::string_view> keys) {
  const Json* value = get_member(root, key);
  if (value == nullptr) return nullptr;
  const std::string pointer = "/" + std::string(key);
  if (!value->is_object()) {
    mistake(pointer, "\"" + std::string(key) + "\" is an object, not " + kind_of(*value));
    return nullptr;
  }
  known_keys(*value, pointer, keys, "\"" + std::string(key) + "\"");
  return value;
}

}  // namespace deckle

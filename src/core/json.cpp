// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <algorithm>
#include <array>

#include "core/json_limits.h"
#include "core/text.h"

namespace deckle {
namespace {

// Visits the characters outside of strings, until a visit returns false.
template <typename Visit>
void outside_strings(std::string_view text, Visit visit) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
    } else if (!visit(c, i)) {
      return;
    }
  }
}

bool opens(char c) {
  return c == '[' || c == '{';
}
bool closes(char c) {
  return c == ']' || c == '}';
}

// The greatest depth of brackets in the text.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t most = 0;
  outside_strings(text, [&](char c, std::size_t /*at*/) {
    if (opens(c)) most = std::max(most, ++depth);
    if (closes(c) && depth > 0) --depth;
    return true;
  });
  return most;
}

JsonExcess nested(std::string_view text, std::size_t at) {
  return {at, "brackets are nested " + grouped(depth_of(text)) + " deep; at most " +
                  grouped(kMaxJsonDepth) + " are read, which is fixed"};
}

JsonExcess too_many(std::size_t at) {
  return {at, "an object has more than " + grouped(kMaxJsonMembers) +
                  " members, the most that are read, which is fixed"};
}

}  // namespace

std::optional<JsonExcess> json_excess(std::string_view text) {
  // For each open bracket: the number of colons in it.
  std::array<std::size_t, kMaxJsonDepth + 1> members{};
  std::size_t depth = 0;
  std::optional<JsonExcess> excess;
  outside_strings(text, [&](char c, std::size_t at) {
    if (opens(c) && ++depth > kMaxJsonDepth) {
      excess = nested(text, at);
    } else if (opens(c)) {
      members.at(depth) = 0;
    } else if (closes(c) && depth > 0) {
      --depth;
    } else if (c == ':' && ++members.at(depth) > kMaxJsonMembers) {
      excess = too_many(at);
    }
    return !excess;
  });
  return excess;
}

Json parse_json(std::string_view text) {
  return json_excess(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

}  // namespace deckle

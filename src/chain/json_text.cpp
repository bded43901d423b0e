// SPDX-License-Identifier: Apache-2.0
#include "chain/json_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "core/json_limits.h"
#include "core/text.h"
#include "layers/arguments.h"

namespace deckle {
namespace {

// Goes through a text that is valid JSON and reports where each value begins. It does not recurse:
// a hostile depth of brackets uses memory, not stack.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  // Calls visit(pointer, offset, value) for every member and element, in the order of the text.
  // `offset` is the beginning of the key or element, `value` that of the value.
  template <typename Visit>
  void walk(Visit&& visit) {
    struct Open {
      bool object;
      std::string pointer;
      std::size_t next = 0;  // index of the next element
    };
    std::vector<Open> stack;
    std::string pointer;  // of the next value
    for (;;) {
      skip_space();
      if (at_ >= text_.size()) return;
      const char c = text_[at_];
      if (c == '{' || c == '[') {
        ++at_;
        stack.push_back({c == '{', pointer});
      } else if (c == '}' || c == ']') {
        ++at_;
        stack.pop_back();
      } else if (c == ',') {
        ++at_;
      } else {
        skip_scalar();
      }
      if (stack.empty()) return;
      skip_space();
      Open& top = stack.back();
      const char next = at_ < text_.size() ? text_[at_] : '\0';
      if (next == ',' || next == '}' || next == ']') continue;
      const std::size_t begin = at_;
      if (top.object) {
        const std::string key = read_key();
        pointer = join_pointer(top.pointer, key);
        skip_space();
        ++at_;  // the colon
        skip_space();
      } else {
        pointer = top.pointer + "/" + std::to_string(top.next++);
      }
      visit(pointer, begin, at_);
    }
  }

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  void skip_scalar() {
    if (text_[at_] == '"') {
      skip_string();
      return;
    }
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n,]}").find(text_[at_]) == std::string_view::npos)
      ++at_;
  }
  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }
  std::string read_key() {
    const std::size_t begin = at_;
    skip_string();
    return Json::parse(text_.substr(begin, at_ - begin)).get<std::string>();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The whole number that begins there, if it has more than 64 bits; else nothing.
std::string_view long_number(std::string_view text, std::size_t at) {
  const std::size_t sign = at < text.size() && text[at] == '-' ? 1 : 0;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", at + sign), text.size());
  const std::string_view number = text.substr(at, end - at);
  if (number.size() < 19 ||
      (end < text.size() && std::string_view(".eE").find(text[end]) != std::string_view::npos))
    return {};
  std::int64_t wide = 0;
  std::uint64_t positive = 0;
  const auto fits = [&](auto& value) {
    return std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc{};
  };
  return fits(wide) || fits(positive) ? std::string_view{} : number;
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// nlohmann's message without its name, code and place, and without the text that it read last: a
// file that is not a chain may contain secrets, and logs contain messages.
std::string in_our_words(std::string message) {
  const auto colon = message.find(": ", message.find("column"));
  if (colon != std::string::npos) message.erase(0, colon + 2);
  if (const auto last = message.find("; last read: "); last != std::string::npos) {
    const auto expected = message.rfind("; expected ");
    message.erase(last, expected == std::string::npos || expected < last ? std::string::npos
                                                                         : expected - last);
  }
  return "not JSON: " + to_utf8(message);
}

// Finds a number that no type can hold, such as 1e400. Except for that, the text is valid JSON.
std::size_t number_out_of_range(std::string_view text) {
  constexpr std::string_view kNumber = "+-.0123456789eE";
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const std::string_view number = text.substr(i, text.find_first_not_of(kNumber, i) - i);
      double value = 0;
      if (std::from_chars(number.data(), number.data() + number.size(), value).ec ==
          std::errc::result_out_of_range) {
        return i;
      }
      i += number.size() - 1;
    }
  }
  return 0;
}

}  // namespace

TextPosition position_of(std::string_view text, std::size_t offset) {
  TextPosition position;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      ++position.column;
    }
  }
  return position;
}

std::variant<JsonText, SyntaxError> JsonText::parse(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return SyntaxError{{}, "the file is empty"};
  }
  if (auto excess = json_excess(text))
    return SyntaxError{position_of(text, excess->at), std::move(excess->message)};
  JsonText result;
  try {
    result.value_ = Json::parse(text);
  } catch (const Json::parse_error& e) {
    // e.byte is the last byte that was read, counted from 1.
    return SyntaxError{position_of(text, e.byte > 0 ? e.byte - 1 : 0), in_our_words(e.what())};
  } catch (const Json::exception&) {
    return SyntaxError{position_of(text, number_out_of_range(text)),
                       "a number that is too large for any type"};
  }
  result.index(text);
  return result;
}

void JsonText::index(std::string_view text) {
  // Each position is counted from the one before, not from the beginning of the text.
  TextPosition here;
  std::size_t counted = 0;
  Walker(text).walk([&](const std::string& pointer, std::size_t offset, std::size_t value) {
    if (const auto digits = long_number(text, value); !digits.empty())
      long_numbers_.push_back({pointer, std::string(digits)});
    const TextPosition step = position_of(text.substr(counted), offset - counted);
    here = step.line == 1 ? TextPosition{here.line, here.column + step.column - 1}
                          : TextPosition{here.line + step.line - 1, step.column};
    counted = offset;
    entries_.push_back({pointer, here});
  });
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& x, const Entry& y) { return x.pointer < y.pointer; });
  std::stable_sort(long_numbers_.begin(), long_numbers_.end(),
                   [](const LongNumber& x, const LongNumber& y) { return x.pointer < y.pointer; });
  std::unordered_set<std::string_view> repeated;
  // Everything inside of the two values is repeated too, but one message is enough.
  const auto is_inside = [&](std::string_view pointer) {
    for (auto slash = pointer.rfind('/'); slash != std::string_view::npos && slash > 0;
         slash = pointer.rfind('/')) {
      pointer = pointer.substr(0, slash);
      if (repeated.contains(pointer)) return true;
    }
    return false;
  };
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const std::string& pointer = entries_[i].pointer;
    if (pointer != entries_[i - 1].pointer || is_inside(pointer)) continue;
    repeated.insert(pointer);
    repeated_.push_back({pointer, entries_[i - 1].position, entries_[i].position});
  }
}

std::string JsonText::with_digits(std::string_view pointer, std::string message) const {
  const auto put_in = [&](const LongNumber& number) {
    const std::string rounded = Json::parse(number.digits).dump();
    if (const auto at = message.find(rounded); at != std::string::npos)
      message.replace(at, rounded.size(), number.digits);
  };
  const std::string inside = std::string(pointer) + "/";
  const auto from = [&](std::string_view first) {
    return std::lower_bound(
        long_numbers_.begin(), long_numbers_.end(), first,
        [](const LongNumber& number, std::string_view p) { return number.pointer < p; });
  };
  if (const auto own = from(pointer); own != long_numbers_.end() && own->pointer == pointer)
    put_in(*own);
  for (auto it = from(inside); it != long_numbers_.end() && it->pointer.starts_with(inside); ++it)
    put_in(*it);
  return message;
}

TextPosition JsonText::find(std::string_view pointer) const {
  for (;;) {
    // If a key is repeated, the last one is used.
    const auto it =
        std::upper_bound(entries_.begin(), entries_.end(), pointer,
                         [](std::string_view p, const Entry& entry) { return p < entry.pointer; });
    if (it != entries_.begin() && std::prev(it)->pointer == pointer) return std::prev(it)->position;
    const auto slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {};
    pointer = pointer.substr(0, slash);
  }
}

}  // namespace deckle

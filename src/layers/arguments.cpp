// SPDX-License-Identifier: Apache-2.0
#include "layers/arguments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/shape.h"
#include "core/text.h"
#include "layers/synonyms.h"
#include "layers/training.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 6> kIgnored{
    "name", "trainable", "input_dtype", "batch_input_shape", "batch_shape", "input_shape"};

// The value as the chain writes it; a long one is shortened.
std::string shown(const Json& value) {
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

std::string with_article(std::string_view name) {
  const bool vowel = std::string_view("aeiou").find(name.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(name);
}

bool fits_int64(const Json& value) {
  if (value.is_number_unsigned()) {
    return value.get<std::uint64_t>() <=
           static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  }
  return value.is_number_integer();
}

}  // namespace

std::span<const std::string_view> ignored_arguments() {
  return kIgnored;
}

std::string join_pointer(std::string_view pointer, std::string_view key) {
  std::string out(pointer);
  out += '/';
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::int64_t> whole_number(const Json& value, std::int64_t least, std::string_view unit) {
  const auto wrong = [&](std::string why) { return Error{ErrorCode::Usage, std::move(why)}; };
  if (!value.is_number()) {
    return wrong(shown(value) + " is not a whole number" +
                 (unit.empty() ? "" : " of " + std::string(unit)));
  }
  if (value.is_number_float()) {
    return wrong(shown(value) + " is not a whole number" +
                 (unit.empty() ? "" : " of " + std::string(unit)));
  }
  if (!fits_int64(value) || value.get<std::int64_t>() > kMaxExtent) {
    return wrong(shown(value) + " is too large; at most " + std::to_string(kMaxExtent) +
                 " is possible");
  }
  const auto number = value.get<std::int64_t>();
  if (number < least)
    return wrong(shown(value) + " is too small; at least " + std::to_string(least) + " is needed");
  return number;
}

Result<SeedPair> seed_pair(const Json& value) {
  if (fits_int64(value)) return SeedPair{value.get<std::int64_t>(), 0};
  if (value.is_array() && value.size() == 2 && fits_int64(value[0]) && fits_int64(value[1])) {
    return SeedPair{value[0].get<std::int64_t>(), value[1].get<std::int64_t>()};
  }
  return Error{
      ErrorCode::Usage,
      shown(value) + " is not a seed; give a whole number of 64 bits, or a pair [a, b] of them"};
}

Arguments::Arguments(const LayerSpec& spec, const Json& config, std::string pointer,
                     std::vector<Mistake>& mistakes, Setting setting)
    : spec_(spec), pointer_(std::move(pointer)), mistakes_(mistakes), setting_(setting) {
  std::vector<std::string_view> names;
  for (const ArgumentSpec& argument : spec.arguments)
    names.push_back(argument.name);

  take_joined(config);
  for (const auto& [key, value] : config.items()) {
    if (find_joined(spec.name, key) != nullptr) continue;  // already read by the call above
    std::string name = key;
    Json present = value;
    if (const Synonym* synonym = find_synonym(spec.name, key)) {
      name = synonym->name;
      const auto renamed = present_value(*synonym, value);
      if (!renamed) {
        std::vector<std::string_view> allowed;
        for (const auto& [old_value, new_value] : synonym->values)
          allowed.push_back(old_value);
        given_as_.emplace_back(name, key);
        mistake(name, shown(value) + " is not a " + key + "; it is " + one_of(allowed));
        continue;
      }
      present = *renamed;
    }
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!known) {
      given_as_.emplace_back(name, key);
      const bool ignored =
          std::find(kIgnored.begin(), kIgnored.end(), name) != kIgnored.end() ||
          std::find(spec.ignored.begin(), spec.ignored.end(), name) != spec.ignored.end();
      if (!ignored) {
        mistake(name, layer_name() + " has no argument \"" + key + "\"" + did_you_mean(key, names));
      } else if (auto wrong = wrong_in_training(name, value)) {
        mistake(name, *std::move(wrong));
      }
      continue;
    }
    if (values_.contains(name)) {
      const auto earlier = std::find_if(given_as_.begin(), given_as_.end(),
                                        [&](const auto& given) { return given.first == name; });
      const std::string other = earlier->second;
      given_as_.emplace_back(name, key);
      mistake(name, "\"" + key + "\" is another name for \"" + other + "\"; give only one of them");
      continue;
    }
    given_as_.emplace_back(name, key);
    values_[name] = std::move(present);
  }
}

// Reads several old arguments that are now one list.
void Arguments::take_joined(const Json& config) {
  for (const Joined& joined : joined_arguments()) {
    if (find_joined(spec_.name, joined.old_names[0]) != &joined) continue;
    const auto given = [&](std::string_view old) { return config.contains(std::string(old)); };
    if (std::none_of(joined.old_names.begin(), joined.old_names.end(), given)) continue;
    Json list = Json::array();
    for (const std::string_view old : joined.old_names) {
      if (given(old)) {
        given_as_.emplace_back(joined.name, old);
        list.push_back(config.at(std::string(old)));
      } else {
        list.push_back(1);  // a valid number, to report only one mistake
        mistake(joined.name, "\"" + std::string(old) + "\" is missing; " +
                                 std::string(joined.old_names.front()) + " to " +
                                 std::string(joined.old_names.back()) + " stand together");
      }
    }
    values_[std::string(joined.name)] = std::move(list);
  }
}

const Json* Arguments::find(std::string_view name) const {
  const auto it = values_.find(std::string(name));
  return it == values_.end() || it->is_null() ? nullptr : &*it;
}

void Arguments::mistake(std::string_view name, std::string message, std::string_view below) {
  good_ = false;
  // The last spelling: if two names mean one argument, the second is the mistake.
  const auto spelling = std::find_if(given_as_.rbegin(), given_as_.rend(),
                                     [&](const auto& given) { return given.first == name; });
  std::string old = spelling == given_as_.rend() ? "" : spelling->second;
  // Of several old arguments that are now one list, the one for this entry.
  if (const Joined* joined = find_joined(spec_.name, old); joined != nullptr && !below.empty()) {
    const std::size_t entry = below.size() > 1 ? static_cast<std::size_t>(below[1] - '0') : 0;
    if (entry < joined->old_names.size()) {
      old = joined->old_names[entry];
      below.remove_prefix(2);
    }
  }
  const std::string pointer = old.empty() ? pointer_ : join_pointer(pointer_, old);
  mistakes_.push_back({pointer + std::string(below), std::move(message)});
}

std::optional<std::int64_t> Arguments::number(std::string_view name, const Json& value,
                                              std::int64_t least, const std::string& below,
                                              std::string_view unit) {
  const auto result = whole_number(value, least, unit);
  if (!result) {
    mistake(name, result.error().message, below);
    return std::nullopt;
  }
  return *result;
}

const ArgumentSpec& Arguments::declared(std::string_view name) const {
  const auto it = std::find_if(spec_.arguments.begin(), spec_.arguments.end(),
                               [&](const ArgumentSpec& a) { return a.name == name; });
  if (it == spec_.arguments.end())
    throw std::logic_error(std::string(spec_.name) + " declares no argument " + std::string(name));
  return *it;
}

const Json& Arguments::value_of(const ArgumentSpec& argument) const {
  const Json* given = find(argument.name);
  return given == nullptr ? argument.fallback : *given;
}

std::optional<std::int64_t> Arguments::whole(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  const Json& value = value_of(argument);
  if (!value.is_null()) return number(name, value, argument.least, "", argument.unit);
  if (argument.required) {
    mistake(name, layer_name() + " needs \"" + std::string(name) + "\"" +
                      (argument.unit.empty() ? "" : ", in " + std::string(argument.unit)));
  }
  return std::nullopt;
}

bool Arguments::boolean(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  const Json& value = value_of(argument);
  if (value.is_boolean()) return value.get<bool>();
  mistake(name, shown(value) + " is not true or false");
  return argument.fallback.is_boolean() && argument.fallback.get<bool>();
}

std::vector<double> Arguments::numbers(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  const Json& value = value_of(argument);
  const double usual = argument.fallback.is_number() ? argument.fallback.get<double>() : 0.0;
  if (value.is_null()) return {usual};
  const auto is_finite = [](const Json& number) {
    return number.is_number() && std::isfinite(number.get<double>());
  };
  if (is_finite(value)) return {value.get<double>()};
  if (argument.form == Form::Number) {
    mistake(name, shown(value) + " is not a number");
    return {usual};
  }
  if (!value.is_array() || value.empty() || !std::all_of(value.begin(), value.end(), is_finite)) {
    mistake(name, shown(value) + " is not a number, or a list of one number for each channel");
    return {usual};
  }
  return value.get<std::vector<double>>();
}

// Nothing if the value is wrong or missing.
std::optional<std::size_t> Arguments::index_of_word(const ArgumentSpec& argument) {
  const Json& value = value_of(argument);
  if (value.is_null()) return std::nullopt;
  const auto& words = argument.words;
  if (value.is_string()) {
    const auto& word = value.get_ref<const std::string&>();
    const auto it = std::find(words.begin(), words.end(), word);
    if (it != words.end()) return static_cast<std::size_t>(it - words.begin());
    mistake(argument.name, shown(value) + " is not " + with_article(argument.name) + " of " +
                               layer_name() + "; it is " + one_of(words) +
                               did_you_mean(word, words));
  } else {
    mistake(argument.name,
            shown(value) + " is not " + with_article(argument.name) + "; it is " + one_of(words));
  }
  return std::nullopt;
}

std::size_t Arguments::choice(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  if (const auto index = index_of_word(argument)) return *index;
  const auto usual = std::find_if(argument.words.begin(), argument.words.end(),
                                  [&](std::string_view w) { return argument.fallback == Json(w); });
  return usual == argument.words.end() ? 0
                                       : static_cast<std::size_t>(usual - argument.words.begin());
}

Json Arguments::word(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  const auto index = index_of_word(argument);
  return index ? Json(argument.words[*index]) : argument.fallback;
}

DType Arguments::dtype(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  const Json* value = &value_of(argument);
  // Keras 3 writes {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"},
  // ..}.
  if (value->is_object() && value->contains("config") && value->at("config").is_object() &&
      value->at("config").contains("name")) {
    value = &value->at("config").at("name");
  }
  const auto dtype =
      value->is_string() ? dtype_from_name(value->get_ref<const std::string&>()) : std::nullopt;
  if (!dtype) {
    mistake(name,
            shown(*value) + " is not a dtype that deckle knows; it is " + one_of(dtype_names()));
    return DType::Float32;
  }
  if (argument.form == Form::FloatType && !info(*dtype).is_float) {
    mistake(name, "the dtype of " + std::string(spec_.name) + " is a float type, not " +
                      std::string(name_of(*dtype)) + "; arrays of integers stay what they are");
  }
  return *dtype;
}

std::optional<SeedPair> Arguments::seed(std::string_view name) {
  const Json& value = value_of(declared(name));
  if (value.is_null()) return std::nullopt;
  const auto pair = seed_pair(value);
  if (!pair) {
    mistake(name, pair.error().message);
    return std::nullopt;
  }
  return *pair;
}

std::vector<Pair> Arguments::pairs(std::string_view name) {
  return read_pairs(name, value_of(declared(name)));
}

std::vector<Pair> Arguments::read_pairs(std::string_view name, const Json& value) {
  const auto axes = static_cast<std::size_t>(spec_.rank);
  std::vector<Pair> nothing(axes, Pair{0, 0});
  if (!value.is_array()) {
    const auto all = number(name, value, 0, "");
    return all ? std::vector<Pair>(axes, Pair{*all, *all}) : nothing;
  }
  std::vector<Pair> result;
  if (axes == 1) {
    if (value.size() != 2) {
      mistake(name, shown(value) + " is not a pair [before, after]; " + layer_name() +
                        " takes a number or a pair");
      return nothing;
    }
    return {
        {number(name, value[0], 0, "/0").value_or(0), number(name, value[1], 0, "/1").value_or(0)}};
  }
  if (value.size() != axes) {
    const std::string count = std::to_string(axes);
    mistake(name, shown(value) + " has " + count_of(value.size(), "entry", "entries") + "; " +
                      layer_name() + " takes a number, " + count + " numbers, or " + count +
                      " pairs");
    return nothing;
  }
  for (std::size_t a = 0; a < axes; ++a) {
    const Json& entry = value[a];
    const std::string below = "/" + std::to_string(a);
    if (!entry.is_array()) {
      const auto both = number(name, entry, 0, below);
      result.push_back({both.value_or(0), both.value_or(0)});
      continue;
    }
    if (entry.size() != 2) {
      mistake(name, shown(entry) + " is not a pair [before, after]", below);
      continue;
    }
    result.push_back({number(name, entry[0], 0, below + "/0").value_or(0),
                      number(name, entry[1], 0, below + "/1").value_or(0)});
  }
  return result.size() == axes ? result : nothing;
}

std::vector<std::int64_t> Arguments::factors(std::string_view name) {
  const ArgumentSpec& argument = declared(name);
  const auto axes = static_cast<std::size_t>(spec_.rank);
  std::vector<std::int64_t> result(axes, argument.least);
  const Json& value = value_of(argument);
  if (value.is_null()) return result;
  if (!value.is_array()) {
    if (const auto all = number(name, value, argument.least, "", "")) result.assign(axes, *all);
    return result;
  }
  if (value.size() != axes) {
    mistake(name, shown(value) + " has " + count_of(value.size(), "entry", "entries") + "; " +
                      layer_name() + " takes a number or " + std::to_string(axes) + " numbers");
    return result;
  }
  for (std::size_t a = 0; a < axes; ++a) {
    result[a] = number(name, value[a], argument.least, "/" + std::to_string(a), "")
                    .value_or(argument.least);
  }
  return result;
}

}  // namespace deckle

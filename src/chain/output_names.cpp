// SPDX-License-Identifier: Apache-2.0
#include "chain/output_names.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <string>

#include "codecs/formats.h"
#include "core/text.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 11> kFields{
    "dir", "stem", "name", "input_ext", "ext", "_copy", "copy", "index", "hash", "top", "left"};

std::string digits(std::int64_t number, std::size_t least) {
  const std::string text = std::to_string(number);
  return std::string(least > text.size() ? least - text.size() : 0, '0') + text;
}

std::string copy_digits(const NameFields& fields) {
  return digits(fields.copy, std::max<std::size_t>(3, std::to_string(fields.copies - 1).size()));
}

std::string extension_for(std::string_view input, const Codec& format, bool same_format) {
  const auto& extensions = format.extensions;
  const bool keeps = same_format && std::find(extensions.begin(), extensions.end(),
                                              extension_of(input)) != extensions.end();
  return std::string(keeps ? input.substr(stem_of(input).size() + 1) : extensions.front());
}

// Calls `text` with the literal parts and `field` with the names of fields. False if a brace has no
// partner.
template <typename Text, typename Field>
bool for_each_piece(std::string_view name, Text text, Field field) {
  while (!name.empty()) {
    const auto brace = name.find_first_of("{}");
    text(name.substr(0, brace));
    if (brace == std::string_view::npos) return true;
    name.remove_prefix(brace);
    if (name.starts_with("{{") || name.starts_with("}}")) {
      text(name.substr(0, 1));
      name.remove_prefix(2);
      continue;
    }
    const auto end = name.find('}');
    if (name.front() == '}' || end == std::string_view::npos) return false;
    field(name.substr(1, end - 1));
    name.remove_prefix(end + 1);
  }
  return true;
}

bool has_field(std::string_view name, std::initializer_list<std::string_view> wanted) {
  bool found = false;
  for_each_piece(
      name.empty() ? kDefaultName : name, [](std::string_view) {},
      [&](std::string_view field) {
        found = found || std::find(wanted.begin(), wanted.end(), field) != wanted.end();
      });
  return found;
}

}  // namespace

std::string output_path(std::string_view name, const NameFields& fields, const Codec& format,
                        bool same_format) {
  const std::string_view stem = stem_of(fields.input);
  const std::string extension = extension_for(fields.input, format, same_format);
  if (name.empty() || name == kDefaultName) {
    std::string path(stem);
    if (fields.copies > 1) path += "_" + copy_digits(fields);
    return path + "." + extension;
  }
  std::string path;
  for_each_piece(
      name, [&](std::string_view text) { path += text; },
      [&](std::string_view field) {
        if (field == "dir") path += folder_of(fields.input);
        if (field == "stem") path += name_of_path(stem);
        if (field == "name") path += name_of_path(fields.input);
        if (field == "input_ext" && stem.size() < fields.input.size())
          path += fields.input.substr(stem.size() + 1);
        if (field == "ext") path += extension;
        if (field == "_copy" && fields.copies > 1) path += "_" + copy_digits(fields);
        if (field == "copy") path += copy_digits(fields);
        if (field == "index") path += digits(fields.index, 6);
        if (field == "hash") path += fields.hash;
        if (field == "top") path += std::to_string(fields.top);
        if (field == "left") path += std::to_string(fields.left);
      });
  // If the input is not in a folder, {dir}/ is empty.
  std::string tidy;
  for (const char c : path) {
    if (c != '/' || (!tidy.empty() && tidy.back() != '/')) tidy += c;
  }
  return tidy;
}

std::string check_name(std::string_view name, std::optional<Format> format, int copies) {
  std::string wrong;
  std::string last;  // the last field, if the template ends with it
  const bool closed = for_each_piece(
      name,
      [&](std::string_view text) {
        if (!text.empty()) last = text;
      },
      [&](std::string_view field) {
        last = "{" + std::string(field) + "}";
        if (std::find(kFields.begin(), kFields.end(), field) != kFields.end() || !wrong.empty())
          return;
        wrong =
            "{" + std::string(field) + "} is none of the fields {" + std::string(kFields.front());
        for (std::size_t i = 1; i < kFields.size(); ++i)
          wrong += "}, {" + std::string(kFields.at(i));
        wrong += "}" + did_you_mean(field, kFields);
      });
  if (!closed)
    return "a { without its }, or a } without its {; {{ and }} stand for the braces themselves";
  if (!wrong.empty()) return wrong;
  const std::string tried = "/" + std::string(name) + "/";
  if (name.empty() || name.starts_with('/') || tried.find("/../") != std::string::npos ||
      tried.find("/./") != std::string::npos ||
      std::any_of(name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; })) {
    return "a name is a path inside the output folder, such as \"" + std::string(kDefaultName) +
           "\"";
  }
  if (copies > 1 && !has_field(name, {"copy", "_copy"})) {
    return "the " + std::to_string(copies) +
           " copies of an input would have one name: add {_copy} or {copy}";
  }
  if (name.ends_with(".{ext}")) return "";
  const std::string extension = last.front() == '{' ? "" : extension_of("a" + last);
  if (!format) return "a name ends in \".{ext}\", the extension of the output's format";
  const auto& extensions = codec_of(*format).extensions;
  if (std::find(extensions.begin(), extensions.end(), extension) != extensions.end()) return "";
  return "a name ends in \".{ext}\" or in an extension of " + std::string(codec_of(*format).name) +
         ", the format of the outputs";
}

bool is_indexed_name(std::string_view name) {
  return has_field(name, {"index"});
}

bool is_late_name(std::string_view name) {
  return has_field(name, {"hash", "top", "left"});
}

Result<Done> check_output_path(std::string_view path, std::string_view name) {
  if (!is_inside(path)) {
    return Error{ErrorCode::Unsupported, "its output would have the name " + printable(path) +
                                             ", by the template " +
                                             printable(name.empty() ? kDefaultName : name)};
  }
  constexpr std::size_t kShown = 32;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.size() <= kLongestName) continue;
    return Error{ErrorCode::Write,
                 "its output would have a name of " + std::to_string(part.size()) + " bytes (" +
                     printable(part.substr(0, kShown)) + "..), and a file system takes " +
                     std::to_string(kLongestName) +
                     "; rename the input, or give a template of short names, such as --name "
                     "'{dir}/{hash}{_copy}.{ext}'",
                 ENAMETOOLONG};
  }
  return Done{};
}

bool is_inside(std::string_view relative) {
  if (relative.empty() || relative.starts_with('/') ||
      relative.find('\0') != std::string_view::npos)
    return false;
  while (true) {
    const auto slash = relative.find('/');
    const std::string_view part = relative.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    relative.remove_prefix(slash + 1);
  }
}

bool is_input_name(std::string_view name) {
  if (name.starts_with('/') || name.find('\0') != std::string_view::npos) return false;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('/'));
    if (part == "..") return false;
    name.remove_prefix(std::min(part.size() + 1, name.size()));
  }
  return true;
}

}  // namespace deckle

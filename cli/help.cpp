// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <algorithm>
#include <utility>

namespace deckle::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kDescriptionColumn = 26;

// The column where the continuation lines of `line` begin.
std::size_t indent_of(std::string_view line, std::size_t description_column) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  const bool has_description = first > 0 && line.size() > description_column &&
                               line[description_column - 1] == ' ' &&
                               line[description_column] != ' ';
  return has_description ? description_column : first;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t columns, std::size_t description_column) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    const std::size_t indent = indent_of(line, description_column);
    while (line.size() > columns) {
      const std::size_t space = line.rfind(' ', columns);
      if (space == std::string::npos || space <= indent) break;  // one long word
      out.append(line, 0, space);
      out += '\n';
      line.replace(0, space + 1, std::string(indent, ' '));
    }
    out += line;
    if (end == text.size()) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

HelpFormatter::HelpFormatter() {
  column_width(kDescriptionColumn);
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  return wrapped(CLI::Formatter::make_help(app, std::move(name), mode), kColumns,
                 kDescriptionColumn);
}

}  // namespace deckle::cli

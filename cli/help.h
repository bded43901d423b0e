// SPDX-License-Identifier: Apache-2.0
// help: CLI11's help texts, no line wider than 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace deckle::cli {

/// The text with lines of at most `columns` columns (ASCII). A long line is broken at a space. The
/// continuation is aligned with the description of the option, else with the beginning of the line.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t columns,
                                  std::size_t description_column);

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace deckle::cli

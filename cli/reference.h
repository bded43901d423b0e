// SPDX-License-Identifier: Apache-2.0
// reference: the generated parts of docs/, in Markdown. docs/generate.py writes them into the
// pages.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace deckle::cli {

/// The part with this name: "layers" and "command-line" are pages; "chain-keys", "header-keys" and
/// "record-keys" are tables. Nothing for another name.
[[nodiscard]] std::optional<std::string> reference(std::string_view name, const CLI::App& app);

}  // namespace deckle::cli

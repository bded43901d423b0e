// SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "batch/manifest_keys.h"
#include "chain/schema.h"
#include "layers/registry.h"
#include "layers/synonyms.h"
#include "report.h"

namespace deckle::cli {
namespace {

constexpr std::string_view kGenerated =
    "<!-- Written by docs/generate.py from deckle itself: do not edit. -->\n\n";

constexpr std::array<std::pair<int, std::string_view>, 9> kExitCodes{
    {{kExitOk, "all done"},
     {kExitImages,
      "done, but some images failed, or there were none, or outputs could not be deleted; "
      "differences were found"},
     {kExitUsage, "the command line or the chain is wrong; nothing was written"},
     {kExitStopped, "the run could not continue"},
     {kExitMistake, "an internal error in deckle"},
     {129, "interrupted by SIGHUP"},
     {130, "interrupted by SIGINT"},
     {kExitPipe, "the reader of the output closed the pipe"},
     {143, "interrupted by SIGTERM"}}};

using Row = std::vector<std::string>;

// The text of a cell, with bars escaped.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string table(const Row& head, const std::vector<Row>& rows) {
  std::string out;
  const auto add = [&](const Row& row) {
    for (const std::string& text : row)
      out += "| " + cell(text) + " ";
    out += "|\n";
  };
  add(head);
  add(Row(head.size(), "---"));
  for (const Row& row : rows)
    add(row);
  return out;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

// ---------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------

// The possible values: all words of a list, which `deckle layers` shortens.
std::string values_of(const ArgumentSpec& argument, int rank) {
  ArgumentSpec whole = argument;
  if (argument.form == Form::Word) whole.values = "";
  return code(form_text(whole, rank));
}

std::string default_of(const ArgumentSpec& argument) {
  const bool in_words =
      argument.required || !argument.otherwise.empty() || argument.fallback.is_null();
  return in_words ? default_text(argument) : code(default_text(argument));
}

// "Drop rows." of "drop rows".
std::string sentence(std::string_view text) {
  std::string out(text);
  if (out.front() >= 'a' && out.front() <= 'z')
    out.front() = static_cast<char>(out.front() - 'a' + 'A');
  return out + ".";
}

std::string layer_section(const LayerSpec& spec) {
  std::string out = "## " + std::string(spec.name) + "\n\n" + sentence(spec.summary) + "\n\n" +
                    "* shapes: `" + std::string(spec.shapes) + "`\n" + "* example: `" +
                    std::string(spec.example) + "`\n" + "* source: " + std::string(spec.source) +
                    "\n";
  std::string old_names;
  for (const auto& [old_name, name] : old_classes()) {
    if (name == spec.name) old_names += (old_names.empty() ? "" : ", ") + std::string(old_name);
  }
  if (!old_names.empty()) out += "* older names: " + old_names + "\n";
  std::vector<Row> rows;
  for (const ArgumentSpec& argument : spec.arguments) {
    rows.push_back({code(std::string(argument.name)), values_of(argument, spec.rank),
                    default_of(argument), std::string(argument.help)});
  }
  return out + "\n" + table({"argument", "values", "default", "meaning"}, rows) + "\n";
}

std::string layer_list() {
  std::vector<Row> rows;
  for (const LayerSpec& spec : layer_specs())
    rows.push_back({code(std::string(spec.name)), std::string(spec.summary)});
  return table({"layer", "what it does"}, rows);
}

std::string layers_page() {
  std::string out = "# Layers\n\n" + std::string(kGenerated) +
                    "What `deckle layers NAME` shows, of all layers. Arguments of older Keras "
                    "versions are accepted under their old names too.\n\n" +
                    layer_list() + "\n";
  for (const LayerSpec& spec : layer_specs())
    out += layer_section(spec);
  out.pop_back();
  return out;
}

// ---------------------------------------------------------------------------------------------
// Commands. Uses only the parts of CLI11 that are the same in all its versions.
// ---------------------------------------------------------------------------------------------

// The placeholder of an option's value: its own name, the allowed words, or VALUE.
std::string value_of(const CLI::Option& option) {
  if (!option.get_option_text().empty()) return option.get_option_text();
  if (option.get_items_expected_max() == 0) return "";
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return "VALUE";
  std::string words = type.substr(open + 1, close - open - 1);
  for (char& c : words)
    c = c == ',' ? '|' : c;
  return words;
}

std::string option_names(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames())
    names += (names.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames())
    names += (names.empty() ? "--" : ", --") + name;
  const std::string value = value_of(option);
  return names + (value.empty() ? "" : " ") + value;
}

// A footer's text: lines that begin with two spaces are commands.
std::string footer_text(std::string_view footer) {
  std::string out;
  bool in_code = false;
  while (!footer.empty()) {
    const std::string_view line = footer.substr(0, footer.find('\n'));
    footer.remove_prefix(std::min(line.size() + 1, footer.size()));
    const bool is_code = line.starts_with("  ");
    if (is_code && !in_code) out += "\n```text\n";
    if (!is_code && in_code) out += "```\n";
    in_code = is_code;
    out += std::string(is_code ? line.substr(2) : line) + "\n";
  }
  if (in_code) out += "```\n";
  return out;
}

std::string command_section(const CLI::App& command) {
  std::string usage = "deckle " + command.get_name() + " [OPTIONS]";
  std::vector<Row> rows;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      std::string name = option->get_name(true);
      rows.push_back({code(name), option->get_description()});
      if (option->get_items_expected_max() > 1) name += "...";
      usage += " " + (option->get_required() ? name : "[" + name + "]");
    } else if (option != command.get_help_ptr()) {
      rows.push_back({code(option_names(*option)), option->get_description()});
    }
  }
  std::string out = "## deckle " + command.get_name() + "\n\n" +
                    sentence(command.get_description()) + "\n\n    " + usage + "\n";
  if (!rows.empty()) out += "\n" + table({"argument", "meaning"}, rows);
  return out + footer_text(command.get_footer());
}

std::string commands_page(const CLI::App& app) {
  std::vector<Row> codes;
  codes.reserve(std::size(kExitCodes));
  for (const auto& [exit, meaning] : kExitCodes)
    codes.push_back({std::to_string(exit), std::string(meaning)});
  std::string out = "# The command line\n\n" + std::string(kGenerated) +
                    "`deckle COMMAND --help` shows the same in the terminal.\n\n" +
                    "## Exit codes\n\nThe same for all commands.\n\n" +
                    table({"code", "meaning"}, codes);
  for (const CLI::App* command : app.get_subcommands({}))
    out += "\n" + command_section(*command);
  return out;
}

// ---------------------------------------------------------------------------------------------
// Keys
// ---------------------------------------------------------------------------------------------

// The possible values, from the JSON Schema.
std::string schema_text(const Json& schema, const Json& root) {
  if (schema.contains("$ref")) {
    const std::string reference = schema["$ref"];
    return schema_text(root.at(Json::json_pointer(reference.substr(1))), root);
  }
  const auto joined = [&](const Json& list, auto&& text) {
    std::string out;
    for (const Json& entry : list)
      out += (out.empty() ? "" : " | ") + text(entry);
    return out;
  };
  if (schema.contains("enum")) {
    return joined(schema["enum"], [](const Json& word) {
      return word.is_string() ? word.get<std::string>() : word.dump();
    });
  }
  if (schema.contains("const")) return schema["const"].get<std::string>();
  if (schema.contains("anyOf"))
    return joined(schema["anyOf"], [&](const Json& one) { return schema_text(one, root); });
  const Json type = schema.value("type", Json(""));
  if (schema.contains("pattern")) return "an extension";
  if (type == "integer") {
    if (!schema.contains("minimum")) return "whole number";
    return schema["minimum"].dump() + " to " + schema["maximum"].dump();
  }
  if (type == "string") return "text";
  if (type == "boolean") return "true | false";
  if (type == "array" && schema.contains("items") && !schema["items"].contains("$ref")) {
    const bool fixed = schema.value("minItems", 0) == schema.value("maxItems", -1);
    return "list of " + (fixed ? schema["minItems"].dump() + ": " : "") +
           schema_text(schema["items"], root);
  }
  if (type == "array") return "list";
  if (type.is_array()) {
    return joined(type, [](const Json& word) {
      return word == "string" ? std::string("text") : word.get<std::string>();
    });
  }
  return type.get<std::string>();
}

void add_keys(std::vector<Row>& rows, const std::string& before, const Json& object,
              const Json& root) {
  for (const auto& [key, schema] : object["properties"].items()) {
    const bool nested = schema.contains("properties");
    std::string usual;
    if (schema.contains("default")) {
      const Json& value = schema["default"];
      usual = code(value.is_string() ? value.get<std::string>() : value.dump());
    }
    rows.push_back({code(before + key), nested ? "an object" : code(schema_text(schema, root)),
                    usual, schema.value("description", "")});
    if (nested) add_keys(rows, key + ".", schema, root);
  }
}

std::string chain_keys() {
  const Json schema = chain_schema();
  std::vector<Row> rows;
  add_keys(rows, "", schema, schema);
  return table({"key", "values", "default", "meaning"}, rows);
}

std::string keys_table(std::span<const ManifestKey> keys) {
  std::vector<Row> rows;
  for (const ManifestKey& key : keys)
    rows.push_back({code(std::string(key.name)), std::string(key.help)});
  return table({"key", "meaning"}, rows);
}

}  // namespace

std::optional<std::string> reference(std::string_view name, const CLI::App& app) {
  if (name == "layers") return layers_page();
  if (name == "command-line") return commands_page(app);
  if (name == "chain-keys") return chain_keys();
  if (name == "header-keys") return keys_table(kHeaderKeys);
  if (name == "record-keys") return keys_table(kRecordKeys);
  return std::nullopt;
}

}  // namespace deckle::cli

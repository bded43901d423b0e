// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "core/text.h"
#include "layers/registry.h"
#include "report.h"

namespace deckle::cli {
namespace {

void print_padded(std::string_view text, std::size_t width) {
  std::printf("%.*s%*s", static_cast<int>(text.size()), text.data(),
              static_cast<int>(width - text.size()), "");
}

template <typename Rows, typename Text>
std::size_t widest(const Rows& rows, Text&& text) {
  std::size_t width = 0;
  for (const auto& row : rows)
    width = std::max(width, std::string(text(row)).size());
  return width;
}

void list_layers() {
  const std::size_t width = widest(layer_specs(), [](const LayerSpec& spec) { return spec.name; });
  for (const LayerSpec& spec : layer_specs()) {
    print_padded(spec.name, width + 3);
    std::printf("%s\n", std::string(spec.summary).c_str());
  }
}

void show_layer(const LayerSpec& spec) {
  std::printf("%s   %s\n\n", std::string(spec.name).c_str(), std::string(spec.summary).c_str());
  const std::size_t names = widest(spec.arguments, [](const ArgumentSpec& a) { return a.name; });
  const std::size_t values =
      widest(spec.arguments, [&](const ArgumentSpec& a) { return form_text(a, spec.rank); });
  const std::size_t defaults = widest(spec.arguments, default_text);
  for (const ArgumentSpec& argument : spec.arguments) {
    std::printf("  ");
    print_padded(argument.name, names + 2);
    print_padded(form_text(argument, spec.rank), values + 3);
    print_padded(default_text(argument), defaults + 3);
    std::printf("%s\n", std::string(argument.help).c_str());
  }
  std::printf("\n  %s\n  %s\n  %s\n", std::string(spec.shapes).c_str(),
              std::string(spec.example).c_str(), std::string(spec.source).c_str());
}

int run_layers(const std::string& name) {
  if (name.empty()) {
    list_layers();
    return kExitOk;
  }
  if (const LayerSpec* spec = find_layer(name)) {
    show_layer(*spec);
    return kExitOk;
  }
  const auto names = layer_names();
  const std::string hint = did_you_mean(name, names);
  std::fprintf(stderr, "there is no layer \"%s\"%s\n", printable(name).c_str(),
               hint.empty() ? ("; there are " + one_of(names)).c_str() : hint.c_str());
  return kExitUsage;
}

}  // namespace

void add_layers(CLI::App& app, int& exit) {
  CLI::App* command =
      app.add_subcommand("layers", "List the layers, or show one with its arguments");
  const auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "A layer's class name");
  command->footer("\nExamples:\n  deckle layers\n  deckle layers RandomCrop");
  command->callback([name, &exit] { exit = run_layers(*name); });
}

}  // namespace deckle::cli

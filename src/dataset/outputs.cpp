// SPDX-License-Identifier: Apache-2.0
#include "dataset/outputs.h"

#include <algorithm>

#include "dataset/files.h"

namespace deckle {

std::string output_path(std::string_view input_path, const Codec& format, bool same_format,
                        int copy, int copies) {
  const std::string_view stem = stem_of(input_path);
  std::string path(stem);
  if (copies > 1) {
    const std::string number = std::to_string(copy);
    const std::size_t digits = std::max<std::size_t>(3, std::to_string(copies - 1).size());
    path += "_" + std::string(digits - number.size(), '0') + number;
  }
  const auto& extensions = format.extensions;
  const bool keeps = same_format && std::find(extensions.begin(), extensions.end(),
                                              extension_of(input_path)) != extensions.end();
  if (keeps) return path.append(input_path.substr(stem.size()));
  return path.append(".").append(extensions.front());
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

}  // namespace deckle

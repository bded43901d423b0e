// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include "codecs/codec.h"
#include "codecs/hdf5.h"
#include "codecs/opencv.h"
#include "codecs/plugin.h"
#include "commands.h"
#include "core/text.h"
#include "kernels/convolve.h"

namespace deckle::cli {
namespace {

std::string line(std::string name, const std::string& what) {
  constexpr std::size_t kColumn = 14;
  name.resize(std::max(kColumn, name.size() + 1), ' ');
  return "\n" + name + what;
}

// It is looked for, not opened: that would take longer than all else.
std::string plugin_line(const std::string& name, const Plugin& plugin) {
  const auto path = find_plugin(plugin, plugin_folders());
  return line(name, path.empty()
                        ? "not installed: install the package " + std::string(plugin.package)
                        : printable(path.string()));
}

}  // namespace

std::string version_text() {
  std::string text = "deckle " DECKLE_VERSION;
  std::string ours;
  for (const Codec& codec : codecs()) {
    if (codec.version == nullptr) continue;
    const std::string made_by = codec.version({});
    if (made_by.starts_with("deckle")) {
      ours += (ours.empty() ? "" : ", ") + std::string(codec.name);
    } else {
      text += line(std::string(codec.name), made_by);
    }
  }
  text += line("convolution", convolution_library());
  text += line("deckle's own", ours);
  text += plugin_line("exr", kOpenCvPlugin);
  return text + plugin_line(".h5, .keras", kHdf5Plugin);
}

}  // namespace deckle::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "codecs/formats.h"
#include "codecs/helper/helper_limits.h"
#include "codecs/helper/plugin.h"
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

// The plug-in is only searched, not opened, because opening it would take longer than the rest of
// the program.
std::string plugin_line(const std::string& name, const Plugin& plugin, std::string_view library,
                        bool built, const std::string& more = "") {
  const auto path = find_plugin(plugin, plugin_folders());
  if (!path.empty()) return line(name, printable(path.string()) + more);
  return line(name, built ? "not installed: install the package " + std::string(plugin.package)
                          : "left out: built without " + std::string(library));
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
  text += line("convolution",
               can_convolve() ? convolution_library() : "left out: built without oneDNN");
  text += line("deckle's own", ours);
  text += plugin_line("helper", kHelperProgram, "", true,
                      can_filter_calls() ? "" : " (with rlimits alone: there is no seccomp here)");
  text += plugin_line("exr", kOpenCvPlugin, "OpenCV", DECKLE_BUILT_OPENCV);
  return text + plugin_line(".h5, .keras", kHdf5Plugin, "HDF5", DECKLE_BUILT_HDF5);
}

}  // namespace deckle::cli

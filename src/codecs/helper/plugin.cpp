// SPDX-License-Identifier: Apache-2.0
// plugin: finds plug-ins.
// Fails   Unsupported if one is missing
// Source  proc(5), getauxval(3)
#include "codecs/helper/plugin.h"

#include <sys/auxv.h>

#include <string>
#include <system_error>

#include "core/text.h"

namespace deckle {

namespace fs = std::filesystem;

std::vector<fs::path> plugin_folders() {
  std::error_code failed;
  fs::path self = fs::read_symlink("/proc/self/exe", failed);
  if (failed) {  // /proc is not mounted, as in a bare chroot: then use the name by which it was
                 // started
    const auto* name = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));  // NOLINT
    if (name == nullptr) return {DECKLE_INSTALLED_PLUGINS};
    self = fs::canonical(name, failed);
  }
  if (failed) return {DECKLE_INSTALLED_PLUGINS};
  const fs::path here = self.parent_path();
  // Not the folder of the program itself: downloads of other origin may be in it.
  std::vector<fs::path> folders{here / "plugins", (here / DECKLE_PLUGIN_FOLDER).lexically_normal()};
  if (folders.back() != DECKLE_INSTALLED_PLUGINS) folders.emplace_back(DECKLE_INSTALLED_PLUGINS);
  return folders;
}

fs::path find_plugin(const Plugin& plugin, std::span<const fs::path> folders) {
  for (const fs::path& folder : folders) {
    fs::path path = folder / plugin.file;
    std::error_code failed;
    if (fs::exists(path, failed)) return path;
  }
  return {};
}

Result<fs::path> need_plugin(const Plugin& plugin, std::span<const fs::path> folders) {
  fs::path path = find_plugin(plugin, folders);
  if (!path.empty()) return path;
  std::string looked_in;
  for (const fs::path& folder : folders)
    looked_in += (looked_in.empty() ? "" : ", ") + printable(folder.string());
  return Error{ErrorCode::Unsupported,
               std::string(plugin.file) + ", which is not installed: install the package " +
                   plugin.package + ", or build deckle with its library (looked in " + looked_in +
                   ")"};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// plugin: dlopen, by full paths alone.
// Fails   Unsupported where the plug-in is not there, cannot be loaded or is of another deckle
// Source  dlopen(3), proc(5), getauxval(3)
#include "codecs/plugin.h"

#include <dlfcn.h>
#include <sys/auxv.h>

#include <system_error>

#include "core/text.h"

namespace deckle {
namespace {

namespace fs = std::filesystem;

Error unusable(const Plugin& plugin, const std::string& what) {
  return {ErrorCode::Unsupported, std::string(plugin.file) + ", which " + what};
}

}  // namespace

std::vector<fs::path> plugin_folders() {
  std::error_code failed;
  fs::path self = fs::read_symlink("/proc/self/exe", failed);
  if (failed) {  // /proc is not mounted, as in a bare chroot: the name by which it was started
    const auto* name = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));  // NOLINT
    if (name == nullptr) return {DECKLE_INSTALLED_PLUGINS};
    self = fs::canonical(name, failed);
  }
  if (failed) return {DECKLE_INSTALLED_PLUGINS};
  const fs::path here = self.parent_path();
  std::vector<fs::path> folders{here, (here / DECKLE_PLUGIN_FOLDER).lexically_normal()};
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

Result<void*> open_plugin(const Plugin& plugin, std::span<const fs::path> folders,
                          std::span<const char* const> functions) {
  const fs::path path = find_plugin(plugin, folders);
  if (path.empty()) {
    std::string looked_in;
    for (const fs::path& folder : folders)
      looked_in += (looked_in.empty() ? "" : ", ") + printable(folder.string());
    return unusable(plugin, "is not installed: install the package " + std::string(plugin.package) +
                                ", or build deckle with its library" + " (looked in " + looked_in +
                                ")");
  }
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return unusable(plugin, "cannot be loaded: " + printable(dlerror()));
  const auto number = reinterpret_cast<int (*)()>(dlsym(library, plugin.interface));
  bool whole = number != nullptr && number() == plugin.number;
  for (const char* function : functions)
    whole = whole && dlsym(library, function) != nullptr;
  if (!whole)
    return unusable(plugin, "is of another version of deckle: " + printable(path.string()));
  return library;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "batch/cgroup.h"

#include <fstream>
#include <sstream>

namespace deckle {

std::vector<std::string> cgroup_folders(const char* root, std::string_view controller) {
  const std::string base(root);
  std::ifstream groups(base + "/proc/self/cgroup");
  std::vector<std::string> folders;
  for (std::string line; std::getline(groups, line);) {
    // "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1. Parent groups set limits too.
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    std::istringstream names(controllers);
    bool ours = controllers.empty();
    for (std::string name; std::getline(names, name, ',');)
      ours = ours || name == controller;
    if (!ours) continue;
    for (;;) {
      if (controllers.empty()) {
        folders.push_back(base + "/sys/fs/cgroup" + path);
      } else {
        folders.push_back(base + "/sys/fs/cgroup/" + controllers + path);
        if (controllers != controller)
          folders.push_back(base + "/sys/fs/cgroup/" + std::string(controller) + path);
      }
      const auto slash = path.rfind('/');
      if (path.empty() || slash == std::string::npos) break;
      path.resize(slash);
    }
  }
  return folders;
}

}  // namespace deckle

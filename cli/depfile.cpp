// SPDX-License-Identifier: Apache-2.0
#include "depfile.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "dataset/files.h"

namespace deckle::cli {
namespace {

// A path as make reads it. A path that make cannot express (with a newline, | or ;) is left out.
std::optional<std::string> for_make(const std::string& path) {
  if (path.find_first_of("\n|;") != std::string::npos) return std::nullopt;
  std::string text;
  for (const char c : path) {
    if (c == ' ' || c == '#' || c == ':' || c == '%' || c == '\t') text += '\\';
    if (c == '$') text += '$';
    text += c;
  }
  return text;
}

// Contains empty rules for the prerequisites, so that make continues if one is missing.
std::string depfile_text(const std::string& target, const std::vector<std::string>& paths) {
  std::string rule = for_make(target).value_or(target) + ":";
  std::string rest;
  for (const std::string& path : paths) {
    const auto name = for_make(path);
    if (!name) continue;
    rule += " \\\n  " + *name;
    rest += "\n" + *name + ":\n";
  }
  return rule + "\n" + rest;
}

// Whether a regular file has that content.
bool holds(const std::string& path, const std::string& text) {
  const auto stamp = path == "-" ? std::nullopt : stamp_of(path);
  if (!stamp || stamp->size != text.size()) return false;
  const auto content = read_text(path);
  return content && *content == text;
}

// make runs a rule again while its target is older than a prerequisite. A run that changes nothing
// leaves the manifest alone, and a depfile may lie in an input folder.
void renew(const std::string& target, const std::vector<std::string>& paths) {
  struct stat own {};
  struct stat other {};
  if (::stat(target.c_str(), &own) != 0) return;
  const bool older = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return ::stat(path.c_str(), &other) == 0 &&
           std::tie(own.st_mtim.tv_sec, own.st_mtim.tv_nsec) <
               std::tie(other.st_mtim.tv_sec, other.st_mtim.tv_nsec);
  });
  if (older) ::utimensat(AT_FDCWD, target.c_str(), nullptr, 0);
}

}  // namespace

bool write_depfile(const std::string& path, const std::string& manifest,
                   const std::vector<std::string>& prerequisites, Report& report) {
  const std::string text = depfile_text(manifest, prerequisites);
  // Writing changes the time of its folder, which may be an input folder.
  const bool written = holds(path, text) || write_text(path, text, report);
  renew(manifest, prerequisites);
  return written;
}

}  // namespace deckle::cli

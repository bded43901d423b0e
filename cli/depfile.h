// SPDX-License-Identifier: Apache-2.0
// depfile: a rule for make and ninja: the manifest, and the files and folders that it depends on.
#pragma once

#include <string>
#include <vector>

#include "report.h"

namespace deckle::cli {

/// Writes the rule to `path` ("-": standard output), and makes the manifest newer than its
/// prerequisites. A depfile that is up to date stays as it is. False if it could not be written;
/// the error was reported.
bool write_depfile(const std::string& path, const std::string& manifest,
                   const std::vector<std::string>& prerequisites, Report& report);

}  // namespace deckle::cli

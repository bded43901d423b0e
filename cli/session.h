// SPDX-License-Identifier: Apache-2.0
// session: what `run` and `replay` share: processes the images, shows progress, and reports the
// result.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "batch/engine.h"
#include "report.h"

namespace deckle::cli {

struct SessionOptions {
  std::string start{};          ///< the first line
  std::string chain_file{};     ///< the depfile names it too
  std::string depfile{};        ///< "": none
  std::string summary{};        ///< "": none
  std::string failed{};         ///< --failed, a list of the inputs that failed; "": none
  bool null_separated = false;  ///< its paths end in a zero byte
  std::size_t not_images = 0;   ///< files that were taken off the list before
  std::size_t missing = 0;      ///< inputs that were requested but do not exist
  std::string files_from{};     ///< --files-from: the depfile names it too; "": none
};

/// "3 left out (hidden, or no files)".
[[nodiscard]] std::string left_out_text(const InputList& inputs);
/// The message of a run without any image: which inputs there were and what was found in them.
[[nodiscard]] std::string no_images_text(const InputList& inputs, std::size_t not_images);

/// Runs with progress, handles Ctrl-C and prints the last line. Returns the exit code.
int run_session(const Chain& chain, const InputList& inputs, const OutputFolder& folder,
                RunOptions run, const SessionOptions& options, Report& report);

/// Reports why the run was not started. Returns `exit`.
int refuse(Report& report, const std::vector<std::string>& reasons, const std::string& advice,
           int exit);

}  // namespace deckle::cli

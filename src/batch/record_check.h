// SPDX-License-Identifier: Apache-2.0
// record_check: compares a replayed output with its record in the manifest.
// Fails   Changed
#pragma once

#include <string>

#include "batch/manifest.h"
#include "core/result.h"

namespace deckle {

/// A replay must give the recorded pixels, window, draws and name. Its bytes may differ, as
/// encoders do from version to version. Returns a note if they differ; "" if the bytes are the
/// same.
[[nodiscard]] Result<std::string> check_against_record(const Record& made, const Record& recorded);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// All checks of the readers, for one file.
#pragma once

#include "fuzz/fuzz.h"

namespace deckle::fuzz {

/// Reads the whole picture twice into poisoned memory, with damage refused and accepted. A window
/// must be the crop of the whole. Rows must be those of the whole, or fail as it does. The metadata
/// must be writable to other files.
void check_readers(const test::File& file, Choices choices);

}  // namespace deckle::fuzz

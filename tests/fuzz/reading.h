// SPDX-License-Identifier: Apache-2.0
// Everything that can be asked of a reader about one file.
#pragma once

#include "fuzz/fuzz.h"

namespace deckle::fuzz {

/// The whole twice into poisoned memory, where damage is refused and where it is accepted; a window
/// is the crop of the whole; rows are those of the whole, and fail as it does; metadata of the file
/// can be written to others.
void check_readers(const test::File& file, Choices choices);

}  // namespace deckle::fuzz

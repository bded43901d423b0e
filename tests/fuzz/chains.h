// SPDX-License-Identifier: Apache-2.0
// What is asked of every chain that was read.
#pragma once

#include "chain/chain.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

/// Its resolved text gives it again, and a small picture goes through it. Gives the chain read from
/// that text.
Chain check_chain(const Chain& chain);

}  // namespace deckle::fuzz

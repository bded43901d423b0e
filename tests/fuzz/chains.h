// SPDX-License-Identifier: Apache-2.0
// The check for every chain that could be read.
#pragma once

#include "chain/chain.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

/// The resolved text of the chain must give the same chain, and a small picture must run through
/// it. Returns the chain that was read from the resolved text.
Chain check_chain(const Chain& chain);

}  // namespace deckle::fuzz

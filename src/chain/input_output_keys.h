// SPDX-License-Identifier: Apache-2.0
// input_output_keys: reads the keys "input" and "output" of a chain.
#pragma once

#include "chain/chain.h"
#include "chain/key_reader.h"
#include "core/json.h"

namespace deckle {

/// Reads "input" of the chain's JSON. Returns its "shape", which is read after the layers because
/// it depends on their data_format; null if it has none.
const Json* read_input_keys(KeyReader& keys, const Json& root, Chain& chain);

/// Reads "output". The chain's copies and input must be read before, because they restrict outputs.
void read_output_keys(KeyReader& keys, const Json& root, Chain& chain);

}  // namespace deckle

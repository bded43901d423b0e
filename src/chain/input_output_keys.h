// SPDX-License-Identifier: Apache-2.0
// input_output_keys: what a chain says of its inputs ("input") and its outputs ("output").
#pragma once

#include "chain/chain.h"
#include "chain/key_reader.h"
#include "core/json.h"

namespace deckle {

/// Reads "input" of the chain's JSON. Returns its "shape", which is read after the layers because
/// it depends on their data_format; null where there is none.
const Json* read_input_keys(KeyReader& keys, const Json& root, Chain& chain);

/// Reads "output". The chain's copies and input must be known: both restrict outputs.
void read_output_keys(KeyReader& keys, const Json& root, Chain& chain);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// The JSON of a Keras model: the chain that is made from it is exported to several versions of
// Keras.
#include <variant>

#include "chain/chain_file.h"
#include "chain/keras_export.h"
#include "chain/keras_model.h"
#include "chain/plan.h"
#include "fuzz/chains.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

void keras_json(Bytes input) {
  const std::string text(text_of(input));
  const auto parsed = read_chain(text, false, "/nowhere");
  if (!std::holds_alternative<Chain>(parsed)) return;
  const Chain chain = check_chain(std::get<Chain>(parsed));
  for (const KerasVersion version :
       {KerasVersion{1, 2}, KerasVersion{2, 2}, KerasVersion{2, 15}, KerasVersion{3, 8}}) {
    const auto model = to_keras(chain, version);
    if (!std::holds_alternative<Json>(model)) continue;
    const std::string again = std::get<Json>(model).dump();
    const auto back = parse_chain(again);
    if (const auto* mistakes = std::get_if<Mistakes>(&back)) {
      must(false, "a model that was exported is refused",
           mistakes->front().pointer + ": " + mistakes->front().message + " in " + again);
    }
    must(std::get<Chain>(back).layers.size() == chain.layers.size(),
         "an exported model has other layers", again);
  }
}

}  // namespace deckle::fuzz

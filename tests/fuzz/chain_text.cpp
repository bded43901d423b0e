// SPDX-License-Identifier: Apache-2.0
// The text of a chain: it gives mistakes with positions, or a chain whose resolved text is the same
// chain and whose plan runs.
#include "fuzz/chains.h"
#include "fuzz/fuzz.h"
#include "support/chains.h"

namespace deckle::fuzz {

void chain_text(Bytes input) {
  const std::string text(text_of(input));
  const auto parsed = read_chain(text, false, "/nowhere");
  if (const auto* mistakes = std::get_if<Mistakes>(&parsed)) {
    must(!mistakes->empty(), "a chain is refused without a mistake");
    return;
  }
  const Chain& chain = std::get<Chain>(parsed);
  static_cast<void>(check_chain(chain));
}

}  // namespace deckle::fuzz

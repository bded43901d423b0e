// SPDX-License-Identifier: Apache-2.0
#include "chain/chain_file.h"

#include <utility>

#include "chain/chain_parser.h"
#include "chain/json_text.h"
#include "chain/weight_files.h"
#include "core/json.h"

namespace deckle {
namespace {

// Removes the names of files that were not read from their layers.
void forget_weights(Json& root, const UnreadWeights& unread) {
  for (const std::string& pointer : unread.arguments) {
    Json& entry = root[Json::json_pointer(pointer)];
    const auto config = entry.find("config");
    (config != entry.end() && config->is_object() ? *config : entry).erase("weights");
  }
}

}  // namespace

std::variant<Chain, Mistakes> read_chain(std::string_view text, bool channels_first,
                                         const std::string& folder, const std::string& weights,
                                         Purpose purpose) {
  auto parsed = JsonText::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    return Mistakes{{error->position, "", error->message}};
  }
  const auto& json = std::get<JsonText>(parsed);
  Json root = json.value();
  LoadedWeights loaded = load_weights(root, folder, weights);
  if (purpose == Purpose::Shapes) {
    for (const UnreadWeights& unread : loaded.unread)
      forget_weights(root, unread);
  }
  return parse_chain(json, root, std::move(loaded), channels_first, purpose);
}

}  // namespace deckle

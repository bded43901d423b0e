// SPDX-License-Identifier: Apache-2.0
#include "chain/layer_entries.h"

#include <cstddef>
#include <utility>

#include "chain/json_text.h"

namespace deckle {

std::vector<LayerEntry> layer_entries(Json& chain) {
  std::string pointer_of_layers;
  for (const std::string within :
       {"", "/modelTopology", "/modelTopology/model_config", "/model_config"}) {
    for (const char* pointer : {"/layers", "/config/layers", "/config"}) {
      const Json::json_pointer place(within + pointer);
      if (!pointer_of_layers.empty() || !chain.is_object() || !chain.contains(place) ||
          !chain[place].is_array())
        continue;
      pointer_of_layers = within + pointer;
    }
  }
  if (pointer_of_layers.empty()) return {};
  std::vector<LayerEntry> entries;
  Json& layers = chain[Json::json_pointer(pointer_of_layers)];
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Json& layer = layers[i];
    if (!layer.is_object()) continue;
    const auto name = layer.find("class_name");
    LayerEntry entry{name != layer.end() && name->is_string() ? name->get<std::string>() : "",
                     &layer,
                     join_pointer(pointer_of_layers, std::to_string(i)),
                     {}};
    const auto config = layer.find("config");
    if (config != layer.end() && config->is_object()) {
      const auto beside = layer.find("weights");
      if (beside == layer.end()) {
        entry.pointer += "/config";
      } else {
        if (config->contains("weights")) {
          entry.weights_twice =
              Mistake{entry.pointer + "/weights", "there are weights in \"config\" too"};
        }
        (*config)["weights"] = *beside;
        layer.erase("weights");
      }
      entry.arguments = &layer["config"];
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace deckle

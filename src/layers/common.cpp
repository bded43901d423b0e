// SPDX-License-Identifier: Apache-2.0
#include "layers/common.h"

#include "core/shape.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 2> kDataFormats{"channels_last", "channels_first"};

}  // namespace

ArgumentSpec data_format_argument() {
  return {"data_format", "channels_last | channels_first", "the chain's",
          Json{{"enum", Json::array({"channels_last", "channels_first", nullptr})}}};
}

Json parse_data_format(Arguments& arguments) {
  const std::size_t given = arguments.choice("data_format", kDataFormats, kDataFormats.size());
  return given < kDataFormats.size() ? Json(std::string(kDataFormats.at(given))) : Json(nullptr);
}

Json whole_schema(std::int64_t least) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", kMaxExtent}};
}

Json pairs_schema(int rank) {
  const Json number = whole_schema(0);
  const Json pair{{"type", "array"}, {"items", number}, {"minItems", 2}, {"maxItems", 2}};
  const Json axes{{"type", "array"},
                  {"items", {{"anyOf", Json::array({number, pair})}}},
                  {"minItems", rank},
                  {"maxItems", rank}};
  return {{"anyOf", Json::array({number, axes})}};
}

Json to_json(const std::vector<Pair>& pairs) {
  Json list = Json::array();
  for (const Pair& pair : pairs)
    list.push_back(Json::array({pair[0], pair[1]}));
  return list;
}

Error shape_error(std::string_view layer, const std::string& why) {
  return {ErrorCode::Shape, std::string(layer) + ": " + why};
}

}  // namespace deckle

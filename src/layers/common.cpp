// SPDX-License-Identifier: Apache-2.0
#include "layers/common.h"

#include <limits>

#include "core/shape.h"
#include "kernels/taps.h"

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

ArgumentSpec dtype_argument() {
  const Json policy{{"type", "object"}};  // Keras 3's DTypePolicy
  return {"dtype",
          "float32 | float64 | float16",
          "float32",
          {{"anyOf", Json::array({Json{{"enum", {"float32", "float64", "float16"}}}, policy,
                                  Json{{"type", "null"}}})}}};
}

DType parse_dtype(Arguments& arguments) {
  const DType dtype = arguments.dtype("dtype", DType::Float32);
  if (!info(dtype).is_float) {
    arguments.mistake("dtype", "the dtype of " + std::string(arguments.spec().name) +
                                   " is a float type, not " + std::string(name_of(dtype)) +
                                   "; arrays of integers stay what they are");
  }
  return dtype;
}

ArgumentSpec any_dtype_argument() {
  const Json policy{{"type", "object"}};  // Keras 3's DTypePolicy
  Json names = Json::array();
  for (const std::string_view name : dtype_names())
    names.push_back(name);
  return {"dtype",
          "float32 | float64 | uint8 | ..",
          "float32",
          {{"anyOf", Json::array({Json{{"enum", names}}, policy, Json{{"type", "null"}}})}}};
}

void require_keras(Arguments& arguments, KerasVersion first) {
  if (arguments.keras() >= first) return;
  arguments.mistake("", "deckle knows " + arguments.layer_name() + " from Keras " + to_text(first) +
                            " on, not that of " + to_text(arguments.keras()) +
                            R"(; "keras": "2.9" beside its class_name makes it follow 2.9)");
}

Result<Done> check_cast(std::string_view layer, DType given, DType to) {
  if (info(given).is_float || info(to).is_float || given == to) return Done{};
  return Error{ErrorCode::Depth, std::string(layer) + ": dtype " + std::string(name_of(to)) +
                                     " would change " + std::string(name_of(given)) +
                                     " pixels; leave it out, or give a float type"};
}

ArgumentSpec pixels_argument(std::string_view name) {
  return {name, "pixels, >= 1", "required", whole_schema(1)};
}

ArgumentSpec interpolation_argument(std::string_view fallback) {
  return {"interpolation",
          "nearest | bilinear | bicubic | area | lanczos3 | lanczos5 | gaussian | mitchellcubic",
          fallback,
          {{"enum", kInterpolations}}};
}

Json whole_schema(std::int64_t least) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", kMaxExtent}};
}

Json numbers_schema() {
  const Json number{{"type", "number"}};
  const Json list{{"type", "array"}, {"items", number}, {"minItems", 1}};
  return {{"anyOf", Json::array({number, list})}};
}

Json pairs_schema(int rank) {
  const Json number = whole_schema(0);
  const Json pair{{"type", "array"}, {"items", number}, {"minItems", 2}, {"maxItems", 2}};
  if (rank == 1) return {{"anyOf", Json::array({number, pair})}};
  const Json axes{{"type", "array"},
                  {"items", {{"anyOf", Json::array({number, pair})}}},
                  {"minItems", rank},
                  {"maxItems", rank}};
  return {{"anyOf", Json::array({number, axes})}};
}

Json factors_schema(int rank) {
  const Json factor = whole_schema(1);
  const Json axes{{"type", "array"}, {"items", factor}, {"minItems", rank}, {"maxItems", rank}};
  return {{"anyOf", Json::array({factor, axes})}};
}

Json to_json(const std::vector<Pair>& pairs) {
  // One axis is written as its pair, as Keras does.
  if (pairs.size() == 1) return Json::array({pairs[0][0], pairs[0][1]});
  Json list = Json::array();
  for (const Pair& pair : pairs)
    list.push_back(Json::array({pair[0], pair[1]}));
  return list;
}

Json to_json(const std::optional<SeedPair>& seed) {
  if (!seed) return nullptr;
  return seed->b == 0 ? Json(seed->a) : Json::array({seed->a, seed->b});
}

Json seed_schema() {
  const Json number{{"type", "integer"},
                    {"minimum", std::numeric_limits<std::int64_t>::min()},
                    {"maximum", std::numeric_limits<std::int64_t>::max()}};
  const Json two{{"type", "array"}, {"items", number}, {"minItems", 2}, {"maxItems", 2}};
  return {{"anyOf", Json::array({number, two, Json{{"type", "null"}}})}};
}

Json to_json(const std::vector<double>& numbers) {
  return numbers.size() == 1 ? Json(numbers[0]) : Json(numbers);
}

std::string_view axis_name(int rank, int a) {
  constexpr std::array<std::string_view, 3> kVolume{"planes", "rows", "columns"};
  if (rank == 1) return "steps";
  return kVolume.at(static_cast<std::size_t>(a + 3 - rank));
}

Error shape_error(std::string_view layer, const std::string& why) {
  return {ErrorCode::Shape, std::string(layer) + ": " + why};
}

Result<Shape> check_extents(std::string_view layer, const Shape& shape) {
  for (int a = 0; a < shape.rank; ++a) {
    if (shape[a] > kMaxExtent) {
      return shape_error(layer, std::to_string(shape[a]) + " " +
                                    std::string(axis_name(shape.rank, a)) + " are too many");
    }
  }
  return shape;
}

}  // namespace deckle

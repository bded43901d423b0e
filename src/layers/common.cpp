// SPDX-License-Identifier: Apache-2.0
#include "layers/common.h"

#include "core/shape.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 2> kDataFormats{"channels_last", "channels_first"};

}  // namespace

ArgumentSpec data_format_argument(std::optional<KerasVersion> since) {
  return {.name = "data_format",
          .form = Form::Word,
          .words = kDataFormats,
          .otherwise = "the chain's",
          .help = "layout of arrays; image files do not depend on it",
          .since = since};
}

ArgumentSpec dtype_argument() {
  return {.name = "dtype",
          .form = Form::FloatType,
          .fallback = "float32",
          .help = "Keras' dtype of the layer: arrays of floats are cast to it"};
}

ArgumentSpec any_dtype_argument() {
  return {.name = "dtype",
          .form = Form::AnyType,
          .fallback = "float32",
          .help = "type of the output; npy only, pictures keep theirs"};
}

ArgumentSpec pixels_argument(std::string_view name, std::string_view help, KerasVersion since) {
  return {.name = name,
          .form = Form::Whole,
          .least = 1,
          .unit = "pixels",
          .required = true,
          .help = help,
          .since = since};
}

ArgumentSpec seed_argument(KerasVersion since) {
  return {.name = "seed",
          .form = Form::Seed,
          .otherwise = "the chain's",
          .help = "seed of this layer alone",
          .since = since};
}

ArgumentSpec training_argument(std::string_view help) {
  return {.name = "training", .form = Form::Boolean, .fallback = true, .help = help};
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

Json to_json(const std::vector<Pair>& pairs) {
  // For one axis the pair itself is written, as in Keras.
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

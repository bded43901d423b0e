// SPDX-License-Identifier: Apache-2.0
// rescaling: x * scale + offset.
// Shapes  anything -> the same shape, of the layer's dtype
// Fails   Shape where a list has not one number a channel
// Source  Keras 2.9 and 3: Rescaling
#include "layers/rescaling.h"

#include "core/text.h"
#include "layers/arguments.h"
#include "layers/common.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "Rescaling";

std::optional<Layer> parse(Arguments& arguments) {
  if (arguments.find("scale") == nullptr)
    arguments.mistake("scale", "Rescaling needs \"scale\", such as 0.00392156862745098 (1/255)");
  const auto scale = arguments.numbers("scale", {1.0});
  const auto offset = arguments.numbers("offset", {0.0});
  const DType dtype = parse_dtype(arguments);
  require_keras(arguments, {2, 4});
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.config = {
      {"scale", to_json(scale)}, {"offset", to_json(offset)}, {"dtype", name_of(dtype)}};
  layer.output_shape = [=](const Shape& in) -> Result<Shape> {
    for (const auto* numbers : {&scale, &offset}) {
      if (numbers->size() == 1 || numbers->size() == static_cast<std::size_t>(in.channels))
        continue;
      return shape_error(kName, count_of(numbers->size(), "number") + " for " +
                                    count_of(static_cast<std::uint64_t>(in.channels), "channel"));
    }
    return in;
  };
  layer.edit = [=](OpBuilder& builder, const Choice&) -> Result<Done> {
    builder.scale(scale, offset, dtype == DType::Float64 ? DType::Float64 : DType::Float32);
    builder.cast(dtype);
    return Done{};
  };
  return layer;
}

}  // namespace

LayerSpec rescaling_spec() {
  return {kName,
          0,
          "multiply and add",
          "any shape  ->  the same shape",
          R"({"class_name": "Rescaling", "config": {"scale": 0.00392156862745098, "offset": 0}})",
          "As in Keras: x * scale + offset in the layer's dtype. Values between 0 and 1 are for "
          "npy outputs: a picture of uint8 would be black.",
          {{"scale", "number, or one a channel", "required", numbers_schema()},
           {"offset", "number, or one a channel", "0", numbers_schema()},
           dtype_argument()},
          parse};
}

}  // namespace deckle

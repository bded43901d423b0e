// SPDX-License-Identifier: Apache-2.0
// rescaling: x * scale + offset.
// Shapes  anything -> the same shape, of the layer's dtype
// Fails   Shape if a list has not one number for each channel
// Source  Keras 2.9 and 3: Rescaling
#include "core/text.h"
#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/registry.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "Rescaling";

std::optional<Layer> parse(Arguments& arguments) {
  if (arguments.find("scale") == nullptr)
    arguments.mistake("scale", "Rescaling needs \"scale\", such as 0.00392156862745098 (1/255)");
  const auto scale = arguments.numbers("scale");
  const auto offset = arguments.numbers("offset");
  const DType dtype = arguments.dtype("dtype");
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

std::vector<LayerSpec> rescaling_layers() {
  return {
      {.name = kName,
       .summary = "multiply and add",
       .shapes = "any shape  ->  the same shape",
       .example =
           R"({"class_name": "Rescaling", "config": {"scale": 0.00392156862745098, "offset": 0}})",
       .source = "As in Keras: x * scale + offset in the layer's dtype. Values between 0 and 1 are "
                 "for npy outputs: a picture of uint8 would be black.",
       .arguments = {{.name = "scale",
                      .form = Form::Numbers,
                      .required = true,
                      .help = "factor of every sample",
                      .since = kPreprocessing},
                     {.name = "offset",
                      .form = Form::Numbers,
                      .fallback = 0,
                      .help = "what is added after that",
                      .since = kPreprocessing},
                     dtype_argument()},
       .parse = parse}};
}

}  // namespace deckle

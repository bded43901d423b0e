// SPDX-License-Identifier: Apache-2.0
#include "chain/plan.h"

#include <cassert>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include "ops/narrow_convolutions.h"
#include "ops/op_builder.h"

namespace deckle {
namespace {

// Whether `in` has that shape; an empty one allows any.
bool is_of(const OpenShape& wanted, const Shape& in) {
  if (wanted.empty()) return true;
  bool same = wanted.size() == static_cast<std::size_t>(in.rank) + 1 &&
              wanted.back().value_or(in.channels) == in.channels;
  for (int a = 0; same && a < in.rank; ++a)
    same = wanted[static_cast<std::size_t>(a)].value_or(in[a]) == in[a];
  return same;
}

// Fails if the chain cannot take this input.
Result<Done> check_input(const Chain& chain, const Shape& in) {
  const auto& wanted = chain.input_shape;
  if (is_of(wanted, in)) return Done{};
  return Error{ErrorCode::Shape,
               std::string(chain.as == As::Model ? "the model's input is " : "the input must be ") +
                   to_string(wanted) + ", not " + to_string(in)};
}

Result<Shape> next_shape(const Chain& chain, std::size_t index, const Shape& in) {
  if (index == 0) {
    if (const auto taken = check_input(chain, in); !taken) return taken.error();
  }
  const Layer& layer = chain.layers[index];
  if (layer.spec->rank != 0 && layer.spec->rank != in.rank) {
    return Error{ErrorCode::Shape, layer.called + " takes " + std::to_string(layer.spec->rank) +
                                       " axes and channels, not " + to_string(in)};
  }
  if (!is_of(layer.input_shape, in)) {
    return Error{ErrorCode::Shape, "layer " + std::to_string(index) + ", " + layer.called +
                                       ": its input_shape is " + to_string(layer.input_shape) +
                                       ", not " + to_string(in)};
  }
  auto out = layer.output_shape(in);
  if (!out) {
    Error error = out.error();
    error.message = "layer " + std::to_string(index) + ", " + error.message;
    return error;
  }
  if (out->pixels() > chain.input.max_pixels) {
    return Error{ErrorCode::TooLarge, "layer " + std::to_string(index) + ", " + layer.called +
                                          ": would make a picture of " + to_string(*out) +
                                          ", more than \"input\": {\"max_pixels\": " +
                                          std::to_string(chain.input.max_pixels) + "} allows"};
  }
  return out;
}

// Fails if the caller's arguments are wrong. No layer is needed for that.
Result<Done> check_given(const Shape& input, const ArrayLayout& layout) {
  if (layout.batch && *layout.batch < 1)
    return Error{ErrorCode::Usage, "a batch of " + std::to_string(*layout.batch)};
  return check_shape(input);
}

// Whether Keras' rules for floats hold, which cast float64 to float32: if the input or the output
// is an array. From image file to image file the depth stays.
bool casts_floats(const Chain& chain, const ArrayLayout& layout) {
  return layout.array || chain.output.format == Format::Npy;
}

// `choose(layer index, shape)` makes or recalls the choice of a random layer.
Result<Plan> plan_with(const Chain& chain, const Shape& input, DType dtype,
                       const ArrayLayout& layout,
                       const std::function<Result<Choice>(std::size_t, const Shape&)>& choose) {
  if (auto right = check_given(input, layout); !right) return right.error();
  Plan plan;
  plan.input = input;
  plan.input_dtype = dtype;
  plan.layout = layout;
  OpBuilder builder(input, dtype);
  if (chain.as == As::Model) builder.cast(chain.model_input_dtype);
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const Layer& layer = chain.layers[i];
    const auto out = next_shape(chain, i, builder.shape());
    if (!out) return out.error();
    Choice choice;
    if (layer.choose) {
      auto chosen = choose(i, builder.shape());
      if (!chosen) return chosen.error();
      choice = *std::move(chosen);
      plan.draws.push_back({i, choice});
      if (!choice.skip.empty()) {
        plan.skip = choice.skip;
        return plan;
      }
    }
    if (layer.convolves && chain.as == As::Layer && layout.array &&
        !info(builder.dtype()).is_float) {
      return Error{ErrorCode::Depth, "layer " + std::to_string(i) + ", " + layer.called +
                                         ": does not take " +
                                         std::string(name_of(builder.dtype())) +
                                         R"(; say "as": "model" in the chain, and arrays become )"
                                         "float32 first"};
    }
    if (layer.casts_floats && casts_floats(chain, layout) && info(builder.dtype()).is_float &&
        info(layer.dtype).is_float)
      builder.cast(layer.dtype);
    if (auto edited = layer.edit(builder, choice); !edited) return edited.error();
    assert(builder.shape() == *out);
  }
  plan.output = builder.shape();
  plan.dtype = builder.dtype();
  plan.ops = std::move(builder).take();
  plan.spans = spans_of(plan.ops, input);
  narrow_convolutions(plan.ops);
  plan.window = window_of(std::get<GatherOp>(plan.ops.front()));
  return plan;
}

// Fails if run_plan cannot run on this: the samples must be complete and contain the needed part of
// the input.
Result<Done> check_source(const Plan& plan, const Tensor& source, const Window& origin) {
  if (plan.ops.empty()) {
    return Error{ErrorCode::Usage, plan.skip.empty()
                                       ? "a plan without operations: it is no plan of make_plan"
                                       : "this image is skipped: " + plan.skip};
  }
  // If all is fill, only the type and the channels of the source matter.
  const bool fill = plan.window.pixels() == 0;
  if (!fill) {
    if (auto right = check_tensor(source); !right) return right;
    if (auto inside = check_window(origin, plan.input); !inside) return inside;
  }
  bool holds = source.shape.rank == plan.input.rank;
  bool covers = true;
  for (int a = 0; !fill && holds && a < plan.input.rank; ++a) {
    holds = origin.rank == plan.input.rank && source.shape[a] == origin[a].length();
    covers =
        covers && origin[a].begin <= plan.window[a].begin && plan.window[a].end <= origin[a].end;
  }
  if (!holds || source.shape.channels != plan.input.channels || source.dtype != plan.input_dtype) {
    return Error{ErrorCode::Usage, "samples of " + to_string(source.shape) + " " +
                                       std::string(name_of(source.dtype)) + " are not the part " +
                                       to_string(origin) + " of " + to_string(plan.input) + " " +
                                       std::string(name_of(plan.input_dtype))};
  }
  if (!covers) {
    return Error{ErrorCode::Usage, "the plan needs " + to_string(plan.window) +
                                       " of the input, not " + to_string(origin)};
  }
  return Done{};
}

}  // namespace

Result<std::vector<Shape>> plan_shapes(const Chain& chain, const Shape& input) {
  if (auto right = check_shape(input); !right) return right.error();
  std::vector<Shape> shapes{input};
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    auto out = next_shape(chain, i, shapes.back());
    if (!out) return out.error();
    shapes.push_back(*out);
  }
  return shapes;
}

Result<Plan> make_plan(const Chain& chain, const Shape& input, DType dtype,
                       const ImageIdentity& image, const ArrayLayout& given) {
  if (image.index < 0 || image.copy < 0) {
    return Error{ErrorCode::Usage, "place " + std::to_string(image.index) + " and copy " +
                                       std::to_string(image.copy) + ": both count from 0"};
  }
  if (chain.batch_size < 1 || chain.copies < 1) {
    return Error{ErrorCode::Usage, "a chain with batch_size " + std::to_string(chain.batch_size) +
                                       " and copies " + std::to_string(chain.copies) +
                                       ": both are at least 1"};
  }
  if (chain.needs_seed() && !chain.seed)
    return Error{ErrorCode::Usage, "the chain draws but has no seed"};
  ArrayLayout layout = given;
  layout.channels_first = chain.channels_first;
  int ordinal = 0;
  std::int64_t counting =
      0;  // number of this layer among those that count the calls of one generator
  std::int64_t all_counting = 0;
  for (const Layer& layer : chain.layers)
    all_counting += layer.generator == Generator::TensorFlow && !layer.seed ? 1 : 0;
  return plan_with(chain, input, dtype, layout, [&](std::size_t index, const Shape& shape) {
    const Layer& layer = chain.layers[index];
    Draws draws;
    draws.layout = layout;
    // The copies of a batch are consecutive calls.
    draws.call = image.index / chain.batch_size * chain.copies + image.copy;
    if (chain.seed) draws.global_seed = chain.seed->a;
    if (layer.generator == Generator::Stateless) {
      draws.seed = layer.seed ? derive_seed(*layer.seed, chain.seed_from, 0, image)
                              : derive_seed(*chain.seed, chain.seed_from, ordinal++, image);
    } else if (layer.generator == Generator::TensorFlow && !layer.seed) {
      draws.call = draws.call * all_counting + counting++;
    }
    return layer.choose(shape, draws);
  });
}

Result<Plan> replay_plan(const Chain& chain, const Shape& input, DType dtype,
                         const std::vector<Draw>& draws, const ArrayLayout& layout) {
  return plan_with(
      chain, input, dtype, layout, [&](std::size_t index, const Shape&) -> Result<Choice> {
        for (const Draw& draw : draws) {
          if (draw.layer == index) return draw.choice;
        }
        return Error{ErrorCode::Usage, "no draw is recorded for layer " + std::to_string(index) +
                                           ", " + std::string(chain.layers[index].spec->name)};
      });
}

Result<const Tensor*> run_plan(const Plan& plan, const Tensor& source, const Window& origin,
                               OpScratch& scratch, const Runner& runner,
                               std::optional<DType> rounded, const Stop& stop) {
  if (auto right = check_source(plan, source, origin); !right) return right.error();
  return run_ops(plan.ops, source, origin, scratch, runner, rounded, stop);
}

}  // namespace deckle

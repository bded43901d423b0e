// SPDX-License-Identifier: Apache-2.0
#include "chain/plan.h"

#include <cassert>
#include <functional>
#include <variant>

#include "kernels/convert.h"
#include "kernels/gather.h"
#include "kernels/resample.h"

namespace deckle {
namespace {

Result<Shape> next_shape(const Chain& chain, std::size_t index, const Shape& in) {
  const Layer& layer = chain.layers[index];
  auto out = layer.output_shape(in);
  if (!out) {
    Error error = out.error();
    error.message = "layer " + std::to_string(index) + ", " + error.message;
    return error;
  }
  if (out->pixels() > chain.input.max_pixels) {
    return Error{ErrorCode::TooLarge, "layer " + std::to_string(index) + ", " +
                                          std::string(layer.spec->name) +
                                          ": would make a picture of " + to_string(*out) +
                                          ", more than \"input\": {\"max_pixels\": " +
                                          std::to_string(chain.input.max_pixels) + "} allows"};
  }
  return out;
}

Window window_of(const GatherOp& gather) {
  Window window;
  window.rank = static_cast<int>(gather.axes.size());
  for (int a = 0; a < window.rank; ++a) {
    window[a] = gather.axes[static_cast<std::size_t>(a)].source_span();
    if (window[a].length() == 0) return {window.rank, {}};  // a fill axis makes fill of all
  }
  return window;
}

// `choose(layer index, shape)` makes or recalls the choice of a random layer.
Result<Plan> plan_with(const Chain& chain, const Shape& input, DType dtype,
                       const std::function<Result<Choice>(std::size_t, const Shape&)>& choose) {
  Plan plan;
  plan.input = input;
  plan.input_dtype = dtype;
  Draft draft(input, dtype);
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const Layer& layer = chain.layers[i];
    const auto out = next_shape(chain, i, draft.shape());
    if (!out) return out.error();
    Choice choice;
    if (layer.choose) {
      auto chosen = choose(i, draft.shape());
      if (!chosen) return chosen.error();
      choice = *std::move(chosen);
      plan.draws.push_back({i, choice});
      if (!choice.skip.empty()) {
        plan.skip = choice.skip;
        return plan;
      }
    }
    if (auto edited = layer.edit(draft, choice); !edited) return edited.error();
    assert(draft.shape() == *out);
  }
  plan.output = draft.shape();
  plan.dtype = draft.dtype();
  plan.ops = std::move(draft).take();
  plan.window = window_of(std::get<GatherOp>(plan.ops.front()));
  return plan;
}

bool is_identity(const AxisTable& table, std::int64_t length) {
  return table == AxisTable(length);
}

}  // namespace

Result<std::vector<Shape>> plan_shapes(const Chain& chain, const Shape& input) {
  std::vector<Shape> shapes{input};
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    auto out = next_shape(chain, i, shapes.back());
    if (!out) return out.error();
    shapes.push_back(*out);
  }
  return shapes;
}

Result<Plan> make_plan(const Chain& chain, const Shape& input, DType dtype,
                       const ImageIdentity& image) {
  int ordinal = 0;
  return plan_with(chain, input, dtype, [&](std::size_t index, const Shape& shape) {
    const Layer& layer = chain.layers[index];
    assert(layer.seed || chain.seed);
    const SeedPair seed = layer.seed ? derive_seed(*layer.seed, chain.seed_from, 0, image)
                                     : derive_seed(*chain.seed, chain.seed_from, ordinal++, image);
    return layer.choose(shape, seed);
  });
}

Result<Plan> replay_plan(const Chain& chain, const Shape& input, DType dtype,
                         const std::vector<Draw>& draws) {
  return plan_with(chain, input, dtype, [&](std::size_t index, const Shape&) -> Result<Choice> {
    for (const Draw& draw : draws) {
      if (draw.layer == index) return draw.choice;
    }
    return Error{ErrorCode::Usage, "no draw is recorded for layer " + std::to_string(index) + ", " +
                                       std::string(chain.layers[index].spec->name)};
  });
}

const Tensor& run_plan(const Plan& plan, const Tensor& source, const Window& origin,
                       PlanScratch& scratch) {
  const Tensor* now = &source;
  Window part = origin;
  const auto step = [&](auto&& operation) {
    Tensor& target = now == &scratch.a ? scratch.b : scratch.a;
    operation(*now, target);
    now = &target;
    part = {2, {Interval{0, target.shape.rows()}, Interval{0, target.shape.cols()}}};
  };
  for (const Op& op : plan.ops) {
    if (const auto* gather_op = std::get_if<GatherOp>(&op)) {
      const bool nothing_moves = is_identity(gather_op->axes[0], now->shape.rows()) &&
                                 is_identity(gather_op->axes[1], now->shape.cols());
      if (nothing_moves) continue;
      step([&](const Tensor& from, Tensor& to) {
        gather(from, part, gather_op->axes[0], gather_op->axes[1], to);
      });
    } else if (const auto* resize = std::get_if<ResizeOp>(&op)) {
      step([&](const Tensor& from, Tensor& to) {
        resample_bilinear(from, resize->rows, resize->cols, to);
      });
    } else {
      step([&](const Tensor& from, Tensor& to) { cast(from, std::get<CastOp>(op).to, to); });
    }
  }
  return *now;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// The naive twin of plans: each layer by itself, pixel by pixel, nothing fused. Also random chains,
// to compare both.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "chain/plan.h"
#include "core/digest.h"
#include "core/json.h"
#include "kernels/convert.h"
#include "layers/registry.h"
#include "random/stateless.h"
#include "support/chains.h"
#include "support/layer_twins.h"
#include "support/samples.h"

namespace deckle::test::twin {

// ---------------------------------------------------------------------------------------------
// The naive twin: each layer by itself, pixel by pixel, nothing fused. To be verified by eye.
// ---------------------------------------------------------------------------------------------

struct Picture {
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t channels;
  DType dtype;
  std::vector<double> values;  // a double has every value of every type that is used here

  Picture(std::int64_t r, std::int64_t c, std::int64_t k, DType type)
      : rows(r), cols(c), channels(k), dtype(type), values(static_cast<std::size_t>(r * c * k)) {}
  double& at(std::int64_t r, std::int64_t c, std::int64_t k) {
    return values.at(static_cast<std::size_t>((r * cols + c) * channels + k));
  }
  [[nodiscard]] double at(std::int64_t r, std::int64_t c, std::int64_t k) const {
    return values.at(static_cast<std::size_t>((r * cols + c) * channels + k));
  }
};

// A picture of rows x cols whose pixel (r, c), channel k, is f(r, c, k).
template <typename F>
Picture drawn(std::int64_t rows, std::int64_t cols, const Picture& like, F f) {
  Picture out(rows, cols, like.channels, like.dtype);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      for (std::int64_t k = 0; k < like.channels; ++k)
        out.at(r, c, k) = f(r, c, k);
    }
  }
  return out;
}

inline Picture part(const Picture& in, std::int64_t top, std::int64_t left, std::int64_t rows,
                    std::int64_t cols) {
  return drawn(rows, cols, in, [&](auto r, auto c, auto k) { return in.at(top + r, left + c, k); });
}

inline Picture zero_padded(const Picture& in, std::int64_t top, std::int64_t bottom,
                           std::int64_t left, std::int64_t right) {
  return drawn(top + in.rows + bottom, left + in.cols + right, in, [&](auto r, auto c, auto k) {
    const bool inside = r >= top && r < top + in.rows && c >= left && c < left + in.cols;
    return inside ? in.at(r - top, c - left, k) : 0.0;
  });
}

inline Picture repeated(const Picture& in, std::int64_t times_down, std::int64_t times_across) {
  return drawn(in.rows * times_down, in.cols * times_across, in,
               [&](auto r, auto c, auto k) { return in.at(r / times_down, c / times_across, k); });
}

inline Picture as_type(const Picture& in, DType dtype) {
  Picture out = in;
  out.dtype = dtype;
  for (double& value : out.values) {
    with_type(dtype, [&]<typename T>(T) {
      if constexpr (is_float_v<T>) {
        value = static_cast<double>(static_cast<T>(value));
      } else {
        value = std::clamp(std::trunc(value), static_cast<double>(std::numeric_limits<T>::min()),
                           static_cast<double>(std::numeric_limits<T>::max()));
      }
    });
  }
  return out;
}

// Half-pixel centres, two taps an axis, columns first, all in 32-bit floats.
inline Picture bilinear(const Picture& in, std::int64_t rows, std::int64_t cols) {
  const auto centre = [](std::int64_t j, std::int64_t from, std::int64_t to) {
    const float scale = static_cast<float>(from) / static_cast<float>(to);
    return (static_cast<float>(j) + 0.5F) * scale - 0.5F;
  };
  const auto mixed = [](float a, float b, float weight) { return a + (b - a) * weight; };
  Picture out = drawn(rows, cols, in, [&](auto r, auto c, auto k) {
    const float y = centre(r, in.rows, rows);
    const float x = centre(c, in.cols, cols);
    const auto y0 = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(y)), 0);
    const auto x0 = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(x)), 0);
    const auto y1 = std::min<std::int64_t>(static_cast<std::int64_t>(std::ceil(y)), in.rows - 1);
    const auto x1 = std::min<std::int64_t>(static_cast<std::int64_t>(std::ceil(x)), in.cols - 1);
    const auto pixel = [&](std::int64_t row, std::int64_t col) {
      return static_cast<float>(in.at(row, col, k));
    };
    const float top = mixed(pixel(y0, x0), pixel(y0, x1), x - std::floor(x));
    const float bottom = mixed(pixel(y1, x0), pixel(y1, x1), x - std::floor(x));
    return static_cast<double>(mixed(top, bottom, y - std::floor(y)));
  });
  out.dtype = DType::Float32;
  return out;
}

// smart_resize's window: the largest centred one of the target's aspect ratio.
inline Window smart_window(const Picture& in, std::int64_t height, std::int64_t width) {
  const auto side = [](std::int64_t have, std::int64_t other, std::int64_t want,
                       std::int64_t want_other) {
    const float wanted = static_cast<float>(other * want) / static_cast<float>(want_other);
    return std::max<std::int64_t>(std::min(have, static_cast<std::int64_t>(wanted)), 1);
  };
  const std::int64_t rows = side(in.rows, in.cols, height, width);
  const std::int64_t cols = side(in.cols, in.rows, width, height);
  const std::int64_t top = (in.rows - rows) / 2;
  const std::int64_t left = (in.cols - cols) / 2;
  return {2, {Interval{top, top + rows}, Interval{left, left + cols}}};
}

struct Step {
  enum Kind { Crop, Pad, Repeat, Random, Twin } kind = Crop;
  std::array<std::int64_t, 4> sides{};  // top, bottom, left, right
  std::int64_t down = 1;                // Repeat: times; Random: height
  std::int64_t across = 1;              // Repeat: times; Random: width
  std::string if_smaller = "resize";
  bool training = true;
  DType dtype = DType::Float32;
  std::optional<SeedPair> seed;
  const LayerTwin* twin = nullptr;  // Twin: the one of a layer's own test file
};

struct Outcome {
  std::optional<Picture> picture;
  std::optional<ErrorCode> error;
  bool skipped = false;
  std::vector<Draw> draws;
};

// The output of a layer by the twin in its own test file. `choice` is the layer's choice.
inline Picture by_twin(const LayerTwin& twin, const Picture& in, const Choice& choice) {
  const Shape shape = Shape::image(in.rows, in.cols, in.channels);
  const Shape out = layer_of(twin.layer, twin.config).output_shape(shape).value();
  const Picture cast = twin.type ? as_type(in, *twin.type) : in;
  return drawn(out.rows(), out.cols(), cast, [&](auto r, auto c, auto k) {
    const auto from = twin.source({r, c}, shape, choice);
    return from ? cast.at((*from)[0], (*from)[1], k) : 0.0;
  });
}

// The output of a chain of these steps for a picture.
inline Outcome naive(const std::vector<Step>& steps, Picture picture, SeedPair chain_seed,
                     SeedFrom from, const ImageIdentity& image) {
  Outcome outcome;
  int ordinal = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const auto& [top, bottom, left, right] = step.sides;
    if (step.kind == Step::Crop) {
      if (top + bottom >= picture.rows || left + right >= picture.cols) {
        outcome.error = ErrorCode::Shape;
        return outcome;
      }
      picture = part(picture, top, left, picture.rows - top - bottom, picture.cols - left - right);
    } else if (step.kind == Step::Pad) {
      picture = zero_padded(picture, top, bottom, left, right);
    } else if (step.kind == Step::Repeat) {
      picture = repeated(picture, step.down, step.across);
    } else if (step.kind == Step::Twin) {
      Choice choice;
      if (step.twin->choose) {
        choice = step.twin->choose(Shape::image(picture.rows, picture.cols, picture.channels),
                                   derive_seed(chain_seed, from, ordinal++, image));
        outcome.draws.push_back({i, choice});
      }
      picture = by_twin(*step.twin, picture, choice);
    } else {
      const SeedPair seed = step.seed ? derive_seed(*step.seed, from, 0, image)
                                      : derive_seed(chain_seed, from, ordinal++, image);
      const bool fits = picture.rows >= step.down && picture.cols >= step.across;
      Choice choice;
      if (step.training && !fits && step.if_smaller == "error") {
        outcome.error = ErrorCode::Shape;
        return outcome;
      }
      if (step.training && !fits && step.if_smaller == "skip") {
        choice.skip = "smaller than the crop of " + std::to_string(step.down) + " x " +
                      std::to_string(step.across);
        outcome.draws.push_back({i, choice});
        outcome.skipped = true;
        return outcome;
      }
      if (!info(picture.dtype).is_float && !info(step.dtype).is_float &&
          picture.dtype != step.dtype) {
        outcome.error = ErrorCode::Depth;
        return outcome;
      }
      picture = as_type(picture, step.dtype);
      if (!step.training || (!fits && step.if_smaller == "resize")) {
        const Window window = smart_window(picture, step.down, step.across);
        picture =
            part(picture, window[0].begin, window[1].begin, window[0].length(), window[1].length());
        picture = as_type(bilinear(picture, step.down, step.across), step.dtype);
        choice.resized = window;
      } else {
        const std::int64_t more_rows = std::max<std::int64_t>(step.down - picture.rows, 0);
        const std::int64_t more_cols = std::max<std::int64_t>(step.across - picture.cols, 0);
        picture = zero_padded(picture, more_rows / 2, more_rows - more_rows / 2, more_cols / 2,
                              more_cols - more_cols / 2);
        const std::array shape{picture.rows, picture.cols, picture.channels};
        const std::array size{step.down, step.across, picture.channels};
        const auto offset = stateless_random_crop(shape, size, seed);
        picture = part(picture, offset[0], offset[1], step.down, step.across);
        choice.seed = seed;
        choice.offset = {offset[0], offset[1]};
      }
      outcome.draws.push_back({i, choice});
    }
  }
  outcome.picture = std::move(picture);
  return outcome;
}

// ---------------------------------------------------------------------------------------------
// Random chains
// ---------------------------------------------------------------------------------------------

class Chance {
 public:
  explicit Chance(unsigned seed) : Chance(std::mt19937(seed)) {}
  /// From numbers that `next` gives.
  explicit Chance(std::function<std::uint32_t()> next) : random_(std::move(next)) {}
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint32_t>(n));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  std::int64_t number() {
    return static_cast<std::int64_t>(std::uint64_t{random_()} << 32U | random_());
  }

  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::int64_t>(values.size()))];
  }

  // Mostly small; sides of one pixel are frequent.
  std::int64_t side() { return one_in(6) ? 1 : 1 + below(one_in(4) ? 40 : 12); }

  Step step(std::int64_t rows, std::int64_t cols) {
    Step step;
    step.kind = one_of({Step::Crop, Step::Pad, Step::Repeat, Step::Random});
    // Fuzzers link no test files: they have no such twins.
    if (!layer_twins().empty() && one_in(4)) {
      const LayerTwin& twin = layer_twins()[static_cast<std::size_t>(
          below(static_cast<std::int64_t>(layer_twins().size())))];
      const bool fits = !twin.fits || twin.fits(Shape::image(rows, cols, 1));
      if (find_layer(twin.layer)->rank == 2 && fits && rows <= 60 && cols <= 60) {
        step.kind = Step::Twin;
        step.twin = &twin;
      }
    }
    switch (step.kind) {
      case Step::Crop: {
        const bool careless = one_in(12);
        const auto cut = [&](std::int64_t length, std::int64_t& first, std::int64_t& last) {
          first = below(careless ? length + 2 : std::min<std::int64_t>(length, 8));
          last = below(careless ? length + 2 : std::min<std::int64_t>(length - first, 8));
        };
        cut(rows, step.sides[0], step.sides[1]);
        cut(cols, step.sides[2], step.sides[3]);
        break;
      }
      case Step::Pad:
        for (std::int64_t& pixels : step.sides)
          pixels = one_in(3) ? 0 : below(one_in(6) ? 30 : 6);
        break;
      case Step::Repeat:
        step.down = rows > 60 ? 1 : 1 + below(3);
        step.across = cols > 60 ? 1 : 1 + below(3);
        break;
      case Step::Random:
        step.down = one_in(4) ? rows : 1 + below(rows + (one_in(3) ? 8 : 0));
        step.across = one_in(4) ? cols : 1 + below(cols + (one_in(3) ? 8 : 0));
        step.if_smaller = one_of<const char*>({"resize", "resize", "pad", "pad", "error", "skip"});
        step.training = !one_in(6);
        step.dtype = one_of({DType::Float32, DType::Float32, DType::Float32, DType::Float64,
                             DType::UInt8, DType::UInt16});
        if (one_in(4)) step.seed = SeedPair{number(), one_in(2) ? 0 : number()};
        break;
      case Step::Twin:
        break;
    }
    return step;
  }

  // One of the forms that this step may have in a chain file.
  Json entry(const Step& step) {
    const auto& [top, bottom, left, right] = step.sides;
    Json config = Json::object();
    std::string name;
    if (step.kind == Step::Crop || step.kind == Step::Pad) {
      name = step.kind == Step::Crop ? "Cropping2D" : "ZeroPadding2D";
      const std::string argument = step.kind == Step::Crop ? "cropping" : "padding";
      const bool same_rows = top == bottom;
      const bool same_cols = left == right;
      const Json pair_of_rows = Json::array({top, bottom});
      const Json pair_of_cols = Json::array({left, right});
      if (same_rows && same_cols && top == left && one_in(2)) {
        config[argument] = top;
      } else if (step.kind == Step::Pad && one_in(3)) {
        config[argument] = Json::array({top, bottom, left, right});
      } else if (step.kind == Step::Pad && one_in(3)) {
        config[argument] = {{"left_pad", left}, {"right_pad", right}, {"bottom_pad", bottom}};
        if (top != 0) config[argument]["top_pad"] = top;
      } else {
        config[argument] = Json::array({same_rows && one_in(2) ? Json(top) : pair_of_rows,
                                        same_cols && one_in(2) ? Json(left) : pair_of_cols});
      }
    } else if (step.kind == Step::Repeat) {
      name = "UpSampling2D";
      config["size"] = step.down == step.across && one_in(2)
                           ? Json(step.down)
                           : Json::array({step.down, step.across});
    } else if (step.kind == Step::Twin) {
      name = step.twin->layer;
      config = Json::parse(step.twin->config);
    } else {
      name = "RandomCrop";
      config = {{"height", step.down},
                {"width", step.across},
                {"if_smaller", step.if_smaller},
                {"training", step.training},
                {"dtype", name_of(step.dtype)}};
      if (step.seed) config["seed"] = Json::array({step.seed->a, step.seed->b});
    }
    if (one_in(2)) return {{"class_name", name}, {"config", config}};
    config["class_name"] = name;
    return config;
  }

 private:
  std::function<std::uint32_t()> random_;
};

inline Picture picture_of(Chance& chance, std::int64_t rows, std::int64_t cols,
                          std::int64_t channels, DType dtype) {
  Picture picture(rows, cols, channels, dtype);
  for (double& value : picture.values) {
    // No -0: if an image already has the target's size, the formula would change -0 to 0, but
    // deckle leaves the formula out.
    value = dtype == DType::UInt8 ? static_cast<double>(chance.below(256))
            : dtype == DType::UInt16
                ? static_cast<double>(chance.below(65536))
                : static_cast<double>(static_cast<float>(
                      static_cast<double>(chance.below(2000000) - 900000) / 700.0));
  }
  return picture;
}

inline Tensor tensor_of(const Picture& picture) {
  return test::tensor_of(Shape::image(picture.rows, picture.cols, picture.channels), picture.dtype,
                         picture.values);
}

inline Tensor cast_to(const Tensor& tensor, DType dtype) {
  Tensor out;
  cast(tensor, dtype, out);
  return out;
}

// The output of a plan for an image, in the type that the plan promises.
inline Tensor output(const Plan& plan, const Tensor& source, const Window& origin) {
  OpScratch scratch;
  return cast_to(**run_plan(plan, source, origin, scratch), plan.dtype);
}

// The smallest window that contains every pixel of the source that the output shows. To find it,
// the steps run on a picture whose pixels are numbered.
inline Window shown_part(std::vector<Step> steps, const Picture& source, SeedPair seed,
                         SeedFrom from, const ImageIdentity& image) {
  for (Step& step : steps)
    step.dtype = DType::Float64;
  Picture numbers(source.rows, source.cols, 1, DType::Float64);
  for (std::size_t i = 0; i < numbers.values.size(); ++i)
    numbers.values[i] = static_cast<double>(i + 1);
  const Outcome outcome = naive(steps, numbers, seed, from, image);
  Window window;
  bool first = true;
  for (const double value : outcome.picture.value().values) {
    if (value == 0) continue;
    const auto at = static_cast<std::int64_t>(value) - 1;
    const std::int64_t r = at / source.cols;
    const std::int64_t c = at % source.cols;
    if (first) {
      window = {2, {Interval{r, r + 1}, Interval{c, c + 1}}};
      first = false;
    }
    window[0] = {std::min(window[0].begin, r), std::max(window[0].end, r + 1)};
    window[1] = {std::min(window[1].begin, c), std::max(window[1].end, c + 1)};
  }
  return window;
}

// ---------------------------------------------------------------------------------------------
// A chain and a picture, by both
// ---------------------------------------------------------------------------------------------

struct Case {
  Picture source;
  SeedPair seed{};
  SeedFrom from = SeedFrom::Path;
  ImageIdentity image{};
  std::vector<Step> steps{};
  Json json{};  // the chain file
  Outcome outcome{};

  [[nodiscard]] Shape shape() const {
    return Shape::image(source.rows, source.cols, source.channels);
  }
  [[nodiscard]] bool resizes() const {
    return std::any_of(outcome.draws.begin(), outcome.draws.end(),
                       [](const Draw& d) { return d.choice.resized.has_value(); });
  }
};

/// A random case. Each layer is made for the image that the layers before it give.
inline Case any_case(Chance& chance, int number) {
  const std::int64_t channels = chance.one_of<std::int64_t>({1, 2, 3, 4});
  const DType dtype = chance.one_of({DType::UInt8, DType::UInt16, DType::Float32});
  const std::int64_t rows = chance.side();
  const std::int64_t cols = chance.side();
  Case c{picture_of(chance, rows, cols, channels, dtype), {}, SeedFrom::Path, {}, {}, {}, {}};
  c.seed = {chance.number(), chance.one_in(2) ? 0 : chance.number()};
  c.from = chance.one_of({SeedFrom::Path, SeedFrom::Index, SeedFrom::Content, SeedFrom::Fixed});
  c.image.path = "folder/" + std::to_string(number) + ".png";
  c.image.index = number;
  c.image.content = sha256(as_bytes(c.image.path));
  c.image.copy = static_cast<int>(chance.below(3));

  Json layers = Json::array();
  const auto length = static_cast<std::size_t>(1 + chance.below(6));
  Picture now = c.source;
  while (c.steps.size() < length) {
    c.steps.push_back(chance.step(now.rows, now.cols));
    layers.push_back(chance.entry(c.steps.back()));
    c.outcome = naive(c.steps, c.source, c.seed, c.from, c.image);
    if (!c.outcome.picture) break;
    now = *c.outcome.picture;
  }
  c.json = {{"seed", {c.seed.a, c.seed.b}}, {"seed_from", name_of(c.from)}, {"layers", layers}};
  return c;
}

/// What differs between a plan for this case and the twin, in a few words; empty if nothing does.
inline std::string what_differs(const Case& c, const Chain& chain, const Result<Plan>& plan) {
  if (c.outcome.error) {
    if (plan) return "a plan where an error is due";
    return plan.error().code == *c.outcome.error ? "" : "the code of the error";
  }
  if (!plan) return "no plan: " + plan.error().message;
  if (plan->draws != c.outcome.draws) return "the draws";
  if (plan->skip.empty() == c.outcome.skipped) return "whether the image is skipped";
  if (c.outcome.skipped) return plan->ops.empty() ? "" : "operations of a skipped image";
  const Tensor input = tensor_of(c.source);
  const Tensor expected = tensor_of(*c.outcome.picture);
  if (plan->input != c.shape() || plan->input_dtype != c.source.dtype) return "the input";
  if (plan->output != expected.shape || plan->dtype != expected.dtype) return "the output's shape";
  const auto shapes = plan_shapes(chain, c.shape());
  if (!shapes || shapes->size() != c.steps.size() + 1 || shapes->back() != expected.shape)
    return "plan_shapes";
  if (!same_bytes(output(*plan, input, whole(plan->input)), expected)) return "the pixels";
  if (!same_bytes(output(*plan, part_of(input, plan->window), plan->window), expected))
    return "the pixels, made of the window alone";
  // A run of moving layers is one gather; only resizes and casts come between.
  bool after_gather = false;
  for (const Op& op : plan->ops) {
    const bool gather = std::holds_alternative<GatherOp>(op);
    if (gather && after_gather) return "two gathers, one behind the other";
    after_gather = gather;
  }
  // If one gather does everything, the window is as small as possible. (With a cast between two
  // gathers, the first does not know what the second drops.)
  if (plan->ops.size() == 1 && !c.resizes() &&
      plan->window != shown_part(c.steps, c.source, c.seed, c.from, c.image))
    return "the window";
  return "";
}

}  // namespace deckle::test::twin

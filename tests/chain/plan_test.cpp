// SPDX-License-Identifier: Apache-2.0
#include "chain/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"
#include "kernels/convert.h"
#include "random/stateless.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/samples.h"

using namespace deckle;
using test::chain_of;

namespace {

// ---------------------------------------------------------------------------------------------
// The naive twin: each layer by itself, pixel by pixel, nothing fused. To be verified by eye.
// ---------------------------------------------------------------------------------------------

struct Picture {
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t channels;
  DType dtype;
  std::vector<double> values;  // every value of every type used here is a double's

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

Picture part(const Picture& in, std::int64_t top, std::int64_t left, std::int64_t rows,
             std::int64_t cols) {
  return drawn(rows, cols, in, [&](auto r, auto c, auto k) { return in.at(top + r, left + c, k); });
}

Picture zero_padded(const Picture& in, std::int64_t top, std::int64_t bottom, std::int64_t left,
                    std::int64_t right) {
  return drawn(top + in.rows + bottom, left + in.cols + right, in, [&](auto r, auto c, auto k) {
    const bool inside = r >= top && r < top + in.rows && c >= left && c < left + in.cols;
    return inside ? in.at(r - top, c - left, k) : 0.0;
  });
}

Picture repeated(const Picture& in, std::int64_t times_down, std::int64_t times_across) {
  return drawn(in.rows * times_down, in.cols * times_across, in,
               [&](auto r, auto c, auto k) { return in.at(r / times_down, c / times_across, k); });
}

Picture as_type(const Picture& in, DType dtype) {
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
Picture bilinear(const Picture& in, std::int64_t rows, std::int64_t cols) {
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
Window smart_window(const Picture& in, std::int64_t height, std::int64_t width) {
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
  enum Kind { Crop, Pad, Repeat, Random } kind = Crop;
  std::array<std::int64_t, 4> sides{};  // top, bottom, left, right
  std::int64_t down = 1;                // Repeat: times; Random: height
  std::int64_t across = 1;              // Repeat: times; Random: width
  std::string if_smaller = "resize";
  bool training = true;
  DType dtype = DType::Float32;
  std::optional<SeedPair> seed;
};

struct Outcome {
  std::optional<Picture> picture;
  std::optional<ErrorCode> error;
  bool skipped = false;
  std::vector<Draw> draws;
};

// What the chain of these steps does to a picture.
Outcome naive(const std::vector<Step>& steps, Picture picture, SeedPair chain_seed, SeedFrom from,
              const ImageIdentity& image) {
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
// Chains by chance
// ---------------------------------------------------------------------------------------------

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
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
    }
    return step;
  }

  // One of the ways in which a chain file may say it.
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
  std::mt19937 random_;
};

Picture picture_of(Chance& chance, std::int64_t rows, std::int64_t cols, std::int64_t channels,
                   DType dtype) {
  Picture picture(rows, cols, channels, dtype);
  for (double& value : picture.values) {
    // No -0: where an image already has the target's size, the formula would make 0 of it, and
    // leaving the formula out does not.
    value = dtype == DType::UInt8 ? static_cast<double>(chance.below(256))
            : dtype == DType::UInt16
                ? static_cast<double>(chance.below(65536))
                : static_cast<double>(static_cast<float>(
                      static_cast<double>(chance.below(2000000) - 900000) / 700.0));
  }
  return picture;
}

Tensor tensor_of(const Picture& picture) {
  return test::tensor_of(Shape::image(picture.rows, picture.cols, picture.channels), picture.dtype,
                         picture.values);
}

Tensor cast_to(const Tensor& tensor, DType dtype) {
  Tensor out;
  cast(tensor, dtype, out);
  return out;
}

// What a plan gives for an image, in the type that it promises.
Tensor output(const Plan& plan, const Tensor& source, const Window& origin) {
  PlanScratch scratch;
  return cast_to(**run_plan(plan, source, origin, scratch), plan.dtype);
}

ImageIdentity image_named(std::string path, int copy = 0) {
  ImageIdentity image;
  image.path = std::move(path);
  image.copy = copy;
  return image;
}

Plan plan_of(const std::string& chain, const Shape& shape, DType dtype = DType::UInt8,
             const ImageIdentity& image = image_named("a.png")) {
  auto plan = make_plan(chain_of(chain), shape, dtype, image);
  if (!plan) FAIL(plan.error().message);
  return *std::move(plan);
}

Error error_of(const std::string& chain, const Shape& shape, DType dtype = DType::UInt8) {
  const auto plan = make_plan(chain_of(chain), shape, dtype, image_named("a.png"));
  REQUIRE_FALSE(plan.has_value());
  return plan.error();
}

// The smallest window that holds every pixel of the source which the steps show, found by following
// a picture in which each pixel holds its own number.
Window shown_part(std::vector<Step> steps, const Picture& source, SeedPair seed, SeedFrom from,
                  const ImageIdentity& image) {
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

}  // namespace

TEST_CASE("plans agree to the byte with their naive twin, on the whole image and on the window") {
  Chance chance(20260718);
  std::map<std::string, int> seen;
  for (int round = 0; round < 4000; ++round) {
    const std::int64_t channels = chance.one_of<std::int64_t>({1, 2, 3, 4});
    const DType dtype = chance.one_of({DType::UInt8, DType::UInt16, DType::Float32});
    const Picture source = picture_of(chance, chance.side(), chance.side(), channels, dtype);
    const SeedPair seed{chance.number(), chance.one_in(2) ? 0 : chance.number()};
    const SeedFrom from =
        chance.one_of({SeedFrom::Path, SeedFrom::Index, SeedFrom::Content, SeedFrom::Fixed});
    ImageIdentity image;
    image.path = "folder/" + std::to_string(round) + ".png";
    image.index = round;
    image.content = sha256(as_bytes(image.path));
    image.copy = static_cast<int>(chance.below(3));

    // Layer after layer, each made for the image that the ones before it give.
    std::vector<Step> steps;
    Json layers = Json::array();
    Outcome outcome;
    const std::int64_t length = 1 + chance.below(6);
    Picture now = source;
    while (static_cast<std::int64_t>(steps.size()) < length) {
      steps.push_back(chance.step(now.rows, now.cols));
      layers.push_back(chance.entry(steps.back()));
      outcome = naive(steps, source, seed, from, image);
      if (!outcome.picture) break;
      now = *outcome.picture;
    }

    const Json json{{"seed", {seed.a, seed.b}}, {"seed_from", name_of(from)}, {"layers", layers}};
    const Chain chain = chain_of(json.dump());
    const Shape shape = Shape::image(source.rows, source.cols, source.channels);
    const Tensor input = tensor_of(source);
    INFO("round " << round << ": " << to_string(shape) << " " << name_of(dtype) << " "
                  << json.dump());

    const auto plan = make_plan(chain, shape, dtype, image);
    if (outcome.error) {
      ++seen[*outcome.error == ErrorCode::Depth ? "depth" : "error"];
      REQUIRE_FALSE(plan.has_value());
      REQUIRE(plan.error().code == *outcome.error);
      continue;
    }
    REQUIRE(plan.has_value());
    REQUIRE(plan->draws == outcome.draws);
    REQUIRE(plan->skip.empty() == !outcome.skipped);
    if (outcome.skipped) {
      ++seen["skip"];
      REQUIRE(plan->ops.empty());
      continue;
    }
    const Tensor expected = tensor_of(*outcome.picture);
    REQUIRE(plan->input == shape);
    REQUIRE(plan->input_dtype == dtype);
    REQUIRE(plan->output == expected.shape);
    REQUIRE(plan->dtype == expected.dtype);
    const auto shapes = plan_shapes(chain, shape);
    REQUIRE(shapes.has_value());
    REQUIRE(shapes->size() == steps.size() + 1);
    REQUIRE(shapes->back() == expected.shape);

    REQUIRE(test::same_bytes(output(*plan, input, test::whole(shape)), expected));
    REQUIRE(test::same_bytes(output(*plan, test::part_of(input, plan->window), plan->window),
                             expected));

    // A run of moving layers is one gather; only resizes and casts come between.
    bool after_gather = false;
    for (const Op& op : plan->ops) {
      const bool gather = std::holds_alternative<GatherOp>(op);
      REQUIRE_FALSE((gather && after_gather));
      after_gather = gather;
    }

    const bool resizes = std::any_of(outcome.draws.begin(), outcome.draws.end(),
                                     [](const Draw& d) { return d.choice.resized.has_value(); });
    // Where one gather does it all the window is no larger than it must be. (A cast between two
    // gathers hides from the first what the second one drops.)
    if (plan->ops.size() == 1 && !resizes) {
      REQUIRE(plan->window == shown_part(steps, source, seed, from, image));
      ++seen["one gather"];
    }

    ++seen["done"];
    if (resizes) ++seen["resize"];
    if (plan->window.pixels() == 0) ++seen["all fill"];
    if (plan->window.pixels() == shape.pixels()) ++seen["all needed"];
    if (outcome.draws.size() > 1) ++seen["two draws"];
    if (source.rows == 1 && source.cols == 1) ++seen["1 x 1"];
    if (plan->ops.size() > 2) ++seen["three operations"];
    for (const Step& step : steps) {
      if (step.kind == Step::Random && step.training && step.if_smaller == "pad") ++seen["pad"];
    }
    ++seen[std::string(name_of(dtype))];
  }
  // Chance must have met everything that this test is for.
  const auto met = [&](const std::string& what, int times) {
    CAPTURE(what);
    CHECK(seen[what] >= times);
  };
  met("done", 2000);
  met("resize", 300);
  met("one gather", 1000);
  met("error", 100);
  met("depth", 50);
  met("skip", 20);
  met("pad", 100);
  met("all fill", 20);
  met("all needed", 100);
  met("two draws", 100);
  met("1 x 1", 30);
  met("three operations", 100);
  met("uint8", 500);
  met("uint16", 500);
  met("float32", 500);
}

TEST_CASE("a chain of moving layers alone is one gather, and keeps the input's type") {
  const Plan plan = plan_of(R"({"layers": [{"class_name": "Cropping2D", "cropping": 2},
      {"class_name": "ZeroPadding2D", "padding": 3}, {"class_name": "UpSampling2D", "size": 2},
      {"class_name": "Cropping2D", "cropping": 1}]})",
                            Shape::image(20, 30, 3), DType::UInt16);
  CHECK(plan.ops.size() == 1);
  CHECK(plan.output == Shape::image(42, 62, 3));
  CHECK(plan.dtype == DType::UInt16);
  CHECK(plan.window == Window{2, {Interval{2, 18}, Interval{2, 28}}});
  CHECK(plan.draws.empty());
}

TEST_CASE("an 8-bit picture that is only cropped at random is never stored as floats") {
  const Plan plan = plan_of(R"({"seed": 1, "layers": [{"class_name": "RandomCrop", "height": 2,
                                "width": 2}, {"class_name": "ZeroPadding2D"}]})",
                            Shape::image(9, 9, 3));
  CHECK(plan.dtype == DType::Float32);
  CHECK(plan.ops.size() == 1);
  Chance chance(1);
  const Tensor source = tensor_of(picture_of(chance, 9, 9, 3, DType::UInt8));
  PlanScratch scratch;
  CHECK((*run_plan(plan, source, test::whole(source.shape), scratch))->dtype == DType::UInt8);
}

TEST_CASE("interpolated integers are rounded as they are made, to what rounding the floats gives") {
  Chance chance(4);
  PlanScratch scratch;
  for (const DType dtype : {DType::UInt8, DType::UInt16}) {
    for (const char* layers :
         {R"("layers": [{"class_name": "Resizing", "height": 7, "width": 11}])",
          R"("keras": 3, "layers": [{"class_name": "Resizing", "height": 7, "width": 11}])",
          R"("layers": [{"class_name": "UpSampling2D", "interpolation": "bicubic"}])",
          R"("seed": 1, "layers": [{"class_name": "RandomCrop", "height": 40, "width": 3}])"}) {
      const Shape shape = Shape::image(9, 13, 3);
      Plan plan = plan_of("{" + std::string(layers) + "}", shape, dtype);
      const Tensor source = tensor_of(picture_of(chance, 9, 13, 3, dtype));
      Tensor floats;
      to_file_depth(**run_plan(plan, source, test::whole(shape), scratch), dtype, dtype, floats);
      round_as_made(plan, dtype);
      const Tensor& made = **run_plan(plan, source, test::whole(shape), scratch);
      CHECK(made.dtype == dtype);
      CHECK(test::same_bytes(made, floats));
    }
  }
}

TEST_CASE("bilinear UpSampling2D goes by the corners of pixels up to Keras 2.3") {
  Tensor line;
  line.reset(Shape::image(1, 2, 1), DType::UInt8);
  line.data.data()[0] = 0;
  line.data.data()[1] = 40;
  const auto enlarged = [&](const std::string& keras) {
    const Plan plan = plan_of(R"({"keras": ")" + keras + R"(", "layers": [{"class_name":
                              "UpSampling2D", "size": [1, 4], "interpolation": "bilinear"}]})",
                              line.shape);
    const Tensor out = output(plan, line, test::whole(line.shape));
    const auto* samples = reinterpret_cast<const float*>(out.data.data());
    return std::vector<float>(samples, samples + 8);
  };
  const std::vector<float> corners{0, 10, 20, 30, 40, 40, 40, 40};
  const std::vector<float> centres{0, 0, 5, 15, 25, 35, 40, 40};
  CHECK(enlarged("2.2.4") == corners);
  CHECK(enlarged("2.3.1") == corners);
  CHECK(enlarged("2.4") == centres);
  CHECK(enlarged("2.9") == centres);
}

TEST_CASE("what is moved or scaled after it is interpolated is rounded at the end") {
  for (const char* layers :
       {R"({"layers": [{"class_name": "UpSampling2D", "interpolation": "bilinear"},
                       {"class_name": "ZeroPadding2D", "value": 0.5}]})",
        R"({"layers": [{"class_name": "Rescaling", "scale": 0.3},
                       {"class_name": "UpSampling2D", "interpolation": "bilinear"}]})"}) {
    Plan plan = plan_of(layers, Shape::image(4, 4, 1));
    const std::size_t ops = plan.ops.size();
    round_as_made(plan, DType::UInt8);
    CHECK(plan.ops.size() == ops);
    for (const Op& op : plan.ops) {
      if (const auto* resize = std::get_if<ResizeOp>(&op)) CHECK(resize->to == DType::Float32);
    }
  }
}

TEST_CASE("where nothing is to be done the source itself is the result") {
  const Plan plan = plan_of(R"({"layers": [{"class_name": "Cropping2D"},
                                {"class_name": "UpSampling2D", "size": 1}]})",
                            Shape::image(3, 5, 1));
  Chance chance(2);
  const Tensor source = tensor_of(picture_of(chance, 3, 5, 1, DType::UInt8));
  PlanScratch scratch;
  CHECK(*run_plan(plan, source, test::whole(source.shape), scratch) == &source);
}

TEST_CASE("one scratch serves images of any size and type, one after the other") {
  Chance chance(3);
  PlanScratch scratch;
  for (int round = 0; round < 50; ++round) {
    const DType dtype = chance.one_of({DType::UInt8, DType::UInt16, DType::Float32});
    const Picture source = picture_of(chance, chance.side(), chance.side(), 3, dtype);
    const Shape shape = Shape::image(source.rows, source.cols, 3);
    const Plan plan = plan_of(R"({"seed": 3, "layers": [{"class_name": "ZeroPadding2D"},
        {"class_name": "RandomCrop", "height": 7, "width": 5}, {"class_name": "UpSampling2D"}]})",
                              shape, dtype);
    const Tensor input = tensor_of(source);
    const Tensor fresh = output(plan, input, test::whole(shape));
    CHECK(test::same_bytes(
        cast_to(**run_plan(plan, input, test::whole(shape), scratch), plan.dtype), fresh));
  }
}

TEST_CASE("the needed window follows the drawn place") {
  const Plan plan = plan_of(R"({"seed": [1, 2], "seed_from": "fixed", "layers": [
      {"class_name": "RandomCrop", "height": 224, "width": 224}]})",
                            Shape::image(480, 640, 3));
  CHECK(plan.window == Window{2, {Interval{205, 429}, Interval{185, 409}}});
  CHECK(plan.draws == std::vector<Draw>{{0, {SeedPair{1, 2}, {205, 185}, std::nullopt, ""}}});
}

TEST_CASE("where all is fill on one axis nothing of the image is needed") {
  for (const std::string cropping : {"[[0, 5], 0]", "[[5, 0], 0]", "[0, [0, 5]]", "[0, [5, 0]]"}) {
    CAPTURE(cropping);
    const Plan plan = plan_of(R"({"layers": [{"class_name": "ZeroPadding2D", "padding": 3},
        {"class_name": "Cropping2D", "cropping": )" +
                                  cropping + "}]}",
                              Shape::image(2, 2, 3));
    CHECK(plan.window == Window{});
    Tensor nothing;
    nothing.reset(Shape::image(0, 0, 3), DType::UInt8);
    const Tensor out = output(plan, nothing, plan.window);
    CHECK(out.shape == plan.output);
    CHECK(test::samples(out) == std::vector<double>(test::sample_count(out), 0.0));
  }
}

TEST_CASE("two random layers of one chain draw differently") {
  const Plan plan = plan_of(R"({"seed": 42, "layers": [
      {"class_name": "RandomCrop", "height": 3000, "width": 3000},
      {"class_name": "ZeroPadding2D", "padding": 500},
      {"class_name": "RandomCrop", "height": 3000, "width": 3000}]})",
                            Shape::image(4000, 4000, 1));
  REQUIRE(plan.draws.size() == 2);
  CHECK(plan.draws[0].layer == 0);
  CHECK(plan.draws[1].layer == 2);
  CHECK(plan.draws[0].choice.seed != plan.draws[1].choice.seed);
  CHECK(plan.draws[0].choice.offset != plan.draws[1].choice.offset);
}

TEST_CASE("copies, images and chains' seeds draw differently, and each the same again") {
  const auto offset = [](int seed, const std::string& path, int copy) {
    const Plan plan = plan_of(R"({"seed": )" + std::to_string(seed) +
                                  R"(, "layers": [{"class_name": "RandomCrop", "height": 1,
                                      "width": 1}]})",
                              Shape::image(10000, 10000, 1), DType::UInt8, image_named(path, copy));
    return plan.draws.at(0).choice.offset;
  };
  std::set<std::vector<std::int64_t>> offsets;
  for (int copy = 0; copy < 20; ++copy)
    offsets.insert(offset(42, "a.png", copy));
  CHECK(offsets.size() == 20);
  offsets.insert(offset(42, "b.png", 0));
  offsets.insert(offset(43, "a.png", 0));
  CHECK(offsets.size() == 22);
  CHECK(offset(42, "a.png", 7) == offset(42, "a.png", 7));
}

TEST_CASE("a copy's crop in one layer is not another copy's crop in another layer") {
  const std::string chain = R"({"seed": 42, "layers": [
      {"class_name": "RandomCrop", "height": 5000, "width": 5000, "if_smaller": "pad"},
      {"class_name": "ZeroPadding2D", "padding": 2500},
      {"class_name": "RandomCrop", "height": 5000, "width": 5000}]})";
  std::set<std::pair<std::int64_t, std::int64_t>> seeds;
  for (int copy = 0; copy < 10; ++copy) {
    const Plan plan =
        plan_of(chain, Shape::image(10000, 10000, 1), DType::UInt8, image_named("a.png", copy));
    for (const Draw& draw : plan.draws)
      seeds.insert({draw.choice.seed.value().a, draw.choice.seed.value().b});
  }
  CHECK(seeds.size() == 20);
}

TEST_CASE("a layer's own seed replaces the chain's, and moves no other layer's draws") {
  const auto plan = [](const std::string& seed, const std::string& own) {
    return plan_of(R"({"seed": )" + seed + R"(, "layers": [
        {"class_name": "RandomCrop", "height": 900, "width": 900},
        {"class_name": "RandomCrop", "height": 800, "width": 800)" +
                       own + R"(},
        {"class_name": "RandomCrop", "height": 700, "width": 700}]})",
                   Shape::image(1000, 1000, 1))
        .draws;
  };
  const std::string own = R"(, "seed": 5)";
  CHECK(plan("1", own)[1].choice == plan("2", own)[1].choice);
  CHECK(plan("1", own)[0].choice != plan("2", own)[0].choice);
  CHECK(plan("1", own)[0].choice == plan("1", "")[0].choice);
  // It counts only the layers that draw from the chain's seed: the third is then the second.
  CHECK(plan("1", own)[2].choice.seed == plan("1", "")[1].choice.seed);
  CHECK(plan("1", own)[1].choice.seed ==
        derive_seed({5, 0}, SeedFrom::Path, 0, image_named("a.png")));
}

TEST_CASE("an image that is skipped has a reason, no operations and no later layers") {
  const Plan plan = plan_of(R"({"seed": 1, "layers": [{"class_name": "Cropping2D", "cropping": 1},
      {"class_name": "RandomCrop", "height": 9, "width": 4, "if_smaller": "skip"},
      {"class_name": "Cropping2D", "cropping": 1}]})",
                            Shape::image(10, 10, 3));
  CHECK(plan.skip == "smaller than the crop of 9 x 4");
  CHECK(plan.ops.empty());
  REQUIRE(plan.draws.size() == 1);
  CHECK(plan.draws[0].layer == 1);
}

TEST_CASE("an image that a layer cannot take is refused with the layer's number") {
  const std::string chain = R"({"seed": 1, "layers": [{"class_name": "ZeroPadding2D"},
      {"class_name": "Cropping2D", "cropping": [[4, 4], 0]}]})";
  CHECK(error_of(chain, Shape::image(6, 6, 3)) ==
        Error{ErrorCode::Shape, "layer 1, Cropping2D: taking 4 and 4 off 8 rows leaves none"});
  CHECK(plan_of(chain, Shape::image(7, 6, 3)).output == Shape::image(1, 8, 3));
  const auto shapes = plan_shapes(chain_of(chain), Shape::image(6, 6, 3));
  REQUIRE_FALSE(shapes.has_value());
  CHECK(shapes.error().message == "layer 1, Cropping2D: taking 4 and 4 off 8 rows leaves none");
}

TEST_CASE("an image that would become too large is refused before it is made") {
  const std::string chain = R"({"layers": [{"class_name": "UpSampling2D", "size": 10},
      {"class_name": "Cropping2D", "cropping": 4}], "input": {"max_pixels": 9999}})";
  CHECK(error_of(chain, Shape::image(10, 10, 3)) ==
        Error{ErrorCode::TooLarge,
              "layer 0, UpSampling2D: would make a picture of 100 x 100 x 3, more than \"input\": "
              "{\"max_pixels\": 9999} allows"});
  CHECK(plan_of(chain, Shape::image(9, 11, 3)).output == Shape::image(82, 102, 3));
}

TEST_CASE("an integer type that is not the image's is refused with the layer's name") {
  const Error error = error_of(R"({"seed": 1, "layers": [{"class_name": "RandomCrop", "height": 2,
                                   "width": 2, "dtype": "uint8"}]})",
                               Shape::image(4, 4, 1), DType::UInt16);
  CHECK(error.code == ErrorCode::Depth);
  CHECK(error.message.find("RandomCrop: dtype uint8 would change uint16 pixels") !=
        std::string::npos);
}

TEST_CASE("the shapes of a plan are those after each layer") {
  const auto shapes =
      plan_shapes(chain_of(R"({"layers": [{"class_name": "Cropping2D", "cropping": [1, 2]},
          {"class_name": "UpSampling2D", "size": [3, 1]},
          {"class_name": "RandomCrop", "height": 50, "width": 60}]})"),
                  Shape::image(10, 10, 4));
  REQUIRE(shapes.has_value());
  CHECK(*shapes == std::vector<Shape>{Shape::image(10, 10, 4), Shape::image(8, 6, 4),
                                      Shape::image(24, 6, 4), Shape::image(50, 60, 4)});
}

TEST_CASE("what a caller gets wrong is an error with its numbers") {
  const Chain chain =
      chain_of(R"({"seed": 1, "layers": [{"class_name": "Cropping2D", "cropping": 1},
    {"class_name": "RandomCrop", "height": 2, "width": 2}]})");
  const auto usage = [](const auto& result) {
    if (result) return std::string("taken");
    CHECK(result.error().code == ErrorCode::Usage);
    return result.error().message;
  };
  const ImageIdentity image{"a.png"};
  const Shape good = Shape::image(8, 9, 3);
  for (const auto& [shape, why] : std::vector<std::pair<Shape, std::string>>{
           {Shape{480, {640, 3, 0}, 1}, "a shape has 1 to 3 spatial axes, not 480"},
           {Shape::image(0, 9, 3), "a shape of 0 x 9 x 3: an axis has 1 to 2147483647 samples"},
           {Shape::image(8, 9, -1), "a shape of 8 x 9 x -1: there is at least one channel"}}) {
    CHECK(usage(plan_shapes(chain, shape)) == why);
    CHECK(usage(make_plan(chain, shape, DType::UInt8, image)) == why);
    CHECK(usage(replay_plan(chain, shape, DType::UInt8, {})) == why);
  }
  CHECK(plan_shapes(chain, Shape::sequence(8, 3)).error().code == ErrorCode::Shape);
  CHECK(usage(make_plan(chain, good, DType::UInt8, image, {true, 0})) == "a batch of 0");
  CHECK(usage(replay_plan(chain, good, DType::UInt8, {})) ==
        "no draw is recorded for layer 1, RandomCrop");

  const Plan plan = *make_plan(chain, good, DType::UInt8, image);
  Tensor source;
  source.reset(good, DType::UInt8);
  std::fill_n(source.data.data(), source.data.size(), std::uint8_t{1});
  PlanScratch scratch;
  const Window all = whole(good);
  CHECK(usage(run_plan(plan, source, all, scratch)) == "taken");
  CHECK(usage(run_plan(Plan{}, source, all, scratch)) ==
        "a plan without operations: it is no plan of make_plan");
  CHECK(usage(run_plan(plan, Tensor{}, all, scratch)) ==
        "a shape of 0 x 0 x 1: an axis has 1 to 2147483647 samples");
  CHECK(usage(run_plan(plan, source, whole(Shape::image(80, 9, 3)), scratch)) ==
        "a window of 0 to 80, 0 to 9 is not inside 8 x 9 x 3");
  CHECK(usage(run_plan(plan, source, Window{2, {Interval{0, 7}, Interval{0, 9}}}, scratch)) ==
        "samples of 8 x 9 x 3 uint8 are not the part 0 to 7, 0 to 9 of 8 x 9 x 3 uint8");
  Tensor corner;
  corner.reset(Shape::image(1, 1, 3), DType::UInt8);
  const auto missed = run_plan(plan, corner, Window{2, {Interval{0, 1}, Interval{0, 1}}}, scratch);
  CHECK(usage(missed).starts_with("the plan needs "));
  source.data.resize(7);
  CHECK(usage(run_plan(plan, source, all, scratch)) ==
        "a tensor of 1 times 8 x 9 x 3 of uint8 has 216 bytes, not 7");
}

// SPDX-License-Identifier: Apache-2.0
// Convolutions compute only the part that is used: the same pixels as a crop of the whole output.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "batch/for_each_index.h"
#include "chain/plan.h"
#include "layers/weights.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/samples.h"

using namespace deckle;

namespace {

Tensor run(const Plan& plan, const Tensor& picture, const Runner& runner = {}) {
  OpScratch scratch;
  const Tensor& made = **run_plan(plan, picture, test::whole(picture.shape), scratch, runner);
  Tensor copy;
  copy.reset(made.shape, made.dtype, made.batch);
  std::copy_n(made.data.data(), made.byte_count(), copy.data.data());
  return copy;
}

// Runs only on the plan's window of the picture, as the engine does.
Tensor run_on_window(const Plan& plan, const Tensor& picture) {
  Tensor part;
  Shape shape = picture.shape;
  shape[0] = plan.window[0].length();
  shape[1] = plan.window[1].length();
  part.reset(shape, picture.dtype);
  for (std::int64_t r = 0; r < shape.rows(); ++r) {
    std::copy_n(picture.row(plan.window[0].begin + r) +
                    static_cast<std::size_t>(plan.window[1].begin) * picture.pixel_bytes(),
                part.row_bytes(), part.row(r));
  }
  OpScratch scratch;
  const Tensor& made = **run_plan(plan, part, plan.window, scratch);
  Tensor copy;
  copy.reset(made.shape, made.dtype, made.batch);
  std::copy_n(made.data.data(), made.byte_count(), copy.data.data());
  return copy;
}

Plan plan_of(const std::string& layers, const Tensor& picture) {
  const Chain chain = test::chain_of(R"({"seed": 1, "layers": [)" + layers + "]}");
  auto plan = make_plan(chain, picture.shape, picture.dtype, {});
  REQUIRE(plan.has_value());
  return *plan;
}

// A kernel of noise, as the chain writes it.
std::string kernel(std::mt19937& random, std::int64_t rows, std::int64_t cols, std::int64_t first,
                   std::int64_t second) {
  WeightArray array{{rows, cols, first, second}, {}};
  std::uniform_real_distribution<float> value(-1, 1);
  for (std::int64_t i = 0; i < rows * cols * first * second; ++i)
    array.values.push_back(value(random));
  return to_json(array).dump();
}

std::string pick(std::mt19937& random, const std::vector<std::string>& of) {
  return of[std::uniform_int_distribution<std::size_t>(0, of.size() - 1)(random)];
}

}  // namespace

TEST_CASE("a crop after convolutions is the crop of their whole output", "[plan][convolve]") {
  std::mt19937 random(20260718);
  const std::vector<std::string> steps{
      R"({"class_name": "DepthwiseConv2D", "kernel": "gaussian", "sigma": 0.7, "padding": "same"})",
      R"({"class_name": "DepthwiseConv2D", "kernel": "sobel_x", "strides": 2, "padding": "same"})",
      R"({"class_name": "DepthwiseConv2D", "kernel": "box", "kernel_size": [4, 3]})",
      R"({"class_name": "DepthwiseConv2D", "kernel": "sharpen", "dilation_rate": 2, "padding": "same", "activation": "relu"})",
      R"({"class_name": "Conv2D", "strides": [1, 2], "padding": "same", "weights": [[[[[1, 2], [3, 4], [5, 6]]], [[[-1, 0], [0, 1], [2, 0]]]], [0.5, -0.5]]},
         {"class_name": "Conv2D", "padding": "same", "weights": [[[[[1, 0, 2], [0, 1, -1]]]]]})",
      R"({"class_name": "Conv2DTranspose", "strides": 2, "padding": "same", "weights": [[[[[1, 0, 1]], [[2, 1, 0]], [[1, 2, 3]]], [[[3, 1, 0]], [[4, 0, 1]], [[1, 1, 1]]]]]})",
      R"({"class_name": "Conv2DTranspose", "strides": [1, 3], "weights": [[[[[1, 2, 0], [0, 1, 1]]], [[[3, 0, 1], [1, 0, 2]]], [[[1, 1, 0], [2, 0, 1]]]]]})",
      R"({"class_name": "ZeroPadding2D", "padding": 2})",
      R"({"class_name": "Rescaling", "scale": 0.5, "offset": 1})",
      R"({"class_name": "UpSampling2D", "size": 2})",
      R"({"class_name": "UpSampling2D", "size": 2, "interpolation": "bilinear"})"};
  int narrowed = 0;
  int compared = 0;
  int equal = 0;
  constexpr int kCases = 400;
  for (int i = 0; i < kCases; ++i) {
    std::uniform_int_distribution<std::int64_t> length(24, 60);
    const Tensor picture =
        test::noise(Shape::image(length(random), length(random), 3), DType::UInt8, random);
    std::string layers = pick(random, steps);
    for (std::uniform_int_distribution<int> more(0, 2); more(random) != 0;)
      layers += ", " + pick(random, steps);
    INFO(layers);
    const Chain whole_chain = test::chain_of(R"({"layers": [)" + layers + "]}");
    const auto shapes = plan_shapes(whole_chain, picture.shape);
    if (!shapes) continue;  // a kernel that no longer fits
    const Shape before = shapes->back();
    std::uniform_int_distribution<std::int64_t> top(0, before.rows() - 1);
    std::uniform_int_distribution<std::int64_t> left(0, before.cols() - 1);
    const std::int64_t t = top(random);
    const std::int64_t l = left(random);
    const std::int64_t rows =
        std::uniform_int_distribution<std::int64_t>(1, before.rows() - t)(random);
    const std::int64_t cols =
        std::uniform_int_distribution<std::int64_t>(1, before.cols() - l)(random);
    const Json crop{{"class_name", "Cropping2D"},
                    {"cropping", {{t, before.rows() - t - rows}, {l, before.cols() - l - cols}}}};

    const Tensor everything = run(plan_of(layers, picture), picture);
    const Plan plan = plan_of(layers + ", " + crop.dump(), picture);
    if (plan.window.pixels() == 0) continue;  // nothing of the picture is needed
    narrowed += plan.window.pixels() < picture.shape.pixels() ? 1 : 0;
    const Tensor all_given = run(plan, picture);
    const Tensor got = run_on_window(plan, picture);
    REQUIRE(test::samples(all_given) == test::samples(got));
    REQUIRE(got.shape == plan.output);
    bool same = true;
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) {
        for (std::int64_t k = 0; k < got.shape.channels; ++k) {
          const double want = test::sample(everything, t + r, l + c, k);
          const double is = test::sample(got, r, c, k);
          same = same && want == is;
          if (std::abs(is - want) > 1e-3 + 2e-6 * std::abs(want)) FAIL(is << " is not " << want);
        }
      }
    }
    equal += same ? 1 : 0;
    ++compared;
  }
  CHECK(narrowed > kCases / 4);
  // For another shape oneDNN may choose another kernel, whose sums differ in the last bit.
  CAPTURE(equal, compared);
  CHECK(equal > compared / 2);
}

TEST_CASE("large pictures are convolved in strips of rows, with the result of the whole",
          "[plan][convolve]") {
  std::mt19937 random(2);
  const Tensor picture = test::noise(Shape::image(611, 1400, 3), DType::UInt8, random);
  for (
      const std::string layers :
      {R"({"class_name": "DepthwiseConv2D", "kernel": "gaussian", "sigma": 1.5, "padding": "same"})",
       R"({"class_name": "DepthwiseConv2D", "kernel": "sharpen", "strides": [3, 2], "dilation_rate": [4, 1], "padding": "same"},
           {"class_name": "DepthwiseConv2D", "kernel": "box", "kernel_size": [4, 3], "activation": "tanh"})"}) {
    INFO(layers);
    const Plan plan = plan_of(layers, picture);
    Plan before = plan;
    before.ops.resize(1);
    Tensor now = run(before, picture);
    for (std::size_t i = 1; i < plan.ops.size(); ++i) {
      const auto& op = std::get<ConvolveOp>(plan.ops[i]);
      Tensor next;
      op.convolution->run(now, op.axes, next);
      std::swap(now, next);
    }
    const Tensor got = run(plan, picture);
    REQUIRE(got.shape == now.shape);
    double worst = 0;
    for (std::size_t i = 0; i < test::sample_count(got); ++i)
      worst = std::max(worst, std::abs(test::sample(got, i) - test::sample(now, i)));
    CHECK(worst <= 1e-4);
  }
}

TEST_CASE("a random crop after a blur reads its window and the halo", "[plan][convolve]") {
  std::mt19937 random(1);
  const Tensor picture = test::noise(Shape::image(300, 400, 3), DType::UInt8, random);
  const Plan plan = plan_of(
      R"({"class_name": "DepthwiseConv2D", "kernel": "gaussian", "sigma": 1, "padding": "same"},
         {"class_name": "RandomCrop", "height": 50, "width": 60})",
      picture);
  CHECK(plan.window[0].length() == 56);
  CHECK(plan.window[1].length() == 66);
  CHECK(plan.window[0].begin == plan.draws.at(0).choice.offset.at(0) - 3);
}

TEST_CASE("convolutions that cannot be computed in parts are computed as a whole",
          "[plan][convolve]") {
  std::mt19937 random(1);
  const Tensor picture = test::noise(Shape::image(20, 30, 1), DType::UInt8, random);
  const std::string crop = R"({"class_name": "Cropping2D", "cropping": 5})";
  for (
      const std::string layer :
      {// Nothing is between its strides of 6: a part cannot begin there.
       R"({"class_name": "Conv2DTranspose", "strides": 6, "padding": "same", "weights": [[[[[1]], [[2]]], [[[3]], [[4]]]]]})",
       R"({"class_name": "Conv2D", "data_format": "channels_first", "activation": "softmax", "weights": [[[0.01, 0], [0, 0.02]]]})"}) {
    INFO(layer);
    const Plan whole = plan_of(layer, picture);
    const Plan part = plan_of(layer + "," + crop, picture);
    CHECK(part.window == test::whole(picture.shape));
    const Tensor want = run(whole, picture);
    const Tensor got = run(part, picture);
    for (std::int64_t r = 0; r < got.shape.rows(); ++r) {
      for (std::int64_t c = 0; c < got.shape.cols(); ++c)
        CHECK(test::sample(got, r, c, 0) == test::sample(want, r + 5, c + 5, 0));
    }
  }
}

TEST_CASE("parts of convolutions give the same in any order as the whole", "[plan][convolve]") {
  std::mt19937 random(4);
  const std::string a = R"("weights": [)" + kernel(random, 3, 3, 3, 8) + "]";
  const std::string b = R"("weights": [)" + kernel(random, 4, 4, 2, 3) + "]";
  const std::string pointwise = kernel(random, 1, 1, 6, 5);
  const std::string depthwise = kernel(random, 5, 3, 3, 2);
  const Runner backwards = [](std::size_t n, const std::function<void(std::size_t)>& f) {
    while (n-- > 0)
      f(n);
  };
  const auto threads = [](int jobs) {
    return [jobs](std::size_t n, const std::function<void(std::size_t)>& f) {
      for_each_part(n, jobs, f);
    };
  };
  struct Case {
    std::string layers;
    std::int64_t batch;
  };
  for (
      const auto& [layers, batch] : {
          Case{R"({"class_name": "Conv2D", "padding": "same", "activation": "relu", )" + a + "}",
               1},
          Case{R"({"class_name": "DepthwiseConv2D", "kernel": "gaussian", "sigma": 2})", 1},
          Case{R"({"class_name": "SeparableConv2D", "depth_multiplier": 2, "weights": [)" +
                   depthwise + ", " + pointwise + "]}",
               1},
          Case{R"({"class_name": "Conv2DTranspose", "strides": 2, "padding": "same", )" + b + "}",
               1},
          Case{R"({"class_name": "Conv2DTranspose", "strides": [3, 2], )" + b + "}", 1},
          Case{
              R"({"class_name": "Conv2DTranspose", "strides": [6, 2], "output_padding": [5, 1], )" +
                  b + "}",
              1},
          Case{R"({"class_name": "Conv2DTranspose", "dilation_rate": 2, )" + b +
                   R"(}, {"class_name": "DepthwiseConv2D", "kernel": "sharpen"})",
               1},
          Case{R"({"class_name": "Conv2D", "strides": 2, )" + a + "}", 3},
          Case{R"({"class_name": "DepthwiseConv2D", "kernel": "box"})", 3},
      }) {
    INFO(layers << " of " << batch);
    // Large pictures, of at least two strips, or small ones, of which several are computed
    // together.
    for (const Shape& shape : {Shape::image(261, 401, 3), Shape::image(90, 120, 3)}) {
      const std::int64_t count = shape[0] > 200 ? batch : 9;
      Tensor picture = test::noise(shape, DType::UInt8, random);
      Tensor many;
      many.reset(shape, DType::UInt8, count);
      for (std::int64_t i = 0; i < count; ++i)
        std::copy_n(picture.data.data(), picture.byte_count(),
                    many.data.data() + static_cast<std::size_t>(i) * picture.byte_count());
      const Plan plan = plan_of(layers, many);
      const Tensor alone = run(plan, many);
      REQUIRE(test::same_bytes(run(plan, many, backwards), alone));
      for (const int jobs : {2, 4})
        REQUIRE(test::same_bytes(run(plan, many, threads(jobs)), alone));
      // The whole of each operation.
      Plan before = plan;
      before.ops.resize(1);
      Tensor now = run(before, many);
      for (std::size_t i = 1; i < plan.ops.size(); ++i) {
        const auto& op = std::get<ConvolveOp>(plan.ops[i]);
        Tensor next;
        op.convolution->run(now, op.axes, next);
        std::swap(now, next);
      }
      REQUIRE(now.shape == alone.shape);
      REQUIRE(now.dtype == DType::Float32);
      REQUIRE(alone.dtype == DType::Float32);
      // As floats, because test::sample for each would take longer than the convolutions.
      const auto* const is = reinterpret_cast<const float*>(alone.data.data());
      const auto* const want = reinterpret_cast<const float*>(now.data.data());
      float worst = 0;
      for (std::size_t i = 0; i < test::sample_count(now); ++i)
        worst = std::max(worst, std::abs(is[i] - want[i]) / (1 + std::abs(want[i])));
      CHECK(worst < 1e-4);
    }
  }
}

TEST_CASE("a convolution shows the middle of the pixels that it sums", "[plan][convolve][placed]") {
  // The picture's samples are its coordinates: the mean of a box is the middle of the box.
  Tensor picture;
  picture.reset(Shape::image(60, 80, 1), DType::Float32);
  std::vector<double> values;
  for (int i = 0; i < 60 * 80; ++i)
    values.push_back(i / 80 + 0.5);
  picture = test::tensor_of(picture.shape, DType::Float32, values);
  for (
      const std::string layers :
      {R"({"class_name": "DepthwiseConv2D", "kernel": "box"})",
       R"({"class_name": "DepthwiseConv2D", "kernel": "box", "kernel_size": [4, 4], "padding": "same"})",
       R"({"class_name": "DepthwiseConv2D", "kernel": "box", "strides": 2, "padding": "same"})",
       R"({"class_name": "DepthwiseConv2D", "kernel": "box", "dilation_rate": 3})",
       R"({"class_name": "DepthwiseConv2D", "kernel": "gaussian", "sigma": 1, "padding": "same"},
          {"class_name": "Cropping2D", "cropping": 20}, {"class_name": "ZeroPadding2D", "padding": 5})"}) {
    INFO(layers);
    const Plan plan = plan_of(layers, picture);
    const Tensor made = run(plan, picture);
    const Placed placed = place(plan.spans, plan.window);
    for (std::int64_t r = 8; r < made.shape.rows() - 8; ++r) {
      const double from = (static_cast<double>(r) + 0.5 - placed.begin[0]) / placed.scale[0];
      CHECK(std::abs(test::sample(made, r, 10, 0) - static_cast<double>(plan.window[0].begin) -
                     from) < 1e-3);
    }
  }
}

TEST_CASE("a transposed convolution puts a pixel in the middle of its kernel",
          "[plan][convolve][placed]") {
  Tensor picture;
  picture.reset(Shape::image(9, 9, 1), DType::Float32);
  std::vector<double> values(81, 0);
  values[4 * 9 + 4] = 1;
  picture = test::tensor_of(picture.shape, DType::Float32, values);
  const std::string ones = "[[[1]],[[1]],[[1]],[[1]]]";
  const Plan plan = plan_of(
      R"({"class_name": "Conv2DTranspose", "strides": 2, "padding": "same", "use_bias": false, "weights": [[)" +
          ones + "," + ones + "," + ones + "," + ones + "]]}",
      picture);
  const Tensor made = run(plan, picture);
  double sum = 0;
  double middle = 0;
  for (std::int64_t r = 0; r < made.shape.rows(); ++r) {
    sum += test::sample(made, r, 8, 0);
    middle += (static_cast<double>(r) + 0.5) * test::sample(made, r, 8, 0);
  }
  REQUIRE(sum > 0);
  CHECK(plan.spans[0].carry(4.5) == middle / sum);
}

TEST_CASE("convolutions in parts can be cancelled between any two parts",
          "[plan][convolve][stop]") {
  const std::string blur =
      R"({"class_name": "DepthwiseConv2D", "config": {"kernel": "box", "padding": "same"}})";
  const Tensor picture = [] {
    std::mt19937 random(5);
    return test::noise(Shape::image(200, 2000, 2), DType::UInt8, random);
  }();
  const Plan plan = plan_of(blur + ", " + blur, picture);
  const auto run_until = [&](int last) {
    int looks = 0;
    OpScratch scratch;
    const auto made = run_plan(plan, picture, test::whole(picture.shape), scratch, {}, {},
                               [&] { return ++looks > last; });
    if (!made) CHECK(made.error().code == ErrorCode::Stopped);
    return std::pair(made.has_value(), looks);
  };
  const auto [made, all] = run_until(1'000'000);
  REQUIRE(made);
  CHECK(all >= 4);  // a part has at most 2^18 numbers of a convolution's output: 65 rows
  for (int last = 0; last < all; ++last)
    CHECK_FALSE(run_until(last).first);
  CHECK(run_until(all).first);
}

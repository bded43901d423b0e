// SPDX-License-Identifier: Apache-2.0
// Where the input lies in the output. The picture's samples are its coordinates. Therefore each
// output pixel tells which point it shows, and this is compared with the plan.
#include "geometry/placed.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "chain/plan.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/samples.h"

using namespace deckle;

namespace {

constexpr std::int64_t kRows = 90;
constexpr std::int64_t kCols = 110;

// Channels 0 and 1: row and column of the pixel's centre; channel 2: 1, which is the value of no
// fill.
Tensor coordinates() {
  Tensor picture;
  picture.reset(Shape::image(kRows, kCols, 3), DType::Float64);
  std::vector<double> values;
  for (std::int64_t r = 0; r < kRows; ++r) {
    for (std::int64_t c = 0; c < kCols; ++c) {
      values.push_back(static_cast<double>(r) + 0.5);
      values.push_back(static_cast<double>(c) + 0.5);
      values.push_back(1);
    }
  }
  return test::tensor_of(picture.shape, DType::Float64, values);
}

struct Step {
  std::string text;
  bool blocky = false;   // shows whole pixels: it may be wrong by half a pixel
  bool mirrors = false;  // shows parts of the picture a second time
};

Step random_step(std::mt19937& random) {
  const auto number = [&](int from, int to) {
    return std::to_string(std::uniform_int_distribution<int>(from, to)(random));
  };
  const auto layer = [](const std::string& name, const std::string& rest) {
    return R"({"class_name": ")" + name + R"(", "dtype": "float64", )" + rest + "}";
  };
  const std::string size = R"("height": )" + number(40, 150) + R"(, "width": )" + number(40, 150);
  const std::string edges =
      "[[" + number(0, 4) + "," + number(0, 4) + "],[" + number(0, 4) + "," + number(0, 4) + "]]";
  switch (std::uniform_int_distribution<int>(0, 9)(random)) {
    case 0:
      return {layer("Cropping2D", R"("cropping": )" + edges)};
    case 1:
      return {layer("ZeroPadding2D", R"("padding": )" + edges)};
    case 2:
      return {layer("ZeroPadding2D", R"("mode": "reflect", "padding": )" + edges), false, true};
    case 3:
      return {layer("UpSampling2D", R"("size": [)" + number(1, 3) + "," + number(1, 3) + "]"),
              true};
    case 4:
      return {layer("UpSampling2D",
                    R"("interpolation": "bilinear", "size": [2,)" + number(1, 3) + "]")};
    case 5:
      return {layer("Resizing", R"("interpolation": "bicubic", )" + size)};
    case 6:
      return {layer("Resizing", R"("interpolation": "nearest", )" + size), true};
    case 7:
      return {layer("Resizing", R"("pad_to_aspect_ratio": true, )" + size)};
    case 8:
      return {layer("RandomCrop", size)};
    default:
      return {layer("RandomFlip", R"("mode": "horizontal_and_vertical")")};
  }
}

// Enlarges at most once. A layer that mirrors is the last one, and only crops are before it. After
// other layers it could show a part of the picture in the place of a part that was cut off.
std::vector<Step> random_steps(std::mt19937& random) {
  std::vector<Step> steps;
  const int count = std::uniform_int_distribution<int>(1, 4)(random);
  bool enlarged = false;
  bool crops = true;
  while (static_cast<int>(steps.size()) < count && (steps.empty() || !steps.back().mirrors)) {
    Step step = random_step(random);
    const bool enlarges = step.text.find("UpSampling2D") != std::string::npos;
    if ((enlarges && enlarged) || (step.mirrors && !crops)) continue;
    enlarged = enlarged || enlarges;
    crops = crops && step.text.find("Cropping2D") != std::string::npos;
    steps.push_back(std::move(step));
  }
  return steps;
}

Plan plan_of(const std::vector<Step>& steps, const std::string& keras, int copy) {
  std::string text;
  for (const Step& step : steps)
    text += (text.empty() ? "" : ",") + step.text;
  if (steps.empty()) text = R"({"class_name": "Cropping2D", "cropping": 0, "dtype": "float64"})";
  const Chain chain =
      test::chain_of(R"({"seed": 5, "keras": ")" + keras + R"(", "layers": [)" + text + "]}");
  ImageIdentity image;
  image.copy = copy;
  const auto plan =
      make_plan(chain, Shape::image(kRows, kCols, 3), DType::Float64, image, {true, {}, false});
  REQUIRE(plan.has_value());
  return *plan;
}

// The two formulas of geometry/placed.h.
double carried(const Placed& placed, const Window& window, int a, double at) {
  const auto axis = static_cast<std::size_t>(a);
  const double from = (at - static_cast<double>(window[a].begin)) * placed.scale.at(axis);
  return placed.flipped.at(axis) ? placed.end.at(axis) - from : placed.begin.at(axis) + from;
}

double back(const Placed& placed, const Window& window, int a, double at) {
  const auto axis = static_cast<std::size_t>(a);
  const double from =
      placed.flipped.at(axis) ? placed.end.at(axis) - at : at - placed.begin.at(axis);
  return static_cast<double>(window[a].begin) + from / placed.scale.at(axis);
}

Placed placed_by(const std::string& layers) {
  const Plan plan = plan_of({{layers}}, "2.9", 0);
  return place(plan.spans, plan.window);
}

}  // namespace

TEST_CASE("points of the input are shown at the place that the plan gives", "[plan][placed]") {
  const Tensor picture = coordinates();
  std::mt19937 random(14);
  int shown = 0;
  int exact = 0;
  int flipped = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string keras = "2.9";
    const std::vector<Step> steps = random_steps(random);
    std::string text;
    for (const Step& step : steps)
      text += step.text + "\n";
    CAPTURE(text, keras);
    // The largest error of whole pixels, and how far interpolation reaches over an edge, in pixels
    // of the input.
    std::array<double, 2> off{1e-9, 1e-9};
    std::array<double, 2> margin{2, 2};
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const Plan before =
          plan_of({steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(s)}, keras, i);
      const Plan after =
          plan_of({steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(s) + 1}, keras, i);
      for (std::size_t a = 0; a < 2; ++a) {
        const double scale = std::min(before.spans.at(a).scale(), after.spans.at(a).scale());
        // Half a pixel for nearest, more with the negative taps of a later layer.
        if (steps[s].blocky) off.at(a) += 0.75 / before.spans.at(a).scale();
        margin.at(a) += 2 / std::min(1.0, scale);
      }
    }
    const Plan plan = plan_of(steps, keras, i);
    OpScratch scratch;
    const Tensor& made = **run_plan(plan, picture, test::whole(picture.shape), scratch);
    const Placed placed = place(plan.spans, plan.window);
    REQUIRE(placed.rank == 2);
    flipped += placed.flipped[0] || placed.flipped[1] ? 1 : 0;
    // The points that are in the window and in the output.
    std::array<double, 2> first{};
    std::array<double, 2> last{};
    bool any = true;
    for (int a = 0; a < 2; ++a) {
      const auto at = static_cast<std::size_t>(a);
      const double x = back(placed, plan.window, a, 0);
      const double y = back(placed, plan.window, a, static_cast<double>(made.shape[a]));
      first.at(at) =
          std::max(std::min(x, y), static_cast<double>(plan.window[a].begin)) + margin.at(at);
      last.at(at) =
          std::min(std::max(x, y), static_cast<double>(plan.window[a].end)) - margin.at(at);
      any = any && first.at(at) + 1 < last.at(at);
    }
    for (int p = 0; any && p < 60; ++p) {
      std::array<std::int64_t, 2> pixel{};
      for (int a = 0; a < 2; ++a) {
        const auto at = static_cast<std::size_t>(a);
        std::uniform_real_distribution<double> somewhere(first.at(at), last.at(at));
        const double to = carried(placed, plan.window, a, somewhere(random));
        pixel.at(at) = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(to)), 0,
                                                made.shape[a] - 1);
      }
      if (std::abs(test::sample(made, pixel[0], pixel[1], 2) - 1) > 1e-9) continue;  // fill
      for (int a = 0; a < 2; ++a) {
        const auto at = static_cast<std::size_t>(a);
        const double want = back(placed, plan.window, a, static_cast<double>(pixel.at(at)) + 0.5);
        const double is = test::sample(made, pixel[0], pixel[1], a);
        if (std::abs(is - want) > off.at(at) + 1e-4) {
          CAPTURE(a, pixel[0], pixel[1], is, want, off.at(at));
          FAIL_CHECK("another place is shown");
        }
        exact += off.at(at) < 1e-8 ? 1 : 0;
      }
      ++shown;
    }
  }
  CHECK(shown > 5000);
  CHECK(exact > 3000);
  CHECK(flipped > 20);
}

TEST_CASE("a window has a place in whole pixels if the layers only move pixels", "[plan][placed]") {
  const Placed padded =
      placed_by(R"({"class_name": "ZeroPadding2D", "padding": [[3, 0], [7, 1]]})");
  CHECK(padded.begin == std::array<double, 3>{3, 7, 0});
  CHECK(padded.end == std::array<double, 3>{93, 117, 0});
  CHECK(padded.scale == std::array<double, 3>{1, 1, 1});
  CHECK(padded.flipped == std::array<bool, 3>{false, false, false});

  const Placed cropped = placed_by(R"({"class_name": "Cropping2D", "cropping": 8})");
  CHECK(cropped.begin == std::array<double, 3>{0, 0, 0});
  CHECK(cropped.end == std::array<double, 3>{74, 94, 0});

  // The first row is cut in two: the window begins one row above the output.
  const Placed cut = placed_by(
      R"({"class_name": "UpSampling2D", "size": 2}, {"class_name": "Cropping2D", "cropping": 1})");
  CHECK(cut.begin == std::array<double, 3>{-1, -1, 0});
  CHECK(cut.end == std::array<double, 3>{179, 219, 0});
  CHECK(cut.scale == std::array<double, 3>{2, 2, 1});
}

TEST_CASE("a resized picture ends exactly at the output's edge", "[plan][placed]") {
  const Placed resized = placed_by(R"({"class_name": "Resizing", "height": 77, "width": 49})");
  CHECK(resized.begin == std::array<double, 3>{0, 0, 0});
  CHECK(resized.end == std::array<double, 3>{77, 49, 0});
  CHECK(resized.scale[0] == 77.0 / 90);
}

TEST_CASE("a flip names its axis", "[placed]") {
  AxisSpan span(10);
  span.move(-2);  // cropped
  span.flip(7);
  CHECK(span.flipped());
  CHECK(span.carry(2) == 7);
  CHECK(span.carry(9) == 0);
  CHECK(span.scale() == 1);
}

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
#include "layers/registry.h"
#include "ops/final_rounding.h"
#include "random/stateless.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/naive_plan.h"
#include "support/samples.h"

using namespace deckle;
using test::chain_of;
using namespace deckle::test::twin;

namespace {

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

}  // namespace

TEST_CASE("plans agree to the byte with their naive twin, on the whole image and on the window") {
  Chance chance(20260718);
  std::map<std::string, int> seen;
  for (int round = 0; round < 4000; ++round) {
    const Case c = any_case(chance, round);
    const Chain chain = chain_of(c.json.dump());
    const Shape shape = c.shape();
    INFO("round " << round << ": " << to_string(shape) << " " << name_of(c.source.dtype) << " "
                  << c.json.dump());
    const auto plan = make_plan(chain, shape, c.source.dtype, c.image);
    REQUIRE(what_differs(c, chain, plan) == "");
    if (c.outcome.error) {
      ++seen[*c.outcome.error == ErrorCode::Depth ? "depth" : "error"];
      continue;
    }
    if (c.outcome.skipped) {
      ++seen["skip"];
      continue;
    }
    if (plan->ops.size() == 1 && !c.resizes()) ++seen["one gather"];
    ++seen["done"];
    if (c.resizes()) ++seen["resize"];
    if (plan->window.pixels() == 0) ++seen["all fill"];
    if (plan->window.pixels() == shape.pixels()) ++seen["all needed"];
    if (c.outcome.draws.size() > 1) ++seen["two draws"];
    if (c.source.rows == 1 && c.source.cols == 1) ++seen["1 x 1"];
    if (plan->ops.size() > 2) ++seen["three operations"];
    for (const Step& step : c.steps) {
      if (step.kind == Step::Random && step.training && step.if_smaller == "pad") ++seen["pad"];
      if (step.kind == Step::Twin) ++seen[step.twin->layer];
    }
    ++seen[std::string(name_of(c.source.dtype))];
  }
  // The random cases must have included everything that this test is for.
  const auto met = [&](const std::string& what, int times) {
    CAPTURE(what);
    CHECK(seen[what] >= times);
  };
  for (const test::LayerTwin& twin : test::layer_twins()) {
    if (find_layer(twin.layer)->rank == 2) met(twin.layer, 20);
  }
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

TEST_CASE("a chain of layers that move pixels is one gather, and keeps the input's type") {
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
  OpScratch scratch;
  CHECK((*run_plan(plan, source, test::whole(source.shape), scratch))->dtype == DType::UInt8);
}

TEST_CASE("interpolated integers are rounded at once, with the result of rounding the floats") {
  Chance chance(4);
  OpScratch scratch;
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
      fuse_final_rounding(plan.ops, plan.input_dtype, dtype);
      const Tensor& made = **run_plan(plan, source, test::whole(shape), scratch);
      CHECK(made.dtype == dtype);
      CHECK(test::same_bytes(made, floats));
    }
  }
}

TEST_CASE("bilinear UpSampling2D measures from the corners of pixels up to Keras 2.3") {
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

TEST_CASE("samples that are moved or scaled after interpolation are rounded at the end") {
  for (const char* layers :
       {R"({"layers": [{"class_name": "UpSampling2D", "interpolation": "bilinear"},
                       {"class_name": "ZeroPadding2D", "value": 0.5}]})",
        R"({"layers": [{"class_name": "Rescaling", "scale": 0.3},
                       {"class_name": "UpSampling2D", "interpolation": "bilinear"}]})"}) {
    Plan plan = plan_of(layers, Shape::image(4, 4, 1));
    const std::size_t ops = plan.ops.size();
    fuse_final_rounding(plan.ops, plan.input_dtype, DType::UInt8);
    CHECK(plan.ops.size() == ops);
    for (const Op& op : plan.ops) {
      if (const auto* resize = std::get_if<ResizeOp>(&op)) CHECK(resize->to == DType::Float32);
    }
  }
}

TEST_CASE("if there is nothing to do, the source itself is the result") {
  const Plan plan = plan_of(R"({"layers": [{"class_name": "Cropping2D"},
                                {"class_name": "UpSampling2D", "size": 1}]})",
                            Shape::image(3, 5, 1));
  Chance chance(2);
  const Tensor source = tensor_of(picture_of(chance, 3, 5, 1, DType::UInt8));
  OpScratch scratch;
  CHECK(*run_plan(plan, source, test::whole(source.shape), scratch) == &source);
}

TEST_CASE("one scratch serves images of any size and type, one after the other") {
  Chance chance(3);
  OpScratch scratch;
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

TEST_CASE("if one axis is all fill, nothing of the image is needed") {
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

TEST_CASE("copies, images and chain seeds draw differently, and each draw is reproducible") {
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
  // Only layers that draw from the chain's seed are counted: the third layer is the second of them.
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

TEST_CASE("wrong arguments of a caller are an error with the numbers") {
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
           {Shape::image(0, 9, 3), "a shape of 0 x 9 x 3: an axis has 1 to 2147483647 pixels"},
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
  OpScratch scratch;
  const Window all = whole(good);
  CHECK(usage(run_plan(plan, source, all, scratch)) == "taken");
  CHECK(usage(run_plan(Plan{}, source, all, scratch)) ==
        "a plan without operations: it is no plan of make_plan");
  CHECK(usage(run_plan(plan, Tensor{}, all, scratch)) ==
        "a shape of 0 x 0 x 1: an axis has 1 to 2147483647 pixels");
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

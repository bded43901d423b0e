// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "chain/plan.h"
#include "layers/weights.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/samples.h"

using namespace deckle;
using test::Lines;

namespace {

// Nested zeros of this shape, as JSON.
std::string zeros(const std::vector<std::int64_t>& shape) {
  Json array = 0;
  for (std::size_t a = shape.size(); a-- > 0;)
    array = Json(static_cast<std::size_t>(shape[a]), array);
  return array.dump();
}

// A layer with a kernel of this shape and more arguments.
std::string given(const std::vector<std::int64_t>& kernel, const std::string& more = "") {
  return "{\"weights\": [" + zeros(kernel) + "]" + (more.empty() ? "" : ", " + more) + "}";
}

std::string shape_of(const std::string& name, const std::string& config, const Shape& in) {
  return test::output_of(test::layer_of(name, config), in);
}

Lines keras1(const std::string& name, const std::string& config) {
  Lines lines;
  const auto result = parse_chain(R"({"keras": "1.2", "layers": [{"class_name": ")" + name +
                                  R"(", "config": )" + config + "}]}");
  if (const auto* mistakes = std::get_if<Mistakes>(&result)) {
    for (const LocatedMistake& mistake : *mistakes)
      lines.push_back(mistake.pointer.substr(std::string("/layers/0/config").size()) + ": " +
                      mistake.message);
  }
  return lines;
}

// The layer's output for a picture of one channel.
std::vector<double> made(const std::string& name, const std::string& config,
                         const std::vector<std::vector<double>>& picture) {
  const Chain chain = test::chain_of(test::one_layer(name, config));
  std::vector<double> values;
  for (const auto& row : picture)
    values.insert(values.end(), row.begin(), row.end());
  const Tensor in = test::tensor_of(Shape::image(static_cast<std::int64_t>(picture.size()),
                                                 static_cast<std::int64_t>(picture[0].size()), 1),
                                    DType::UInt8, values);
  const auto plan = make_plan(chain, in.shape, in.dtype, {});
  if (!plan) throw std::runtime_error(plan.error().message);
  OpScratch scratch;
  return test::samples(**run_plan(*plan, in, test::whole(in.shape), scratch));
}

}  // namespace

TEST_CASE("Conv2D's config has every argument, and gives the same layer") {
  const Layer layer = test::layer_of(
      "Conv2D", given({3, 2, 4, 8}, R"("padding": "SAME", "strides": 2, "activation": "relu")"));
  CHECK(test::comes_back(layer));
  Json config = layer.config;
  config.erase("weights");
  CHECK(config == Json::parse(R"({"filters": 8, "kernel_size": [3, 2], "strides": [2, 2],
      "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1,
      "activation": "relu", "use_bias": false, "dtype": "float32"})"));
}

TEST_CASE("arguments that only training needs are accepted and dropped") {
  CHECK(test::layer_of("Conv2D", given({1, 1, 1, 1}, R"("kernel_initializer": "he_normal",
      "bias_initializer": {"class_name": "Zeros", "config": {}}, "bias_regularizer": null,
      "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}},
      "kernel_constraint": "max_norm", "activity_regularizer": {"module": "builtins",
      "class_name": "function", "registered_name": "mine>f"})"))
            .config == test::config_of("Conv2D", given({1, 1, 1, 1})));
  CHECK(test::mistakes_of("Cropping2D", R"({"kernel_initializer": 1})").size() == 1);
}

TEST_CASE("arguments that only training needs must have names that Keras knows") {
  const std::string kernel = "\"weights\": [" + zeros({1, 1, 1, 1}) + "], ";
  const auto wrong = [&](const std::string& name, const std::string& more) {
    return test::mistakes_of(name, "{" + kernel + more + "}");
  };
  const std::string tail = "; it changes no output and may be left out";
  CHECK(wrong("Conv2D", R"("kernel_initializer": "he_norml")") ==
        Lines{R"(/kernel_initializer: Keras has no initializer "he_norml"; did you mean )"
              R"("he_normal"?)" +
              tail});
  CHECK(wrong("Convolution2D", R"("init": "foo", "W_regularizer": "foo", "nb_filter": 1)") ==
        Lines{R"(/init: Keras has no initializer "foo")" + tail,
              R"(/W_regularizer: Keras has no regularizer "foo")" + tail});
  CHECK(wrong("Conv2D", R"("bias_constraint": {"class_name": "Foo", "config": {}})") ==
        Lines{R"(/bias_constraint: Keras has no constraint "Foo")" + tail});
  CHECK(wrong("Conv2D", R"("kernel_regularizer": 3)") ==
        Lines{R"(/kernel_regularizer: 3 is not a regularizer: it is a name, or {"class_name": .., )"
              R"("config": ..})"});
  CHECK(wrong("Conv2D", R"("trainable": 1, "name": 2)") ==
        Lines{"/trainable: 1 is not true or false", "/name: 2 is not a name: a text"});
  CHECK(wrong("Conv2D", R"("depthwise_initializer": "zeros")").size() == 1);
  CHECK(wrong("DepthwiseConv2D", R"("groups": 2)") ==
        Lines{"/groups: 2 groups: this layer has one"});
  CHECK(wrong("DepthwiseConv2D", R"("groups": 1)").empty());
  CHECK(wrong("Conv2D", R"("input_dim": 3)") ==
        Lines{"/input_dim: Conv2D has no argument \"input_dim\""});
}

TEST_CASE(
    "a layer in the words of Keras 1 has weights in its layout, unless the chain says otherwise") {
  // One of nine taps. In Keras 1's layout for 'th' it is another one than in Keras 2's.
  Json kernel = Json::parse(zeros({3, 3, 3, 3}));
  kernel[0][1][2][0] = 1;
  const std::string layer = R"({"class_name": "Convolution2D", "config": {"nb_filter": 3,
      "nb_row": 3, "nb_col": 3, "bias": false, "border_mode": "same", "dim_ordering": "th",
      "weights": [)" + kernel.dump() +
                            "]}}";
  const auto values = [&](const std::string& text) {
    const Chain chain = test::chain_of(text);
    std::vector<double> samples(4 * 4 * 3);
    std::iota(samples.begin(), samples.end(), 1);
    const Tensor in = test::tensor_of(Shape::image(4, 4, 3), DType::UInt8, samples);
    const auto plan = make_plan(chain, in.shape, in.dtype, {});
    REQUIRE(plan);
    OpScratch scratch;
    return test::samples(**run_plan(*plan, in, test::whole(in.shape), scratch));
  };
  const std::string layers = R"("layers": [)" + layer + "]}";
  const auto keras1 = values(R"({"keras": "1.2", )" + layers);
  const auto keras2 = values(R"({"keras": "2.9", )" + layers);
  CHECK(keras1 != keras2);
  CHECK(values("{" + layers) == keras1);
  // (filters, in, rows, cols): output 0 is channel 1 two rows below the window's first, first
  // column.
  CHECK(keras1[(1 * 4 + 1) * 3] == 1 + (2 * 4 + 0) * 3 + 1);
  // The manifest's chain has the version in the layer.
  const Json json = resolved(test::chain_of("{" + layers));
  CHECK(json["keras"] == "2.9");
  CHECK(json["layers"][0]["keras"] == "1.2");
  CHECK(resolved(test::chain_of(json.dump())) == json);
  CHECK(values(json.dump()) == keras1);
  // The version may also be beside the layer's name.
  std::string said = layers;
  said.insert(said.find("\"config\""), R"("keras": 2, )");
  CHECK(values("{" + said) == keras2);
}

TEST_CASE("a layer in the words of two generations needs a version") {
  const std::string mixed = given({1, 1, 1, 1}, R"("nb_filter": 1, "use_bias": false)");
  CHECK(
      test::mistakes_of("Conv2D", mixed) ==
      Lines{R"(/use_bias: "use_bias" is a word of Keras 2 and later, "nb_filter" one of Keras 1, )"
            R"(and their weights are laid out differently; say "keras" in the chain, or keep to )"
            "the words of one"});
  CHECK(keras1("Conv2D", mixed).empty());
  // Layers that Keras 1 does not have do not use its layout.
  CHECK(
      test::mistakes_of("DepthwiseConv2D", given({3, 3, 1, 1}, R"("dim_ordering": "tf")")).empty());
  CHECK(keras1("DepthwiseConv2D", given({3, 3, 1, 1})) ==
        Lines{"/weights: Keras 1 has no DepthwiseConv2D, and so no layout of its weights; say "
              "another \"keras\" in the chain"});
  CHECK(keras1("DepthwiseConv2D", R"({"kernel": "box"})").empty());
  CHECK(
      test::mistakes_of("UpSampling2D", R"({"dim_ordering": "tf", "interpolation": "bilinear"})") ==
      Lines{R"(/interpolation: "dim_ordering" is of Keras 1, and bilinear was different until )"
            R"(Keras 2.3; say "keras" in the chain)"});
}

TEST_CASE("Deconvolution2D of Keras 1 has full padding and needs a fitting output_shape") {
  const auto layer = [](const std::string& more) {
    return R"({"nb_filter": 2, "nb_row": 3, "nb_col": 3, )" + more + R"("weights": [)" +
           zeros({3, 3, 1, 2}) + "]}";
  };
  const auto deconvolved = [&](const std::string& more, const Shape& in) {
    return shape_of("Deconvolution2D", layer(more), in);
  };
  // The lengths whose "full" convolution gives 5: (5 - 1) * 2 - 3 + 2, and one more.
  const std::string full = R"("border_mode": "full", "subsample": [2, 2], )";
  CHECK(deconvolved(full + R"("output_shape": [null, 7, 8, 2], )", Shape::image(5, 5, 1)) ==
        "7 x 8 x 2");
  CHECK(deconvolved(full + R"("output_shape": [null, 9, 8, 2], )", Shape::image(5, 5, 1)) ==
        "shape: Deconvolution2D: output_shape says 9 rows; of 5 it can be 7 to 8");
  CHECK(deconvolved(R"("border_mode": "full", "output_shape": [null, 1, 1, 2], )",
                    Shape::image(2, 3, 1)) ==
        "shape: Deconvolution2D: output_shape says 1 rows; of 2 none is possible");
  CHECK(test::mistakes_of("Deconvolution2D", layer("")) ==
        Lines{": Deconvolution2D of Keras 1 needs \"output_shape\": [null, rows, cols, filters]"});
  CHECK(test::mistakes_of("Deconvolution2D", layer(R"("output_shape": [null, 7, 7, 3], )")) ==
        Lines{"/output_shape/3: 3 channels, but the layer makes 2; the entries are [null, rows, "
              "cols, filters]"});
  CHECK(test::mistakes_of("Deconvolution2D", R"({"nb_filter": 2, "nb_row": 1, "nb_col": 1,
      "dim_ordering": "th", "output_shape": [null, 7, 7, 2], "weights": [)" +
                                                 zeros({2, 1, 1, 1}) + "]}") ==
        Lines{"/output_shape/1: 7 channels, but the layer makes 2; the entries are [null, filters, "
              "rows, cols]"});
  // Also the filters of the kernel, if only the kernel gives their number.
  CHECK(test::mistakes_of("Deconvolution2D", R"({"output_shape": [null, 7, 7, 3], "weights": [)" +
                                                 zeros({3, 3, 1, 2}) + "]}")
            .front()
            .starts_with("/output_shape/3: 3 channels, but the layer makes 2"));
  CHECK(test::mistakes_of("Conv2DTranspose", given({3, 3, 2, 1}, R"("padding": "full")")) ==
        Lines{"/padding: \"full\" is of Keras 1 and 2.3; say \"keras\": \"1.2\" in the chain"});
}

TEST_CASE("full padding of a transposed convolution is the transpose of full convolution") {
  // In the forward convolution with padding 2, output p sums inputs p - 2 to p. The transposed one
  // adds to these.
  const Chain chain = test::chain_of(
      R"({"keras": "2.3", "layers": [{"class_name": "Conv2DTranspose", "padding": "full",
          "kernel_size": [1, 3], "weights": [[[[[1]], [[10]], [[100]]]]]}]})");
  const Tensor in = test::tensor_of(Shape::image(1, 4, 1), DType::UInt8, {1, 2, 3, 4});
  const auto plan = make_plan(chain, in.shape, in.dtype, {});
  REQUIRE(plan);
  OpScratch scratch;
  CHECK(test::samples(**run_plan(*plan, in, test::whole(in.shape), scratch)) ==
        std::vector<double>{1 * 100 + 2 * 10 + 3 * 1, 2 * 100 + 3 * 10 + 4 * 1});
}

TEST_CASE("shapes and parameters need no weights") {
  const auto counted = [](const std::string& layers, const Shape& in) {
    const auto parsed =
        read_chain(R"({"layers": [)" + layers + "]}", false, "", "", Purpose::Shapes);
    const auto* chain = std::get_if<Chain>(&parsed);
    REQUIRE(chain != nullptr);
    const auto shapes = plan_shapes(*chain, in);
    if (!shapes) return shapes.error().message;
    std::string text;
    for (const std::int64_t count : count_parameters(*chain, *shapes))
      text += std::to_string(count) + " ";
    return text + to_string(shapes->back());
  };
  const Shape in = Shape::image(8, 8, 4);
  // As model.summary() counts: taps x channels x filters, and a bias.
  CHECK(counted(R"({"class_name": "Conv2D", "filters": 6, "kernel_size": 3})", in) ==
        "222 6 x 6 x 6");
  CHECK(counted(R"({"class_name": "Conv2D", "filters": 6, "kernel_size": 3, "use_bias": false,
                    "groups": 2})",
                in) == "108 6 x 6 x 6");
  CHECK(
      counted(R"({"class_name": "DepthwiseConv2D", "kernel_size": [2, 3], "depth_multiplier": 2})",
              in) == "56 7 x 6 x 8");
  CHECK(counted(R"({"class_name": "SeparableConv2D", "filters": 5, "kernel_size": 3,
                    "padding": "same"})",
                in) == "61 8 x 8 x 5");
  CHECK(
      counted(R"({"class_name": "Conv2DTranspose", "filters": 2, "kernel_size": 2, "strides": 2})",
              in) == "34 16 x 16 x 2");
  CHECK(counted(R"({"class_name": "DepthwiseConv2D", "kernel": "gaussian"},
                   {"class_name": "Conv2D", "weights": [[[[[1], [1], [1], [1]]]], [0]]})",
                in) == "0 5 2 x 2 x 1");
  CHECK(counted(R"({"class_name": "Conv2D", "filters": 6, "kernel_size": 3, "groups": 3})", in) ==
        "layer 0, Conv2D: 4 channels cannot be divided into 3 groups");
  // If only the weights give the size, they are needed.
  const auto parsed = read_chain(R"({"layers": [{"class_name": "Conv2D", "filters": 2,
      "weights": ["gone.npy"]}]})",
                                 false, "", "", Purpose::Shapes);
  const auto* mistakes = std::get_if<Mistakes>(&parsed);
  REQUIRE(mistakes != nullptr);
  CHECK(mistakes->size() == 2);
  // Else there is a note that they could not be read.
  const auto noted = read_chain(R"({"layers": [{"class_name": "Conv2D", "filters": 2,
      "kernel_size": 1, "weights": ["gone.npy"]}]})",
                                false, "", "", Purpose::Shapes);
  REQUIRE(std::holds_alternative<Chain>(noted));
  REQUIRE(std::get<Chain>(noted).notes.size() == 1);
  CHECK(std::get<Chain>(noted).notes[0].starts_with("/layers/0/weights/0: gone.npy: "));
}

TEST_CASE("a wrong entry of old arguments that are now one list is reported under its old name") {
  CHECK(test::mistakes_of("Convolution2D", R"({"nb_filter": 1, "nb_row": 0, "nb_col": 3})") ==
        Lines{"/nb_row: 0 is too small; at least 1 is needed"});
  CHECK(test::mistakes_of(
            "Convolution3D",
            R"({"nb_filter": 1, "kernel_dim1": 1, "kernel_dim2": 0, "kernel_dim3": -1})") ==
        Lines{"/kernel_dim2: 0 is too small; at least 1 is needed",
              "/kernel_dim3: -1 is too small; at least 1 is needed"});
}

TEST_CASE("messages name a layer as the chain does") {
  CHECK(test::mistakes_of("Deconvolution2D", R"({"colour": 1, "filters": 1, "kernel_size": 1})")
            .front() == "/colour: Deconvolution2D has no argument \"colour\"");
  CHECK(shape_of("AtrousConvolution2D", given({3, 3, 3, 1}), Shape::image(5, 5, 4)) ==
        "shape: AtrousConvolution2D: its kernel is for 3 channels, the image has 4");
}

TEST_CASE("the names of Keras 1 mean the present ones") {
  const std::string weights = "\"weights\": [" + zeros({2, 3, 4, 5}) + "]";
  const Layer old = test::layer_of("Convolution2D", "{" + weights + R"(, "nb_filter": 5,
      "nb_row": 2, "nb_col": 3, "border_mode": "same", "subsample": [1, 2], "bias": false,
      "init": "zero", "W_regularizer": null, "dim_ordering": "tf"})");
  CHECK(old.config == test::config_of("Conv2D", "{" + weights + R"(, "filters": 5,
      "kernel_size": [2, 3], "padding": "same", "strides": [1, 2], "use_bias": false})"));
  CHECK(test::mistakes_of("Convolution2D", R"({"nb_filter": 5, "nb_row": 2})") ==
        Lines{"/nb_row: \"nb_col\" is missing; nb_row to nb_col stand together"});
  CHECK(test::mistakes_of("Conv2D", R"({"nb_row": 2, "nb_col": 2, "kernel_size": 2, "filters": 1})")
            .front() ==
        R"(/kernel_size: "kernel_size" is another name for "nb_row"; give only one of them)");
}

TEST_CASE("lengths are those of the padding") {
  const Shape in = Shape::image(7, 8, 1);
  CHECK(shape_of("Conv2D", given({3, 3, 1, 5}), in) == "5 x 6 x 5");
  CHECK(shape_of("Conv2D", given({3, 3, 1, 5}, R"("strides": 2)"), in) == "3 x 3 x 5");
  CHECK(shape_of("Conv2D", given({3, 3, 1, 5}, R"("padding": "same", "strides": [2, 3])"), in) ==
        "4 x 3 x 5");
  CHECK(shape_of("Conv2D", given({3, 3, 1, 1}, R"("dilation_rate": 3)"), in) == "1 x 2 x 1");
  CHECK(shape_of("DepthwiseConv2D", given({2, 2, 1, 3}), in) == "6 x 7 x 3");
  CHECK(shape_of("Conv2DTranspose", given({3, 3, 2, 1}, R"("strides": 2)"), in) == "15 x 17 x 2");
  CHECK(shape_of("Conv2DTranspose", given({3, 3, 2, 1}, R"("strides": 2, "padding": "same")"),
                 in) == "14 x 16 x 2");
  CHECK(shape_of("Conv2DTranspose", given({3, 3, 2, 1}, R"("strides": 2, "output_padding": 0)"),
                 in) == "15 x 17 x 2");
  CHECK(shape_of("Conv2DTranspose",
                 given({3, 3, 2, 1}, R"("strides": 2, "padding": "same", "output_padding": 0)"),
                 in) == "13 x 15 x 2");
}

TEST_CASE("an image that does not fit is an error with both numbers") {
  CHECK(shape_of("Conv2D", given({6, 3, 3, 1}), Shape::image(5, 5, 3)) ==
        "shape: Conv2D: a kernel that reaches over 6 rows does not fit into 5; padding \"same\" "
        "takes any image");
  CHECK(shape_of("Conv2D", given({3, 3, 3, 1}), Shape::image(5, 5, 4)) ==
        "shape: Conv2D: its kernel is for 3 channels, the image has 4");
  const Chain chain = test::chain_of(
      R"({"keras": 1, "layers": [{"class_name": "Deconvolution2D", "subsample": [2, 2],
          "nb_filter": 1, "nb_row": 3, "nb_col": 3, "output_shape": [null, 9, 12, 1], "weights": [)" +
      zeros({3, 3, 1, 1}) + "]}]}");
  CHECK(test::output_of(chain.layers[0], Shape::image(4, 5, 1)) == "9 x 12 x 1");
  CHECK(test::output_of(chain.layers[0], Shape::image(5, 5, 1)) ==
        "shape: Deconvolution2D: output_shape says 9 rows; of 5 it can be 11 to 12");
}

TEST_CASE("arguments that are always wrong are refused at their position") {
  const auto wrong = [](const std::string& name, const std::string& config) {
    return test::mistakes_of(name, config);
  };
  CHECK(wrong("Conv2D", "{}") == Lines{": Conv2D needs \"filters\", how many channels it makes",
                                       ": Conv2D needs \"kernel_size\""});
  CHECK(wrong("Conv2D", R"({"filters": 2, "kernel_size": 3})") ==
        Lines{R"(: Conv2D needs "weights": ["kernel.npy", "bias.npy"], one .npz, a file of Keras' )"
              R"((.h5, .keras; of all layers: --weights), or lists of )"
              "numbers"});
  CHECK(wrong("Conv2D", R"({"filters": 0, "kernel_size": [3, 0]})") ==
        Lines{"/filters: 0 is too small; at least 1 is needed",
              "/kernel_size/1: 0 is too small; at least 1 is needed"});
  CHECK(wrong("Conv2D", R"({"filters": 2, "kernel_size": 3, "padding": "causal"})") ==
        Lines{"/padding: Conv2D has no padding \"causal\", which is for one axis"});
  CHECK(wrong("DepthwiseConv1D", R"({"kernel_size": 3, "padding": "causal"})") ==
        Lines{"/padding: DepthwiseConv1D has no padding \"causal\""});
  CHECK(wrong("Conv2D", R"({"filters": 2, "kernel_size": 3, "padding": "full"})").size() == 1);
  CHECK(keras1("Conv2D",
               R"({"filters": 1, "padding": "full", "weights": [)" + zeros({3, 3, 1, 1}) + "]}")
            .empty());
  CHECK(wrong("Conv2D", R"({"filters": 3, "kernel_size": 3, "groups": 2})") ==
        Lines{"/groups: 3 filters cannot be divided into 2 groups"});
  CHECK(wrong("Conv2DTranspose",
              R"({"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": [1, 2]})") ==
        Lines{"/output_padding: 2 is not less than the stride, 2"});
  CHECK(wrong("Conv2D", R"({"filters": 3, "kernel_size": 3, "activation": "reluu"})").size() == 1);
  CHECK(keras1("Convolution2D", R"({"nb_filter": 3, "nb_row": 1, "nb_col": 1,
      "activation": "softmax"})") ==
        Lines{"/activation: softmax is for Convolution1D alone in Keras 1"});
}

TEST_CASE("weights that do not fit are shown with what is expected and in which layout") {
  CHECK(test::mistakes_of("Conv2D", given({3, 3, 8, 4}, R"("filters": 8, "kernel_size": 3)")) ==
        Lines{"/weights/0: the kernel has the shape (3, 3, 8, 4); expected is (3, 3, any, 8), laid "
              "out (rows, cols, in / groups, filters) as Keras 2 does; weights of Keras 1 need "
              "\"keras\": \"1.2\" in the chain"});
  CHECK(keras1("Convolution2D", R"({"nb_filter": 8, "nb_row": 3, "nb_col": 2, "dim_ordering": "th",
      "weights": [)" + zeros({3, 2, 4, 8}) +
                                    "]}") ==
        Lines{"/weights/0: the kernel has the shape (3, 2, 4, 8); expected is (8, any, 3, 2), laid "
              "out (filters, in, rows, cols) as Keras 1 does for 'th'; weights of later ones need "
              "\"keras\": \"2.9\" in the chain"});
  CHECK(test::mistakes_of("Conv2D", "{\"weights\": [" + zeros({1, 1, 3, 4}) + ", [1, 2]]}") ==
        Lines{"/weights/1: the bias has the shape (2,); expected is (4,)"});
  CHECK(test::mistakes_of("Conv2D", given({1, 1, 3, 4}, R"("use_bias": true)")) ==
        Lines{"/weights: there is no bias, but use_bias is true"});
  CHECK(test::mistakes_of("Conv2D", R"({"weights": [[[1, 2], [3]]]})") ==
        Lines{"/weights/0: the lists are not equally long"});
  CHECK(test::mistakes_of("Conv2D", R"({"weights": [[[1, "2"]]]})") ==
        Lines{"/weights/0: \"2\" is not a number"});
  CHECK(test::mistakes_of("Conv2D", R"({"weights": [[[1, 1e60]]]})") ==
        Lines{"/weights/0: 1e+60 is too large for float32"});
  CHECK(test::mistakes_of("Conv2D", R"({"weights": [{"shape": [2], "float32": "AAAA"}]})") ==
        Lines{"/weights/0: \"float32\" is not the base64 of the 2 numbers of shape (2,)"});
}

TEST_CASE("arrays in base64 come back unchanged") {
  WeightArray array{{2, 3}, {1.5F, -2, 0.1F, 3e-30F, 0, 7}};
  const auto back = weight_array(to_json(array));
  REQUIRE(back);
  CHECK(back->shape == array.shape);
  CHECK(back->values == array.values);
  const WeightArray turned = with_axes(array, std::vector<std::size_t>{1, 0});
  CHECK(turned.shape == std::vector<std::int64_t>{3, 2});
  CHECK(turned.values == std::vector<float>{1.5F, 3e-30F, -2, 0, 0.1F, 7});
}

TEST_CASE("named filters have the effect of their name") {
  const std::vector<std::vector<double>> step{{0, 0, 8, 8}, {0, 0, 8, 8}, {0, 0, 8, 8}};
  CHECK(made("DepthwiseConv2D", R"({"kernel": "sobel_x"})", step) == std::vector<double>{32, 32});
  CHECK(made("DepthwiseConv2D", R"({"kernel": "sobel_y"})", step) == std::vector<double>{0, 0});
  CHECK(made("DepthwiseConv2D", R"({"kernel": "laplacian"})", step) == std::vector<double>{8, -8});
  CHECK(made("DepthwiseConv2D", R"({"kernel": "sharpen"})", step) == std::vector<double>{-8, 16});
  CHECK(made("DepthwiseConv2D", R"({"kernel": "box", "kernel_size": [1, 2]})", {{0, 8, 16}}) ==
        std::vector<double>{4, 12});
  CHECK(test::config_of("DepthwiseConv2D",
                        R"({"kernel": "gaussian", "sigma": 1.5})")["kernel_size"] ==
        Json::parse("[11, 11]"));
  // A blur does not change a flat picture, and a point becomes the bell.
  const std::vector<double> point =
      made("DepthwiseConv2D", R"({"kernel": "gaussian", "sigma": 0.8, "padding": "same"})",
           {{0, 0, 0}, {0, 200, 0}, {0, 0, 0}});
  CHECK(point[1] / point[4] == Approx(std::exp(-1 / (2 * 0.64))).epsilon(1e-6));
  CHECK(point[0] / point[4] == Approx(std::exp(-2 / (2 * 0.64))).epsilon(1e-6));
  const std::vector<double> flat =
      made("DepthwiseConv2D", R"({"kernel": "gaussian", "sigma": 0.5})",
           std::vector<std::vector<double>>(6, std::vector<double>(7, 100)));
  REQUIRE(flat.size() == 2 * 3);
  for (const double value : flat)
    CHECK(value == Approx(100).epsilon(1e-6));
}

TEST_CASE("named filters have strides and dilation like any filter") {
  std::vector<std::vector<double>> ramp(7, std::vector<double>(9));
  for (std::size_t r = 0; r < 7; ++r) {
    for (std::size_t c = 0; c < 9; ++c)
      ramp[r][c] = static_cast<double>(10 * r + c);
  }
  CHECK(made("DepthwiseConv2D", R"({"kernel": "box", "strides": [3, 2], "dilation_rate": [2, 1]})",
             ramp)
            .size() == 1 * 4);
  CHECK(made("DepthwiseConv2D", R"({"kernel": "box", "strides": [3, 2]})", ramp)[1] ==
        Approx(13).epsilon(1e-6));
  CHECK(made("DepthwiseConv2D", R"({"kernel": "sobel_x", "strides": 2})", ramp)[0] == 8);
}

TEST_CASE("wrong uses of named filters are mistakes") {
  const auto wrong = [](const std::string& config) {
    return test::mistakes_of("DepthwiseConv2D", config);
  };
  CHECK(wrong(R"({"kernel": "sobel_x", "kernel_size": 5})") ==
        Lines{"/kernel_size: sobel_x is 3 x 3; leave kernel_size out"});
  CHECK(wrong(R"({"kernel": "gaussian", "sigma": 0})") ==
        Lines{"/sigma: sigma is one number of pixels, above 0 and at most 10000"});
  CHECK(wrong(R"({"kernel_size": 3, "sigma": 1})").front() ==
        "/sigma: sigma belongs to \"kernel\": \"gaussian\"");
  CHECK(wrong(R"({"kernel": "gauss"})").size() == 1);
  CHECK(wrong(R"({"kernel": "box", "weights": [[[1]]]})") ==
        Lines{"/weights: \"kernel\" names the filter already; give only one of them"});
}

TEST_CASE("arrays of integers are refused as in Keras, and accepted by a model") {
  const std::string layers =
      R"("layers": [{"class_name": "DepthwiseConv2D", "kernel": "box"}], "output": {"format": "npy"}})";
  const Shape shape = Shape::image(5, 5, 1);
  const auto refused = make_plan(test::chain_of("{" + layers), shape, DType::Int32, {}, {true, {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        Error{ErrorCode::Depth,
              "layer 0, DepthwiseConv2D: does not take int32; say \"as\": \"model\" in the chain, "
              "and arrays become float32 first"});
  CHECK(make_plan(test::chain_of(R"({"as": "model", )" + layers), shape, DType::Int32, {},
                  {true, {}}));
  CHECK(make_plan(test::chain_of("{" + layers), shape, DType::UInt8, {}));  // a picture
}

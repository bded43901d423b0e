// SPDX-License-Identifier: Apache-2.0
#include "chain/keras_file.h"

#include <string>

#include "chain/chain.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/folders.h"
#include "support/paths.h"

using namespace deckle;
using test::Folder;
using test::Lines;

namespace {

const std::string kFolder = test::golden_folder() + "/keras_weights";

// The weights of the layers of a model, with the weights of a file.
std::vector<Json> weights_of(const std::string& model, const std::string& weights) {
  const auto text = read_chain_text(kFolder + "/" + model);
  REQUIRE(text);
  const auto parsed = read_chain(text->text, false, kFolder,
                                 weights.empty() ? text->weights : kFolder + "/" + weights);
  const auto* chain = std::get_if<Chain>(&parsed);
  if (chain == nullptr) FAIL(std::get<Mistakes>(parsed).front().message);
  std::vector<Json> all;
  for (const Layer& layer : chain->layers)
    all.push_back(layer.config["weights"]);
  return all;
}

// The same from .npz files.
std::vector<Json> reference() {
  const Chain chain = test::chain_of(
      R"({"layers": [{"class_name": "Conv2D", "weights": "first.npz"},
                     {"class_name": "SeparableConv2D", "config": {"depth_multiplier": 2}, "weights": "middle.npz"},
                     {"class_name": "Conv2D", "weights": "last.npz"}]})",
      kFolder);
  std::vector<Json> all;
  for (const Layer& layer : chain.layers)
    all.push_back(layer.config["weights"]);
  return all;
}

Lines mistakes_with(const std::string& text, const std::string& weights = "",
                    const std::string& folder = kFolder) {
  const auto parsed = read_chain(text, false, folder, weights);
  Lines lines;
  if (const auto* mistakes = std::get_if<Mistakes>(&parsed)) {
    for (const LocatedMistake& mistake : *mistakes)
      lines.push_back(mistake.pointer + ": " + mistake.message);
  }
  return lines;
}

std::string conv(const std::string& weights, const std::string& config = "{}") {
  return R"({"layers": [{"class_name": "Conv2D", "config": )" + config + R"(, "weights": ")" +
         weights + R"("}]})";
}

}  // namespace

TEST_CASE("weights are the same in the files of every Keras", "[chain][keras_file]") {
  const auto expected = reference();
  for (const std::string file :
       {"keras2.h5", "keras2-vlen.h5", "keras2-weights.h5", "parts-gzip-float64.h5", "float16.h5",
        "big-endian.h5", "keras2-theano.h5"}) {
    INFO(file);
    CHECK(weights_of("model2.json", file) == expected);
  }
  for (const std::string file : {"keras2.13.weights.h5", "keras3.weights.h5", "bfloat16.weights.h5",
                                 "keras3.keras", "keras2.h5"}) {
    INFO(file);
    CHECK(weights_of("model3.json", file) == expected);
  }
  CHECK(weights_of("model1.json", "keras1.h5") == expected);
}

TEST_CASE("a file that also contains the model is a chain", "[chain][keras_file]") {
  const auto expected = reference();
  for (const std::string file : {"keras1.h5", "keras2.h5", "keras2-vlen.h5", "keras3.keras"}) {
    INFO(file);
    CHECK(weights_of(file, "") == expected);
  }
  const auto keras1 = read_chain_text(kFolder + "/keras1.h5");
  REQUIRE(keras1);
  CHECK(keras1->text.starts_with(R"({"keras_version": "1.2.2", "class_name": "Sequential")"));
}

TEST_CASE("the chain's weights are for its layers without weights", "[chain][keras_file]") {
  const auto expected = reference();
  const Chain chain = test::chain_of(
      R"({"weights": "keras3.weights.h5", "layers": [
          {"class_name": "DepthwiseConv2D", "config": {"kernel": "box"}},
          {"class_name": "Conv2D"},
          {"class_name": "SeparableConv2D", "config": {"depth_multiplier": 2}},
          {"class_name": "Conv2D", "weights": "last.npz"}]})",
      kFolder);
  REQUIRE(chain.layers.size() == 4);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(chain.layers[i + 1].config["weights"] == expected[i]);
  CHECK(chain.weight_files ==
        std::vector<std::string>{kFolder + "/last.npz", kFolder + "/keras3.weights.h5"});
  // The manifest's chain needs no file.
  CHECK(resolved(test::chain_of(resolved(chain).dump(), "")) == resolved(chain));
}

TEST_CASE("a layer gets its weights by name", "[chain][keras_file]") {
  const auto expected = reference();
  const auto weights = [](const std::string& text) {
    return test::chain_of(text, kFolder).layers.at(0).config["weights"];
  };
  CHECK(weights(conv("keras2.h5/last")) == expected[2]);
  CHECK(weights(conv("keras2.h5", R"({"name": "last"})")) == expected[2]);
  CHECK(weights(conv("keras3.weights.h5/conv2d_1")) == expected[2]);
  CHECK(weights(conv("keras3.weights.h5/last")) == expected[2]);
  CHECK(weights(conv("keras3.keras/conv2d")) == expected[0]);
  CHECK(weights(conv("keras2.13.weights.h5/conv2d_2")) == expected[2]);
  // A part of a model; its layers have the names of the model.
  const Chain part = test::chain_of(
      R"({"weights": "keras2-weights.h5", "layers": [{"class_name": "Conv2D", "config": {"name": "first"}}]})",
      kFolder);
  CHECK(part.layers[0].config["weights"] == expected[0]);

  CHECK(mistakes_with(conv("keras2.h5")) ==
        Lines{R"(/layers/0/weights: keras2.h5: it has weights of 3 layers; say whose, as in )"
              R"("keras2.h5/first": first, middle, last)"});
  CHECK(
      mistakes_with(conv("keras3.weights.h5/conv2d_7")) ==
      Lines{R"(/layers/0/weights: keras3.weights.h5/conv2d_7: there is no layer "conv2d_7" in it, )"
            R"(but conv2d (first), conv2d_1 (last), separable_conv2d (middle))"});
}

TEST_CASE("messages about weights of a wrong shape have the expected shape",
          "[chain][keras_file]") {
  CHECK(mistakes_with(conv("keras2.h5/first", R"({"filters": 8, "kernel_size": 3})")) ==
        Lines{"/layers/0/config/weights/0: the kernel has the shape (3, 3, 3, 4); expected is (3, "
              "3, any, "
              "8), laid out (rows, cols, in / groups, filters) as Keras 2 does; weights of Keras 1 "
              R"(need "keras": "1.2" in the chain)"});
}

TEST_CASE("a file that does not fit the chain is only a mistake of the chain",
          "[chain][keras_file]") {
  const std::string two = R"({"layers": [{"class_name": "Conv2D", "config": {"name": "a"}},
                                         {"class_name": "Conv2D"}]})";
  CHECK(mistakes_with(two, kFolder + "/keras2.h5") ==
        Lines{": " + kFolder +
              "/keras2.h5: it has weights of 3 layers (first, middle, last), the chain has 2 "
              R"(layers that take weights (Conv2D "a", Conv2D): neither their number nor their )"
              "names agree"});
  const auto only = [&](const std::string& file) {
    const Lines lines = mistakes_with(two, kFolder + "/" + file);
    REQUIRE(lines.size() == 1);
    return lines.front().substr(lines.front().find(file) + file.size() + 2);
  };
  CHECK(
      only("other.h5") ==
      "it contains no layers with weights that Keras wrote: neither \"layer_names\", as of Keras 1 "
      "and 2, nor layers/../vars, as of Keras 3");
  CHECK(only("make.py") ==
        "neither a file of HDF5 (.h5) nor a zip archive (.keras); did Keras write it?");
  CHECK(only("no-weights.keras") == "there is no \"model.weights.h5\" in the archive");
  CHECK(only("gone.h5") == "cannot read: No such file or directory");
  const Lines lines = mistakes_with(R"({"weights": 3, "layers": [{"class_name": "Cropping2D"}]})");
  CHECK(lines == Lines{"/weights: the weights of all layers are the name of one file: .h5 or "
                       ".keras"});
}

TEST_CASE("messages about files that cannot be read have the file's name", "[chain][keras_file]") {
  CHECK(mistakes_with(conv("lzf.h5/first")) ==
        Lines{R"(/layers/0/weights: lzf.h5/first: "first/first/kernel:0": compressed by "lzf", )"
              R"(which is not read; gzip, shuffle and fletcher32 are)"});
  CHECK(mistakes_with(conv("huge.weights.h5")) ==
        Lines{R"(/layers/0/weights: huge.weights.h5: the weights of "conv2d" with )"
              R"("layers/conv2d/vars/0", (1048576, 1048576, 3, 4), are more than the )" +
              grouped(kMostWeights) + " numbers of a layer"});
  const Folder folder;
  folder.put("cut.h5", std::string_view(test::text_of(kFolder + "/keras2.h5")).substr(0, 9000));
  const Lines cut = mistakes_with(conv("cut.h5"), "", folder.path());
  REQUIRE(cut.size() == 1);
  CHECK(cut.front().starts_with("/layers/0/weights: cut.h5: truncated: truncated file: eof = "));
  const auto weights_alone = read_chain_text(kFolder + "/keras3.weights.h5");
  REQUIRE_FALSE(weights_alone);
  CHECK(weights_alone.error().message ==
        "it contains weights without a model; give the model's JSON, and this file as --weights");
}

// SPDX-License-Identifier: Apache-2.0
#include "chain/weight_files.h"

#include <string>
#include <variant>
#include <vector>

#include "chain/chain.h"
#include "chain/chain_file.h"
#include "codecs/npy.h"
#include "codecs/npz.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/folders.h"
#include "support/paths.h"

using namespace deckle;
using test::Folder;
using test::Lines;

namespace {

void put_npy(const Folder& folder, const std::string& name, const std::vector<std::int64_t>& shape,
             const std::vector<float>& values) {
  Buffer file;
  REQUIRE(write_npy(shape, DType::Float32,
                    {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * 4},
                    file));
  folder.put(name, std::string_view(reinterpret_cast<const char*>(file.data()), file.size()));
}

Json resolved_with(const std::string& layer, const std::string& folder) {
  return resolved(test::chain_of("{\"layers\": [" + layer + "]}", folder));
}

}  // namespace

TEST_CASE("files of weights become part of the chain, wherever they are named", "[weights]") {
  const Folder folder;
  put_npy(folder, "sub/k.npy", {1, 1, 2, 1}, {1, 2});
  put_npy(folder, "b.npy", {1}, {3});
  const Json inline_one = resolved_with(
      R"({"class_name": "Conv2D", "config": {"weights": [
          {"shape": [1, 1, 2, 1], "float32": "AACAPwAAAEA="}, {"shape": [1], "float32": "AABAQA=="}]}})",
      "");
  for (const std::string layer :
       {R"({"class_name": "Conv2D", "config": {"weights": ["sub/k.npy", "b.npy"]}})",
        R"({"class_name": "Conv2D", "config": {}, "weights": ["sub/k.npy", "b.npy"]})",
        R"({"class_name": "Conv2D", "weights": ["sub/k.npy", "b.npy"]})"}) {
    INFO(layer);
    const Json json = resolved_with(layer, folder.path());
    CHECK(json == inline_one);
    // The same without the files.
    CHECK(resolved(test::chain_of(json.dump(), "")) == json);
  }
  // One file means a list of one.
  CHECK(resolved_with(R"({"class_name": "Conv2D", "weights": "sub/k.npy"})",
                      folder.path())["layers"][0]["config"]["weights"]
            .size() == 1);
}

TEST_CASE("parse_chain opens no file of weights, read_chain does", "[weights]") {
  const Folder folder;
  put_npy(folder, "k.npy", {1, 1, 1, 1}, {1});
  const std::string path = folder / "k.npy";
  const auto pointers = [](const std::variant<Chain, Mistakes>& parsed) {
    Lines lines;
    if (const auto* mistakes = std::get_if<Mistakes>(&parsed)) {
      for (const LocatedMistake& mistake : *mistakes)
        lines.push_back(mistake.pointer);
    }
    return lines;
  };
  const std::string named =
      R"({"layers": [{"class_name": "Conv2D", "config": {"weights": [")" + path + R"("]}}]})";
  CHECK(pointers(parse_chain(named)) == Lines{"/layers/0/config/weights/0"});
  CHECK(std::holds_alternative<Chain>(read_chain(named)));
  const std::string of_all = R"({"layers": [{"class_name": "Conv2D",
      "config": {"weights": [[[[[1]]]]]}}], "weights": "all.h5"})";
  CHECK(pointers(parse_chain(of_all)) == Lines{"/weights"});
  // Numbers beside "config" need no file.
  CHECK(std::holds_alternative<Chain>(parse_chain(
      R"({"layers": [{"class_name": "Conv2D", "config": {}, "weights": [[[[[1]]]]]}]})")));
  CHECK(pointers(parse_chain(
            R"({"layers": [{"class_name": "Conv2D", "config": {"weights": [[[[[1]]]]]},
                "weights": [[[[[1]]]]]}]})")) == Lines{"/layers/0/weights"});
}

TEST_CASE("other numbers under the same name are another chain", "[weights]") {
  const Folder folder;
  put_npy(folder, "k.npy", {1, 1, 1, 1}, {1});
  const std::string layer = R"({"class_name": "Conv2D", "weights": ["k.npy"]})";
  const Json before = resolved_with(layer, folder.path());
  put_npy(folder, "k.npy", {1, 1, 1, 1}, {2});
  CHECK(resolved_with(layer, folder.path()) != before);
}

TEST_CASE("the arrays of an archive keep its order", "[weights]") {
  const std::string folder = test::golden_folder() + "/arrays";
  Json chain = Json::parse(R"({"layers": [{"class_name": "Conv2D", "weights": "stored.npz"}]})");
  CHECK(load_weights(chain, folder).unread.empty());
  const auto listing = list_npz(folder + "/stored.npz");
  REQUIRE(listing);
  REQUIRE(listing->arrays.size() > 1);
  const Json& weights = chain["layers"][0]["weights"];
  REQUIRE(weights.size() == listing->arrays.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    Buffer file;
    REQUIRE(read_npz(folder + "/stored.npz", listing->arrays[i].name, file));
    const auto header = read_npy_header(file.bytes());
    REQUIRE(header);
    CHECK(weights[i]["shape"] == header->shape);
  }
}

TEST_CASE("the layers of a Keras model may have weights too", "[weights]") {
  const Folder folder;
  put_npy(folder, "k.npy", {1, 1, 1, 1}, {1});
  const Json layer = Json::parse(R"({"class_name": "Conv2D", "config": {}, "weights": "k.npy"})");
  const Json array = Json::parse(R"([{"shape": [1, 1, 1, 1], "float32": "AACAPw=="}])");
  Json keras1{{"class_name", "Sequential"}, {"config", Json::array({layer})}};
  CHECK(load_weights(keras1, folder.path()).unread.empty());
  CHECK(keras1["config"][0]["config"]["weights"] == array);
  Json keras2{{"class_name", "Sequential"}, {"config", {{"layers", Json::array({layer})}}}};
  CHECK(load_weights(keras2, folder.path()).unread.empty());
  CHECK(keras2["config"]["layers"][0]["config"]["weights"] == array);
  Json wrapped{
      {"modelTopology",
       {{"model_config",
         {{"class_name", "Sequential"}, {"config", {{"layers", Json::array({layer})}}}}}}}};
  CHECK(load_weights(wrapped, folder.path()).unread.empty());
  CHECK(wrapped["modelTopology"]["model_config"]["config"]["layers"][0]["config"]["weights"] ==
        array);
}

TEST_CASE("a file that cannot be read does not hide mistakes in other layers", "[weights]") {
  const std::string layers = R"([
{"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": 3, "weights": ["missing.npy"]}},
{"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": 3, "weights": [[1], [2], [3]]}}])";
  for (const std::string& text :
       {R"({"layers": )" + layers + "}",
        R"({"class_name": "Sequential", "config": {"name": "s", "layers": )" + layers + "}}"}) {
    const Lines lines = test::mistakes_in(text);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].find("missing.npy: ") != std::string::npos);
    CHECK(lines[1].find("weights are [kernel] or [kernel, bias]") != std::string::npos);
  }
}

TEST_CASE("files that cannot be read are mistakes at the position of their name", "[weights]") {
  const Folder folder;
  folder.put("text.npy", "no array");
  const auto mistakes = [&](const std::string& weights) {
    return test::mistakes_in(
        R"({"layers": [{"class_name": "Conv2D", "weights": )" + weights + "}]}", folder.path());
  };
  CHECK(mistakes(R"(["gone.npy"])").size() == 1);
  CHECK(mistakes(R"(["gone.npy"])").front().find("/layers/0/weights/0: gone.npy: ") !=
        std::string::npos);
  CHECK(mistakes(R"(["text.npy"])").front().find("text.npy: ") != std::string::npos);
  CHECK(mistakes(R"("w.txt")")
            .front()
            .find("w.txt: weights are .npy, .npz, .h5, .weights.h5 or .keras files") !=
        std::string::npos);
}

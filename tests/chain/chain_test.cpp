// SPDX-License-Identifier: Apache-2.0
#include "chain/chain.h"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "chain/plan.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/chains.h"
#include "support/paths.h"

using namespace deckle;
using test::chain_of;
using test::Lines;
using test::mistakes_in;

namespace {

const std::string kLayers = R"("layers": [{"class_name": "Cropping2D"}])";

Lines wrong(const std::string& member) {
  return mistakes_in("{" + member + ", " + kLayers + "}");
}

Chain with(const std::string& member) {
  return chain_of("{" + member + ", " + kLayers + "}");
}

Lines wrong_layer(const std::string& entry) {
  return mistakes_in(R"({"layers": [)" + entry + "]}");
}

std::string brackets(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("a chain of only layers has every default") {
  const Chain chain = chain_of("{" + kLayers + "}");
  CHECK(chain.name.empty());
  CHECK_FALSE(chain.seed.has_value());
  CHECK(chain.seed_from == SeedFrom::Path);
  CHECK(chain.copies == 1);
  CHECK_FALSE(chain.channels_first);
  CHECK_FALSE(chain.draws());
  CHECK(chain.input.apply_orientation);
  CHECK_FALSE(chain.input.accept_truncated);
  CHECK(chain.input.max_pixels == 268435456);
  CHECK_FALSE(chain.output.format.has_value());
  CHECK_FALSE(chain.output.quality.has_value());
  CHECK_FALSE(chain.output.lossless);
  CHECK_FALSE(chain.output.compression.has_value());
  CHECK_FALSE(chain.output.dtype.has_value());
  REQUIRE(chain.layers.size() == 1);
  CHECK(chain.layers[0].spec->name == "Cropping2D");
}

TEST_CASE("every key of a chain is read") {
  const Chain chain = chain_of(R"({
    "$schema": "chain.schema.json",
    "name": "train-224", "seed": [42, -7], "seed_from": "content", "copies": 3,
    "data_format": "channels_first",
    "layers": [{"class_name": "RandomCrop", "config": {"height": 2, "width": 3}}],
    "input": {"orientation": "ignore", "truncated": "accept", "max_pixels": 1000},
    "output": {"format": "jpg", "quality": 90, "dtype": "uint8"}})");
  CHECK(chain.name == "train-224");
  CHECK(chain.seed == SeedPair{42, -7});
  CHECK(chain.seed_from == SeedFrom::Content);
  CHECK(chain.copies == 3);
  CHECK(chain.channels_first);
  CHECK(chain.draws());
  CHECK_FALSE(chain.input.apply_orientation);
  CHECK(chain.input.accept_truncated);
  CHECK(chain.input.max_pixels == 1000);
  CHECK(chain.output.format == Format::Jpeg);
  CHECK(chain.output.quality == 90);
  CHECK(chain.output.dtype == DType::UInt8);
  CHECK(with(R"("output": {"format": "png", "compression": 0})").output.compression == 0);
  CHECK(with(R"("output": {"format": "webp", "quality": "lossless"})").output.lossless);
  CHECK(with(R"("output": {"format": "same", "quality": 100})").output.quality == 100);
}

TEST_CASE("null counts as not given") {
  const Chain chain =
      with(R"("name": null, "seed": null, "seed_from": null, "copies": null, "data_format": null,
              "input": null, "output": {"format": null, "quality": null, "dtype": null})");
  CHECK(resolved(chain) == resolved(chain_of("{" + kLayers + "}")));
}

TEST_CASE("a layer may have its arguments in config or beside its name") {
  const Json expected = Json::parse(R"({"padding": [[2, 2], [2, 2]], "data_format": "channels_last",
                      "mode": "constant", "value": 0.0, "dtype": "float32"})");
  for (const std::string entry :
       {R"({"class_name": "ZeroPadding2D", "config": {"padding": 2}})",
        R"({"class_name": "ZeroPadding2D", "padding": 2})",
        R"({"padding": 2, "name": "pad_1", "class_name": "ZeroPadding2D"})",
        R"({"module": "keras.layers", "class_name": "ZeroPadding2D",
            "config": {"name": "zero_padding2d", "trainable": true, "padding": [[2, 2], [2, 2]],
                       "data_format": "channels_last"},
            "registered_name": null, "build_config": {"input_shape": [2, 4, 3, 3]}})"}) {
    CAPTURE(entry);
    const Chain chain = chain_of(R"({"layers": [)" + entry + "]}");
    REQUIRE(chain.layers.size() == 1);
    CHECK(chain.layers[0].config == expected);
  }
}

TEST_CASE("a chain's seed is read exactly, with 64 bits, or refused") {
  CHECK(with(R"("seed": 42)").seed == SeedPair{42, 0});
  CHECK(with(R"("seed": 9007199254740993)").seed == SeedPair{9007199254740993, 0});
  CHECK(with(R"("seed": 9223372036854775807)").seed ==
        SeedPair{std::numeric_limits<std::int64_t>::max(), 0});
  CHECK(with(R"("seed": [-9223372036854775808, -1])").seed ==
        SeedPair{std::numeric_limits<std::int64_t>::min(), -1});
  const std::string tail =
      " is not a seed; give a whole number of 64 bits, or a pair [a, b] of them";
  for (const std::string seed : {"9223372036854775808", "18446744073709551615", "true", "42.5",
                                 "\"42\"", "[1,2,3]", "[9223372036854775808,0]", "100.0"}) {
    CAPTURE(seed);
    CHECK(wrong(R"("seed": )" + seed) == Lines{"1:2 /seed: " + seed + tail});
  }
  // nlohmann makes a float from a number that is too large for its integers.
  CHECK(wrong(R"("seed": 18446744073709551616)").size() == 1);
  CHECK(wrong(R"("seed": -9223372036854775809)").size() == 1);
}

TEST_CASE("numbers of a chain are read exactly") {
  CHECK(with(R"("copies": 1000000)").copies == 1000000);
  CHECK(wrong(R"("copies": 0)") == Lines{"1:2 /copies: 0 is too small; at least 1 is needed"});
  CHECK(wrong(R"("copies": 1000001)") ==
        Lines{"1:2 /copies: 1000001 is too large; at most 1000000 is possible, which is fixed"});
  CHECK(wrong(R"("copies": 3.7)") == Lines{"1:2 /copies: 3.7 is not a whole number"});
  CHECK(wrong(R"("copies": 1e2)") == Lines{"1:2 /copies: 100.0 is not a whole number"});
  CHECK(wrong(R"("copies": true)") == Lines{"1:2 /copies: true is not a whole number"});
  CHECK(wrong(R"("copies": "3")") == Lines{"1:2 /copies: \"3\" is not a whole number"});
  CHECK(wrong(R"("copies": 4294967297)").size() == 1);
  CHECK(wrong(R"("output": {"quality": 0})") ==
        Lines{"1:13 /output/quality: 0 is too small; at least 1 is needed"});
  CHECK(wrong(R"("output": {"quality": 101})") ==
        Lines{"1:13 /output/quality: 101 is too large; at most 100 is possible"});
  CHECK(wrong(R"("output": {"compression": 10})") ==
        Lines{"1:13 /output/compression: 10 is too large; at most 9 is possible"});
  CHECK(with(R"("input": {"max_pixels": 1099511627776})").input.max_pixels == 1099511627776);
  for (const std::string pixels :
       {"0", "-1", "1099511627777", "18446744073709551615", "1.5", "true", "\"9\""}) {
    CAPTURE(pixels);
    CHECK(wrong(R"("input": {"max_pixels": )" + pixels + "}") ==
          Lines{"1:12 /input/max_pixels: " + pixels + " is not a whole number from 1 to 2^40"});
  }
}

TEST_CASE("settings of colours that exclude each other are mistakes") {
  CHECK(wrong(R"("input": {"color_mode": "rgb", "background": [255, 255, 255]})").empty());
  CHECK(wrong(R"("input": {"color_mode": "grayscale", "background": [0, 0, 0]})").empty());
  const std::string needs =
      R"(it replaces alpha that is removed: it needs "color_mode": "rgb" or "grayscale")";
  CHECK(wrong(R"("input": {"background": [0, 0, 0]})") ==
        Lines{"1:12 /input/background: " + needs});
  CHECK(wrong(R"("input": {"color_mode": "rgba", "background": [0, 0, 0]})") ==
        Lines{"1:34 /input/background: " + needs});
  CHECK(wrong(R"("input": {"color_mode": "rgb", "background": [0, 0]})") ==
        Lines{"1:33 /input/background: [0,0] is not a colour: [red, green, blue], each 0 to 255"});
  CHECK(wrong(R"("input": {"color_mode": "rgb", "background": [0, 256, 0.5]})") ==
        Lines{"1:51 /input/background/1: a colour is 0 to 255, not 256",
              "1:56 /input/background/2: 0.5 is not a whole number"});
  CHECK(wrong(R"("input": {"palette": "index", "color_mode": "rgb"})") ==
        Lines{"1:12 /input/palette: indices are no colours: \"index\" goes with \"color_mode\": "
              "\"keep\""});
  const Lines volume = wrong(R"("input": {"palette": "index", "pages": "volume"})");
  REQUIRE(volume.size() == 2);
  CHECK(volume[0] ==
        "1:12 /input/palette: \"index\" takes first pages; it excludes \"pages\": \"volume\"");
}

TEST_CASE("unknown words in a chain are mistakes") {
  CHECK(wrong(R"("seed_from": "pth")") ==
        Lines{"1:2 /seed_from: \"pth\" is not one of path, index, content or fixed; did you mean "
              "\"path\"?"});
  CHECK(wrong(R"("seed_from": 3)") ==
        Lines{"1:2 /seed_from: 3 is not one of path, index, content or fixed"});
  CHECK(wrong(R"("data_format": "th")") ==
        Lines{"1:2 /data_format: \"th\" is not one of channels_last or channels_first"});
  CHECK(wrong(R"("input": {"orientation": "aply", "truncated": "yes"})") ==
        Lines{"1:12 /input/orientation: \"aply\" is not one of apply or ignore; did you mean "
              "\"apply\"?",
              "1:35 /input/truncated: \"yes\" is not one of fail or accept"});
  CHECK(wrong(R"("output": {"dtype": "uint", "format": "npy"})").size() == 1);
  CHECK(wrong(R"("output": {"dtype": "int8", "format": "npy"})").empty());
  CHECK(wrong(R"("output": {"dtype": "int8", "format": "png"})") ==
        Lines{"1:13 /output/dtype: image files are uint8, uint16, float32 or float64; npy holds "
              "int8 too"});
  CHECK(wrong(R"("output": {"data_format": "channels_first", "format": "png"})") ==
        Lines{"1:13 /output/data_format: image files have no data_format; npy has"});
  CHECK(wrong(R"("output": {"metadata": "exif"})") ==
        Lines{"1:13 /output/metadata: \"exif\" is not one of icc, none or all"});
  CHECK(wrong(R"("input": {"color_mode": "gray", "icc": "sRGB", "palette": "indices"})") ==
        Lines{"1:12 /input/color_mode: \"gray\" is not one of keep, grayscale, rgb or rgba",
              "1:34 /input/icc: \"sRGB\" is not one of keep or srgb; did you mean \"srgb\"?",
              "1:49 /input/palette: \"indices\" is not one of expand or index"});
  const Lines format = wrong(R"("output": {"format": "gif"})");
  REQUIRE(format.size() == 1);
  CHECK(format[0].starts_with("1:13 /output/format: \"gif\" is not one of same, jpg, png, webp"));
}

TEST_CASE("pages are a volume if the layers take one") {
  const auto three = [](const std::string& more) {
    return R"({"input": {"pages": "volume"}, "layers": [{"class_name": ")" + more + "\"}]}";
  };
  CHECK_FALSE(chain_of("{" + kLayers + "}").input.volume);
  const Chain chain = chain_of(three("Cropping3D"));
  CHECK(chain.input.volume);
  CHECK(chain.input.rank == 3);
  CHECK(resolved(chain)["input"]["pages"] == "volume");
  CHECK(chain_of(resolved(chain).dump()).input.volume);
  // If the layer works on any number of axes, the input decides.
  const std::string any = R"(Rescaling", "config": {"scale": 2}, "module": "keras.layers)";
  CHECK(chain_of(three(any)).rank == 3);
  CHECK(wrong(R"("input": {"pages": "all"})") ==
        Lines{"1:12 /input/pages: \"all\" is not one of first or volume"});
  CHECK(wrong(R"("input": {"pages": "volume"})") ==
        Lines{"1:12 /input/pages: \"volume\" takes the pages of a TIFF as planes x rows x cols; "
              "these layers work on 2 axes"});
}

TEST_CASE("quality and compression are refused if the format has none") {
  CHECK(wrong(R"("output": {"format": "png", "quality": 90})") ==
        Lines{"1:30 /output/quality: only jpg and webp have a quality"});
  CHECK(wrong(R"("output": {"format": "jpg", "quality": "lossless"})") ==
        Lines{"1:30 /output/quality: \"lossless\" is a quality of webp alone"});
  CHECK(wrong(R"("output": {"format": "jpg", "compression": 3})") ==
        Lines{"1:30 /output/compression: only png and tiff have a compression level; jpg and webp "
              "have a quality"});
}

TEST_CASE("messages name the kind of a value that has the wrong kind") {
  CHECK(mistakes_in("[]") ==
        Lines{"1:1 : a chain is an object {\"layers\": [..], ..}, not a list; a list is what "
              "model.get_config() of Keras 1 gives: take model.to_json()"});
  CHECK(mistakes_in("null") ==
        Lines{"1:1 : a chain is an object {\"layers\": [..], ..}, not null"});
  CHECK(wrong(R"("name": 3)") == Lines{"1:2 /name: a name is a text, not a number"});
  CHECK(wrong(R"("input": [])") == Lines{"1:2 /input: \"input\" is an object, not a list"});
  CHECK(wrong(R"("output": "png")") == Lines{"1:2 /output: \"output\" is an object, not a text"});
  CHECK(mistakes_in(R"({"layers": {}})") ==
        Lines{"1:2 /layers: \"layers\" is a list, not an object"});
  CHECK(mistakes_in(R"({"layers": []})") ==
        Lines{"1:2 /layers: the list of layers is empty; \"deckle layers\" lists all"});
  CHECK(mistakes_in("{}") ==
        Lines{"1:1 : a chain needs \"layers\": a list of {\"class_name\": .., \"config\": {..}}"});
}

TEST_CASE("unknown keys are refused everywhere") {
  CHECK(wrong(R"("sed": 1)") == Lines{"1:2 /sed: not a key of a chain; did you mean \"seed\"?"});
  CHECK(wrong(R"("epochs": 1)") == Lines{"1:2 /epochs: not a key of a chain"});
  CHECK(wrong(R"("input": {"orientatoin": "apply"})") ==
        Lines{"1:12 /input/orientatoin: not a key of \"input\"; did you mean \"orientation\"?"});
  CHECK(wrong(R"("output": {"level": 3, "a/b": 1})") ==
        Lines{"1:13 /output/level: not a key of \"output\"",
              "1:25 /output/a~1b: not a key of \"output\""});
  CHECK(wrong_layer(R"({"class_name": "Cropping2D", "cropping": 1, "config": {}})") ==
        Lines{"1:42 /layers/0/cropping: not a key of a layer; its arguments are in \"config\""});
  CHECK(wrong_layer(R"({"class_name": "Cropping2D", "croping": 1})") ==
        Lines{"1:42 /layers/0/croping: Cropping2D has no argument \"croping\"; did you mean "
              "\"cropping\"?"});
  CHECK(wrong_layer(R"({"class_name": "Cropping2D", "config": {"croping": 1}})") ==
        Lines{"1:53 /layers/0/config/croping: Cropping2D has no argument \"croping\"; did you mean "
              "\"cropping\"?"});
}

TEST_CASE("entries that are not layers are refused") {
  CHECK(wrong_layer("3") ==
        Lines{"1:13 /layers/0: a layer is an object {\"class_name\": .., \"config\": {..}}, not a "
              "number"});
  CHECK(wrong_layer("{}") ==
        Lines{"1:13 /layers/0: a layer needs a \"class_name\", such as \"Cropping2D\""});
  CHECK(wrong_layer(R"({"class_name": 2})") ==
        Lines{"1:14 /layers/0/class_name: a layer needs a \"class_name\", such as \"Cropping2D\""});
  CHECK(wrong_layer(R"({"class_name": "Cropping2D", "config": null})") ==
        Lines{"1:42 /layers/0/config: \"config\" is an object, not null"});
  CHECK(wrong_layer(R"({"class_name": "Croping2D"})") ==
        Lines{"1:14 /layers/0/class_name: there is no layer \"Croping2D\"; did you mean "
              "\"Cropping2D\"?"});
  CHECK(
      wrong_layer(R"({"class_name": "Dense"})") ==
      Lines{"1:14 /layers/0/class_name: there is no layer \"Dense\"; \"deckle layers\" lists all"});
}

TEST_CASE("all mistakes of a chain are reported at once, in the order of the text") {
  CHECK(mistakes_in(R"({
  "output": {"format": "png", "quality": 0},
  "layers": [
    {"class_name": "Croping2D", "config": {"cropping": 1}},
    {"class_name": "ZeroPadding2D",
     "config": {"padding": [[1, -1],
                            [2.5, 0]], "colour": 3}},
    {"class_name": "RandomCrop", "config": {"height": 3}}
  ],
  "copies": 0,
  "seed": true
})") == Lines{
            "2:31 /output/quality: 0 is too small; at least 1 is needed",
            "4:6 /layers/0/class_name: there is no layer \"Croping2D\"; did you mean "
            "\"Cropping2D\"?",
            "6:33 /layers/1/config/padding/0/1: -1 is too small; at least 0 is needed",
            "7:30 /layers/1/config/padding/1/0: 2.5 is not a whole number of pixels",
            "7:40 /layers/1/config/colour: ZeroPadding2D has no argument \"colour\"",
            "8:34 /layers/2/config: RandomCrop needs \"width\", in pixels",
            "10:3 /copies: 0 is too small; at least 1 is needed",
            "11:3 /seed: true is not a seed; give a whole number of 64 bits, or a pair [a, b] of "
            "them",
        });
}

TEST_CASE("a repeated key is a mistake, at its second position") {
  CHECK(mistakes_in("{\"seed\": 1,\n \"seed\": 2,\n " + kLayers + "}") ==
        Lines{"2:2 /seed: this key is already in line 1; remove one of them"});
  CHECK(wrong_layer("{\"class_name\": \"Cropping2D\", \"config\": {\"cropping\": 1,\n"
                    "\"cropping\": 2}}") ==
        Lines{"2:1 /layers/0/config/cropping: this key is already in line 1; remove one of them"});
}

TEST_CASE("all layers of a chain share one data_format") {
  const auto two = [](const std::string& chain, const std::string& a, const std::string& b) {
    const auto layer = [](const std::string& format) {
      return R"({"class_name": "Cropping2D")" + (format.empty() ? "" : ", " + format) + "}";
    };
    return "{" + (chain.empty() ? "" : chain + ",\n") + R"("layers": [)" + layer(a) + ",\n" +
           layer(b) + "]}";
  };
  const std::string first = R"("data_format": "channels_first")";
  const std::string last = R"("data_format": "channels_last")";
  CHECK(chain_of(two("", first, "")).channels_first);
  CHECK(chain_of(two("", "", first)).channels_first);
  CHECK(chain_of(two("", first, first)).channels_first);
  CHECK(chain_of(two(first, "", "")).channels_first);
  CHECK(chain_of(two(first, R"("dim_ordering": "th")", first)).channels_first);
  CHECK(chain_of(two(first, R"("dim_ordering": "default")", "")).channels_first);
  CHECK_FALSE(chain_of(two("", last, "")).channels_first);
  CHECK_FALSE(chain_of(two("", "", "")).channels_first);
  for (const Layer& layer : chain_of(two("", "", first)).layers)
    CHECK(layer.config["data_format"] == "channels_first");

  CHECK(mistakes_in(two("", first, last)) ==
        Lines{"2:1 /layers/1: this layer is channels_last, the chain before it channels_first; all "
              "layers of a chain share one data_format"});
  CHECK(mistakes_in(two(last, first, "")) ==
        Lines{"2:12 /layers/0: this layer is channels_first, the chain before it channels_last; "
              "all layers of a chain share one data_format"});
  CHECK(mistakes_in(two("", R"("dim_ordering": "th")", last)).size() == 1);
}

TEST_CASE("a resolved chain gives the same chain") {
  const std::vector<std::string> chains{
      "{" + kLayers + "}",
      R"({"name": "größe", "seed": -9223372036854775808, "seed_from": "index", "copies": 7,
          "layers": [{"class_name": "RandomCrop", "height": 3, "width": 4, "seed": [1, 2],
                      "if_smaller": "pad", "training": false, "dtype": "uint8"},
                     {"class_name": "ZeroPadding2D", "padding": {"left_pad": 2}},
                     {"class_name": "UpSampling2D", "size": 3, "dim_ordering": "th"},
                     {"class_name": "Cropping2D", "cropping": [1, [0, 2]]}],
          "input": {"orientation": "ignore", "truncated": "accept", "max_pixels": 99},
          "output": {"format": "webp", "quality": "lossless", "dtype": "uint8"}})",
      R"({"seed": [9223372036854775807, -1], "seed_from": "fixed",
          "layers": [{"class_name": "Cropping2D"}], "output": {"format": "png", "compression": 9}})",
      R"({"seed_from": "content", "layers": [{"class_name": "Cropping2D"}],
          "output": {"quality": 77}})",
      R"({"as": "model", "keras": "3.5", "layers": [{"class_name": "ZeroPadding1D"}],
          "input": {"shape": [null, 3], "dtype": "uint8"}})",
  };
  for (const std::string& text : chains) {
    CAPTURE(text);
    const Json once = resolved(chain_of(text));
    CHECK(resolved(chain_of(once.dump())) == once);
  }
  const Json json = resolved(chain_of(chains[1]));
  CHECK(json["name"] == "größe");
  CHECK(json["seed"] == std::numeric_limits<std::int64_t>::min());
  CHECK(json["seed_from"] == "index");
  CHECK(json["copies"] == 7);
  CHECK(json["data_format"] == "channels_first");
  CHECK(json["layers"].size() == 4);
  CHECK(json["layers"][0]["config"]["seed"] == Json::parse("[1, 2]"));
  CHECK(json["input"]["max_pixels"] == 99);
  CHECK(json["output"] == Json::parse(R"({"format": "webp", "quality": "lossless", "dtype": "uint8",
                                         "metadata": "icc"})"));
}

TEST_CASE("a chain's description is for people, and the resolved chain does not have it") {
  CHECK(resolved(with(R"("description": "for training")")) ==
        resolved(chain_of("{" + kLayers + "}")));
  CHECK(wrong(R"("description": 3)") ==
        Lines{"1:2 /description: a description is a text, not a number"});
}

TEST_CASE("the version of Keras must be known and exact") {
  CHECK(to_text(with(R"("keras": 2.9)").keras) == "2.9");
  CHECK(to_text(with(R"("keras": "3.10")").keras) == "3.10");
  CHECK(wrong(R"("keras": "3.16")") ==
        Lines{R"(1:2 /keras: "3.16" is not a version of Keras that deckle knows, such as "1.2", )"
              R"("2.9" or 3; it knows 1.0 to 1.2, 2.0 to 2.15 and 3.0 to 3.15)"});
  CHECK(wrong(R"("keras": true)").size() == 1);
  // 3.10 as a number is 3.1.
  CHECK(wrong(R"("keras": 3.10)") ==
        Lines{"1:2 /keras: the number 3.1 may be 3.1 or 3.10; write the version as a text"});
}

TEST_CASE("the name of a format may be an extension, in upper or lower case") {
  for (const std::string name : {"jpg", "jpeg", "JPG", "Jpeg"})
    CHECK(with(R"("output": {"format": ")" + name + "\"}").output.format == Format::Jpeg);
  CHECK(with(R"("output": {"format": "TIF"})").output.format == Format::Tiff);
  CHECK(resolved(with(R"("output": {"format": "JPEG", "quality": 80})"))["output"]["format"] ==
        "jpg");
  CHECK(wrong(R"("output": {"format": "jpge"})").size() == 1);
  CHECK(wrong(R"("output": {"format": "exr"})").size() == 1);  // it is only read
}

TEST_CASE("numbers beyond 64 bits keep their digits in messages") {
  CHECK(wrong(R"("seed": 123456789012345678901234567890)") ==
        Lines{"1:2 /seed: 123456789012345678901234567890 is not a seed; give a whole number of 64 "
              "bits, or a pair [a, b] of them"});
  CHECK(wrong(R"("seed": [1, -99999999999999999999])") ==
        Lines{"1:2 /seed: [1,-99999999999999999999] is not a seed; give a whole number of 64 bits, "
              "or a pair [a, b] of them"});
  CHECK(wrong(R"("seed": 18446744073709551615)").at(0).find("18446744073709551615") !=
        std::string::npos);
}

TEST_CASE("a layer's input_shape is checked") {
  const auto layer = [](const std::string& more) {
    return R"({"class_name": "Cropping2D", "config": {"cropping": 1, )" + more + "}}";
  };
  const auto chain = [](const std::string& layers, const std::string& more = "") {
    return R"({"layers": [)" + layers + "]" + more + "}";
  };
  const OpenShape wanted{128, std::nullopt, 3};
  CHECK(chain_of(chain(layer(R"("input_shape": [128, null, 3])"))).input_shape == wanted);
  CHECK(chain_of(chain(layer(R"("batch_input_shape": [null, 128, null, 3])"))).input_shape ==
        wanted);
  CHECK(chain_of(chain(layer(R"("batch_shape": [32, 128, null, 3])"))).input_shape == wanted);
  // In the order of the arrays.
  CHECK(chain_of(chain(layer(R"("data_format": "channels_first", "input_shape": [3, 128, null])")))
            .input_shape == wanted);
  CHECK(chain_of(chain(layer(R"("input_shape": [128, null, 3])"),
                       R"(, "input": {"shape": [null, 96, 3]})"))
            .input_shape == OpenShape{128, 96, 3});
  const auto refused = plan_shapes(chain_of(chain(layer(R"("input_shape": [128, 128, 3])"))),
                                   Shape::image(12, 12, 3));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        Error{ErrorCode::Shape, "the input must be 128 x 128 x 3, not 12 x 12 x 3"});
  // For a later layer it is the input of that layer.
  const Chain later =
      chain_of(chain(layer("\"name\": \"a\"") + ", " + layer(R"("input_shape": [10, null, 3])")));
  CHECK(later.input_shape.empty());
  CHECK(plan_shapes(later, Shape::image(12, 12, 3)));
  const auto given = plan_shapes(later, Shape::image(13, 12, 3));
  REQUIRE_FALSE(given);
  CHECK(given.error() == Error{ErrorCode::Shape,
                               "layer 1, Cropping2D: its input_shape is 10 x any x "
                               "3, not 11 x 10 x 3"});
  CHECK(resolved(chain_of(resolved(later).dump())) == resolved(later));
  CHECK_FALSE(plan_shapes(chain_of(resolved(later).dump()), Shape::image(13, 12, 3)));

  CHECK(
      mistakes_in(chain(layer(R"("input_shape": [128, 128])")))
          .at(0)
          .find("/layers/0/config/input_shape: [128,128] is not the shape of an input: a list of 2 "
                "lengths and its channels, in the order of data_format") != std::string::npos);
  CHECK(mistakes_in(chain(layer(R"("batch_input_shape": [null, 0, 8, 3])")))
            .at(0)
            .find("/batch_input_shape/1: 0 is too small") != std::string::npos);
  CHECK(mistakes_in(chain(layer(R"("input_shape": [8, 8, 3], "batch_shape": [1, 8, 9, 3])")))
            .size() == 1);
  CHECK(
      mistakes_in(chain(layer(R"("input_shape": [8, 8, 3])"), R"(, "input": {"shape": [8, 9, 3]})"))
          .at(0)
          .find("the input is 8 x 8 x 3 here and 8 x 9 x 3 elsewhere in the chain") !=
      std::string::npos);
  // Keras 1's words for sequences.
  const Chain sequence = chain_of(
      R"({"layers": [{"class_name": "Convolution1D", "config": {"nb_filter": 1, "filter_length": 2,
          "input_dim": 3, "input_length": 10, "weights": [[[[[1], [1], [1]]], [[[1], [1], [1]]]]]}}]})");
  CHECK(sequence.input_shape == OpenShape{10, 3});
}

TEST_CASE("other forms of JSON from Keras are refused by name") {
  const std::string said =
      "this looks like model.get_config(), which does not say whose rules hold; take "
      "model.to_json()";
  CHECK(mistakes_in(R"({"name": "sequential", "trainable": true, )" + kLayers + "}") ==
        Lines{"1:1 : " + said});
  CHECK(mistakes_in(R"({"name": "s", "layers": [{"class_name": "InputLayer", "config": {}}]})") ==
        Lines{"1:1 : " + said});
  CHECK(mistakes_in(R"([{"class_name": "Cropping2D", "config": {}}])") ==
        Lines{"1:1 : a chain is an object {\"layers\": [..], ..}, not a list; a list is what "
              "model.get_config() of Keras 1 gives: take model.to_json()"});
}

TEST_CASE("unknown layers are refused with a short suggestion") {
  CHECK(
      wrong_layer(R"({"class_name": "experimental.preprocessing.RandomCrop"})")
          .at(0)
          .ends_with(
              R"(there is no layer "experimental.preprocessing.RandomCrop"; did you mean "RandomCrop"?)"));
  CHECK(wrong_layer(R"({"class_name": "Kaleidoscope"})")
            .at(0)
            .ends_with(R"(there is no layer "Kaleidoscope"; "deckle layers" lists all)"));
  CHECK(wrong_layer(R"({"class_name": "Cropping2D"}, {"class_name": "InputLayer"})")
            .at(0)
            .ends_with(
                "a chain has no InputLayer; \"input\": {\"shape\": ..} says what comes in, and "
                "model.to_json() is taken as it is"));
}

TEST_CASE("a seed is written as one number if its second half is 0") {
  CHECK(to_json(SeedPair{5, 0}) == 5);
  CHECK(to_json(SeedPair{5, 1}) == Json::parse("[5, 1]"));
  CHECK(to_json(SeedPair{0, -1}) == Json::parse("[0, -1]"));
}

TEST_CASE("a syntax error is the only mistake that is reported") {
  const Lines lines = mistakes_in("{\"seed\": true,\n  \"layers\": [}");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("2:14 : not JSON: "));
}

TEST_CASE("a hostile depth of brackets is refused and does no harm") {
  for (const std::size_t depth : {1000U, 100000U}) {
    CAPTURE(depth);
    const std::string deep = brackets(depth);
    CHECK_FALSE(mistakes_in(deep).empty());
    CHECK_FALSE(mistakes_in(R"({"layers": )" + deep + "}").empty());
    CHECK_FALSE(mistakes_in(R"({"name": )" + deep + ", " + kLayers + "}").empty());
    CHECK_FALSE(wrong_layer(R"({"class_name": "Cropping2D", "config": {"cropping": )" + deep + "}}")
                    .empty());
    std::string objects;
    for (std::size_t i = 0; i < depth; ++i)
      objects += "{\"a\":";
    CHECK_FALSE(mistakes_in(objects + "1" + std::string(depth, '}')).empty());
    CHECK_FALSE(mistakes_in(std::string(depth, '[')).empty());
  }
}

TEST_CASE("every file in configs/ is a chain") {
  // Tests of the command line run them. This test only compares each with its chain from a
  // manifest.
  const std::vector<std::string> names{"cifar-augment", "double-size",          "eval-224",
                                       "pad-to-256",    "strip-scanner-border", "train-224",
                                       "webp-thumbs"};
  for (const std::string& name : names) {
    CAPTURE(name);
    std::ifstream stream(test::configs_folder() + "/" + name + ".json");
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const Json once = resolved(chain_of(text));
    CHECK(resolved(chain_of(once.dump())) == once);
  }
}

TEST_CASE(
    "without oneDNN a chain with a convolution is refused, with the layer's name and position") {
  const test::Lines mistakes = test::mistakes_in(
      R"({"layers": [{"class_name": "Cropping2D", "cropping": 1},
{"class_name": "DepthwiseConv2D", "kernel": "box"}]})");
  if (can_convolve()) {
    CHECK(mistakes.empty());
  } else {
    CHECK(mistakes == test::Lines{"2:1 /layers/1: DepthwiseConv2D needs oneDNN, which this deckle "
                                  "was built without: install libdnnl-dev and build deckle "
                                  "again"});
  }
}

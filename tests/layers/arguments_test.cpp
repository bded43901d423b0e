// SPDX-License-Identifier: Apache-2.0
#include "layers/arguments.h"

#include <string>

#include "core/json.h"
#include "core/text.h"
#include "layers/registry.h"
#include "support/catch.h"
#include "support/chains.h"

using namespace deckle;
using test::Lines;

namespace {

std::string whole(const std::string& json, std::int64_t least, std::string_view unit) {
  const auto result = whole_number(Json::parse(json), least, unit);
  return result ? "= " + std::to_string(*result) : result.error().message;
}

}  // namespace

TEST_CASE("numbers are read exactly, or refused") {
  CHECK(whole("0", 0, "") == "= 0");
  CHECK(whole("2147483647", 0, "") == "= 2147483647");
  CHECK(whole("2147483648", 0, "") == "2147483648 is too large; at most 2147483647 is possible");
  CHECK(whole("4294967296", 0, "") == "4294967296 is too large; at most 2147483647 is possible");
  CHECK(whole("9223372036854775808", 0, "") ==
        "9223372036854775808 is too large; at most 2147483647 is possible");
  CHECK(whole("-1", 0, "") == "-1 is too small; at least 0 is needed");
  CHECK(whole("-9223372036854775808", 0, "") ==
        "-9223372036854775808 is too small; at least 0 is needed");
  CHECK(whole("0", 1, "") == "0 is too small; at least 1 is needed");
  CHECK(whole("3.7", 0, "") == "3.7 is not a whole number");
  CHECK(whole("3.0", 0, "pixels") == "3.0 is not a whole number of pixels");
  CHECK(whole("true", 0, "pixels") == "true is not a whole number of pixels");
  CHECK(whole("null", 0, "") == "null is not a whole number");
  CHECK(whole("\"3\"", 0, "") == "\"3\" is not a whole number");
}

TEST_CASE("only versions of Keras that deckle knows are read") {
  const auto version = [](std::string_view text) {
    const auto known = keras_version(text);
    return known ? to_text(*known) : "none";
  };
  CHECK(version("1") == "1.2");
  CHECK(version("2") == "2.9");
  CHECK(version("3") == "3.15");
  CHECK(version("1.2.2") == "1.2");
  CHECK(version("2.15.0") == "2.15");
  CHECK(version("3.0") == "3.0");
  CHECK(version("3.15.1") == "3.15");
  CHECK(version("2.4.0-tf") == "2.4");
  CHECK(version("2.3.0-tf") == "2.4");  // of TensorFlow 2.2, with the rules of 2.4
  CHECK(version("2.2.4-tf") == "2.2-tf");
  CHECK(version("2.2-tf") == "2.2-tf");
  for (const char* text :
       {"0.9", "1.3", "2.16", "3.16", "3.150", "3.99.1", "4", "", "2.", "x", "2.9x"})
    CHECK(version(text) == "none");
  CHECK(nearest_keras_version("3.16.0") == kNewestKeras);
  CHECK(nearest_keras_version("2.16") == std::nullopt);
}

TEST_CASE("pointers are escaped as RFC 6901 says") {
  CHECK(join_pointer("", "a") == "/a");
  CHECK(join_pointer("/x", "") == "/x/");
  CHECK(join_pointer("/x", "a/b~c~1") == "/x/a~1b~0c~01");
}

TEST_CASE("a long value is shortened in messages, and stays UTF-8") {
  const std::string nines(100, '9');
  CHECK(test::mistakes_of("Cropping2D", R"({"cropping": ")" + nines + "\"}") ==
        Lines{"/cropping: \"" + nines.substr(0, 56) + "... is not a whole number of pixels"});
  std::string letters;
  for (int i = 0; i < 50; ++i)
    letters += "ß";
  for (const std::string before : {"", "x"}) {
    const Lines lines =
        test::mistakes_of("Cropping2D", R"({"cropping": ")" + before + letters + "\"}");
    REQUIRE(lines.size() == 1);
    CHECK(is_utf8(lines[0]));
    CHECK(lines[0].size() < 120);
  }
}

TEST_CASE("every layer refuses an argument that it does not have, with a suggestion") {
  CHECK(test::mistakes_of("ZeroPadding2D", R"({"paddin": 1})") ==
        Lines{"/paddin: ZeroPadding2D has no argument \"paddin\"; did you mean \"padding\"?"});
  CHECK(test::mistakes_of("Cropping2D", R"({"height": 1})") ==
        Lines{"/height: Cropping2D has no argument \"height\""});
  CHECK(test::mistakes_of("UpSampling2D", R"({"sizes": 2, "a/b": 1})") ==
        Lines{"/sizes: UpSampling2D has no argument \"sizes\"; did you mean \"size\"?",
              "/a~1b: UpSampling2D has no argument \"a/b\""});
  CHECK(test::mistakes_of("RandomCrop", R"({"height": 1, "widht": 1})") ==
        Lines{": RandomCrop needs \"width\", in pixels",
              "/widht: RandomCrop has no argument \"widht\"; did you mean \"width\"?"});
  for (const LayerSpec& spec : layer_specs()) {
    const std::string config = Json::parse(spec.example)["config"].dump();
    CAPTURE(spec.name, config);
    CHECK(test::mistakes_of(std::string(spec.name), config).empty());
    Json extended = Json::parse(config);
    extended["colour"] = 1;
    CHECK(test::mistakes_of(std::string(spec.name), extended.dump()) ==
          Lines{"/colour: " + std::string(spec.name) + " has no argument \"colour\""});
  }
}

TEST_CASE("keys that Keras writes beside the arguments are accepted without effect") {
  const Json plain = test::config_of("Cropping2D", R"({"cropping": 1})");
  CHECK(test::config_of("Cropping2D", R"({"name": "cropping2d_1", "trainable": true,
            "batch_input_shape": [null, 6, 5, 3], "input_dtype": "float32", "cropping": 1})") ==
        plain);
  CHECK(test::config_of("Cropping2D", R"({"name": "x", "trainable": true, "batch_shape": null,
            "dtype": {"module": "keras", "class_name": "DTypePolicy",
                      "config": {"name": "float32"}, "registered_name": null},
            "cropping": [[1, 1], [1, 1]], "data_format": "channels_last"})") == plain);
}

TEST_CASE("data_format has Keras' two words and null") {
  const auto format = [](const std::string& config) {
    return test::config_of("Cropping2D", config)["data_format"];
  };
  CHECK(format(R"({"data_format": "channels_last"})") == "channels_last");
  CHECK(format(R"({"data_format": "channels_first"})") == "channels_first");
  CHECK(format(R"({"data_format": null})") == "channels_last");
  CHECK(test::mistakes_of("Cropping2D", R"({"data_format": "tf"})") ==
        Lines{"/data_format: \"tf\" is not a data_format of Cropping2D; it is channels_last or "
              "channels_first"});
  CHECK(test::mistakes_of("Cropping2D", R"({"data_format": "channel_last"})") ==
        Lines{"/data_format: \"channel_last\" is not a data_format of Cropping2D; it is "
              "channels_last or channels_first; did you mean \"channels_last\"?"});
}

TEST_CASE("Keras 1's dim_ordering has its own three words, in every layer that has a data_format") {
  for (const LayerSpec& spec : layer_specs()) {
    const std::string name(spec.name);
    CAPTURE(name);
    if (!test::layer_of(name, Json::parse(spec.example)["config"].dump())
             .config.contains("data_format"))
      continue;
    const auto format = [&](const std::string& word) {
      Json config = Json::parse(spec.example)["config"];
      config["dim_ordering"] = word;
      const Chain chain = test::chain_of(R"({"keras": "2.9", "layers": [{"class_name": ")" + name +
                                         R"(", "config": )" + config.dump() + "}]}");
      return chain.layers[0].config["data_format"];
    };
    CHECK(format("tf") == "channels_last");
    CHECK(format("th") == "channels_first");
    CHECK(format("default") == "channels_last");
  }
  CHECK(test::mistakes_of("Cropping2D", R"({"dim_ordering": "channels_last"})") ==
        Lines{"/dim_ordering: \"channels_last\" is not a dim_ordering; it is tf, th or default"});
  CHECK(test::mistakes_of("Cropping2D", R"({"dim_ordering": 1})") ==
        Lines{"/dim_ordering: 1 is not a dim_ordering; it is tf, th or default"});
}

TEST_CASE("an argument under both its names is a mistake that names both, whichever comes first") {
  CHECK(test::mistakes_of("Cropping2D",
                          R"({"data_format": "channels_last", "dim_ordering": "tf"})") ==
        Lines{"/dim_ordering: \"dim_ordering\" is another name for \"data_format\"; give only one "
              "of them"});
  CHECK(test::mistakes_of("Cropping2D",
                          R"({"dim_ordering": "tf", "data_format": "channels_last"})") ==
        Lines{"/data_format: \"data_format\" is another name for \"dim_ordering\"; give only one "
              "of them"});
}

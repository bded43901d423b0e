// SPDX-License-Identifier: Apache-2.0
#include "chain/json_text.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "support/catch.h"

using namespace deckle;

namespace {

JsonText parsed(std::string_view text) {
  auto result = JsonText::parse(text);
  REQUIRE(std::holds_alternative<JsonText>(result));
  return std::get<JsonText>(std::move(result));
}

std::string place(const TextPosition& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string error_place(std::string_view text) {
  const auto result = JsonText::parse(text);
  REQUIRE(std::holds_alternative<SyntaxError>(result));
  return place(std::get<SyntaxError>(result).position);
}

std::string error_message(std::string_view text) {
  const auto result = JsonText::parse(text);
  REQUIRE(std::holds_alternative<SyntaxError>(result));
  return std::get<SyntaxError>(result).message;
}

}  // namespace

TEST_CASE("position_of counts lines and characters from 1") {
  const std::string text = "ab\nß猫x\n\ny";
  CHECK(place(position_of(text, 0)) == "1:1");
  CHECK(place(position_of(text, 1)) == "1:2");
  CHECK(place(position_of(text, 3)) == "2:1");
  CHECK(place(position_of(text, text.find('x'))) == "2:3");
  CHECK(place(position_of(text, text.find('y'))) == "4:1");
  CHECK(place(position_of(text, 1000)) == "4:2");
}

TEST_CASE("every member is found at its key and every element at its beginning") {
  const JsonText json = parsed(R"({
  "seed": 42, "layers": [
    {"class_name": "A",
     "config": {"x": [1, [2, 3], {}], "y~/z": null}},
    "b"
  ]
})");
  CHECK(place(json.find("")) == "1:1");
  CHECK(place(json.find("/seed")) == "2:3");
  CHECK(place(json.find("/layers")) == "2:15");
  CHECK(place(json.find("/layers/0")) == "3:5");
  CHECK(place(json.find("/layers/0/class_name")) == "3:6");
  CHECK(place(json.find("/layers/0/config")) == "4:6");
  CHECK(place(json.find("/layers/0/config/x")) == "4:17");
  CHECK(place(json.find("/layers/0/config/x/0")) == "4:23");
  CHECK(place(json.find("/layers/0/config/x/1")) == "4:26");
  CHECK(place(json.find("/layers/0/config/x/1/1")) == "4:30");
  CHECK(place(json.find("/layers/0/config/x/2")) == "4:34");
  CHECK(place(json.find("/layers/0/config/y~0~1z")) == "4:39");
  CHECK(place(json.find("/layers/1")) == "5:5");
}

TEST_CASE("a missing value has the position of the nearest value around it") {
  const JsonText json = parsed("{\"a\": {\n \"b\": [1]}}");
  CHECK(place(json.find("/a/c")) == "1:2");
  CHECK(place(json.find("/a/b/7/x")) == "2:2");
  CHECK(place(json.find("/nothing")) == "1:1");
}

TEST_CASE("brackets, quotes and commas inside texts do not mislead") {
  const JsonText json = parsed(R"({"a]}\"": "x\",{[", "b\\": ["]", "\\"], "c": 1})");
  CHECK(place(json.find("/a]}\"")) == "1:2");
  CHECK(place(json.find("/b\\")) == "1:21");
  CHECK(place(json.find("/b\\/1")) == "1:34");
  CHECK(place(json.find("/c")) == "1:41");
}

TEST_CASE("a byte-order mark is ignored and not counted") {
  const JsonText json = parsed("\xEF\xBB\xBF{\"a\": 1}");
  CHECK(json.value()["a"] == 1);
  CHECK(place(json.find("/a")) == "1:2");
}

TEST_CASE("columns count characters, not bytes") {
  const JsonText json = parsed(R"({"größe": 1, "b": 2})");
  CHECK(place(json.find("/b")) == "1:14");
}

TEST_CASE("a syntax error has its line and column") {
  CHECK(error_place("") == "1:1");
  CHECK(error_place("{") == "1:2");
  CHECK(error_place("{\n  \"a\": 1,\n}") == "3:1");
  CHECK(error_place("[1, 2") == "1:6");
  CHECK(error_place("{\"a\" 1}") == "1:6");
  CHECK(error_place("{\"a\": tru}") == "1:10");
  CHECK(error_place("{} x") == "1:4");
  CHECK(error_place("// c\n{}") == "1:1");
  CHECK(error_place("{\n\"ß\": ,}") == "2:6");
  CHECK(error_place("\xEF\xBB\xBF{\"a\": 1,}") == "1:9");
  CHECK(error_place("{\n\"a\": \"\xFF\"}") == "2:7");
}

TEST_CASE(
    "a number that is too large for any type is a mistake at its position, in deckle's words") {
  CHECK(error_place("{\n  \"seed\": 1e400}") == "2:11");
  CHECK(error_message("[1e400]").find("json.exception") == std::string::npos);
}

TEST_CASE("syntax errors are reported in deckle's words, without the library's name") {
  CHECK(error_message(" \n") == "the file is empty");
  for (const std::string_view text : {"{", "[1,]", "{\"a\": tru}", "[\"\xFF\"]", "{} {}"}) {
    const std::string message = error_message(text);
    CAPTURE(message);
    CHECK(message.starts_with("not JSON: "));
    CHECK(message.find("json.exception") == std::string::npos);
    CHECK(message.find("at line") == std::string::npos);
  }
}

TEST_CASE("a repeated key is found, also in another spelling") {
  const JsonText json = parsed("{\"a\": 1,\n \"b\": {\"x\": 1, \"\\u0078\": 2},\n \"a\": 3}");
  REQUIRE(json.repeated().size() == 2);
  CHECK(json.repeated()[0].pointer == "/a");
  CHECK(place(json.repeated()[0].first) == "1:2");
  CHECK(place(json.repeated()[0].second) == "3:2");
  CHECK(json.repeated()[1].pointer == "/b/x");
  CHECK(place(json.repeated()[1].first) == "2:8");
  CHECK(place(json.repeated()[1].second) == "2:16");
}

TEST_CASE("equal keys in different objects are not repeated keys") {
  CHECK(parsed(R"({"a": {"x": 1}, "b": {"x": 1}, "c": [{"x": 1}, {"x": 1}], "x": 0})")
            .repeated()
            .empty());
  CHECK(parsed(R"({"a": {"b": 1}, "a/b": 2, "A": 3})").repeated().empty());
}

TEST_CASE("keys inside a repeated key are not repeated keys") {
  const JsonText json = parsed(R"({"a": {"x": [1]}, "a": {"x": [2]}})");
  REQUIRE(json.repeated().size() == 1);
  CHECK(json.repeated()[0].pointer == "/a");
}

TEST_CASE("a repeated key has the position of its last value, which is used") {
  const JsonText json = parsed("{\"a\": 1,\n \"a\": 2}");
  CHECK(json.value()["a"] == 2);
  CHECK(place(json.find("/a")) == "2:2");
}

TEST_CASE("messages about limits of JSON have the limit and the value", "[json][limits]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  parsed(nested(200));
  CHECK(error_message(nested(201)) ==
        "brackets are nested 201 deep; at most 200 are read, which is fixed");
  CHECK(error_place(nested(201)) == "1:201");
  CHECK(error_message(nested(1000000)) ==
        "brackets are nested 1 000 000 deep; at most 200 are read, which is fixed");
  parsed(R"({"a": "[[[[\"[[[[\\"})");

  const auto object = [](int members) {
    std::string text = R"({"x": [{"k": 1}, ":::")";
    text += "]";
    for (int i = 1; i < members; ++i)
      text += ", \"" + std::to_string(i) + "\": {\"k\": 1}";
    return text + "}";
  };
  parsed(object(10000));
  CHECK(error_message(object(10001)) ==
        "an object has more than 10 000 members, the most that are read, which is fixed");
}

TEST_CASE("repeated keys inside a repeated key are not reported", "[json]") {
  const JsonText json = parsed(R"({"a": {"x": 1, "y": 1}, "a-": 1, "a": {"x": 2, "y": 1}, "a-": 2,
                                   "b": {"c": 1, "c": 2}})");
  std::vector<std::string> repeated;
  for (const JsonText::Repeated& key : json.repeated())
    repeated.push_back(key.pointer);
  CHECK(repeated == std::vector<std::string>{"/a", "/a-", "/b/c"});
}

TEST_CASE("messages get the original digits of long numbers", "[json]") {
  const JsonText json = parsed(
      R"({"a": 11111111111111111111111, "ab": 22222222222222222222222, "b": [3, 44444444444444444444444]})");
  const auto shown = [&](const std::string& pointer, const Json& value) {
    return json.with_digits(pointer, value.dump());
  };
  CHECK(shown("/a", json.value()["a"]) == "11111111111111111111111");
  CHECK(shown("/b", json.value()["b"]) == "[3,44444444444444444444444]");
  CHECK(shown("/ab", json.value()["a"]) == json.value()["a"].dump());
}

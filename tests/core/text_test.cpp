// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

using namespace deckle;
using namespace std::string_view_literals;

namespace {

constexpr std::array kLayers{"Cropping2D"sv, "ZeroPadding2D"sv, "UpSampling2D"sv, "RandomCrop"sv};
constexpr std::array kSides{"top_pad"sv, "bottom_pad"sv, "left_pad"sv, "right_pad"sv};

}  // namespace

TEST_CASE("nearest finds a word with letters dropped, doubled, swapped or in another case") {
  CHECK(nearest("Croping2D", kLayers) == "Cropping2D");
  CHECK(nearest("Croppping2D", kLayers) == "Cropping2D");
  CHECK(nearest("Corpping2D", kLayers) == "Cropping2D");
  CHECK(nearest("ZEROPADDING2D", kLayers) == "ZeroPadding2D");
  CHECK(nearest("Cropping3D", kLayers) == "Cropping2D");
  CHECK(nearest("RandomCrops", kLayers) == "RandomCrop");
  CHECK(nearest("left_bad", kSides) == "left_pad");
}

TEST_CASE("nearest finds the more similar of two words") {
  constexpr std::array kWords{"width"sv, "height"sv};
  CHECK(nearest("hieght", kWords) == "height");
  CHECK(nearest("widht", kWords) == "width");
}

TEST_CASE("nearest finds nothing if no word is similar") {
  CHECK(nearest("Conv2D", kLayers).empty());
  CHECK(nearest("RandomZoom", kLayers).empty());  // RandomCrop is three letters away
  CHECK(nearest("", kLayers).empty());
  CHECK(nearest("Cropping2D", {}).empty());
  // With two edits any word of two letters becomes any other: that is not similar.
  constexpr std::array kShort{"th"sv, "tf"sv};
  CHECK(nearest("xx", kShort).empty());
}

TEST_CASE("did_you_mean is a clause to append, or nothing") {
  CHECK(did_you_mean("paddin", std::array{"padding"sv}) == "; did you mean \"padding\"?");
  CHECK(did_you_mean("quality", std::array{"padding"sv}).empty());
}

TEST_CASE("UTF-8 is distinguished from other bytes") {
  const auto yes = GENERATE(""sv, "abc"sv, "\xC2\x80"sv, "\xC3\x9F"sv, "\xDF\xBF"sv,
                            "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv,
                            "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv, "a\0b"sv);
  CAPTURE(printable(yes));
  CHECK(is_utf8(yes));
  CHECK(is_utf8("x" + std::string(yes) + "y"));
  CHECK(to_utf8(yes) == yes);
}

TEST_CASE("surrogates, overlong forms, stray and missing bytes are not UTF-8") {
  const auto no = GENERATE("\x80"sv,              // begins with a following byte
                           "\xC0\x80"sv,          // overlong NUL
                           "\xC1\xBF"sv,          // overlong
                           "\xE0\x9F\xBF"sv,      // overlong
                           "\xF0\x8F\xBF\xBF"sv,  // overlong
                           "\xED\xA0\x80"sv,      // surrogate
                           "\xED\xBF\xBF"sv,      // surrogate
                           "\xF4\x90\x80\x80"sv,  // above U+10FFFF
                           "\xF5\x80\x80\x80"sv, "\xFF"sv, "\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv,
                           "\xC3x"sv, "\xE2\x82x"sv, "\xF0\x9F\x98x"sv);
  CAPTURE(printable(no));
  CHECK_FALSE(is_utf8(no));
  CHECK_FALSE(is_utf8("abc" + std::string(no)));
  CHECK(is_utf8(to_utf8(no)));
}

TEST_CASE("to_utf8 replaces only the bytes that belong to no character") {
  CHECK(to_utf8("caf\xE9.png") == "caf\xEF\xBF\xBD.png");
  CHECK(to_utf8("\xFF\xFE") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(to_utf8("\xE2\x82x") == "\xEF\xBF\xBD\xEF\xBF\xBDx");
}

TEST_CASE("printable shows control characters and foreign bytes as escapes") {
  CHECK(printable("plain name (1).jpg") == "plain name (1).jpg");
  CHECK(printable("größe 猫.png") == "größe 猫.png");
  CHECK(printable("a\nb") == "a\\nb");
  CHECK(printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(printable("\t\r\x7f") == "\\x09\\x0d\\x7f");
  CHECK(printable("caf\xE9") == "caf\\xe9");
  CHECK(printable("a\0b"sv) == "a\\x00b");
  // U+009B begins a command of a terminal, like ESC [. U+00A0 is only a space.
  CHECK(printable("\xC2\x9B"
                  "2J") == "\\xc2\\x9b2J");
  CHECK(printable("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("hex gives two lower-case digits for each byte") {
  const std::vector<std::uint8_t> bytes{0x00, 0x0F, 0xA5, 0xFF};
  CHECK(hex(bytes) == "000fa5ff");
  CHECK(hex({}).empty());
}

TEST_CASE("byte_size is in decimal units, with one digit after the point below ten") {
  CHECK(byte_size(0) == "0 B");
  CHECK(byte_size(999) == "999 B");
  CHECK(byte_size(1000) == "1.0 kB");
  CHECK(byte_size(1234) == "1.2 kB");
  CHECK(byte_size(9949) == "9.9 kB");
  CHECK(byte_size(9950) == "10 kB");
  CHECK(byte_size(61'400'000) == "61 MB");
  CHECK(byte_size(999'499) == "999 kB");
  CHECK(byte_size(999'500) == "1.0 MB");
  CHECK(byte_size(1'200'000'000) == "1.2 GB");
  CHECK(byte_size(3'000'000'000'000) == "3.0 TB");
  CHECK(byte_size(18'446'744'073'709'551'615U) == "18447 PB");
}

TEST_CASE("grouped puts a space between groups of three digits") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1 000");
  CHECK(grouped(1842300) == "1 842 300");
  CHECK(grouped(123456) == "123 456");
  CHECK(grouped(18446744073709551615U) == "18 446 744 073 709 551 615");
}

TEST_CASE("count_of says one file and several files") {
  CHECK(count_of(0, "file") == "0 files");
  CHECK(count_of(1, "file") == "1 file");
  CHECK(count_of(2, "file") == "2 files");
  CHECK(count_of(12345, "image") == "12 345 images");
}

TEST_CASE("one_of lists words with commas and a last or") {
  CHECK(one_of({}).empty());
  CHECK(one_of(std::array{"nearest"sv}) == "nearest");
  CHECK(one_of(std::array{"apply"sv, "ignore"sv}) == "apply or ignore");
  CHECK(one_of(kSides) == "top_pad, bottom_pad, left_pad or right_pad");
}

TEST_CASE("a message contains no control character, and keeps its line breaks", "[core][text]") {
  CHECK(terminal_text("a\x1b]0;x\x07"
                      "b\x7f\r") == "a\\x1b]0;x\\x07b\\x7f\\x0d");
  CHECK(terminal_text("c1: \xc2\x9b, raw: \x9b") == "c1: \\xc2\\x9b, raw: \\x9b");
  CHECK(terminal_text("turned \xe2\x80\xae round") == "turned \\xe2\\x80\\xae round");
  CHECK(terminal_text("\xd8\x9c\xe2\x81\xa6\xe2\x81\xa9") ==
        "\\xd8\\x9c\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
  CHECK(terminal_text("one\n  two\nthree\n") == "one\n  two\\nthree\\n");
  const std::string plain = "gr\xc3\xbc\xc3\x9f \xe2\x86\x92 \xf0\x9f\x98\x80 \"x\" \\n";
  CHECK(terminal_text(plain) == plain);
  CHECK(printable("\n  \xe2\x80\xae") == "\\n  \\xe2\\x80\\xae");
}

TEST_CASE("JSON for a terminal is the same value without control characters", "[core][text]") {
  CHECK(terminal_json("{\"a\":\"\xc2\x9b\x7f\xe2\x80\xae\xc3\xbc\"}\n") ==
        "{\"a\":\"\\u009b\\u007f\\u202e\xc3\xbc\"}\n");
}

TEST_CASE("names that differ only in case are equal in lower case", "[core][text]") {
  CHECK(lower_case("A/bC.JPG") == "a/bc.jpg");
  // Latin, Greek and Cyrillic capitals, each followed by its small letter.
  CHECK(lower_case("\xc3\x84\xc5\xb6\xce\xa9\xd0\x96\xd0\x81") ==
        "\xc3\xa4\xc5\xb7\xcf\x89\xd0\xb6\xd1\x91");
  for (const char* same : {"\xc3\x97", "\xc3\xb7", "\xc3\xbf", "\xff", "1_-", "\xe2\x86\x92"})
    CHECK(lower_case(same) == same);
}

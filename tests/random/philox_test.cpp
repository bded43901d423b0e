// SPDX-License-Identifier: Apache-2.0
#include "random/philox.h"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/golden.h"

using namespace deckle;

namespace {

std::uint32_t from_hex(const Json& text) {
  return static_cast<std::uint32_t>(std::stoul(text.get<std::string>(), nullptr, 16));
}

std::vector<std::uint32_t> words(PhiloxStream stream, int count) {
  std::vector<std::uint32_t> out;
  for (int i = 0; i < count; ++i)
    out.push_back(stream.next());
  return out;
}

std::vector<std::uint32_t> words(const PhiloxBlock& block) {
  return {block.begin(), block.end()};
}

}  // namespace

TEST_CASE("philox gives the published words") {
  const Json published = test::golden_json("random_crop.json")["published"]["philox4x32_10"];
  REQUIRE(published.size() == 3);
  for (const Json& answer : published) {
    PhiloxBlock counter{};
    PhiloxKey key{};
    PhiloxBlock out{};
    for (std::size_t i = 0; i < 4; ++i) {
      counter.at(i) = from_hex(answer["counter"][i]);
      out.at(i) = from_hex(answer["out"][i]);
    }
    for (std::size_t i = 0; i < 2; ++i)
      key.at(i) = from_hex(answer["key"][i]);
    CAPTURE(answer.dump());
    CHECK(philox(counter, key) == out);
  }
}

TEST_CASE("a stream gives the words of its counter's block, then those of the next counter's") {
  const PhiloxKey key{0xa4093822, 0x299f31d0};
  std::vector<std::uint32_t> expected = words(philox({7, 8, 9, 10}, key));
  for (const std::uint32_t word : philox({8, 8, 9, 10}, key))
    expected.push_back(word);
  expected.push_back(philox({9, 8, 9, 10}, key)[0]);
  CHECK(words(PhiloxStream({7, 8, 9, 10}, key), 9) == expected);
}

TEST_CASE("a stream's counter carries from word to word; the carry of the last word is lost") {
  constexpr std::uint32_t kAll = 0xFFFFFFFF;
  const PhiloxKey key{1, 2};
  const auto second_block = [&](PhiloxBlock counter) {
    auto eight = words(PhiloxStream(counter, key), 8);
    return std::vector<std::uint32_t>(eight.begin() + 4, eight.end());
  };
  CHECK(second_block({kAll, 5, 6, 7}) == words(philox({0, 6, 6, 7}, key)));
  CHECK(second_block({kAll, kAll, 6, 7}) == words(philox({0, 0, 7, 7}, key)));
  CHECK(second_block({kAll, kAll, kAll, 7}) == words(philox({0, 0, 0, 8}, key)));
  CHECK(second_block({kAll, kAll, kAll, kAll}) == words(philox({0, 0, 0, 0}, key)));
  CHECK(second_block({0, kAll, 6, 7}) == words(philox({1, kAll, 6, 7}, key)));
}

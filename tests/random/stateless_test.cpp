// SPDX-License-Identifier: Apache-2.0
#include "random/stateless.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/golden.h"

using namespace deckle;

namespace {

using Numbers = std::vector<std::int64_t>;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

SeedPair seed_of(const Json& pair) {
  return {pair.at(0).get<std::int64_t>(), pair.at(1).get<std::int64_t>()};
}

Numbers crop(const Numbers& shape, const Numbers& size, SeedPair seed) {
  return stateless_random_crop(shape, size, seed);
}

std::vector<std::uint32_t> words(SeedPair seed, std::size_t count) {
  PhiloxStream stream = stateless_stream(seed);
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(stream.next());
  return out;
}

}  // namespace

TEST_CASE("all 400 crop vectors have the offsets that TensorFlow picks") {
  const Json vectors = test::golden_json("random_crop.json")["stateless_random_crop"];
  REQUIRE(vectors.size() == 400);
  for (const Json& vector : vectors) {
    CAPTURE(vector.dump());
    CHECK(crop(vector["value_shape"].get<Numbers>(), vector["size"].get<Numbers>(),
               seed_of(vector["seed"])) == vector["offset"].get<Numbers>());
  }
}

TEST_CASE("all 24 raw vectors have the words of their key and counter") {
  const Json vectors = test::golden_json("random_crop.json")["raw"];
  REQUIRE(vectors.size() == 24);
  for (const Json& vector : vectors) {
    CAPTURE(vector.dump());
    const auto expected = vector["u32"].get<std::vector<std::uint32_t>>();
    REQUIRE(expected.size() == 8);
    const SeedPair seed = seed_of(vector["seed"]);
    CHECK(words(seed, 8) == expected);

    // The seed's stream begins at the key and the counter of the vector.
    PhiloxStream raw(vector["philox_counter"].get<PhiloxBlock>(),
                     vector["philox_key"].get<PhiloxKey>());
    for (const std::uint32_t word : expected)
      CHECK(raw.next() == word);

    // A crop of one sample from 2^31 - 1 shows only the first of the two moduli.
    const auto below_max = vector["int32_0_to_2147483647"].get<Numbers>();
    CHECK(crop(Numbers(8, 2147483647), Numbers(8, 1), seed) == below_max);
  }
}

TEST_CASE("words of known seeds are those that TensorFlow printed") {
  const Json published = test::golden_json("random_crop.json")["published"];
  REQUIRE(published["stateless_full_int32"].size() == 1);
  for (const Json& answer : published["stateless_full_int32"]) {
    CAPTURE(answer.dump());
    const auto expected = answer["out"].get<std::vector<std::int32_t>>();
    const auto got = words(seed_of(answer["seed"]), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(std::bit_cast<std::int32_t>(got[i]) == expected[i]);
  }
  REQUIRE(published["stateless_full_int64"].size() == 2);
  for (const Json& answer : published["stateless_full_int64"]) {
    CAPTURE(answer.dump());
    const auto expected = answer["out"].get<Numbers>();
    const auto got = words(seed_of(answer["seed"]), expected.size() * 2);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(std::bit_cast<std::int64_t>(std::uint64_t{got[2 * i + 1]} << 32U | got[2 * i]) ==
            expected[i]);
    }
  }
  REQUIRE(published["stateless_int32_range"].size() == 4);
  for (const Json& answer : published["stateless_int32_range"]) {
    CAPTURE(answer.dump());
    const auto low = answer["min"].get<std::int64_t>();
    const auto range = static_cast<std::uint32_t>(answer["max"].get<std::int64_t>() - low);
    const auto got = words(seed_of(answer["seed"]), 8);
    for (const auto& [index, value] : answer["index_value"].items())
      CHECK(low + got.at(std::stoul(index)) % range == value.get<std::int64_t>());
  }
}

TEST_CASE("the worked examples of TensorFlow's rules give their results") {
  CHECK(words({1, 2}, 4) ==
        std::vector<std::uint32_t>{0x41ec0a2c, 0x679894f1, 0xebff843e, 0x16148793});
  CHECK(crop({480, 640, 3}, {224, 224, 3}, {1, 2}) == Numbers{205, 185, 0});
  CHECK(crop({480, 640, 3}, {224, 224, 3}, {-1, -2}) == Numbers{93, 220, 0});
  CHECK(crop({480, 640, 3}, {224, 224, 3}, {4294967295, 4294967294}) == Numbers{175, 249, 0});
  // One modulus instead of two would give column 63.
  CHECK(crop({1, 480, 640, 3}, {1, 224, 224, 3}, {1, 2}) == Numbers{0, 142, 113, 0});
  // The example of TensorFlow's own page for stateless_random_crop.
  CHECK(crop({2, 2, 3}, {1, 2, 3}, {1, 2}) == Numbers{0, 0, 0});
}

TEST_CASE("an axis with only one possible offset still takes a word") {
  const Numbers both = crop({100, 100}, {10, 10}, {3, 4});
  CHECK(crop({10, 100}, {10, 10}, {3, 4}) == Numbers{0, both[1]});
  CHECK(crop({100, 10}, {10, 10}, {3, 4}) == Numbers{both[0], 0});
}

TEST_CASE("seeds -1 and 4294967295 are different, and also (0, 1) and (1, 0)") {
  CHECK(words({-1, 0}, 4) != words({4294967295, 0}, 4));
  CHECK(words({0, -1}, 4) != words({0, 4294967295}, 4));
  CHECK(words({0, 1}, 4) != words({1, 0}, 4));
}

TEST_CASE("fold_in is the first 64-bit word of the seed's stream, and the data") {
  const Json golden = test::golden_json("random_crop.json");
  for (const Json& vector : golden["raw"]) {
    CAPTURE(vector.dump());
    const auto u32 = vector["u32"].get<std::vector<std::uint32_t>>();
    const auto first = std::bit_cast<std::int64_t>(std::uint64_t{u32[1]} << 32U | u32[0]);
    for (const std::int64_t data : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, kMin, kMax})
      CHECK(fold_in(seed_of(vector["seed"]), data) == SeedPair{first, data});
  }
  // The number that TensorFlow printed for seed (0, 0).
  CHECK(fold_in({0, 0}, 5) == SeedPair{-6856063536328932722, 5});
}

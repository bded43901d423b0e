// SPDX-License-Identifier: Apache-2.0
#include "random/stateful.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "support/catch.h"
#include "support/golden.h"

using namespace deckle;

namespace {

// A whole number of any size, from its digits in the golden file (some have more than 64 bits).
WideSeed wide(std::string digits) {
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  WideSeed seed{};
  const auto multiply_add = [&](std::uint64_t factor, std::uint64_t carry) {
    for (std::uint32_t& word : seed) {
      carry += word * factor;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
  };
  for (const char digit : digits)
    multiply_add(10, static_cast<std::uint64_t>(digit - '0'));
  if (negative) {
    for (std::uint32_t& word : seed)
      word = ~word;
    multiply_add(1, 1);
  }
  return seed;
}

// Puts the whole numbers under these keys in quotes: JSON's reader would round the large ones.
Json golden() {
  std::string text = test::golden_text("random_crop.json");
  for (const std::string key : {"\"global_seed\":", "\"op_seed\":", "\"seed\":", "\"set_seed\":"}) {
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
      at += key.size();
      while (text[at] == ' ')
        ++at;
      const std::size_t end = text.find_first_not_of("-0123456789", at);
      if (end == at) continue;  // null, or a pair
      text.insert(end, "\"");
      text.insert(at, "\"");
    }
  }
  return Json::parse(text);
}

std::optional<WideSeed> seed_of(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(wide(value.get<std::string>()));
}

}  // namespace

TEST_CASE("a wide seed is a number in two's complement") {
  CHECK(wide_seed(5) == WideSeed{5, 0, 0, 0, 0, 0});
  CHECK(wide_seed(-1) == wide("-1"));
  CHECK(wide_seed(INT64_MIN) == wide("-9223372036854775808"));
  CHECK(wide("18446744073709551616") == WideSeed{0, 0, 1, 0, 0, 0});
}

TEST_CASE("tf.image.random_crop's offsets, call by call, with and without an operation seed") {
  int with_op_seed = 0;
  int drawn = 0;
  const Json all = golden();
  for (const Json& item : all["stateful_random_crop"]) {
    INFO(item.dump());
    const auto shape = item["value_shape"].get<std::vector<std::int64_t>>();
    const auto size = item["size"].get<std::vector<std::int64_t>>();
    const auto call = item["call_index"].get<std::int64_t>();
    const auto global = seed_of(item["global_seed"]);
    const auto op = seed_of(item["op_seed"]);
    // An operation without a seed draws one; in a graph these seeds are 0, 1, 2, ..
    const auto seed = [&] {
      if (op) return *op;
      return wide_seed(item["mode"] == "graph_global_only" ? call : eager_op_seed(*global, call));
    };
    const KernelSeeds seeds = kernel_seeds(global, seed());
    CHECK(seeds == KernelSeeds{item["kernel_seed"].get<std::int64_t>(),
                               item["kernel_seed2"].get<std::int64_t>()});
    CHECK(stateful_random_crop(shape, size, seeds, op ? call : 0) ==
          item["offset"].get<std::vector<std::int64_t>>());
    ++(op ? with_op_seed : drawn);
  }
  CHECK(with_op_seed + drawn == 80);
  CHECK(with_op_seed > 0);
  CHECK(drawn > 0);
}

TEST_CASE("the seeds that eager operations draw after set_seed, computed in any order") {
  const Json all = golden();
  REQUIRE_FALSE(all["eager_op_seeds"].empty());
  for (const Json& item : all["eager_op_seeds"]) {
    const WideSeed global = wide(item["set_seed"].get<std::string>());
    const auto seeds = item["first_op_seeds"].get<std::vector<std::int64_t>>();
    INFO(item["set_seed"].get<std::string>());
    for (std::size_t i = 0; i < seeds.size(); ++i)
      CHECK(eager_op_seed(global, static_cast<std::int64_t>(i)) == seeds[i]);
    for (std::size_t i = seeds.size(); i-- > 0;)
      CHECK(eager_op_seed(global, static_cast<std::int64_t>(i)) == seeds[i]);
  }
}

TEST_CASE("the windows of Keras 2.9's RandomCrop layer, call by call") {
  const Json all = golden();
  int cases = 0;
  for (const Json& item : all["keras29_random_crop"]) {
    INFO(item.dump());
    const auto shape = item["input_shape"].get<std::vector<std::int64_t>>();
    const std::size_t rows = shape.size() - 3;
    const auto [top, left] =
        keras_random_crop(shape[rows], shape[rows + 1], item["height"].get<std::int64_t>(),
                          item["width"].get<std::int64_t>(), *seed_of(item["seed"]),
                          item["call_index"].get<std::int64_t>());
    CHECK(top == item["h_start"].get<std::int64_t>());
    CHECK(left == item["w_start"].get<std::int64_t>());
    ++cases;
  }
  CHECK(cases == 40);
}

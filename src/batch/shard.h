// SPDX-License-Identifier: Apache-2.0
// shard: a fixed part of the inputs, for one of several machines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "dataset/inputs.h"

namespace deckle {

/// One of `of` parts, from 0.
struct Shard {
  std::uint32_t index = 0;
  std::uint32_t of = 1;

  bool operator==(const Shard&) const = default;
};

inline constexpr std::uint32_t kMaxShards = 1000000;

/// The value of an environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// "3/8", or "auto/8": then the index, never the count, comes from the scheduler's variables. What
/// is missing, not a number, out of range or contradictory is an Error (Usage), never taken for
/// 0/1. `base` is the number of the first index of the scheduler, where its engine counts from 1.
[[nodiscard]] Result<Shard> parse_shard(std::string_view text, const Environment& environment,
                                        std::optional<std::uint32_t> base);

/// The name of a variable that says that this is one of an array of jobs; empty where there is
/// none.
[[nodiscard]] std::string array_variable(const Environment& environment);

/// The shard of an input: XXH3-64 of its relative path, modulo the number of shards. It does not
/// depend on other inputs.
[[nodiscard]] std::uint32_t shard_of(std::string_view path, std::uint32_t of);

/// Removes the inputs of other shards from the list.
void keep_shard(InputList& list, Shard shard);

/// "manifest.jsonl", or "manifest-0003-of-0008.jsonl".
[[nodiscard]] std::string manifest_name(std::optional<Shard> shard);

/// A digest of all paths, which is the same for the same list of inputs.
[[nodiscard]] std::string inputs_digest(const InputList& list);

}  // namespace deckle

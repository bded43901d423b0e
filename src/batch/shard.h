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

/// Part `index` (from 0) of `of` parts.
struct Shard {
  std::uint32_t index = 0;
  std::uint32_t of = 1;

  bool operator==(const Shard&) const = default;
};

inline constexpr std::uint32_t kMaxShards = 1000000;

/// The value of an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Parses "3/8" or "auto/8". With auto, the index (never the count) comes from the scheduler's
/// variables. A value that is missing, not a number, out of range or contradictory is a Usage
/// error; 0/1 is never assumed. `base` is the scheduler's first index, for engines that count from
/// 1.
[[nodiscard]] Result<Shard> parse_shard(std::string_view text, const Environment& environment,
                                        std::optional<std::uint32_t> base);

/// The name of a variable that shows that this job is one of an array; empty if there is none.
[[nodiscard]] std::string array_variable(const Environment& environment);

/// The shard of an input: XXH3-64 of its relative path, modulo the number of shards. It does not
/// depend on other inputs.
[[nodiscard]] std::uint32_t shard_of(std::string_view path, std::uint32_t of);

/// Removes the inputs of other shards from the list.
void keep_shard(InputList& list, Shard shard);

/// "manifest.jsonl", or "manifest-0003-of-0008.jsonl".
[[nodiscard]] std::string manifest_name(std::optional<Shard> shard);

/// A digest of all paths, which identifies the list of inputs.
[[nodiscard]] std::string inputs_digest(const InputList& list);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// forecast: what a run would do, from headers alone: nothing is decoded and nothing is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "batch/effects.h"
#include "chain/chain.h"
#include "core/result.h"
#include "dataset/inputs.h"

namespace deckle {

/// The inputs of one shape.
struct ShapeGroup {
  Shape input;                        ///< upright, as the chain sees it
  std::optional<std::int64_t> batch;  ///< if each input is a batch of this shape
  std::size_t files = 0;
  std::size_t done = 0;       ///< files that neither fail nor are skipped
  std::vector<Shape> shapes;  ///< after each layer; empty if a layer cannot take this shape
  double needed =
      0;  ///< share of the pixels that the outputs show, 0 to 1; the mean over `done` files
};

/// An input that is named in the forecast, and why.
struct Remark {
  std::string file;
  std::string text;
};

struct Forecast {
  std::vector<ShapeGroup> groups;  ///< most files first
  std::size_t images = 0;          ///< inputs that are images, or that the user named
  std::size_t not_images = 0;
  std::size_t outputs = 0;
  std::uint64_t bytes_raw = 0;    ///< of the outputs, before compression
  std::uint64_t bytes_about = 0;  ///< a guess at the files' sizes
  /// For each effect, the files that have it and neither fail nor are skipped.
  std::array<std::vector<std::string>, kEffects> effects;
  std::vector<Remark> failing;
  std::vector<Remark> resized;  ///< smaller than a random crop
  std::vector<Remark> skipped;
};

[[nodiscard]] Forecast forecast(const Chain& chain, const InputList& list, int jobs);

}  // namespace deckle

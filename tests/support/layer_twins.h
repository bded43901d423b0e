// SPDX-License-Identifier: Apache-2.0
// The naive twins of layers that only move pixels. A layer's own test file registers them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/shape.h"
#include "layers/layer.h"

namespace deckle::test {

/// A place on the spatial axes: of a picture, row and column.
using Place = std::array<std::int64_t, 3>;

/// What a layer with these arguments must do, to be verified by eye.
struct LayerTwin {
  std::string layer;   ///< its class name
  std::string config;  ///< its arguments, in JSON
  /// The place of the input that a place of the output shows; nothing if the output is zero there.
  std::function<std::optional<Place>(const Place& out, const Shape& in, const Choice& choice)>
      source;
  /// For a random layer: the choice that it must make for this pair. Null: the layer is not random.
  std::function<Choice(const Shape& in, SeedPair seed)> choose = nullptr;
  std::optional<DType> type{};  ///< the type that the samples are cast to
  /// Whether the twin is valid for this image. Null: valid for every image.
  std::function<bool(const Shape& in)> fits = nullptr;
};

inline std::vector<LayerTwin>& layer_twins() {
  static std::vector<LayerTwin> all;
  return all;
}

/// Registers twins: const RegisteredTwins kTwins{{.layer = ..}, ..}; in a test file.
struct RegisteredTwins {
  RegisteredTwins(std::initializer_list<LayerTwin> twins) {
    layer_twins().insert(layer_twins().end(), twins);
  }
};

/// The place moved by `by`.
inline Place moved(Place place, const Place& by) {
  for (std::size_t a = 0; a < place.size(); ++a)
    place.at(a) += by.at(a);
  return place;
}

/// The place, or nothing if it is outside `in`.
inline std::optional<Place> inside(const Place& place, const Shape& in) {
  for (int a = 0; a < in.rank; ++a) {
    const std::int64_t i = place.at(static_cast<std::size_t>(a));
    if (i < 0 || i >= in[a]) return std::nullopt;
  }
  return place;
}

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
#include "core/bands.h"

#include <algorithm>
#include <cstddef>

namespace deckle {

Bands usual_bands(std::int64_t channels) {
  Bands bands;
  bands.colours = channels < 3 ? 1 : 3;
  if (channels % 2 == 0) bands.others.push_back(Extra::Alpha);
  return bands;
}

std::string to_string(const Bands& bands) {
  const auto count = [&](Extra kind) {
    return std::count(bands.others.begin(), bands.others.end(), kind);
  };
  std::string text = bands.colours == 3 ? "RGB" : "grey";
  const auto add = [&](std::ptrdiff_t n, const std::string& one, const std::string& many) {
    if (n == 1) text += " and " + one;
    if (n > 1) text += " and " + std::to_string(n) + " " + many;
  };
  add(count(Extra::Alpha) + count(Extra::AssociatedAlpha), "alpha", "alphas");
  add(count(Extra::Unspecified), "a band of unstated meaning", "bands of unstated meaning");
  return text;
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace deckle {
namespace {

template <typename T, typename To>
DECKLE_WIDE void round_to(const T* from, std::size_t width, To* to) {
  if constexpr (std::is_floating_point_v<To>) {
    for (std::size_t i = 0; i < width; ++i)
      to[i] = static_cast<To>(from[i]);
  } else if constexpr (sizeof(To) <= 2) {
    constexpr float kLow = std::numeric_limits<To>::lowest();
    constexpr float kHigh = std::numeric_limits<To>::max();
    for (std::size_t i = 0; i < width; ++i) {
      auto value = static_cast<float>(from[i]);
      if constexpr (kLow < 0) value = value == value ? value : 0;
      value = value > kLow ? value : kLow;  // NaN too
      value = value < kHigh ? value : kHigh;
      to[i] = static_cast<To>(std::bit_cast<std::uint32_t>(value + kWhole));
    }
  } else {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<To>::lowest());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<To>::max());
    for (std::size_t i = 0; i < width; ++i) {
      const auto value = static_cast<double>(from[i]);
      to[i] = std::isnan(value) ? To{0}
              : value >= kHigh  ? std::numeric_limits<To>::max()
                                : static_cast<To>(std::nearbyint(std::max(value, kLow)));
    }
  }
}

}  // namespace

template <typename T>
void round_row(const T* from, std::size_t width, DType to, std::uint8_t* out) {
  with_image_type(
      to, [&](auto zero) { round_to(from, width, reinterpret_cast<decltype(zero)*>(out)); });
}

template void round_row(const float*, std::size_t, DType, std::uint8_t*);
template void round_row(const double*, std::size_t, DType, std::uint8_t*);

}  // namespace deckle

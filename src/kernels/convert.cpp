// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace deckle {
namespace {

// To an integer type: `value` has no fraction any more.
template <typename To>
To saturate(double value) {
  if (std::isnan(value)) return 0;
  if (value <= static_cast<double>(std::numeric_limits<To>::lowest()))
    return std::numeric_limits<To>::lowest();
  if (value >= static_cast<double>(std::numeric_limits<To>::max()))
    return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

template <typename F>
void for_each_sample(const Tensor& from, DType to, Tensor& out, F&& convert) {
  out.reset(from.shape, to);
  with_type(from.dtype, [&](auto from_zero) {
    with_type(to, [&](auto to_zero) {
      using From = decltype(from_zero);
      using To = decltype(to_zero);
      const auto* source = reinterpret_cast<const From*>(from.data.data());
      auto* target = reinterpret_cast<To*>(out.data.data());
      const std::size_t n = out.byte_count() / sizeof(To);
      for (std::size_t i = 0; i < n; ++i)
        target[i] = convert(source[i], to_zero);
    });
  });
}

}  // namespace

void cast(const Tensor& from, DType to, Tensor& out) {
  for_each_sample(from, to, out, [](auto value, auto target) {
    using To = decltype(target);
    if constexpr (std::is_floating_point_v<To>) {
      return static_cast<To>(value);
    } else {
      return saturate<To>(std::trunc(static_cast<double>(value)));
    }
  });
}

void to_file_depth(const Tensor& from, DType scale, DType to, Tensor& out) {
  // A ratio of two, so that 16 to 8 bits divides by 257 exactly.
  const double white_to = info(to).white;
  const double white_from = info(scale).white;
  const bool rescale = scale != to && white_to > 0 && white_from > 0;
  for_each_sample(from, to, out, [&](auto value, auto target) {
    using To = decltype(target);
    const double scaled =
        rescale ? static_cast<double>(value) * white_to / white_from : static_cast<double>(value);
    if constexpr (std::is_floating_point_v<To>) {
      return static_cast<To>(scaled);
    } else {
      return saturate<To>(std::nearbyint(scaled));  // half to even, in the default rounding mode
    }
  });
}

}  // namespace deckle

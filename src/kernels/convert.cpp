// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace deckle {
namespace {

// To an integer type: `value` is already a whole number.
template <typename To>
To saturate(double value) {
  if (std::isnan(value)) return 0;
  if (value <= static_cast<double>(std::numeric_limits<To>::lowest()))
    return std::numeric_limits<To>::lowest();
  if (value >= static_cast<double>(std::numeric_limits<To>::max()))
    return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

// Integers to integers, exactly: a double does not have all values of 64 bits.
template <typename To, typename From>
To nearest_end(From value) {
  if (std::cmp_less(value, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  if (std::cmp_greater(value, std::numeric_limits<To>::max()))
    return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

template <typename To, typename From>
To cast_sample(From value) {
  if constexpr (is_float_v<To> && std::is_same_v<From, Float16>) {
    return static_cast<To>(static_cast<float>(value));
  } else if constexpr (is_float_v<To> || std::is_same_v<From, bool> || std::is_same_v<To, From>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, bool>) {
    return static_cast<double>(value) != 0;
  } else if constexpr (is_float_v<From>) {
    return saturate<To>(std::trunc(static_cast<double>(value)));
  } else {
    return nearest_end<To>(value);
  }
}

template <typename F>
void for_each_sample(const Tensor& from, DType to, Tensor& out, F&& convert) {
  out.reset(from.shape, to, from.batch);
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

// The same result as for any other type, in a form that compilers vectorise. It is used for every
// picture whose sums are float32.
template <typename To>
void round_each(const float* source, std::size_t n, To* target) {
  constexpr auto kMost = static_cast<float>(std::numeric_limits<To>::max());
  constexpr float kWhole = 12582912.0F;  // 1.5 * 2^23: near it floats have no fraction
  for (std::size_t i = 0; i < n; ++i) {
    float value = source[i] > 0 ? source[i] : 0;  // NaN too
    value = value < kMost ? value : kMost;
    target[i] = static_cast<To>(std::bit_cast<std::uint32_t>(value + kWhole));
  }
}

// "[3, 0, 2]": the index of sample i, as in NumPy.
std::string index_of(const Shape& shape, std::size_t i) {
  auto rest = static_cast<std::int64_t>(i);
  std::string text = std::to_string(rest % shape.channels) + "]";
  rest /= shape.channels;
  for (int axis = shape.rank; axis-- > 0; rest /= shape[axis])
    text.insert(0, std::to_string(rest % shape[axis]) + ", ");
  return "[" + text;
}

}  // namespace

void cast(const Tensor& from, DType to, Tensor& out) {
  for_each_sample(from, to, out,
                  [](auto value, auto target) { return cast_sample<decltype(target)>(value); });
}

void cast_to_float(const std::uint8_t* samples, DType from, std::size_t count, float* to) {
  with_type(from, [&]<typename From>(From) {
    const auto* source = reinterpret_cast<const From*>(samples);
    for (std::size_t i = 0; i < count; ++i)
      to[i] = cast_sample<float>(source[i]);
  });
}

bool rounds_quickly(DType to) {
  return to == DType::UInt8 || to == DType::UInt16;
}

void round_samples(const float* samples, std::size_t count, DType to, std::uint8_t* out) {
  if (to == DType::UInt8) return round_each(samples, count, out);
  round_each(samples, count, reinterpret_cast<std::uint16_t*>(out));
}

void to_file_depth(const Tensor& from, DType scale, DType to, Tensor& out) {
  // Two numbers, because then 16 to 8 bits divides by 257 exactly.
  const double white_to = info(to).white;
  const double white_from = info(scale).white;
  const bool rescale = scale != to && white_to > 0 && white_from > 0;
  if (!rescale && !info(from.dtype).is_float) return cast(from, to, out);
  if (!rescale && from.dtype == DType::Float32 && rounds_quickly(to)) {
    out.reset(from.shape, to, from.batch);
    round_samples(reinterpret_cast<const float*>(from.data.data()),
                  from.byte_count() / sizeof(float), to, out.data.data());
    return;
  }
  for_each_sample(from, to, out, [&](auto value, auto target) {
    using To = decltype(target);
    const double scaled =
        rescale ? static_cast<double>(value) * white_to / white_from : static_cast<double>(value);
    if constexpr (is_float_v<To>) {
      return static_cast<To>(scaled);
    } else if constexpr (std::is_same_v<To, bool>) {
      return scaled != 0;
    } else {
      return saturate<To>(std::nearbyint(scaled));  // half to even, in the default rounding mode
    }
  });
}

Result<Done> check_finite_for(const Tensor& from, DType to) {
  if (!info(from.dtype).is_float || info(to).is_float || to == DType::Bool) return Done{};
  return with_type(from.dtype, [&]<typename T>(T) -> Result<Done> {
    if constexpr (is_float_v<T>) {
      const auto* samples = reinterpret_cast<const T*>(from.data.data());
      const std::size_t n = from.byte_count() / sizeof(T);
      for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(samples[i]);
        if (std::isfinite(value)) continue;
        return Error{ErrorCode::Depth, index_of(from.shape, i) + " is " +
                                           (std::isnan(value) ? "NaN"
                                            : value > 0       ? "infinity"
                                                              : "-infinity") +
                                           ", which " + std::string(name_of(to)) +
                                           " cannot hold; replace it, or ask for a float type"};
      }
    }
    return Done{};
  });
}

}  // namespace deckle

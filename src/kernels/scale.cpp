// SPDX-License-Identifier: Apache-2.0
#include "kernels/scale.h"

#include <cassert>
#include <cstddef>
#include <vector>

namespace deckle {
namespace {

template <typename To>
std::vector<To> per_channel(std::span<const double> numbers, std::size_t channels) {
  assert(numbers.size() == 1 || numbers.size() == channels);
  std::vector<To> result;
  for (std::size_t c = 0; c < channels; ++c)
    result.push_back(static_cast<To>(numbers[numbers.size() == 1 ? 0 : c]));
  return result;
}

template <typename To>
void scale_to(const Tensor& from, std::span<const double> scale, std::span<const double> offset,
              Tensor& out) {
  const auto channels = static_cast<std::size_t>(from.shape.channels);
  const auto factor = per_channel<To>(scale, channels);
  const auto added = per_channel<To>(offset, channels);
  auto* to = reinterpret_cast<To*>(out.data.data());
  const std::size_t samples = out.byte_count() / sizeof(To);
  with_type(from.dtype, [&](auto zero) {
    const auto* source = reinterpret_cast<const decltype(zero)*>(from.data.data());
    for (std::size_t i = 0; i < samples; i += channels) {
      for (std::size_t c = 0; c < channels; ++c)
        to[i + c] = static_cast<To>(source[i + c]) * factor[c] + added[c];
    }
  });
}

}  // namespace

void scale(const Tensor& from, std::span<const double> scale, std::span<const double> offset,
           DType to, Tensor& out) {
  out.reset(from.shape, to, from.batch);
  if (to == DType::Float64) {
    scale_to<double>(from, scale, offset, out);
  } else {
    scale_to<float>(from, scale, offset, out);
  }
}

}  // namespace deckle

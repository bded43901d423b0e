// SPDX-License-Identifier: Apache-2.0
// resample_rows: what the resamplers share. A row is an array of width = cols * channels samples. T
// is the type of the computation, float or double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/tensor.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

// A second copy for processors with 256-bit registers, chosen at start-up. The sums are the same in
// the same order, without FMA (-ffp-contract=off), so the bits are the same too. clang 14 cannot do
// this to templates.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define DECKLE_WIDE __attribute__((target_clones("default", "avx2")))
#else
#define DECKLE_WIDE
#endif

namespace deckle {

/// Additional samples at the end of a row that belongs to deckle. Three channels are read and
/// written as four, and two pixels of three channels as eight samples.
inline constexpr std::size_t kSpare = 4;

template <typename T>
[[nodiscard]] std::vector<T> spare_row(std::size_t width) {
  return std::vector<T>(width + kSpare);
}

template <typename T>
struct FourOf {
  typedef T Type __attribute__((vector_size(4 * sizeof(T))));
};

/// For code that reads much and writes little: the processor by itself prefetches only to the end
/// of a page.
inline void prefetch_ahead(const void* from) {
  constexpr std::ptrdiff_t kAhead = 2048;
  __builtin_prefetch(static_cast<const char*>(from) + kAhead);
}

/// Writes four floats past the caches, to memory for which `can_stream` is true. Other threads see
/// them after `end_of_stream`.
#if defined(__SSE__)
inline bool can_stream(const void* to) {
  return reinterpret_cast<std::uintptr_t>(to) % sizeof(__m128) == 0;
}
inline void stream(float* to, const FourOf<float>::Type& four) {
  _mm_stream_ps(to, four);
}
inline void end_of_stream() {
  _mm_sfence();
}
#else
inline bool can_stream(const void*) {
  return false;
}
inline void stream(float*, const FourOf<float>::Type&) {}
inline void end_of_stream() {}
#endif

/// In a float of 1.5 * 2^23 and more the last bit is worth 1. Adding that number rounds half to
/// even, and leaves the integer in the low bits.
inline constexpr float kWhole = 12582912;

/// Rounds to integers, half to even and saturated; NaN becomes 0. For float and double.
template <typename T>
void round_row(const T* from, std::size_t width, DType to, std::uint8_t* out);

/// The rows of the result: written in place if the result has the type of the computation, else
/// rounded.
template <typename T>
class Target {
 public:
  explicit Target(Tensor& out) : out_(out), width_(out.row_bytes() / size_of(out.dtype)) {
    if (!in_place()) row_ = spare_row<T>(width_);
  }
  [[nodiscard]] std::size_t width() const { return width_; }

  /// `fill` writes `width` samples.
  template <typename F>
  void row(std::int64_t r, F&& fill) {
    if (in_place()) return fill(reinterpret_cast<T*>(out_.row(r)));
    fill(row_.data());
    round_row(row_.data(), width_, out_.dtype, out_.row(r));
  }

 private:
  [[nodiscard]] bool in_place() const {
    return out_.dtype == (std::is_same_v<T, float> ? DType::Float32 : DType::Float64);
  }
  Tensor& out_;
  std::size_t width_;
  std::vector<T> row_;
};

}  // namespace deckle

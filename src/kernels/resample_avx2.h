// SPDX-License-Identifier: Apache-2.0
// resample_avx2: rows along the columns for processors with AVX2, where a compiler does not see it
// by itself: the taps of several outputs come out of one load, by a shuffle. The same sums as
// everywhere, low + (high - low) * weight in float32, and so the same bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace deckle {

/// Whether what follows is there at all, and whether this processor can run it.
#if defined(__x86_64__)
inline constexpr bool kAvx2Built = true;
[[nodiscard]] bool has_avx2();
#else
inline constexpr bool kAvx2Built = false;
[[nodiscard]] inline bool has_avx2() {
  return false;
}
#endif

inline constexpr std::size_t kEight = 8;

/// Where in a window the low taps of eight outputs of one channel are; the other taps lie one
/// further.
template <typename S>
struct Places;
template <>
struct Places<std::uint8_t> {
  static constexpr std::int32_t kReach = 16;  ///< samples that a window has
  std::array<std::uint8_t, 16> at;            ///< of the low taps, then of the others
};
template <>
struct Places<std::uint16_t> {
  static constexpr std::int32_t kReach = 9;
  std::array<std::uint8_t, 16> at;  ///< bytes
};
template <>
struct Places<float> {
  static constexpr std::int32_t kReach = 9;
  std::array<std::int32_t, 8> at;
};

void set_place(Places<std::uint8_t>& places, std::size_t i, std::int32_t low);
void set_place(Places<std::uint16_t>& places, std::size_t i, std::int32_t low);
void set_place(Places<float>& places, std::size_t i, std::int32_t low);

/// One channel: eight outputs of a window, which begins at sample `first`; or, where taps lie `far`
/// from each other, four of one window and four of another, with a `first` for each.
void blend_windows(bool far, const std::uint8_t* from, const std::int32_t* first,
                   const Places<std::uint8_t>* places, std::size_t count, const float* weights,
                   float* to);
void blend_windows(bool far, const std::uint16_t* from, const std::int32_t* first,
                   const Places<std::uint16_t>* places, std::size_t count, const float* weights,
                   float* to);
void blend_windows(bool far, const float* from, const std::int32_t* first,
                   const Places<float>* places, std::size_t count, const float* weights, float* to);

/// The same from `count` times eight pairs: the two taps of an output, side by side.
void blend_byte_pairs(const std::uint8_t* pairs, const float* weights, std::size_t count,
                      float* to);

/// One channel, `count` times four outputs whose taps lie anywhere.
void blend_float_pairs(const float* from, const std::int32_t* low, std::size_t count,
                       const float* weights, float* to);

/// Three or four channels: `count` pixels, of uint8 an even number. Eight bytes from each low pixel
/// are read, of uint16 four samples from it and from its neighbour; `to` has room for two samples
/// more.
void blend_pixels(std::size_t channels, const std::uint8_t* from, const std::int32_t* low,
                  std::size_t count, const float* weights, float* to);
void blend_pixels(std::size_t channels, const std::uint16_t* from, const std::int32_t* low,
                  std::size_t count, const float* weights, float* to);

/// The same of two rows, whose outputs are blended by `weight` and rounded half to even.
void blend_pixels_of_two(std::size_t channels, const std::uint8_t* first,
                         const std::uint8_t* second, const std::int32_t* low, std::size_t count,
                         const float* weights, float weight, std::uint8_t* to);

/// One channel by any number of taps: eight outputs of up to `taps` taps, or of as many if `alike`.
/// Sums from the first tap to the last. `weights` are those of the first taps of all eight, then of
/// the second ones, .., kNoTap where an output has none any more.
inline constexpr float kNoTap = std::numeric_limits<float>::quiet_NaN();
void filter_window(const float* window, const Places<float>& places, std::size_t taps, bool alike,
                   const float* weights, float* to);

/// Half of both sides: `count` pixels of one, three or four channels, each out of two of the first
/// row and two of the second; in whole numbers, which are exact here, and rounded half to even.
void halve_row(std::size_t channels, const std::uint8_t* first, const std::uint8_t* second,
               std::size_t count, std::uint8_t* to);
void halve_row(std::size_t channels, const std::uint16_t* first, const std::uint16_t* second,
               std::size_t count, std::uint16_t* to);

}  // namespace deckle

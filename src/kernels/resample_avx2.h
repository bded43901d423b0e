// SPDX-License-Identifier: Apache-2.0
// resample_avx2: resizes rows on processors with AVX2 in a way that compilers do not find: one load
// and a shuffle give the taps of several outputs. The sums are those of all processors, low + (high
// - low) * weight in float32, therefore the bits are the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace deckle {

/// Whether the functions below are built, and whether this processor can run them.
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

/// Where the low taps of eight outputs of one channel are in a window. The high taps are one sample
/// further.
template <typename S>
struct Places;
template <>
struct Places<std::uint8_t> {
  static constexpr std::int32_t kReach = 16;  ///< samples in a window
  std::array<std::uint8_t, 16> at;            ///< of the low taps, then of the high taps
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

/// One channel: eight outputs of a window, which begins at sample `first`. If the taps are `far`
/// from each other: four outputs of one window and four of another, each with its `first`.
void blend_windows(bool far, const std::uint8_t* from, const std::int32_t* first,
                   const Places<std::uint8_t>* places, std::size_t count, const float* weights,
                   float* to);
void blend_windows(bool far, const std::uint16_t* from, const std::int32_t* first,
                   const Places<std::uint16_t>* places, std::size_t count, const float* weights,
                   float* to);
void blend_windows(bool far, const float* from, const std::int32_t* first,
                   const Places<float>* places, std::size_t count, const float* weights, float* to);

/// The same from `count` times eight pairs: the two taps of each output, side by side.
void blend_byte_pairs(const std::uint8_t* pairs, const float* weights, std::size_t count,
                      float* to);

/// One channel, `count` times four outputs; their taps may be anywhere.
void blend_float_pairs(const float* from, const std::int32_t* low, std::size_t count,
                       const float* weights, float* to);

/// Three or four channels: `count` pixels, for uint8 an even number. Of uint8, eight bytes are read
/// from each low pixel on; of uint16, four samples from it on and four from its neighbour on. `to`
/// has room for two samples more.
void blend_pixels(std::size_t channels, const std::uint8_t* from, const std::int32_t* low,
                  std::size_t count, const float* weights, float* to);
void blend_pixels(std::size_t channels, const std::uint16_t* from, const std::int32_t* low,
                  std::size_t count, const float* weights, float* to);

/// The same for two rows. Their outputs are blended by `weight` and rounded half to even.
void blend_pixels_of_two(std::size_t channels, const std::uint8_t* first,
                         const std::uint8_t* second, const std::int32_t* low, std::size_t count,
                         const float* weights, float weight, std::uint8_t* to);

/// One channel and any number of taps: eight outputs of at most `taps` taps; if `alike`, of exactly
/// so many. Sums go from the first tap to the last. `weights` are those of the first taps of all
/// eight outputs, then of the second taps, ..; kNoTap if an output has no such tap.
inline constexpr float kNoTap = std::numeric_limits<float>::quiet_NaN();
void filter_window(const float* window, const Places<float>& places, std::size_t taps, bool alike,
                   const float* weights, float* to);

/// Halves both sides: `count` pixels of one, three or four channels, each from two pixels of the
/// first row and two of the second. Computed in whole numbers, which are exact here, and rounded
/// half to even.
void halve_row(std::size_t channels, const std::uint8_t* first, const std::uint8_t* second,
               std::size_t count, std::uint8_t* to);
void halve_row(std::size_t channels, const std::uint16_t* first, const std::uint16_t* second,
               std::size_t count, std::uint16_t* to);

}  // namespace deckle

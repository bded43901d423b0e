// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample_avx2.h"

#include "kernels/resample_rows.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define DECKLE_AVX2 __attribute__((target("avx2")))

namespace deckle {
namespace {

DECKLE_AVX2 inline __m128i load16(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

DECKLE_AVX2 inline __m256i load32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

DECKLE_AVX2 inline __m256i eight_bytes(const void* from) {
  long long bytes = 0;
  std::memcpy(&bytes, from, sizeof bytes);
  return _mm256_set1_epi64x(bytes);
}

DECKLE_AVX2 inline __m256 floats(__m256i whole) {
  return _mm256_cvtepi32_ps(whole);
}

DECKLE_AVX2 inline __m256 between(__m256 low, __m256 high, __m256 weight) {
  return _mm256_add_ps(low, _mm256_mul_ps(_mm256_sub_ps(high, low), weight));
}

DECKLE_AVX2 inline void blend_eight(__m256 low, __m256 high, const float* weights, float* to) {
  _mm256_storeu_ps(to, between(low, high, _mm256_loadu_ps(weights)));
}

// The eight bytes of the low taps, then those of the high taps.
DECKLE_AVX2 inline __m256 blended(__m128i both, __m256 weights) {
  return between(floats(_mm256_cvtepu8_epi32(both)),
                 floats(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(both, both))), weights);
}

DECKLE_AVX2 inline void blend_bytes(__m128i both, const float* weights, float* to) {
  _mm256_storeu_ps(to, blended(both, _mm256_loadu_ps(weights)));
}

// From kWindows windows for eight outputs.
template <std::size_t kWindows>
DECKLE_AVX2 void blend_bytes_of(const std::uint8_t* from, const std::int32_t* first,
                                const Places<std::uint8_t>* places, std::size_t count,
                                const float* weights, float* to) {
  for (std::size_t b = 0; b < count; ++b, first += kWindows) {
    const __m128i at = load16(places[b].at.data());
    __m128i both = _mm_shuffle_epi8(load16(from + first[0]), at);
    if constexpr (kWindows == 2) {
      const __m128i others = _mm_shuffle_epi8(load16(from + first[1]), at);
      both = _mm_blend_epi32(both, others, 0b1010);
    }
    blend_bytes(both, weights + b * kEight, to + b * kEight);
  }
}

template <std::size_t kWindows>
DECKLE_AVX2 inline __m256 words(const std::uint16_t* from, const std::int32_t* first, __m128i at) {
  __m128i picked = _mm_shuffle_epi8(load16(from + first[0]), at);
  if constexpr (kWindows == 2)
    picked = _mm_blend_epi32(picked, _mm_shuffle_epi8(load16(from + first[1]), at), 0b1100);
  return floats(_mm256_cvtepu16_epi32(picked));
}

template <std::size_t kWindows>
DECKLE_AVX2 void blend_words_of(const std::uint16_t* from, const std::int32_t* first,
                                const Places<std::uint16_t>* places, std::size_t count,
                                const float* weights, float* to) {
  for (std::size_t b = 0; b < count; ++b, first += kWindows) {
    const __m128i at = load16(places[b].at.data());
    blend_eight(words<kWindows>(from, first, at), words<kWindows>(from + 1, first, at),
                weights + b * kEight, to + b * kEight);
  }
}

template <std::size_t kWindows>
DECKLE_AVX2 inline __m256 singles(const float* from, const std::int32_t* first, __m256i at) {
  __m256 picked = _mm256_permutevar8x32_ps(_mm256_loadu_ps(from + first[0]), at);
  if constexpr (kWindows == 2) {
    const __m256 others = _mm256_permutevar8x32_ps(_mm256_loadu_ps(from + first[1]), at);
    picked = _mm256_blend_ps(picked, others, 0b11110000);
  }
  return picked;
}

template <std::size_t kWindows>
DECKLE_AVX2 void blend_floats_of(const float* from, const std::int32_t* first,
                                 const Places<float>* places, std::size_t count,
                                 const float* weights, float* to) {
  for (std::size_t b = 0; b < count; ++b, first += kWindows) {
    const __m256i at = load32(places[b].at.data());
    blend_eight(singles<kWindows>(from, first, at), singles<kWindows>(from + 1, first, at),
                weights + b * kEight, to + b * kEight);
  }
}

// Pixels `low[0]` and `low[1]` of a row, each blended with its neighbour; each has one lane. A byte
// becomes a float as the lowest byte of 2^23 + byte.
template <std::size_t kChannels>
DECKLE_AVX2 inline __m256 two_blended(const std::uint8_t* from, const std::int32_t* low,
                                      __m256 weights) {
  constexpr char kNext = kChannels;
  const __m256i exponent = _mm256_set1_epi64x(0x4B);  // of 2^23
  const __m256i lows = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -1, -1, 8, 1, -1, -1, 8, 2, -1, -1, 8, 3, -1, -1, 8));
  const __m256i highs =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(kNext, -1, -1, 8, kNext + 1, -1, -1, 8, kNext + 2,
                                                -1, -1, 8, kChannels == 4 ? 7 : -1, -1, -1, 8));
  const auto pixel = [&](std::size_t i) {
    return from + static_cast<std::size_t>(low[i]) * kChannels;
  };
  prefetch_ahead(pixel(0));
  const __m256i both = _mm256_blend_epi32(eight_bytes(pixel(0)), eight_bytes(pixel(1)), 0b00110000);
  const __m256i bytes = _mm256_blend_epi32(both, exponent, 0b11001100);
  const __m256 low_ones = _mm256_castsi256_ps(_mm256_shuffle_epi8(bytes, lows));
  const __m256 high_ones = _mm256_castsi256_ps(_mm256_shuffle_epi8(bytes, highs));
  const __m256 step = _mm256_mul_ps(_mm256_sub_ps(high_ones, low_ones), weights);
  return _mm256_add_ps(_mm256_sub_ps(low_ones, _mm256_set1_ps(8388608)), step);
}

// The bytes of two pixels.
template <std::size_t kChannels>
DECKLE_AVX2 inline __m256 two_weights(const float* weights) {
  return kChannels == 4 ? _mm256_loadu_ps(weights)
                        : _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(weights)),
                                               _mm_loadu_ps(weights + kChannels), 1);
}

template <std::size_t kChannels>
DECKLE_AVX2 void blend_two_pixels(const std::uint8_t* from, const std::int32_t* low,
                                  std::size_t count, const float* weights, float* to) {
  for (std::size_t j = 0; j < count; j += 2, weights += 2 * kChannels, to += 2 * kChannels) {
    const __m256 made = two_blended<kChannels>(from, low + j, two_weights<kChannels>(weights));
    _mm_storeu_ps(to, _mm256_castps256_ps128(made));
    _mm_storeu_ps(to + kChannels, _mm256_extractf128_ps(made, 1));
  }
}

template <std::size_t kChannels>
DECKLE_AVX2 void blend_two_pixels_of_two(const std::uint8_t* first, const std::uint8_t* second,
                                         const std::int32_t* low, std::size_t count,
                                         const float* weights, float weight, std::uint8_t* to) {
  const __m256i lowest = _mm256_set1_epi32(0x0C080400);
  for (std::size_t j = 0; j < count; j += 2, weights += 2 * kChannels, to += 2 * kChannels) {
    const __m256 across = two_weights<kChannels>(weights);
    const __m256 above = two_blended<kChannels>(first, low + j, across);
    const __m256 below = two_blended<kChannels>(second, low + j, across);
    const __m256 made =
        _mm256_add_ps(between(above, below, _mm256_set1_ps(weight)), _mm256_set1_ps(kWhole));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_castps_si256(made), lowest);
    const int one = _mm_cvtsi128_si32(_mm256_castsi256_si128(bytes));
    const int other = _mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
    std::memcpy(to, &one, 4);
    std::memcpy(to + kChannels, &other, kChannels == 4 || j + 2 < count ? 4 : kChannels);
  }
}

template <std::size_t kChannels>
DECKLE_AVX2 void blend_four(const std::uint16_t* from, const std::int32_t* low, std::size_t count,
                            const float* weights, float* to) {
  for (std::size_t j = 0; j < count; ++j) {
    const std::uint16_t* pixel = from + static_cast<std::size_t>(low[j]) * kChannels;
    prefetch_ahead(pixel);
    const auto* next = reinterpret_cast<const __m128i*>(pixel + kChannels);
    const __m128 lows = _mm_cvtepi32_ps(
        _mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixel))));
    const __m128 highs = _mm_cvtepi32_ps(_mm_cvtepu16_epi32(_mm_loadl_epi64(next)));
    const __m128 step =
        _mm_mul_ps(_mm_sub_ps(highs, lows), _mm_broadcast_ss(weights + j * kChannels));
    _mm_storeu_ps(to + j * kChannels, _mm_add_ps(lows, step));
  }
}

template <bool kAlike>
DECKLE_AVX2 void filter_eight(const float* window, const Places<float>& places, std::size_t taps,
                              const float* weights, float* to) {
  const __m256i at = load32(places.at.data());
  __m256 sum = _mm256_mul_ps(_mm256_permutevar8x32_ps(_mm256_loadu_ps(window), at),
                             _mm256_loadu_ps(weights));
  for (std::size_t k = 1; k < taps; ++k) {
    const __m256 samples = _mm256_permutevar8x32_ps(_mm256_loadu_ps(window + k), at);
    const __m256 weight = _mm256_loadu_ps(weights + k * kEight);
    const __m256 more = _mm256_add_ps(sum, _mm256_mul_ps(samples, weight));
    sum = kAlike ? more : _mm256_blendv_ps(more, sum, _mm256_cmp_ps(weight, weight, _CMP_UNORD_Q));
  }
  _mm256_storeu_ps(to, sum);
}

// A quarter of the sums, half to even.
DECKLE_AVX2 inline __m256i quarter16(__m256i sum) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi16(sum, 2), one);
  return _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(sum, one), odd), 2);
}

DECKLE_AVX2 inline __m256i quarter32(__m256i sum) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(sum, 2), one);
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(sum, one), odd), 2);
}

// The samples of `width` from `i` on, one by one.
template <std::size_t kChannels, typename S>
void halve_rest(const S* first, const S* second, std::size_t i, std::size_t width, S* to) {
  for (; i < width; ++i) {
    const std::size_t low = i + i / kChannels * kChannels;
    const std::uint32_t sum =
        std::uint32_t{first[low]} + first[low + kChannels] + second[low] + second[low + kChannels];
    to[i] = static_cast<S>((sum + 1 + (sum >> 2U & 1U)) >> 2U);
  }
}

// Twice sixteen bytes of each row; the two pixels of an output are put side by side.
template <std::size_t kChannels>
DECKLE_AVX2 void halve_bytes(const std::uint8_t* first, const std::uint8_t* second,
                             std::size_t width, std::uint8_t* to) {
  constexpr std::size_t kMade = kChannels == 3 ? 6 : 8;
  const __m128i order = kChannels == 3
                            ? _mm_setr_epi8(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1)
                            : _mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
  const auto pair_sums = [&](const std::uint8_t* from) __attribute__((target("avx2"))) {
    __m256i both = kChannels == 3 ? _mm256_inserti128_si256(_mm256_castsi128_si256(load16(from)),
                                                            load16(from + 2 * kMade), 1)
                                  : load32(from);
    if constexpr (kChannels != 1)
      both = _mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(order));
    return _mm256_maddubs_epi16(both, _mm256_set1_epi8(1));
  };
  std::size_t i = 0;
  for (; i + 16 <= width; i += 2 * kMade) {
    prefetch_ahead(first + 2 * i);
    prefetch_ahead(second + 2 * i);
    const __m256i made =
        quarter16(_mm256_add_epi16(pair_sums(first + 2 * i), pair_sums(second + 2 * i)));
    const __m256i bytes = _mm256_packus_epi16(made, made);
    if constexpr (kChannels == 3) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i), _mm256_castsi256_si128(bytes));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i + kMade),
                       _mm256_extracti128_si256(bytes, 1));
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                       _mm256_castsi256_si128(_mm256_permute4x64_epi64(bytes, 0b1000)));
    }
  }
  halve_rest<kChannels>(first, second, i, width, to);
}

// The sums of eight pairs of samples.
DECKLE_AVX2 inline __m256i pair_sums(const std::uint16_t* from) {
  const __m256i pairs = load32(from);
  return _mm256_add_epi32(_mm256_and_si256(pairs, _mm256_set1_epi32(0xFFFF)),
                          _mm256_srli_epi32(pairs, 16));
}

DECKLE_AVX2 void halve_grey(const std::uint16_t* first, const std::uint16_t* second,
                            std::size_t width, std::uint16_t* to) {
  std::size_t i = 0;
  for (; i + kEight <= width; i += kEight) {
    const __m256i made =
        quarter32(_mm256_add_epi32(pair_sums(first + 2 * i), pair_sums(second + 2 * i)));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(to + i),
        _mm_packus_epi32(_mm256_castsi256_si128(made), _mm256_extracti128_si256(made, 1)));
  }
  halve_rest<1>(first, second, i, width, to);
}

// Four samples of a pixel, and four of the next one.
template <std::size_t kChannels>
DECKLE_AVX2 inline __m256i two_pixels(const std::uint16_t* from) {
  return _mm256_cvtepu16_epi32(
      _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)),
                         _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + kChannels))));
}

template <std::size_t kChannels>
DECKLE_AVX2 void halve_pixels(const std::uint16_t* first, const std::uint16_t* second,
                              std::size_t width, std::uint16_t* to) {
  std::size_t i = 0;
  for (; i + 4 <= width; i += kChannels) {
    prefetch_ahead(first + 2 * i);
    prefetch_ahead(second + 2 * i);
    const __m256i sums = _mm256_add_epi32(two_pixels<kChannels>(first + 2 * i),
                                          two_pixels<kChannels>(second + 2 * i));
    const __m256i made =
        quarter32(_mm256_add_epi32(sums, _mm256_permute2x128_si256(sums, sums, 1)));
    const __m128i four = _mm256_castsi256_si128(made);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i), _mm_packus_epi32(four, four));
  }
  halve_rest<kChannels>(first, second, i, width, to);
}

}  // namespace

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

void set_place(Places<std::uint8_t>& places, std::size_t i, std::int32_t low) {
  places.at.at(i) = static_cast<std::uint8_t>(low);
  places.at.at(kEight + i) = static_cast<std::uint8_t>(low + 1);
}

void set_place(Places<std::uint16_t>& places, std::size_t i, std::int32_t low) {
  places.at.at(2 * i) = static_cast<std::uint8_t>(2 * low);
  places.at.at(2 * i + 1) = static_cast<std::uint8_t>(2 * low + 1);
}

void set_place(Places<float>& places, std::size_t i, std::int32_t low) {
  places.at.at(i) = low;
}

void blend_windows(bool far, const std::uint8_t* from, const std::int32_t* first,
                   const Places<std::uint8_t>* places, std::size_t count, const float* weights,
                   float* to) {
  far ? blend_bytes_of<2>(from, first, places, count, weights, to)
      : blend_bytes_of<1>(from, first, places, count, weights, to);
}

void blend_windows(bool far, const std::uint16_t* from, const std::int32_t* first,
                   const Places<std::uint16_t>* places, std::size_t count, const float* weights,
                   float* to) {
  far ? blend_words_of<2>(from, first, places, count, weights, to)
      : blend_words_of<1>(from, first, places, count, weights, to);
}

void blend_windows(bool far, const float* from, const std::int32_t* first,
                   const Places<float>* places, std::size_t count, const float* weights,
                   float* to) {
  far ? blend_floats_of<2>(from, first, places, count, weights, to)
      : blend_floats_of<1>(from, first, places, count, weights, to);
}

void blend_pixels(std::size_t channels, const std::uint8_t* from, const std::int32_t* low,
                  std::size_t count, const float* weights, float* to) {
  if (channels == 3) return blend_two_pixels<3>(from, low, count, weights, to);
  blend_two_pixels<4>(from, low, count, weights, to);
}

void blend_pixels_of_two(std::size_t channels, const std::uint8_t* first,
                         const std::uint8_t* second, const std::int32_t* low, std::size_t count,
                         const float* weights, float weight, std::uint8_t* to) {
  channels == 3 ? blend_two_pixels_of_two<3>(first, second, low, count, weights, weight, to)
                : blend_two_pixels_of_two<4>(first, second, low, count, weights, weight, to);
}

void blend_pixels(std::size_t channels, const std::uint16_t* from, const std::int32_t* low,
                  std::size_t count, const float* weights, float* to) {
  if (channels == 3) return blend_four<3>(from, low, count, weights, to);
  blend_four<4>(from, low, count, weights, to);
}

DECKLE_AVX2 void blend_byte_pairs(const std::uint8_t* pairs, const float* weights,
                                  std::size_t count, float* to) {
  const __m128i order = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
  for (std::size_t i = 0; i < count * kEight; i += kEight)
    blend_bytes(_mm_shuffle_epi8(load16(pairs + 2 * i), order), weights + i, to + i);
}

DECKLE_AVX2 void blend_float_pairs(const float* from, const std::int32_t* low, std::size_t count,
                                   const float* weights, float* to) {
  const auto pair = [&](std::int32_t at) { return reinterpret_cast<const __m64*>(from + at); };
  for (std::size_t j = 0; j < 4 * count; j += 4) {
    prefetch_ahead(pair(low[j]));
    const __m128 two = _mm_loadh_pi(_mm_loadl_pi(_mm_setzero_ps(), pair(low[j])), pair(low[j + 1]));
    const __m128 more =
        _mm_loadh_pi(_mm_loadl_pi(_mm_setzero_ps(), pair(low[j + 2])), pair(low[j + 3]));
    const __m128 lows = _mm_shuffle_ps(two, more, 0b10001000);
    const __m128 highs = _mm_shuffle_ps(two, more, 0b11011101);
    const __m128 step = _mm_mul_ps(_mm_sub_ps(highs, lows), _mm_loadu_ps(weights + j));
    _mm_storeu_ps(to + j, _mm_add_ps(lows, step));
  }
}

void filter_window(const float* window, const Places<float>& places, std::size_t taps, bool alike,
                   const float* weights, float* to) {
  alike ? filter_eight<true>(window, places, taps, weights, to)
        : filter_eight<false>(window, places, taps, weights, to);
}

void halve_row(std::size_t channels, const std::uint8_t* first, const std::uint8_t* second,
               std::size_t count, std::uint8_t* to) {
  if (channels == 1) return halve_bytes<1>(first, second, count, to);
  if (channels == 3) return halve_bytes<3>(first, second, 3 * count, to);
  halve_bytes<4>(first, second, 4 * count, to);
}

void halve_row(std::size_t channels, const std::uint16_t* first, const std::uint16_t* second,
               std::size_t count, std::uint16_t* to) {
  if (channels == 1) return halve_grey(first, second, count, to);
  if (channels == 3) return halve_pixels<3>(first, second, 3 * count, to);
  halve_pixels<4>(first, second, 4 * count, to);
}

}  // namespace deckle

#endif

// SPDX-License-Identifier: Apache-2.0
// vectors_avx2: operations that idct, fdct and ycbcr share. A register holds one row of each of two
// blocks, 8 numbers of 16 bits each.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>

#include "codecs/jpeg/jpeg_block.h"

#define DECKLE_AVX2 __attribute__((target("avx2")))

namespace deckle {

DECKLE_AVX2 inline __m128i load16(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
DECKLE_AVX2 inline __m256i load32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
DECKLE_AVX2 inline void store32(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

// Sums of 32 bits for the 16 columns: for the first four columns of each block, and for the others.
struct Sums {
  __m256i low, high;
};

DECKLE_AVX2 inline Sums operator+(const Sums& a, const Sums& b) {
  return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
DECKLE_AVX2 inline Sums operator-(const Sums& a, const Sums& b) {
  return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)};
}

// Two rows interleaved column by column, for the instruction that multiplies and adds pairs.
struct Side {
  __m256i low, high;
};
DECKLE_AVX2 inline Side side_by_side(__m256i a, __m256i b) {
  return {_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)};
}
DECKLE_AVX2 inline Sums weighted(const Side& ab, int a, int b) {
  const __m256i weights = _mm256_set1_epi32(
      static_cast<int>(static_cast<unsigned>(b) << 16U | (static_cast<unsigned>(a) & 0xFFFFU)));
  return {_mm256_madd_epi16(ab.low, weights), _mm256_madd_epi16(ab.high, weights)};
}
// x * 2^13 + half
DECKLE_AVX2 inline Sums scaled(__m256i x, __m256i half) {
  const __m256i zero = _mm256_setzero_si256();
  const auto widen = [&](__m256i above) DECKLE_AVX2 {
    return _mm256_add_epi32(_mm256_srai_epi32(above, 16 - kConstantBits), half);
  };
  return {widen(_mm256_unpacklo_epi16(zero, x)), widen(_mm256_unpackhi_epi16(zero, x))};
}
template <int kShift>
DECKLE_AVX2 inline __m256i shortened(const Sums& x) {
  return _mm256_packs_epi32(_mm256_srai_epi32(x.low, kShift), _mm256_srai_epi32(x.high, kShift));
}

// Transposes both blocks.
DECKLE_AVX2 inline void transpose(__m256i (&x)[8]) {
  __m256i a[8];
  for (std::size_t i = 0; i < 4; ++i) {
    a[2 * i] = _mm256_unpacklo_epi16(x[i], x[i + 4]);
    a[2 * i + 1] = _mm256_unpackhi_epi16(x[i], x[i + 4]);
  }
  __m256i b[8];  // a: 04, 15, 26, 37, low and high columns
  for (std::size_t i = 0; i < 2; ++i) {
    b[4 * i] = _mm256_unpacklo_epi16(a[i], a[i + 4]);
    b[4 * i + 1] = _mm256_unpackhi_epi16(a[i], a[i + 4]);
    b[4 * i + 2] = _mm256_unpacklo_epi16(a[i + 2], a[i + 6]);
    b[4 * i + 3] = _mm256_unpackhi_epi16(a[i + 2], a[i + 6]);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      x[4 * i + 2 * j] = _mm256_unpacklo_epi16(b[4 * i + j], b[4 * i + j + 2]);
      x[4 * i + 2 * j + 1] = _mm256_unpackhi_epi16(b[4 * i + j], b[4 * i + j + 2]);
    }
  }
}

}  // namespace deckle

#endif

// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/fdct.h"
#include "codecs/jpeg/vectors_avx2.h"

#if defined(__x86_64__)

namespace deckle {
namespace {

// (x + 2^(kShift - 1)) >> kShift
template <int kShift>
DECKLE_AVX2 inline __m256i rounded(const Sums& x) {
  const __m256i half = _mm256_set1_epi32(1 << (kShift - 1));
  return shortened<kShift>(x + Sums{half, half});
}

// A sum that needs no multiplication.
template <bool kFirst>
DECKLE_AVX2 inline __m256i whole(__m256i sum) {
  if constexpr (kFirst) return _mm256_slli_epi16(sum, kPassBits);
  const __m256i half = _mm256_set1_epi16(1 << (kPassBits - 1));
  return _mm256_srai_epi16(_mm256_add_epi16(sum, half), kPassBits);
}

// One pass over eight rows, each column by itself.
template <bool kFirst>
DECKLE_AVX2 inline void pass(__m256i (&x)[8]) {
  constexpr int kShift = kFirst ? kConstantBits - kPassBits : kConstantBits + kPassBits;
  __m256i a[4];
  __m256i b[4];  // the differences 4 to 7
  for (int i = 0; i < 4; ++i) {
    a[i] = _mm256_add_epi16(x[i], x[7 - i]);
    b[i] = _mm256_sub_epi16(x[3 - i], x[4 + i]);
  }
  const __m256i outer = _mm256_add_epi16(a[0], a[3]);
  const __m256i inner = _mm256_add_epi16(a[1], a[2]);
  x[0] = whole<kFirst>(_mm256_add_epi16(outer, inner));
  x[4] = whole<kFirst>(_mm256_sub_epi16(outer, inner));
  const Side even = side_by_side(_mm256_sub_epi16(a[0], a[3]), _mm256_sub_epi16(a[1], a[2]));
  constexpr int kEven = fixed(0.541196100);
  x[2] = rounded<kShift>(weighted(even, kEven + fixed(0.765366865), kEven));
  x[6] = rounded<kShift>(weighted(even, kEven, kEven - fixed(1.847759065)));

  const Side z = side_by_side(_mm256_add_epi16(b[0], b[2]), _mm256_add_epi16(b[1], b[3]));
  constexpr int kZ = fixed(1.175875602);
  const Sums z3 = weighted(z, kZ - fixed(1.961570560), kZ);
  const Sums z4 = weighted(z, kZ, kZ - fixed(0.390180644));
  const Side b47 = side_by_side(b[0], b[3]);
  const Side b56 = side_by_side(b[1], b[2]);
  constexpr int kA = -fixed(0.899976223);
  constexpr int kB = -fixed(2.562915447);
  x[7] = rounded<kShift>(weighted(b47, fixed(0.298631336) + kA, kA) + z3);
  x[5] = rounded<kShift>(weighted(b56, fixed(2.053119869) + kB, kB) + z4);
  x[3] = rounded<kShift>(weighted(b56, kB, fixed(3.072711026) + kB) + z3);
  x[1] = rounded<kShift>(weighted(b47, kA, fixed(1.501321110) + kA) + z4);
}

// Shuffle masks: for a group of 16 coefficients in zigzag order, their bytes in two rows.
struct Order {
  alignas(16) std::int8_t at[4][4][16];  // group, rows
};
constexpr Order kOrder = [] {
  Order order{};
  for (int group = 0; group < 4; ++group) {
    for (int rows = 0; rows < 4; ++rows) {
      for (int i = 0; i < 16; ++i) {
        const int k = 16 * group + i;
        const int place = kZigzag[static_cast<std::size_t>(k)];
        const int row = place / static_cast<int>(BlockPair::kStride);
        const int col = place % static_cast<int>(BlockPair::kStride);
        order.at[group][rows][i] =
            static_cast<std::int8_t>(row / 2 == rows ? row % 2 * 8 + col : -128);
      }
    }
  }
  return order;
}();
constexpr bool takes(int group, int rows) {
  for (const std::int8_t at : kOrder.at[group][rows]) {
    if (at >= 0) return true;
  }
  return false;
}

template <int kGroup, int kRows>
DECKLE_AVX2 inline void take(__m256i rows, __m256i& group) {
  if constexpr (takes(kGroup, kRows)) {
    const __m256i at = _mm256_broadcastsi128_si256(load16(kOrder.at[kGroup][kRows]));
    group = _mm256_or_si256(group, _mm256_shuffle_epi8(rows, at));
  }
}

// A bit for each of 16 coefficients of both blocks: set if it is not zero.
template <int kGroup>
DECKLE_AVX2 inline std::uint32_t nonzero(const __m256i (&rows)[4]) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i group = zero;
  take<kGroup, 0>(rows[0], group);
  take<kGroup, 1>(rows[1], group);
  take<kGroup, 2>(rows[2], group);
  take<kGroup, 3>(rows[3], group);
  return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(group, zero)));
}

DECKLE_AVX2 void transform(const BlockPlace& first, const BlockPlace& second,
                           const Quantiser& quantiser, CoefficientPair& out) {
  __m256i x[8];
  const __m256i middle = _mm256_set1_epi16(128);
  for (int i = 0; i < 8; ++i) {
    const auto row = [&](const BlockPlace& place) DECKLE_AVX2 {
      return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(place.at + i * place.stride));
    };
    const __m128i bytes = _mm_unpacklo_epi64(row(first), row(second));
    x[i] = _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), middle);
  }
  transpose(x);
  pass<true>(x);
  transpose(x);
  pass<false>(x);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t at = i * BlockPair::kStride;
    const auto numbers = [&](const Quantiser::Numbers& n) DECKLE_AVX2 { return load32(&n[at]); };
    __m256i size = _mm256_add_epi16(_mm256_abs_epi16(x[i]), numbers(quantiser.half));
    size = _mm256_mulhi_epu16(size, numbers(quantiser.reciprocal));
    size = _mm256_mulhi_epu16(size, numbers(quantiser.scale));
    x[i] = _mm256_sign_epi16(size, x[i]);
    store32(&out.blocks.values[at], x[i]);
  }
  __m256i rows[4];  // two of each block, as bytes
  for (std::size_t i = 0; i < 4; ++i)
    rows[i] = _mm256_packs_epi16(x[2 * i], x[2 * i + 1]);
  const std::uint64_t groups[4] = {nonzero<0>(rows), nonzero<1>(rows), nonzero<2>(rows),
                                   nonzero<3>(rows)};
  out.nonzero = {};
  for (unsigned i = 0; i < 4; ++i) {
    out.nonzero[0] |= (groups[i] & 0xFFFFU) << 16 * i;
    out.nonzero[1] |= groups[i] >> 16U << 16 * i;
  }
}

}  // namespace

ForwardTransform avx2_fdct() {
  return __builtin_cpu_supports("avx2") != 0 ? transform : nullptr;
}

}  // namespace deckle

#else

namespace deckle {
ForwardTransform avx2_fdct() {
  return nullptr;
}
}  // namespace deckle

#endif

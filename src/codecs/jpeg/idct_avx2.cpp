// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/idct.h"
#include "codecs/jpeg/vectors_avx2.h"

#if defined(__x86_64__)

namespace deckle {
namespace {

// One pass over eight rows, each column by itself.
template <int kShift>
DECKLE_AVX2 inline void pass(__m256i (&x)[8]) {
  const __m256i half = _mm256_set1_epi32(1 << (kShift - 1));
  const Side x26 = side_by_side(x[2], x[6]);
  const Sums t2 = weighted(x26, fixed(0.541196100), fixed(0.541196100) - fixed(1.847759065));
  const Sums t3 = weighted(x26, fixed(0.541196100) + fixed(0.765366865), fixed(0.541196100));
  const Sums t0 = scaled(_mm256_add_epi16(x[0], x[4]), half);
  const Sums t1 = scaled(_mm256_sub_epi16(x[0], x[4]), half);

  const Side z = side_by_side(_mm256_add_epi16(x[7], x[3]), _mm256_add_epi16(x[5], x[1]));
  const Sums z3 = weighted(z, fixed(1.175875602) - fixed(1.961570560), fixed(1.175875602));
  const Sums z4 = weighted(z, fixed(1.175875602), fixed(1.175875602) - fixed(0.390180644));
  const Side x71 = side_by_side(x[7], x[1]);
  const Side x53 = side_by_side(x[5], x[3]);
  constexpr int kA = -fixed(0.899976223);
  constexpr int kB = -fixed(2.562915447);
  const Sums odd0 = weighted(x71, kA, fixed(1.501321110) + kA) + z4;
  const Sums odd1 = weighted(x53, kB, fixed(3.072711026) + kB) + z3;
  const Sums odd2 = weighted(x53, fixed(2.053119869) + kB, kB) + z4;
  const Sums odd3 = weighted(x71, fixed(0.298631336) + kA, kA) + z3;

  const Sums even0 = t0 + t3;
  x[0] = shortened<kShift>(even0 + odd0);
  x[7] = shortened<kShift>(even0 - odd0);
  const Sums even1 = t1 + t2;
  x[1] = shortened<kShift>(even1 + odd1);
  x[6] = shortened<kShift>(even1 - odd1);
  const Sums even2 = t1 - t2;
  x[2] = shortened<kShift>(even2 + odd2);
  x[5] = shortened<kShift>(even2 - odd2);
  const Sums even3 = t0 - t3;
  x[3] = shortened<kShift>(even3 + odd3);
  x[4] = shortened<kShift>(even3 - odd3);
}

DECKLE_AVX2 inline void store_rows(const BlockPlace& place, int row, __m128i two) {
  std::uint8_t* const to = place.at + row * place.stride;
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), two);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to + place.stride), _mm_unpackhi_epi64(two, two));
}

DECKLE_AVX2 void transform(BlockPair& pair, const QuantTablePair& quant_tables,
                           const BlockPlace& first, const BlockPlace& second) {
  __m256i x[8];
  const __m256i zero = _mm256_setzero_si256();
  __m256i below = zero;  // the first row
  for (std::size_t i = 0; i < 8; ++i) {
    std::int16_t* const at = &pair.values[i * BlockPair::kStride];
    const __m256i values = load32(at);
    if (i > 0) below = _mm256_or_si256(below, values);
    x[i] = _mm256_mullo_epi16(values, load32(&quant_tables.values[i * BlockPair::kStride]));
    store32(at, zero);
  }
  // If all rows except the first are zero, each column is constant. It wraps here, unlike in
  // pass().
  const auto one_row = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi64(below, zero)));
  const bool first_one = (one_row & 0xFFFFU) == 0xFFFFU;
  const bool second_one = one_row >> 16U == 0xFFFFU;
  const __m256i plain = _mm256_slli_epi16(x[0], kPassBits);
  if (!first_one || !second_one) pass<kConstantBits - kPassBits>(x);
  if (first_one || second_one) {
    const __m256i which = _mm256_set_epi64x(-second_one, -second_one, -first_one, -first_one);
    for (__m256i& row : x)
      row = _mm256_blendv_epi8(row, plain, which);
  }
  transpose(x);
  pass<kConstantBits + kPassBits + 3>(x);
  transpose(x);
  const __m256i middle = _mm256_set1_epi8(-128);
  for (int i = 0; i < 8; i += 2) {
    const __m256i rows = _mm256_xor_si256(_mm256_packs_epi16(x[i], x[i + 1]), middle);
    store_rows(first, i, _mm256_castsi256_si128(rows));
    store_rows(second, i, _mm256_extracti128_si256(rows, 1));
  }
}

}  // namespace

InverseTransform avx2_idct() {
  return __builtin_cpu_supports("avx2") != 0 ? transform : nullptr;
}

}  // namespace deckle

#else

namespace deckle {
InverseTransform avx2_idct() {
  return nullptr;
}
}  // namespace deckle

#endif

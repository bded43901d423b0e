// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "codecs/jpeg_avx2.h"
#include "codecs/jpeg_coefficients.h"

#if defined(__x86_64__)

namespace deckle {
namespace {

// ---- colours

// Where in three groups of 16 bytes the bytes of one colour of 16 pixels of RGB come from.
struct Masks {
  alignas(16) std::int8_t at[3][16];
};
constexpr Masks masks_of(int channel) {
  Masks masks{};
  for (int group = 0; group < 3; ++group) {
    for (int i = 0; i < 16; ++i) {
      const int byte = 3 * i + channel - 16 * group;
      masks.at[group][i] = static_cast<std::int8_t>(byte >= 0 && byte < 16 ? byte : -128);
    }
  }
  return masks;
}
constexpr Masks kMasks[3] = {masks_of(0), masks_of(1), masks_of(2)};

DECKLE_AVX2 inline __m256i two(const std::uint8_t* low, const std::uint8_t* high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(low)), load16(high), 1);
}

DECKLE_AVX2 inline __m256i picked(const __m256i (&groups)[3], const Masks& masks) {
  __m256i bytes = _mm256_setzero_si256();
  for (int i = 0; i < 3; ++i) {
    const __m256i mask = _mm256_broadcastsi128_si256(load16(masks.at[i]));
    bytes = _mm256_or_si256(bytes, _mm256_shuffle_epi8(groups[i], mask));
  }
  return bytes;
}

// Of 16 pixels, red and green side by side, and blue and green.
struct Colours {
  Side red_green, blue_green;
};

// (sum + whole) >> 16 of two numbers of 32 bits for each of the 16.
DECKLE_AVX2 inline __m256i sample(const Sums& a, const Sums& b, int whole) {
  const __m256i add = _mm256_set1_epi32(whole);
  const Sums sum = a + b + Sums{add, add};
  return _mm256_packs_epi32(_mm256_srli_epi32(sum.low, 16), _mm256_srli_epi32(sum.high, 16));
}
// The first of the two times 2^15.
DECKLE_AVX2 inline Sums halved(const Side& x) {
  return {_mm256_srli_epi32(_mm256_slli_epi32(x.low, 16), 1),
          _mm256_srli_epi32(_mm256_slli_epi32(x.high, 16), 1)};
}

struct Ycc {
  __m256i y, cb, cr;
};

// JFIF's factors times 2^16; 38470 for green in two parts, so that they fit.
DECKLE_AVX2 inline Ycc converted(const Colours& c) {
  constexpr int kHalf = 1 << 15;
  constexpr int kMiddle = (128 << 16) + kHalf - 1;
  return {sample(weighted(c.red_green, 19595, 22086), weighted(c.blue_green, 7471, 16384), kHalf),
          sample(weighted(c.red_green, -11059, -21709), halved(c.blue_green), kMiddle),
          sample(halved(c.red_green), weighted(c.blue_green, -5329, -27439), kMiddle)};
}

// Thirty-two pixels.
DECKLE_AVX2 inline void convert(const std::uint8_t* rgb, std::uint8_t* y, std::uint8_t* cb,
                                std::uint8_t* cr) {
  const __m256i groups[3] = {two(rgb, rgb + 48), two(rgb + 16, rgb + 64), two(rgb + 32, rgb + 80)};
  const __m256i red = picked(groups, kMasks[0]);
  const __m256i green = picked(groups, kMasks[1]);
  const __m256i blue = picked(groups, kMasks[2]);
  const __m256i zero = _mm256_setzero_si256();
  const auto words = [&](__m256i r, __m256i g, __m256i b) DECKLE_AVX2 {
    return converted({side_by_side(r, g), side_by_side(b, g)});
  };
  const Ycc low = words(_mm256_unpacklo_epi8(red, zero), _mm256_unpacklo_epi8(green, zero),
                        _mm256_unpacklo_epi8(blue, zero));
  const Ycc high = words(_mm256_unpackhi_epi8(red, zero), _mm256_unpackhi_epi8(green, zero),
                         _mm256_unpackhi_epi8(blue, zero));
  store32(y, _mm256_packus_epi16(low.y, high.y));
  store32(cb, _mm256_packus_epi16(low.cb, high.cb));
  store32(cr, _mm256_packus_epi16(low.cr, high.cr));
}

DECKLE_AVX2 void from_rgb(const std::uint8_t* rgb, std::size_t count, std::uint8_t* y,
                          std::uint8_t* cb, std::uint8_t* cr) {
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32)
    convert(rgb + 3 * i, y + i, cb + i, cr + i);
  if (i == count) return;
  alignas(32) std::uint8_t last[96] = {};
  std::memcpy(last, rgb + 3 * i, 3 * (count - i));
  convert(last, y + i, cb + i, cr + i);
}

DECKLE_AVX2 void halve(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t count,
                       std::uint8_t* out) {
  const __m256i ones = _mm256_set1_epi8(1);
  const __m256i rounding = _mm256_set1_epi32(2 << 16 | 1);
  for (std::size_t i = 0; i < count; i += 32) {
    const auto averages = [&](std::size_t at) DECKLE_AVX2 {
      const __m256i above = _mm256_maddubs_epi16(load32(upper + at), ones);
      const __m256i below = _mm256_maddubs_epi16(load32(lower + at), ones);
      const __m256i sum = _mm256_add_epi16(_mm256_add_epi16(above, below), rounding);
      return _mm256_srli_epi16(sum, 2);
    };
    const __m256i packed = _mm256_packus_epi16(averages(2 * i), averages(2 * i + 32));
    store32(out + i, _mm256_permute4x64_epi64(packed, 0b11011000));
  }
}

// ---- the transform

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

// Where in two rows of coefficients those of a group of 16 in zigzag order come from.
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

// A bit for each of 16 coefficients of both blocks that is not zero.
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

const CoefficientKernels* avx2_coefficient_kernels() {
  static constexpr CoefficientKernels kernels{from_rgb, halve, transform};
  return __builtin_cpu_supports("avx2") != 0 ? &kernels : nullptr;
}

}  // namespace deckle

#else

namespace deckle {
const CoefficientKernels* avx2_coefficient_kernels() {
  return nullptr;
}
}  // namespace deckle

#endif

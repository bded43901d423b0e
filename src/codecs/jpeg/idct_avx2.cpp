// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg_avx2.h"
#include "codecs/jpeg_pixels.h"

#if defined(__x86_64__)

#include <cstring>

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

DECKLE_AVX2 void transform(BlockPair& pair, const StepPair& steps, const BlockPlace& first,
                           const BlockPlace& second) {
  __m256i x[8];
  const __m256i zero = _mm256_setzero_si256();
  __m256i below = zero;  // the first row
  for (std::size_t i = 0; i < 8; ++i) {
    std::int16_t* const at = &pair.values[i * BlockPair::kStride];
    const __m256i values = load32(at);
    if (i > 0) below = _mm256_or_si256(below, values);
    x[i] = _mm256_mullo_epi16(values, load32(&steps.values[i * BlockPair::kStride]));
    store32(at, zero);
  }
  // Where there is one row alone, the columns are plain (and wrap otherwise than below).
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

// ---- upsampling

DECKLE_AVX2 inline __m256i words(const std::uint8_t* from) {
  return _mm256_cvtepu8_epi16(load16(from));
}
DECKLE_AVX2 inline __m256i thrice(__m256i x) {
  return _mm256_add_epi16(x, _mm256_add_epi16(x, x));
}
// Bytes of 16 bits each, the even and the odd ones.
DECKLE_AVX2 inline void store_mixed(std::uint8_t* to, __m256i even, __m256i odd) {
  store32(to, _mm256_or_si256(even, _mm256_slli_epi16(odd, 8)));
}

DECKLE_AVX2 void upsample_both(const std::uint8_t* near, const std::uint8_t* far, std::size_t count,
                               std::uint8_t* out) {
  const __m256i before = _mm256_set1_epi16(8);
  const __m256i behind = _mm256_set1_epi16(7);
  for (std::size_t i = 0; i < count; i += 16) {
    const auto sum = [&](std::ptrdiff_t by) DECKLE_AVX2 {
      return _mm256_add_epi16(thrice(words(near + i + by)), words(far + i + by));
    };
    const __m256i here = thrice(sum(0));
    const __m256i even = _mm256_add_epi16(_mm256_add_epi16(here, sum(-1)), before);
    const __m256i odd = _mm256_add_epi16(_mm256_add_epi16(here, sum(1)), behind);
    store_mixed(out + 2 * i, _mm256_srli_epi16(even, 4), _mm256_srli_epi16(odd, 4));
  }
}

DECKLE_AVX2 void upsample_cols(const std::uint8_t* from, std::size_t count, std::uint8_t* out) {
  const __m256i before = _mm256_set1_epi16(1);
  const __m256i behind = _mm256_set1_epi16(2);
  for (std::size_t i = 0; i < count; i += 16) {
    const __m256i here = thrice(words(from + i));
    const __m256i even = _mm256_add_epi16(_mm256_add_epi16(here, words(from + i - 1)), before);
    const __m256i odd = _mm256_add_epi16(_mm256_add_epi16(here, words(from + i + 1)), behind);
    store_mixed(out + 2 * i, _mm256_srli_epi16(even, 2), _mm256_srli_epi16(odd, 2));
  }
}

// ---- colours

// Thirty-two samples, 0..7 and 16..23 of them in `low`, as words of 16 bits.
DECKLE_AVX2 inline Side spread(__m256i bytes) {
  const __m256i zero = _mm256_setzero_si256();
  return {_mm256_unpacklo_epi8(bytes, zero), _mm256_unpackhi_epi8(bytes, zero)};
}

struct Rgb {
  __m256i red, green, blue;
};

// JFIF's factors are 1 + 0.402, 2 - 0.228, -0.34414 and 0.28586 - 1 (over 2^16 below), so that they
// fit; (x + 1) >> 1 of a product with 2^17 rounds it.
DECKLE_AVX2 inline Rgb coloured(__m256i y, __m256i cb, __m256i cr) {
  const __m256i middle = _mm256_set1_epi16(128);
  const __m256i one = _mm256_set1_epi16(1);
  cb = _mm256_sub_epi16(cb, middle);
  cr = _mm256_sub_epi16(cr, middle);
  const __m256i twice_cb = _mm256_add_epi16(cb, cb);
  const auto share = [&](__m256i twice, short factor) DECKLE_AVX2 {
    const __m256i product = _mm256_mulhi_epi16(twice, _mm256_set1_epi16(factor));
    return _mm256_srai_epi16(_mm256_add_epi16(product, one), 1);
  };
  const __m256i red = _mm256_add_epi16(cr, share(_mm256_add_epi16(cr, cr), 26345));
  const __m256i blue = _mm256_add_epi16(twice_cb, share(twice_cb, -14942));
  const __m256i weights = _mm256_set1_epi32(
      static_cast<int>(18734U << 16U | (static_cast<unsigned>(-22554) & 0xFFFFU)));
  const __m256i half = _mm256_set1_epi32(1 << 15);
  const auto mixed = [&](__m256i both) DECKLE_AVX2 {
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(both, weights), half), 16);
  };
  const __m256i green = _mm256_sub_epi16(_mm256_packs_epi32(mixed(_mm256_unpacklo_epi16(cb, cr)),
                                                            mixed(_mm256_unpackhi_epi16(cb, cr))),
                                         cr);
  return {_mm256_add_epi16(y, red), _mm256_add_epi16(y, green), _mm256_add_epi16(y, blue)};
}

// Where in a group of 16 bytes of red, green or blue the bytes of the three groups of RGB come
// from.
struct Mask {
  alignas(16) std::int8_t at[16];
};
constexpr Mask mask_of(int group, int channel) {
  Mask mask{};
  for (int i = 0; i < 16; ++i) {
    const int byte = 16 * group + i;
    mask.at[i] = static_cast<std::int8_t>(byte % 3 == channel ? byte / 3 : -128);
  }
  return mask;
}
constexpr Mask kMasks[3][3] = {{mask_of(0, 0), mask_of(0, 1), mask_of(0, 2)},
                               {mask_of(1, 0), mask_of(1, 1), mask_of(1, 2)},
                               {mask_of(2, 0), mask_of(2, 1), mask_of(2, 2)}};

DECKLE_AVX2 inline __m256i picked(__m256i bytes, const Mask& mask) {
  return _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(load16(mask.at)));
}

// Thirty-two pixels.
DECKLE_AVX2 inline void store_rgb(std::uint8_t* to, const Rgb& rgb) {
  const auto group = [&](const Mask(&masks)[3]) DECKLE_AVX2 {
    return _mm256_or_si256(picked(rgb.red, masks[0]), _mm256_or_si256(picked(rgb.green, masks[1]),
                                                                      picked(rgb.blue, masks[2])));
  };
  const __m256i a = group(kMasks[0]);
  const __m256i b = group(kMasks[1]);
  const __m256i c = group(kMasks[2]);
  store32(to, _mm256_permute2x128_si256(a, b, 0x20));
  store32(to + 32, _mm256_blend_epi32(c, a, 0xF0));
  store32(to + 64, _mm256_permute2x128_si256(b, c, 0x31));
}

DECKLE_AVX2 void to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr,
                        std::size_t count, std::uint8_t* out) {
  const auto convert = [&](std::size_t i, std::uint8_t* to) DECKLE_AVX2 {
    const Side ys = spread(load32(y + i));
    const Side blues = spread(load32(cb + i));
    const Side reds = spread(load32(cr + i));
    const Rgb low = coloured(ys.low, blues.low, reds.low);
    const Rgb high = coloured(ys.high, blues.high, reds.high);
    store_rgb(to,
              {_mm256_packus_epi16(low.red, high.red), _mm256_packus_epi16(low.green, high.green),
               _mm256_packus_epi16(low.blue, high.blue)});
  };
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32)
    convert(i, out + 3 * i);
  if (i == count) return;
  alignas(32) std::uint8_t last[96];
  convert(i, last);
  std::memcpy(out + 3 * i, last, 3 * (count - i));
}

}  // namespace

const PixelKernels* avx2_pixel_kernels() {
  static const PixelKernels kernels{transform, upsample_both, upsample_cols,
                                    plain_pixel_kernels().upsample_rows, to_rgb};
  return __builtin_cpu_supports("avx2") != 0 ? &kernels : nullptr;
}

}  // namespace deckle

#else

namespace deckle {
const PixelKernels* avx2_pixel_kernels() {
  return nullptr;
}
}  // namespace deckle

#endif

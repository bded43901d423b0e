// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "codecs/jpeg/vectors_avx2.h"
#include "codecs/jpeg/ycbcr.h"

#if defined(__x86_64__)

namespace deckle {
namespace {

// ---- from RGB

// Shuffle masks: the bytes of one colour of 16 pixels, in three groups of 16 bytes of RGB.
struct ChannelMasks {
  alignas(16) std::int8_t at[3][16];
};
constexpr ChannelMasks channel_masks(int channel) {
  ChannelMasks masks{};
  for (int group = 0; group < 3; ++group) {
    for (int i = 0; i < 16; ++i) {
      const int byte = 3 * i + channel - 16 * group;
      masks.at[group][i] = static_cast<std::int8_t>(byte >= 0 && byte < 16 ? byte : -128);
    }
  }
  return masks;
}
constexpr ChannelMasks kChannelMasks[3] = {channel_masks(0), channel_masks(1), channel_masks(2)};

DECKLE_AVX2 inline __m256i two(const std::uint8_t* low, const std::uint8_t* high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(low)), load16(high), 1);
}

DECKLE_AVX2 inline __m256i channel_of(const __m256i (&groups)[3], const ChannelMasks& masks) {
  __m256i bytes = _mm256_setzero_si256();
  for (int i = 0; i < 3; ++i) {
    const __m256i mask = _mm256_broadcastsi128_si256(load16(masks.at[i]));
    bytes = _mm256_or_si256(bytes, _mm256_shuffle_epi8(groups[i], mask));
  }
  return bytes;
}

// Of 16 pixels: red and green interleaved, and blue and green.
struct Colours {
  Side red_green, blue_green;
};

// (sum + whole) >> 16 of two numbers of 32 bits for each of the 16.
DECKLE_AVX2 inline __m256i sample(const Sums& a, const Sums& b, int whole) {
  const __m256i add = _mm256_set1_epi32(whole);
  const Sums sum = a + b + Sums{add, add};
  return _mm256_packs_epi32(_mm256_srli_epi32(sum.low, 16), _mm256_srli_epi32(sum.high, 16));
}
// The first number of each pair, times 2^15.
DECKLE_AVX2 inline Sums halved(const Side& x) {
  return {_mm256_srli_epi32(_mm256_slli_epi32(x.low, 16), 1),
          _mm256_srli_epi32(_mm256_slli_epi32(x.high, 16), 1)};
}

struct Ycc {
  __m256i y, cb, cr;
};

// JFIF's factors times 2^16; 38470 for green is in two parts, because it does not fit in 16 bits.
DECKLE_AVX2 inline Ycc converted(const Colours& c) {
  constexpr int kHalf = 1 << 15;
  constexpr int kMiddle = (128 << 16) + kHalf - 1;
  return {sample(weighted(c.red_green, 19595, 22086), weighted(c.blue_green, 7471, 16384), kHalf),
          sample(weighted(c.red_green, -11059, -21709), halved(c.blue_green), kMiddle),
          sample(halved(c.red_green), weighted(c.blue_green, -5329, -27439), kMiddle)};
}

// Thirty-two pixels.
DECKLE_AVX2 inline void convert_32(const std::uint8_t* rgb, std::uint8_t* y, std::uint8_t* cb,
                                   std::uint8_t* cr) {
  const __m256i groups[3] = {two(rgb, rgb + 48), two(rgb + 16, rgb + 64), two(rgb + 32, rgb + 80)};
  const __m256i red = channel_of(groups, kChannelMasks[0]);
  const __m256i green = channel_of(groups, kChannelMasks[1]);
  const __m256i blue = channel_of(groups, kChannelMasks[2]);
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
    convert_32(rgb + 3 * i, y + i, cb + i, cr + i);
  if (i == count) return;
  alignas(32) std::uint8_t last[96] = {};
  std::memcpy(last, rgb + 3 * i, 3 * (count - i));
  convert_32(last, y + i, cb + i, cr + i);
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

// ---- upsampling

DECKLE_AVX2 inline __m256i words(const std::uint8_t* from) {
  return _mm256_cvtepu8_epi16(load16(from));
}
DECKLE_AVX2 inline __m256i thrice(__m256i x) {
  return _mm256_add_epi16(x, _mm256_add_epi16(x, x));
}
// Stores the even and the odd bytes, which come as numbers of 16 bits.
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

// ---- to RGB

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

// Shuffle masks: from 16 bytes of red, green or blue to their places in three groups of RGB.
struct GroupMask {
  alignas(16) std::int8_t at[16];
};
constexpr GroupMask group_mask(int group, int channel) {
  GroupMask mask{};
  for (int i = 0; i < 16; ++i) {
    const int byte = 16 * group + i;
    mask.at[i] = static_cast<std::int8_t>(byte % 3 == channel ? byte / 3 : -128);
  }
  return mask;
}
constexpr GroupMask kGroupMasks[3][3] = {{group_mask(0, 0), group_mask(0, 1), group_mask(0, 2)},
                                         {group_mask(1, 0), group_mask(1, 1), group_mask(1, 2)},
                                         {group_mask(2, 0), group_mask(2, 1), group_mask(2, 2)}};

DECKLE_AVX2 inline __m256i interleaved(__m256i bytes, const GroupMask& mask) {
  return _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(load16(mask.at)));
}

// Thirty-two pixels.
DECKLE_AVX2 inline void store_rgb(std::uint8_t* to, const Rgb& rgb) {
  const auto group = [&](const GroupMask(&masks)[3]) DECKLE_AVX2 {
    return _mm256_or_si256(
        interleaved(rgb.red, masks[0]),
        _mm256_or_si256(interleaved(rgb.green, masks[1]), interleaved(rgb.blue, masks[2])));
  };
  const __m256i a = group(kGroupMasks[0]);
  const __m256i b = group(kGroupMasks[1]);
  const __m256i c = group(kGroupMasks[2]);
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

const ColorKernels* avx2_color_kernels() {
  static const ColorKernels kernels{.from_rgb = from_rgb,
                                    .halve = halve,
                                    .upsample_both = upsample_both,
                                    .upsample_cols = upsample_cols,
                                    .upsample_rows = plain_color_kernels().upsample_rows,
                                    .to_rgb = to_rgb};
  return __builtin_cpu_supports("avx2") != 0 ? &kernels : nullptr;
}

}  // namespace deckle

#else

namespace deckle {
const ColorKernels* avx2_color_kernels() {
  return nullptr;
}
}  // namespace deckle

#endif

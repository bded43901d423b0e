// SPDX-License-Identifier: Apache-2.0
// Source  ITU-T T.81, A.3.3 (the transform) and A.3.4 (quantisation); Loeffler, Ligtenberg,
//         Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", 1989; Robison,
//         "N-bit unsigned division via N-bit multiply-add", 2005; libjpeg-turbo for what these
//         leave open: 13 bits of constants, 2 more bits between the two passes, how sums are
//         rounded
#include "codecs/jpeg/fdct.h"

#include <bit>
#include <cstdlib>

namespace deckle {
namespace {

constexpr std::int32_t shortened(std::int32_t x, int bits) {
  return (x + (1 << (bits - 1))) >> bits;
}

// One pass over eight values. The first pass leaves kPassBits extra bits, the second removes them.
template <bool kFirst>
void transform_eight(std::array<std::int32_t, 8>& x) {
  constexpr int kShift = kFirst ? kConstantBits - kPassBits : kConstantBits + kPassBits;
  const auto whole = [](std::int32_t sum) {
    return kFirst ? sum * (1 << kPassBits) : shortened(sum, kPassBits);
  };
  const std::int32_t a0 = x[0] + x[7];
  const std::int32_t a1 = x[1] + x[6];
  const std::int32_t a2 = x[2] + x[5];
  const std::int32_t a3 = x[3] + x[4];
  const std::int32_t b4 = x[3] - x[4];
  const std::int32_t b5 = x[2] - x[5];
  const std::int32_t b6 = x[1] - x[6];
  const std::int32_t b7 = x[0] - x[7];

  const std::int32_t even = (a1 - a2 + a0 - a3) * fixed(0.541196100);
  x[0] = whole(a0 + a3 + a1 + a2);
  x[4] = whole(a0 + a3 - a1 - a2);
  x[2] = shortened(even + (a0 - a3) * fixed(0.765366865), kShift);
  x[6] = shortened(even - (a1 - a2) * fixed(1.847759065), kShift);

  const std::int32_t z5 = (b4 + b6 + b5 + b7) * fixed(1.175875602);
  const std::int32_t z3 = z5 - (b4 + b6) * fixed(1.961570560);
  const std::int32_t z4 = z5 - (b5 + b7) * fixed(0.390180644);
  const std::int32_t z1 = -(b4 + b7) * fixed(0.899976223);
  const std::int32_t z2 = -(b5 + b6) * fixed(2.562915447);
  x[7] = shortened(b4 * fixed(0.298631336) + z1 + z3, kShift);
  x[5] = shortened(b5 * fixed(2.053119869) + z2 + z4, kShift);
  x[3] = shortened(b6 * fixed(3.072711026) + z2 + z3, kShift);
  x[1] = shortened(b7 * fixed(1.501321110) + z1 + z4, kShift);
}

// The `which`-th block of the pair.
void transform_block(const BlockPlace& from, const Quantiser& quantiser, std::size_t which,
                     CoefficientPair& out) {
  std::array<std::array<std::int32_t, 8>, 8> columns{};
  for (std::size_t r = 0; r < 8; ++r) {
    std::array<std::int32_t, 8> row{};
    const std::uint8_t* const samples = from.at + static_cast<std::ptrdiff_t>(r) * from.stride;
    for (std::size_t c = 0; c < 8; ++c)
      row[c] = samples[c] - 128;
    transform_eight<true>(row);
    for (std::size_t c = 0; c < 8; ++c)
      columns[c][r] = row[c];
  }
  for (std::size_t c = 0; c < 8; ++c) {
    transform_eight<false>(columns[c]);
    for (std::size_t r = 0; r < 8; ++r) {
      const std::size_t at = r * BlockPair::kStride + 8 * which + c;
      const std::int32_t divisor = quantiser.divisor[at];
      const std::int32_t value = columns[c][r];
      const std::int32_t size = (std::abs(value) + divisor / 2) / divisor;
      out.blocks.values[at] = static_cast<std::int16_t>(value < 0 ? -size : size);
    }
  }
  out.nonzero[which] = 0;
  for (std::size_t k = 0; k < kCoefficients; ++k) {
    if (out.blocks.values[kZigzag[k] + 8 * which] != 0) out.nonzero[which] |= std::uint64_t{1} << k;
  }
}

void transform(const BlockPlace& first, const BlockPlace& second, const Quantiser& quantiser,
               CoefficientPair& out) {
  transform_block(first, quantiser, 0, out);
  transform_block(second, quantiser, 1, out);
}

}  // namespace

// The reciprocal is 2^(16 + n) / divisor in 16 bits, with the largest possible n. Rounded up, it is
// exact enough; rounded down, `half` is 1 larger to compensate.
Quantiser::Quantiser(const QuantTable& first, const QuantTable& second) {
  for (std::size_t i = 0; i < divisor.size(); ++i) {
    const std::size_t at = i / BlockPair::kStride * 8 + i % 8;
    const std::uint32_t d = 8U * (i / 8 % 2 == 0 ? first : second)[at];
    auto n = static_cast<unsigned>(std::bit_width(d) - 1);
    divisor[i] = static_cast<std::uint16_t>(d);
    half[i] = static_cast<std::uint16_t>(d / 2);
    if (std::has_single_bit(d)) --n;
    const std::uint32_t whole = std::uint32_t{1} << (16 + n);
    const std::uint32_t rest = whole % d;
    const bool up = rest > d / 2;
    reciprocal[i] = static_cast<std::uint16_t>(whole / d + (up ? 1 : 0));
    if (rest != 0 && !up) ++half[i];
    scale[i] = static_cast<std::uint16_t>(std::uint32_t{1} << (16 - n));
  }
}

ForwardTransform plain_fdct() {
  return transform;
}

ForwardTransform fdct() {
  static const ForwardTransform fastest = avx2_fdct() != nullptr ? avx2_fdct() : plain_fdct();
  return fastest;
}

}  // namespace deckle

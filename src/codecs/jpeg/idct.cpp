// SPDX-License-Identifier: Apache-2.0
// Source  ITU-T T.81, A.3.3 (the transform); Loeffler, Ligtenberg, Moschytz, "Practical fast 1-D
//         DCT algorithms with 11 multiplications", 1989; libjpeg-turbo for what these leave open:
//         13 bits of constants, 2 more bits between the two passes, how sums are rounded
#include "codecs/jpeg/idct.h"

#include <algorithm>
#include <limits>

namespace deckle {
namespace {

// Numbers of 32 bits that wrap.
using Wide = std::uint32_t;

Wide wide(int x) {
  return static_cast<Wide>(static_cast<std::int16_t>(x));
}
std::int16_t saturated(Wide x) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int16_t>::max();
  return static_cast<std::int16_t>(std::clamp(static_cast<std::int32_t>(x), -kMost - 1, kMost));
}

// One pass over eight values.
template <int kShift>
void transform_eight(std::array<std::int16_t, 8>& x) {
  const Wide z1 = (wide(x[2]) + wide(x[6])) * fixed(0.541196100);
  const Wide t2 = z1 - wide(x[6]) * fixed(1.847759065);
  const Wide t3 = z1 + wide(x[2]) * fixed(0.765366865);
  const Wide t0 = wide(x[0] + x[4]) << kConstantBits;
  const Wide t1 = wide(x[0] - x[4]) << kConstantBits;
  const std::array<Wide, 4> even{t0 + t3, t1 + t2, t1 - t2, t0 - t3};

  const Wide x37 = wide(x[7] + x[3]);
  const Wide x15 = wide(x[5] + x[1]);
  const Wide z5 = (x37 + x15) * fixed(1.175875602);
  const Wide z3 = z5 - x37 * fixed(1.961570560);
  const Wide z4 = z5 - x15 * fixed(0.390180644);
  const Wide y1 = (wide(x[7]) + wide(x[1])) * fixed(0.899976223);
  const Wide y2 = (wide(x[5]) + wide(x[3])) * fixed(2.562915447);
  const std::array<Wide, 4> odd{
      wide(x[1]) * fixed(1.501321110) - y1 + z4, wide(x[3]) * fixed(3.072711026) - y2 + z3,
      wide(x[5]) * fixed(2.053119869) - y2 + z4, wide(x[7]) * fixed(0.298631336) - y1 + z3};
  const auto shortened = [](Wide sum) {
    constexpr Wide kHalf = Wide{1} << (kShift - 1);
    return saturated(static_cast<Wide>(static_cast<std::int32_t>(sum + kHalf) >> kShift));
  };
  for (std::size_t i = 0; i < 4; ++i) {
    x[i] = shortened(even[i] + odd[i]);
    x[7 - i] = shortened(even[i] - odd[i]);
  }
}

void transform_block(const std::int16_t* values, const std::int16_t* quant_tables,
                     const BlockPlace& place) {
  std::array<std::array<std::int16_t, 8>, 8> rows{};
  bool one_row = true;
  for (std::size_t c = 0; c < 8; ++c) {
    for (std::size_t r = 1; r < 8; ++r)
      one_row = one_row && values[r * BlockPair::kStride + c] == 0;
  }
  for (std::size_t c = 0; c < 8; ++c) {
    std::array<std::int16_t, 8> column{};
    for (std::size_t r = 0; r < 8; ++r) {
      const std::size_t at = r * BlockPair::kStride + c;
      column[r] = static_cast<std::int16_t>(values[at] * quant_tables[at]);
    }
    if (one_row) {  // the same values, but here they wrap
      column.fill(static_cast<std::int16_t>(wide(column[0]) << kPassBits));
    } else {
      transform_eight<kConstantBits - kPassBits>(column);
    }
    for (std::size_t r = 0; r < 8; ++r)
      rows[r][c] = column[r];
  }
  for (std::size_t r = 0; r < 8; ++r) {
    transform_eight<kConstantBits + kPassBits + 3>(rows[r]);
    std::uint8_t* const out = place.at + static_cast<std::ptrdiff_t>(r) * place.stride;
    for (std::size_t c = 0; c < 8; ++c)
      out[c] = static_cast<std::uint8_t>(std::clamp(rows[r][c] + 128, 0, 255));
  }
}

void transform(BlockPair& pair, const QuantTablePair& quant_tables, const BlockPlace& first,
               const BlockPlace& second) {
  transform_block(pair.values.data(), quant_tables.values.data(), first);
  transform_block(pair.values.data() + 8, quant_tables.values.data() + 8, second);
  pair.values.fill(0);
}

}  // namespace

InverseTransform plain_idct() {
  return transform;
}

InverseTransform idct() {
  static const InverseTransform fastest = avx2_idct() != nullptr ? avx2_idct() : plain_idct();
  return fastest;
}

}  // namespace deckle

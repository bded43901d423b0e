// SPDX-License-Identifier: Apache-2.0
// float16: IEEE 754 binary16 as a value of two bytes, with integer arithmetic alone.
// Source  IEEE 754-2008, 3.4 (1 sign, 5 exponent and 10 fraction bits) and 4.3.1 (ties to even)
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace deckle {

/// A half-precision number, for storage, not for arithmetic. Conversion to float and double is
/// exact. Conversion from them rounds once, half to even; 65520 and more becomes infinity. NaN
/// keeps its sign and the upper bits of its payload.
struct Float16 {
  std::uint16_t bits = 0;

 private:  // first, because clang 14 does not evaluate templates that are defined later
  static constexpr int kFraction = 10;      ///< bits
  static constexpr int kBias = 15;          ///< of the exponent
  static constexpr int kLeast = 1 - kBias;  ///< the exponent of the smallest normal number

  /// How the wider types are laid out.
  template <typename T>
  struct Wide {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    static_assert(std::numeric_limits<T>::is_iec559 && sizeof(T) == sizeof(Bits));
    static constexpr int kFraction = std::numeric_limits<T>::digits - 1;
    static constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
    static constexpr int kSignShift =
        static_cast<int>(sizeof(T)) * 8 - 16;  ///< from our sign to that of T
    static constexpr int kExtra =
        kFraction - Float16::kFraction;  ///< additional fraction bits of T
    static constexpr Bits kInfinity = Bits{2 * kBias + 1} << kFraction;
  };

  template <typename T>
  static constexpr std::uint16_t rounded(T value) {
    using W = Wide<T>;
    using Bits = typename W::Bits;
    const Bits all = std::bit_cast<Bits>(value);
    const auto sign = static_cast<std::uint32_t>(all >> W::kSignShift) & 0x8000U;
    const Bits magnitude = all & (std::numeric_limits<Bits>::max() >> 1U);
    const Bits fraction = magnitude & ((Bits{1} << W::kFraction) - 1);
    const auto with_sign = [&](std::uint32_t half) {
      return static_cast<std::uint16_t>(sign | half);
    };
    constexpr std::uint32_t kInfinity = 0x7C00;
    // NaN: if its payload has only lower bits, it must not become infinity.
    if (magnitude > W::kInfinity) {
      return with_sign(kInfinity | std::max(1U, static_cast<std::uint32_t>(fraction >> W::kExtra)));
    }
    const int exponent = static_cast<int>(magnitude >> W::kFraction) - W::kBias;
    if (exponent > kBias) return with_sign(kInfinity);
    // Below the smallest normal number the last bit keeps its value, and more bits are cut off.
    const int cut = W::kExtra + std::max(0, kLeast - exponent);
    if (cut > W::kFraction + 1) return with_sign(0);  // less than half of the smallest number
    const Bits significand = fraction | Bits{1} << W::kFraction;
    const Bits kept = significand >> cut;
    const Bits rest = significand & ((Bits{1} << cut) - 1);
    const Bits half = Bits{1} << (cut - 1);
    const bool up = rest > half || (rest == half && (kept & 1U) != 0);
    // The leading 1 of a normal number is added to the exponent below its own, which gives its own.
    // A carry of the rounding gives the next exponent in the same way, also for the smallest normal
    // number and infinity.
    const int before = std::max(exponent, kLeast) - kLeast;
    return with_sign((static_cast<std::uint32_t>(before) << kFraction) +
                     static_cast<std::uint32_t>(kept) + (up ? 1U : 0U));
  }

  template <typename T>
  [[nodiscard]] constexpr T widened() const {
    using W = Wide<T>;
    using Bits = typename W::Bits;
    const Bits sign = Bits{bits & 0x8000U} << W::kSignShift;
    const unsigned exponent = (bits & 0x7C00U) >> kFraction;
    const Bits fraction = bits & 0x3FFU;
    Bits magnitude = 0;
    if (exponent == 0x1F) {
      magnitude = W::kInfinity | fraction << W::kExtra;
    } else if (exponent == 0) {
      constexpr T kSmallest = T{1} / (1U << (kFraction - kLeast));
      magnitude = std::bit_cast<Bits>(static_cast<T>(fraction) * kSmallest);
    } else {
      magnitude = (Bits{exponent} + (W::kBias - kBias)) << W::kFraction | fraction << W::kExtra;
    }
    return std::bit_cast<T>(sign | magnitude);
  }

 public:
  constexpr Float16() = default;
  template <std::floating_point T>
  constexpr explicit Float16(T value) : bits(rounded(value)) {}
  /// By way of double: the integers that double rounds are far above the largest half.
  template <std::integral T>
  constexpr explicit Float16(T value) : Float16(static_cast<double>(value)) {}

  [[nodiscard]] static constexpr Float16 from_bits(std::uint16_t bits) {
    Float16 half;
    half.bits = bits;
    return half;
  }

  constexpr explicit operator float() const { return widened<float>(); }
  constexpr explicit operator double() const { return widened<double>(); }
};
static_assert(sizeof(Float16) == 2 && std::is_trivially_copyable_v<Float16>);

}  // namespace deckle

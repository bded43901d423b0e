// SPDX-License-Identifier: Apache-2.0
// jpeg_bits: the entropy-coded data of sequential Huffman JPEG, bit by bit and symbol by symbol.
// Source  ITU-T T.81: C.2 (Huffman tables), F.2.2 (decoding), B.1.1.5 and E.2.4 (markers in the
//         data)
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.h"

namespace deckle {

inline constexpr unsigned kLongestCode = 16;  // bits

// ---- code for BMI2 and without

// BMI2 has shift instructions that do not change the flags. Tests change this variable to compare
// both copies.
#if defined(__x86_64__)
#define DECKLE_BMI2 __attribute__((target("bmi2")))
inline bool use_bmi2 = __builtin_cpu_supports("bmi2") != 0;
#else
#define DECKLE_BMI2
inline bool use_bmi2 = false;
#endif
#define DECKLE_IN_TWO_COPIES __attribute__((always_inline))

template <typename F>
DECKLE_BMI2 auto run_with_bmi2(const F& f) {
  return f();
}

// Calls the lambda `f`, which is DECKLE_IN_TWO_COPIES: one copy is compiled for BMI2, the other for
// any processor. target_clones would do the same, but clang 14, which builds the fuzzers, lacks it.
template <typename F>
auto run_fastest(const F& f) {
  return use_bmi2 ? run_with_bmi2(f) : f();
}

// ---- bits

// The next bits of the data, the first in the highest bit of `bits`. The bits after the first
// `count` are the following data, or zero. Passed by value: the compiler keeps it in registers
// while blocks are read.
struct ScanBits {
  std::uint64_t bits = 0;
  unsigned count = 0;
  const std::uint8_t* at = nullptr;  // the next byte, in the buffer of a ScanData

  [[nodiscard]] std::uint32_t peek(unsigned n) const {
    return static_cast<std::uint32_t>(bits >> 1U >> (63 - n));
  }
  // n <= 63. The masks cost no instruction.
  void drop(std::uint64_t n) {
    bits <<= n & 63U;
    count -= static_cast<std::uint8_t>(n);
  }
};

// The bytes between two markers, without the stuffed zeros after 0xFF, a piece at a time. After
// their end, zeros are read.
class ScanData {
 public:
  explicit ScanData(Bytes data) : raw_(data.data()), raw_end_(data.data() + data.size()) {}
  ScanData(const ScanData&) = delete;
  ScanData& operator=(const ScanData&) = delete;

  // Begins the data from here to the next marker.
  ScanBits begin() {
    filled_ = buffer_.data() + kBehind;
    ended_ = ran_out_ = false;
    return more({0, 0, filled_});
  }

  // Afterwards at least 56 bits are available.
  void refill(ScanBits& b) {
    if (b.at >= limit_) [[unlikely]]
      b = more(b);
    std::uint64_t next = 0;
    std::memcpy(&next, b.at, 8);
    if constexpr (std::endian::native == std::endian::little) next = __builtin_bswap64(next);
    b.bits |= next >> b.count;
    b.at += (63 - b.count) >> 3U;
    b.count |= 56U;
  }

  // Takes back the last `n` bits that were dropped, and refills.
  void put_back(ScanBits& b, unsigned n) {
    const unsigned unread = b.count + n;
    b.at -= unread / 8;
    b.count = unread % 8;  // the low bits of the previous byte
    b.bits = b.count == 0 ? 0 : std::uint64_t{b.at[-1]} << (64 - b.count);
    refill(b);
  }

  // Whether more bits were dropped than the data have.
  [[nodiscard]] bool overrun(const ScanBits& b) const { return ran_out_ || left(b) < 0; }
  // Whether only padding is left before the marker or the end of the file.
  [[nodiscard]] bool at_marker(ScanBits& b) {
    refill(b);
    return ended_ && !overrun(b) && left(b) < 8;
  }

  // The number of unread bits of the current byte.
  [[nodiscard]] unsigned left_of_byte(ScanBits& b) {
    refill(b);
    return static_cast<unsigned>(left(b) % 8);
  }
  // Whether they are padding: ones (F.1.2.3).
  [[nodiscard]] bool padded(ScanBits& b) {
    const unsigned n = left_of_byte(b);
    return !overrun(b) && b.peek(n) == (1U << n) - 1;
  }
  // The bytes of the file from the next whole byte on.
  [[nodiscard]] Bytes rest(ScanBits& b) {
    refill(b);
    const std::ptrdiff_t unread = std::max<std::ptrdiff_t>(left(b) / 8, 0);
    const auto stuffed = std::count(filled_ - unread, filled_, std::uint8_t{0xFF});
    return {raw_ - unread - stuffed, raw_end_};
  }

  // Reads this marker. False if another marker is next. begin() then reads the data after it.
  bool pass_marker(std::uint8_t marker) {
    while (raw_end_ - raw_ >= 2 && raw_[0] == 0xFF && raw_[1] == 0xFF)
      ++raw_;
    if (raw_end_ - raw_ < 2 || raw_[0] != 0xFF || raw_[1] != marker) return false;
    raw_ += 2;
    return true;
  }
  // The same, but skips the data before the marker: a whole restart interval.
  bool skip_to_marker(std::uint8_t marker) {
    while (raw_ < raw_end_) {
      const void* const ff = std::memchr(raw_, 0xFF, static_cast<std::size_t>(raw_end_ - raw_));
      if (ff == nullptr) return false;
      raw_ = static_cast<const std::uint8_t*>(ff);
      if (raw_end_ - raw_ < 2) return false;
      if (raw_[1] != 0) return pass_marker(marker);
      raw_ += 2;
      release_mapped_before(raw_);
    }
    return false;
  }

 private:
  static constexpr std::size_t kPiece = 8192;
  static constexpr std::size_t kAhead = 8;    // bytes that refill() reads ahead
  static constexpr std::size_t kBehind = 16;  // bytes that put_back() goes back

  // Unread bits of the piece, which is the last one if `ended_`.
  [[nodiscard]] std::ptrdiff_t left(const ScanBits& b) const {
    return 8 * (filled_ - b.at) + static_cast<std::ptrdiff_t>(b.count);
  }

  // Reads the next piece, and keeps the unread bytes of this one.
  [[gnu::noinline]] ScanBits more(ScanBits b) {
    if (ended_) {
      ran_out_ = true;
      b.at = filled_;  // more reads get zeros
      return b;
    }
    const auto rest = static_cast<std::size_t>(filled_ - b.at);
    std::memmove(buffer_.data(), b.at - kBehind, kBehind + rest);
    b.at = buffer_.data() + kBehind;
    filled_ = buffer_.data() + kBehind + rest;
    std::uint8_t* const full = buffer_.data() + kBehind + kPiece;
    while (filled_ < full && !ended_) {
      const auto most = static_cast<std::size_t>(std::min(full - filled_, raw_end_ - raw_));
      const void* const ff = std::memchr(raw_, 0xFF, most);
      const auto plain =
          ff == nullptr ? most
                        : static_cast<std::size_t>(static_cast<const std::uint8_t*>(ff) - raw_);
      std::memcpy(filled_, raw_, plain);
      filled_ += plain;
      raw_ += plain;
      if (ff == nullptr) {
        ended_ = raw_ == raw_end_;
      } else if (raw_end_ - raw_ >= 2 && raw_[1] == 0) {
        *filled_++ = 0xFF;
        raw_ += 2;
      } else {
        ended_ = true;
      }
    }
    release_mapped_before(raw_);
    if (ended_) std::memset(filled_, 0, 4 * kAhead);
    limit_ = ended_ ? filled_ + 2 * kAhead : filled_ - kAhead;
    return b;
  }

  const std::uint8_t* raw_;
  const std::uint8_t* raw_end_;
  const std::uint8_t* limit_ = nullptr;  // from here on refill() needs the next piece
  std::uint8_t* filled_ = nullptr;
  bool ended_ = false;    // a marker or the end of the file is next
  bool ran_out_ = false;  // the data were read beyond their end
  std::array<std::uint8_t, kBehind + kPiece + 4 * kAhead> buffer_{};
};

// ---- Huffman codes

// A Huffman table as DHT stores it.
struct HuffmanCode {
  std::array<std::uint8_t, kLongestCode> counts{};  // codes of 1 bit, 2 bits, ..
  std::array<std::uint8_t, 256> symbols{};

  bool operator==(const HuffmanCode&) const = default;

  // Calls f(code, bits, symbol) for each code, in order. False if they are not a prefix code, or if
  // a code has only ones (C.2).
  template <typename F>
  bool for_each(F f) const {
    std::uint32_t code = 0;
    std::size_t n = 0;
    for (unsigned bits = 1; bits <= kLongestCode; ++bits, code <<= 1U) {
      for (int i = 0; i < counts[bits - 1]; ++i) {
        if (code + 1 >= 1U << bits || n == symbols.size()) return false;
        f(code++, bits, symbols[n++]);
      }
    }
    return true;
  }
};

struct Symbol {
  std::uint8_t value = 0;
  std::uint8_t bits = 0;  // of its code; 0: no symbol
};

// The value of `size` bits (F.2.2.1): the lower half of the range is negative. Without a branch,
// which would be mispredicted half of the time.
inline std::int32_t extended(std::uint32_t bits, unsigned size) {
  const auto value = static_cast<std::int32_t>(bits);
  const std::int32_t below = (value - (1 << size >> 1)) >> 31;
  return value + (below & (1 - (1 << size)));
}

}  // namespace deckle

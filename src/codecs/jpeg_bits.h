// SPDX-License-Identifier: Apache-2.0
// jpeg_bits: the entropy-coded data of sequential Huffman JPEG, bit by bit and symbol by symbol.
// Source  ITU-T T.81: C.2 (Huffman tables), F.2.2 (decoding), B.1.1.5 and E.2.4 (markers within)
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.h"

namespace deckle {

inline constexpr unsigned kCoefficients = 64;  // of a block
inline constexpr unsigned kLongestCode = 16;   // bits

// What the next bits of a block stand for, when only its end is sought: in the low bits how many
// are to be dropped, above them how many coefficients that passes, with kEnd more where the block
// ends.
using Run = std::uint16_t;
inline constexpr unsigned kRunShift = 6;  // what a shift by a whole run goes by: no mask
inline constexpr unsigned kRunBits = (1U << kRunShift) - 1;
inline constexpr unsigned kRunWindow = 13;  // bits that are looked at together
inline constexpr unsigned kEnd = 256;
using Runs = std::array<Run, 1U << kRunWindow>;

// ---- bits

class BitReader {
 public:
  BitReader(const std::uint8_t* at, const std::uint8_t* end) : at_(at), end_(end) {}

  // At least 56 bits to look at. Behind the end of the data they are zeros.
  void refill() {
    if (!refill_at_once(bits_, count_, at_, end_)) refill_bytewise();
  }
  [[nodiscard]] std::uint32_t peek(unsigned bits) const {
    return static_cast<std::uint32_t>(bits_ >> 1U >> (63 - bits));
  }
  void drop(unsigned bits) {
    bits_ <<= bits;
    count_ -= static_cast<int>(bits);
  }
  // Whether bits were dropped that the data do not have.
  [[nodiscard]] bool overrun() const { return count_ < 8 * made_up_; }

  // What is read next, or up to eight bytes behind it.
  [[nodiscard]] const std::uint8_t* at() const { return at_; }

  // Over the restart marker RST`number`, which has to be next.
  bool restart(unsigned number) {
    refill();
    if (overrun() || count_ - 8 * made_up_ >= 8) return false;
    return pass_marker(number);
  }
  // From the beginning of an interval to the next one's, unseen.
  bool skip_interval(unsigned number) {
    while (at_ < end_) {
      const void* const ff = std::memchr(at_, 0xFF, static_cast<std::size_t>(end_ - at_));
      if (ff == nullptr) return false;
      at_ = static_cast<const std::uint8_t*>(ff);
      if (end_ - at_ < 2) return false;
      if (at_[1] != 0) return pass_marker(number);
      at_ += 2;
    }
    return false;
  }

  // Passes over symbols several at a time, from coefficient `k`; kCoefficients where that is the
  // end of the block, else how far it went before a symbol that has to be taken by itself.
  unsigned pass(const Runs& runs, unsigned k) {
    // In registers: through `this`, each step would wait for memory.
    std::uint64_t bits = bits_;
    int count = count_;
    const std::uint8_t* at = at_;
    std::uint64_t bits_before = 0;
    int count_before = 0;
    unsigned k_before = 0;
    Run run = 0;
    const auto step = [&] {
      bits_before = bits;
      count_before = count;
      k_before = k;
      run = runs[bits >> (64 - kRunWindow)];
      bits <<= run & kRunBits;
      count -= static_cast<int>(run & kRunBits);
      k += run >> kRunShift;
      return k < kCoefficients && run != 0;
    };
    do {
      if (!refill_at_once(bits, count, at, end_)) {
        bits_ = bits;
        count_ = count;
        at_ = at;
        refill_bytewise();
        bits = bits_;
        count = count_;
        at = at_;
      }
    } while (step() && step());  // bits enough for two
    // Behind a full block its last run may have taken symbols of the next one.
    const bool ends = k == kCoefficients || (k >= kEnd && k < kEnd + kCoefficients);
    bits_ = ends ? bits : bits_before;
    count_ = ends ? count : count_before;
    at_ = at;
    return ends ? kCoefficients : k_before;
  }

 private:
  // Where no 0xFF is near.
  static bool refill_at_once(std::uint64_t& bits, int& count, const std::uint8_t*& at,
                             const std::uint8_t* end) {
    if (end - at < 8) return false;
    std::uint64_t next = 0;
    std::memcpy(&next, at, 8);
    if constexpr (std::endian::native == std::endian::little) next = __builtin_bswap64(next);
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    if (((~next - kOnes) & next & (kOnes << 7U)) != 0) return false;
    bits |= next >> static_cast<unsigned>(count);
    at += (63 - count) >> 3;
    count |= 56;
    return true;
  }

  [[gnu::noinline]] void refill_bytewise() {
    for (; count_ < 56; count_ += 8) {
      std::uint64_t byte = 0;
      if (at_ < end_ && *at_ != 0xFF) {
        byte = *at_++;
      } else if (end_ - at_ >= 2 && at_[1] == 0) {
        byte = 0xFF;
        at_ += 2;
      } else {
        ++made_up_;  // a marker, which stays where it is
      }
      bits_ |= byte << static_cast<unsigned>(56 - count_);
    }
  }

  bool pass_marker(unsigned number) {
    while (end_ - at_ >= 2 && at_[0] == 0xFF && at_[1] == 0xFF)
      ++at_;
    if (end_ - at_ < 2 || at_[0] != 0xFF || at_[1] != 0xD0 + number) return false;
    *this = BitReader(at_ + 2, end_);
    return true;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint64_t bits_ = 0;  // from the top; what stands behind `count_` of them is right or zero
  int count_ = 0;
  int made_up_ = 0;  // bytes
};

class BitWriter {
 public:
  explicit BitWriter(Buffer& out) : out_(out) {}

  void put(std::uint32_t value, unsigned bits) {
    bits_ = bits_ << bits | value;
    count_ += bits;
    while (count_ >= 8) {
      count_ -= 8;
      const auto byte = static_cast<std::uint8_t>(bits_ >> count_);
      bytes_[size_++] = byte;
      if (byte == 0xFF) bytes_[size_++] = 0;
      if (size_ + 2 > bytes_.size()) flush();
    }
  }
  void finish() {
    if (count_ > 0) put((1U << (8 - count_)) - 1, 8 - count_);
    flush();
  }

 private:
  void flush() {
    out_.append({bytes_.data(), size_});
    size_ = 0;
  }

  Buffer& out_;
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
  std::size_t size_ = 0;
  std::array<std::uint8_t, 4096> bytes_;
};

// ---- Huffman tables

// As DHT says it.
struct Code {
  std::array<std::uint8_t, kLongestCode> counts{};  // of 1 bit, 2 bits, ...
  std::array<std::uint8_t, 256> symbols{};

  [[nodiscard]] int size() const {
    int size = 0;
    for (const std::uint8_t count : counts)
      size += count;
    return size;
  }
  bool operator==(const Code&) const = default;

  // Calls f(code, bits, symbol) for each, codes in order. False where they do not fit.
  template <typename F>
  bool for_each(F f) const {
    std::uint32_t code = 0;
    std::size_t n = 0;
    for (unsigned bits = 1; bits <= kLongestCode; ++bits, code <<= 1U) {
      for (int i = 0; i < counts[bits - 1]; ++i) {
        if (code >= 1U << bits) return false;
        f(code++, bits, symbols[n++]);
      }
    }
    return true;
  }
};

struct Symbol {
  std::uint8_t value;
  std::uint8_t bits;  // 0: no such code
};

// Looks symbols up: the usual ones at once, long ones by their length.
class Lookup {
 public:
  bool set(const Code& code) {
    direct_.fill({});
    first_.fill({});
    code_ = code;
    std::uint32_t index = 0;
    return code.for_each([&](std::uint32_t bits, unsigned length, std::uint8_t symbol) {
      if (length <= kDirect) {
        const auto at = direct_.begin() + (bits << (kDirect - length));
        std::fill(at, at + (1 << (kDirect - length)),
                  Symbol{symbol, static_cast<std::uint8_t>(length)});
      }
      Length& of = first_[length - 1];
      if (of.count++ == 0) of.offset = index - bits;
      of.end = bits + 1;
      ++index;
    });
  }

  [[nodiscard]] Symbol find(std::uint32_t next16) const {
    const Symbol symbol = direct_[next16 >> (kLongestCode - kDirect)];
    if (symbol.bits != 0) return symbol;
    for (unsigned length = kDirect + 1; length <= kLongestCode; ++length) {
      const Length& of = first_[length - 1];
      const std::uint32_t code = next16 >> (kLongestCode - length);
      if (of.count != 0 && code < of.end) {
        return {code_.symbols[code + of.offset], static_cast<std::uint8_t>(length)};
      }
    }
    return {};
  }

 private:
  static constexpr unsigned kDirect = 9;
  struct Length {
    std::uint32_t offset = 0;  // from a code to its place among the symbols, modulo 2^32
    std::uint32_t end = 0;     // behind the last code
    int count = 0;
  };
  Code code_;
  std::array<Symbol, 1U << kDirect> direct_{};
  std::array<Length, kLongestCode> first_{};
};

// What a symbol of an AC table does: passes so many coefficients, or ends the block.
struct Step {
  unsigned passes;  // kEnd: all
  unsigned size;    // bits of the value behind the code
};

inline Step step_of(std::uint8_t symbol) {
  const unsigned run = symbol >> 4U;
  const unsigned size = symbol & 15U;
  if (size == 0 && run != 15) return {kEnd, 0};
  return {run + 1, size};
}

class AcTable {
 public:
  bool set(const Code& code) {
    if (code == code_) return true;  // as in most files of a folder
    code_ = {};
    if (!lookup_.set(code)) return false;
    for (std::uint32_t window = 0; window < runs_.size(); ++window)
      runs_[window] = run_of(window);
    code_ = code;
    return true;
  }

  [[nodiscard]] Symbol find(std::uint32_t next16) const { return lookup_.find(next16); }

  // Over the AC coefficients of a block; false where they are none.
  bool skip(BitReader& in) const {
    unsigned k = 1;
    while ((k = in.pass(runs_, k)) < kCoefficients) {
      in.refill();
      const Symbol symbol = find(in.peek(kLongestCode));
      if (symbol.bits == 0) return false;
      const Step step = step_of(symbol.value);
      in.drop(symbol.bits + step.size);
      k += step.passes;
      if (k == kCoefficients || k >= kEnd) return true;
      if (k > kCoefficients) return false;
    }
    return true;
  }

 private:
  // All symbols whose codes lie within the window; the value of the last may reach beyond it. 0
  // where there is none.
  [[nodiscard]] Run run_of(std::uint32_t window) const {
    unsigned bits = 0;
    unsigned passes = 0;
    while (bits < kRunWindow && passes < kCoefficients) {
      const std::uint32_t rest = window << bits & ((1U << kRunWindow) - 1);
      const Symbol symbol = lookup_.find(rest << (kLongestCode - kRunWindow));
      if (symbol.bits == 0 || bits + symbol.bits > kRunWindow) break;
      const Step step = step_of(symbol.value);
      bits += symbol.bits + step.size;
      passes += step.passes;
    }
    return static_cast<Run>(passes << kRunShift | bits);
  }

  Code code_;
  Lookup lookup_;
  Runs runs_{};
};

}  // namespace deckle

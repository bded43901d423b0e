// SPDX-License-Identifier: Apache-2.0
// jpeg_blocks: blocks of coefficients out of the data of sequential Huffman JPEG, some at a time.
//
// A decoder waits: for the table that says how long a symbol was, before it can look up the next,
// and after each branch that was guessed wrong, as the one at the end of a block nearly always is.
// So up to two symbols are looked up at once, values and all, and several where they are only to be
// passed over; and there is no branch: every step does the same, whatever it finds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codecs/jpeg_bits.h"
#include "codecs/jpeg_block.h"

namespace deckle {

enum class TableKind { Dc, Ac };

// What a symbol does: passes so many coefficients, to the last of which a value may belong, or ends
// the block.
struct SymbolStep {
  unsigned passes = 0;
  unsigned size = 0;  // bits of the value, behind the code
  bool valued = false;
  bool ends = false;
};

// A Huffman table, by what the next bits stand for.
class HuffmanTable {
 public:
  static constexpr unsigned kWindow = 10;  // bits that are looked at
  static constexpr std::size_t kEntries = std::size_t{1} << kWindow;

  // Up to two symbols that begin within the window, from the low end:
  //   bits 0..7  bits to drop
  //   8..15      bits of the second value that the window does not hold: to be added to it
  //   16..23     coefficients that are passed; kCoefficients: the symbol has to be taken by itself
  //   24..31     which of them the first value belongs to, or kNoPlace
  //   32..47     the second value
  //   48..55     the first value
  //   56..62     which one the second value belongs to
  //   63         the block ends
  using Pair = std::int64_t;
  static constexpr unsigned kNoPlace = kCoefficients;
  // All symbols whose codes lie within the window: in bits 0..5 those to drop, in 6..12 the
  // coefficients that are passed, as above, 15 where the block ends.
  using Run = std::int16_t;

  HuffmanTable(TableKind kind, const HuffmanCode& code);
  [[nodiscard]] bool valid() const { return valid_; }  // false where the codes do not fit
  [[nodiscard]] bool made_of(TableKind kind, const HuffmanCode& code) const {
    return kind_ == kind && code_ == code;
  }

  [[nodiscard]] Pair pair(std::size_t window) const;
  [[nodiscard]] Run run(std::size_t window) const;
  // The next symbol, and its value. False where there is none.
  bool take(ScanBits& b, SymbolStep& step, std::int32_t& value) const;

 private:
  struct First;
  [[nodiscard]] Symbol find(std::uint32_t next16) const;
  [[nodiscard]] First first_of(std::size_t window, unsigned length) const;

  TableKind kind_;
  HuffmanCode code_;
  bool valid_ = false;
  std::array<Symbol, kEntries> direct_{};
  std::array<std::uint32_t, kLongestCode> end_{};     // behind the last code of each length
  std::array<std::uint32_t, kLongestCode> offset_{};  // from a code to its symbol, modulo 2^32
};

struct ComponentCodes {
  HuffmanCode dc, ac;
};

// The tables of all components of a picture, those of each kind in one piece.
class HuffmanTables {
 public:
  explicit HuffmanTables(std::span<const ComponentCodes> components);
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] bool made_of(std::span<const ComponentCodes> components) const;

  [[nodiscard]] const HuffmanTable& table(std::size_t component, TableKind kind) const {
    return tables_[number(component, kind)];
  }
  [[nodiscard]] const HuffmanTable::Pair* pairs(std::size_t component, TableKind kind) const {
    return &pairs_[number(component, kind) * HuffmanTable::kEntries];
  }
  [[nodiscard]] const HuffmanTable::Run* runs(std::size_t component, TableKind kind) const {
    return &runs_[number(component, kind) * HuffmanTable::kEntries];
  }

 private:
  [[nodiscard]] std::size_t number(std::size_t component, TableKind kind) const {
    return numbers_[2 * component + (kind == TableKind::Ac ? 1 : 0)];
  }

  std::vector<std::size_t> numbers_;  // components may share tables
  std::vector<HuffmanTable> tables_;
  std::vector<HuffmanTable::Pair> pairs_;
  std::vector<HuffmanTable::Run> runs_;
  bool valid_ = true;
};

// Kept by the thread: they are the same in most files of a folder. Null where codes do not fit.
[[nodiscard]] std::shared_ptr<const HuffmanTables> tables_of(
    std::span<const ComponentCodes> components);

// Reads blocks, up to kMost at once, from the first one of an MCU on.
class BlockReader {
 public:
  static constexpr std::size_t kMost = 32;

  // `mcu`: which component each block of an MCU belongs to.
  BlockReader(std::shared_ptr<const HuffmanTables> tables, std::span<const std::uint8_t> mcu);
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  // Reads `count` blocks to pair(); false where the data are not as they should be.
  bool read(ScanData& in, ScanBits& bits, std::size_t count);
  // Passes over `count` blocks.
  bool skip(ScanData& in, ScanBits& bits, std::size_t count);
  // What a restart does.
  void reset_dc() { dc_ = {}; }

  // Blocks 2i and 2i + 1 that were read; to be left cleared.
  [[nodiscard]] BlockPair& pair(std::size_t i) { return pairs_[i]; }
  [[nodiscard]] std::size_t component(std::size_t block) const { return component_[block]; }

 private:
  // A block: where its AC coefficients are looked up, and by how much further on the DC coefficient
  // of the next one.
  template <typename Entry>
  struct alignas(32) Way {
    const Entry* ac = nullptr;
    std::ptrdiff_t to_next_dc = 0;
    std::int16_t* to = nullptr;
  };
  struct Taken;
  using Starts = std::array<std::uint64_t, kMost + 1>;

  static std::int64_t add_missing(HuffmanTable::Pair pair, std::uint64_t bits);
  Taken take_alone(ScanData& in, std::size_t block, ScanBits b, std::uint64_t k,
                   std::int16_t* to) const;
  bool read_all(ScanData& in, ScanBits& bits, std::size_t count) const;
  bool skip_all(ScanData& in, ScanBits& bits, std::size_t count, Starts& starts) const;
  [[nodiscard]] std::int32_t difference(std::size_t block, std::uint64_t bits) const;

  std::shared_ptr<const HuffmanTables> tables_;
  std::array<std::uint8_t, kMost + 1> component_{};
  std::array<Way<HuffmanTable::Pair>, kMost> pair_ways_{};
  std::array<Way<HuffmanTable::Run>, kMost> run_ways_{};
  std::array<std::int32_t, 4> dc_{};  // of each component's last block
  std::array<BlockPair, kMost / 2> pairs_;
};

}  // namespace deckle

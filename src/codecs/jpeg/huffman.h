// SPDX-License-Identifier: Apache-2.0
// huffman: decodes the Huffman codes of sequential JPEG to blocks of coefficients, a batch at a
// time.
//  A plain decoder loses time in two places. It can look up a symbol only when it knows the length
// of the previous one. And each mispredicted branch costs time; the branch at the end of a block is
// nearly always mispredicted. Therefore a table entry contains up to two symbols with their values,
// or more symbols if they are only skipped, and each step does the same work, without a branch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codecs/jpeg/jpeg_bits.h"
#include "codecs/jpeg/jpeg_block.h"

namespace deckle {

enum class TableKind { Dc, Ac };

// The effect of a symbol: it advances by `passes` coefficients, and may set the last of them; or it
// ends the block.
struct SymbolStep {
  unsigned passes = 0;
  unsigned size = 0;  // bits of the value, after the code
  bool valued = false;
  bool ends = false;
};

// A Huffman table, indexed by the next bits of the data.
class HuffmanTable {
 public:
  static constexpr unsigned kWindow = 10;  // bits of the index
  static constexpr std::size_t kEntries = std::size_t{1} << kWindow;

  // Up to two symbols that begin within the window, from the low end:
  //   bits 0..7  bits to drop
  //   8..15      bits of the second value that lie outside of the window; they are added to it
  //   16..23     coefficients to advance; kCoefficients: decode the symbol alone, by take()
  //   24..31     the coefficient of the first value, or kNoPlace
  //   32..47     the second value
  //   48..55     the first value
  //   56..62     the coefficient of the second value
  //   63         the block ends
  using Pair = std::int64_t;
  static constexpr unsigned kNoPlace = kCoefficients;
  // All symbols whose codes lie within the window, for skipping: bits 0..5 bits to drop, 6..12
  // coefficients to advance as above, 15 the block ends.
  using Run = std::int16_t;

  HuffmanTable(TableKind kind, const HuffmanCode& code);
  [[nodiscard]] bool valid() const { return valid_; }  // false if the codes are not a prefix code
  [[nodiscard]] bool made_of(TableKind kind, const HuffmanCode& code) const {
    return kind_ == kind && code_ == code;
  }

  [[nodiscard]] Pair pair(std::size_t window) const;
  [[nodiscard]] Run run(std::size_t window) const;
  // Decodes one symbol and its value. False for an invalid code.
  bool take(ScanBits& b, SymbolStep& step, std::int32_t& value) const;

 private:
  struct First;
  [[nodiscard]] Symbol find(std::uint32_t next16) const;
  [[nodiscard]] First first_of(std::size_t window, unsigned length) const;

  TableKind kind_;
  HuffmanCode code_;
  bool valid_ = false;
  std::array<Symbol, kEntries> direct_{};
  std::array<std::uint32_t, kLongestCode> end_{};     // the last code of each length, plus 1
  std::array<std::uint32_t, kLongestCode> offset_{};  // from a code to its symbol, modulo 2^32
};

struct ComponentCodes {
  HuffmanCode dc, ac;
};

// The tables of all components of a picture, in one array for each kind.
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

// The tables for these codes; null if the codes are invalid. Each thread keeps its last tables,
// because most files of a folder have the same.
[[nodiscard]] std::shared_ptr<const HuffmanTables> tables_of(
    std::span<const ComponentCodes> components);

// Reads up to kMost blocks at once, beginning with the first block of an MCU.
class BlockReader {
 public:
  static constexpr std::size_t kMost = 32;

  // `mcu`: the component of each block of an MCU.
  BlockReader(std::shared_ptr<const HuffmanTables> tables, std::span<const std::uint8_t> mcu);
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  // Reads `count` blocks to pair(); false if the data are wrong.
  bool read(ScanData& in, ScanBits& bits, std::size_t count);
  // Skips `count` blocks.
  bool skip(ScanData& in, ScanBits& bits, std::size_t count);
  // Called at a restart marker.
  void reset_dc() { dc_ = {}; }

  // Blocks 2i and 2i + 1 of the last read. The caller clears them.
  [[nodiscard]] BlockPair& pair(std::size_t i) { return pairs_[i]; }
  [[nodiscard]] std::size_t component(std::size_t block) const { return component_[block]; }

 private:
  // The tables of a block: the table of its AC coefficients, and the distance from this table to
  // the DC table of the next block.
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
  std::array<std::int32_t, 4> dc_{};  // of the last block of each component
  std::array<BlockPair, kMost / 2> pairs_;
};

}  // namespace deckle

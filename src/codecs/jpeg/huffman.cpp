// SPDX-License-Identifier: Apache-2.0
// Source  ITU-T T.81: F.2.2 (decoding)
#include "codecs/jpeg/huffman.h"

#include <algorithm>
#include <utility>

namespace deckle {
namespace {

constexpr unsigned kMostBits = 18;  // of an entry: three entries fit in one refill

SymbolStep step_of(TableKind kind, std::uint8_t symbol) {
  if (kind == TableKind::Dc) return {1, symbol, true, false};
  const unsigned run = symbol >> 4U;
  const unsigned size = symbol & 15U;
  if (size == 0 && run != 15) return {0, 0, false, true};
  return {run + 1, size, size > 0, false};
}

std::uint64_t low_bits(std::uint64_t count) {
  return (std::uint64_t{1} << count) - 1;
}

}  // namespace

// ---- tables

HuffmanTable::HuffmanTable(TableKind kind, const HuffmanCode& code) : kind_(kind), code_(code) {
  std::uint32_t index = 0;
  bool known = true;
  const bool fit = code.for_each([&](std::uint32_t bits, unsigned length, std::uint8_t symbol) {
    known = known && (kind == TableKind::Ac || symbol <= 15);
    if (length <= kWindow) {
      std::fill_n(direct_.begin() + (bits << (kWindow - length)), 1U << (kWindow - length),
                  Symbol{symbol, static_cast<std::uint8_t>(length)});
    }
    if (end_[length - 1] == 0) offset_[length - 1] = index - bits;
    end_[length - 1] = bits + 1;
    ++index;
  });
  valid_ = fit && known;
}

Symbol HuffmanTable::find(std::uint32_t next16) const {
  Symbol symbol = direct_[next16 >> (kLongestCode - kWindow)];
  for (unsigned length = kWindow + 1; symbol.bits == 0 && length <= kLongestCode; ++length) {
    const std::uint32_t code = next16 >> (kLongestCode - length);
    if (code < end_[length - 1])
      symbol = {code_.symbols[code + offset_[length - 1]], static_cast<std::uint8_t>(length)};
  }
  return symbol;
}

bool HuffmanTable::take(ScanBits& b, SymbolStep& step, std::int32_t& value) const {
  const Symbol symbol = find(b.peek(kLongestCode));
  if (symbol.bits == 0) return false;
  step = step_of(kind_, symbol.value);
  const auto bits = b.peek(symbol.bits + step.size);
  value = extended(bits & static_cast<std::uint32_t>(low_bits(step.size)), step.size);
  b.drop(symbol.bits + step.size);
  return true;
}

// The symbol that begins a window.
struct HuffmanTable::First {
  unsigned bits = 0;  // of code and value; 0: the window is too short
  unsigned code = 0;  // of the code
  SymbolStep step;
  std::int32_t value = 0;
  unsigned missing = 0;  // bits to be added to the value
};

// The first symbol in a window: the last `length` bits of `window`.
HuffmanTable::First HuffmanTable::first_of(std::size_t window, unsigned length) const {
  window &= low_bits(length);
  const Symbol symbol = direct_[window << (kWindow - length)];
  if (symbol.bits == 0 || symbol.bits > length) return {};
  First first{.code = symbol.bits, .step = step_of(kind_, symbol.value)};
  first.bits = symbol.bits + first.step.size;
  if (first.bits <= length) {
    const std::size_t value = window >> (length - first.bits) & low_bits(first.step.size);
    first.value = extended(static_cast<std::uint32_t>(value), first.step.size);
    return first;
  }
  // The window must contain the sign bit, which is 0 for negative values.
  if (first.bits > kMostBits || symbol.bits == length) return {};
  first.missing = first.step.size;
  if ((window >> (length - symbol.bits - 1) & 1U) == 0) first.value = 1 - (1 << first.step.size);
  return first;
}

HuffmanTable::Pair HuffmanTable::pair(std::size_t window) const {
  First one;
  First two = first_of(window, kWindow);
  if (two.bits == 0) two.step = {kCoefficients, 0, false, false};
  if (kind_ == TableKind::Ac && two.bits > 0 && two.bits < kWindow && !two.step.ends &&
      two.value == static_cast<std::int8_t>(two.value)) {
    const First next = first_of(window, kWindow - two.bits);
    if (next.bits > 0 && two.bits + next.bits <= kMostBits) one = std::exchange(two, next);
  }
  const auto place = [](const SymbolStep& step, unsigned before) {
    return std::uint64_t{step.valued ? before + step.passes - 1 : kNoPlace};
  };
  const std::uint64_t ends = two.step.ends ? 1 : 0;
  return static_cast<Pair>(std::uint64_t{one.bits + two.bits} | std::uint64_t{two.missing} << 8U |
                           std::uint64_t{one.step.passes + two.step.passes} << 16U |
                           place(one.step, 0) << 24U |
                           std::uint64_t{static_cast<std::uint16_t>(two.value)} << 32U |
                           std::uint64_t{static_cast<std::uint8_t>(one.value)} << 48U |
                           place(two.step, one.step.passes) << 56U | ends << 63U);
}

HuffmanTable::Run HuffmanTable::run(std::size_t window) const {
  unsigned bits = 0;
  unsigned passes = 0;
  bool ends = false;
  while (bits < kWindow && !ends) {
    const std::size_t rest = window << bits & (kEntries - 1);
    const Symbol symbol = direct_[rest];
    const SymbolStep step = step_of(kind_, symbol.value);
    if (symbol.bits == 0 || bits + symbol.bits > kWindow) break;
    if (bits + symbol.bits + step.size > kMostBits || passes + step.passes >= kCoefficients) break;
    bits += symbol.bits + step.size;
    passes += step.passes;
    ends = step.ends;
    if (kind_ == TableKind::Dc) break;
  }
  if (bits == 0) passes = kCoefficients;
  return static_cast<Run>(bits | passes << 6U | (ends ? 1U : 0U) << 15U);
}

HuffmanTables::HuffmanTables(std::span<const ComponentCodes> components) {
  const auto add = [&](TableKind kind, const HuffmanCode& code) {
    const auto same = std::find_if(tables_.begin(), tables_.end(), [&](const HuffmanTable& table) {
      return table.made_of(kind, code);
    });
    numbers_.push_back(static_cast<std::size_t>(same - tables_.begin()));
    if (same != tables_.end()) return;
    const HuffmanTable& table = tables_.emplace_back(kind, code);
    valid_ = valid_ && table.valid();
    for (std::size_t window = 0; valid_ && window < HuffmanTable::kEntries; ++window) {
      pairs_.push_back(table.pair(window));
      runs_.push_back(table.run(window));
    }
  };
  tables_.reserve(2 * components.size());
  pairs_.reserve(2 * components.size() * HuffmanTable::kEntries);
  runs_.reserve(2 * components.size() * HuffmanTable::kEntries);
  for (const ComponentCodes& codes : components) {
    add(TableKind::Dc, codes.dc);
    add(TableKind::Ac, codes.ac);
  }
}

bool HuffmanTables::made_of(std::span<const ComponentCodes> components) const {
  if (numbers_.size() != 2 * components.size()) return false;
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (!table(i, TableKind::Dc).made_of(TableKind::Dc, components[i].dc)) return false;
    if (!table(i, TableKind::Ac).made_of(TableKind::Ac, components[i].ac)) return false;
  }
  return true;
}

std::shared_ptr<const HuffmanTables> tables_of(std::span<const ComponentCodes> components) {
  thread_local std::shared_ptr<const HuffmanTables> kept;
  if (kept == nullptr || !kept->made_of(components)) {
    auto tables = std::make_shared<const HuffmanTables>(components);
    if (!tables->valid()) return nullptr;
    kept = std::move(tables);
  }
  return kept;
}

// ---- blocks

BlockReader::BlockReader(std::shared_ptr<const HuffmanTables> tables,
                         std::span<const std::uint8_t> mcu)
    : tables_(std::move(tables)) {
  for (std::size_t i = 0; i < component_.size(); ++i)
    component_[i] = mcu[i % mcu.size()];
  for (std::size_t i = 0; i < kMost; ++i) {
    const std::size_t here = component_[i];
    const std::size_t next = component_[i + 1];
    const HuffmanTable::Pair* const pairs = tables_->pairs(here, TableKind::Ac);
    const HuffmanTable::Run* const runs = tables_->runs(here, TableKind::Ac);
    pair_ways_[i] = {pairs, tables_->pairs(next, TableKind::Dc) - pairs,
                     pairs_[i / 2].values.data() + i % 2 * 8};
    run_ways_[i] = {runs, tables_->runs(next, TableKind::Dc) - runs, nullptr};
  }
}

// The second value of a pair that was looked up by `bits`, in the low 16 bits.
inline std::int64_t BlockReader::add_missing(HuffmanTable::Pair pair, std::uint64_t bits) {
  const auto fields = static_cast<std::uint64_t>(pair);
  const std::uint64_t missing = bits >> (-fields & 63U) & low_bits(fields >> 8U & 63U);
  return static_cast<std::int64_t>((fields >> 32U) + missing);
}

// A symbol that was decoded alone.
struct BlockReader::Taken {
  ScanBits b;
  std::uint64_t k;  // the next coefficient; 0: invalid code
  bool ends;
};

// Decodes the symbol at coefficient `k` alone, and stores its value.
[[gnu::noinline]] BlockReader::Taken BlockReader::take_alone(ScanData& in, std::size_t block,
                                                             ScanBits b, std::uint64_t k,
                                                             std::int16_t* to) const {
  SymbolStep step;
  std::int32_t value = 0;
  const HuffmanTable& table =
      tables_->table(component_[block], k == 0 ? TableKind::Dc : TableKind::Ac);
  if (!table.take(b, step, value)) return {b, 0, false};
  k += step.passes;
  if (k > kCoefficients) return {b, 0, false};
  if (step.valued && to != nullptr) to[kZigzag[k - 1]] = static_cast<std::int16_t>(value);
  in.refill(b);
  return {b, k, step.ends || k == kCoefficients};
}

bool BlockReader::read_all(ScanData& in, ScanBits& bits, std::size_t count) const {
  return run_fastest([&]() DECKLE_IN_TWO_COPIES {
    ScanBits b = bits;
    std::uint64_t k = 0;
    const Way<HuffmanTable::Pair>* way = pair_ways_.data();
    const Way<HuffmanTable::Pair>* const end = way + count;
    const HuffmanTable::Pair* table = tables_->pairs(component_[0], TableKind::Dc);
    const auto step = [&]() DECKLE_IN_TWO_COPIES {
      const HuffmanTable::Pair pair = table[b.bits >> (64 - HuffmanTable::kWindow)];
      std::int64_t ended = pair >> 63;  // all bits set, or none
      const auto fields = static_cast<std::uint64_t>(pair);
      const std::uint64_t passes = fields >> 16U & 255U;
      const std::uint8_t* const places = &kZigzag[k];
      way->to[places[fields >> 24U & 255U]] = std::int16_t{static_cast<std::int8_t>(fields >> 48U)};
      way->to[places[fields >> 56U & 127U]] = static_cast<std::int16_t>(add_missing(pair, b.bits));
      b.drop(fields);
      k += passes;
      if (k >= kCoefficients) [[unlikely]] {
        const auto block = static_cast<std::size_t>(way - pair_ways_.data());
        in.put_back(b, fields & 255U);
        const Taken taken = take_alone(in, block, b, k - passes, way->to);
        if (taken.k == 0) return false;
        b = taken.b;
        k = taken.k;
        ended = taken.ends ? -1 : 0;
      }
      table = way->ac + (way->to_next_dc & ended);
      k &= ~static_cast<std::uint64_t>(ended);
      way -= ended;
      return way != end;
    };
    do {
      in.refill(b);
    } while (step() && step() && step());
    bits = b;
    return way == end;
  });
}

bool BlockReader::read(ScanData& in, ScanBits& bits, std::size_t count) {
  if (!read_all(in, bits, count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    std::int16_t& first = *pair_ways_[i].to;
    std::int32_t& dc = dc_[component_[i]];
    dc += first;
    first = static_cast<std::int16_t>(dc);
  }
  return true;
}

// Sets `starts` to the first bits of each block.
bool BlockReader::skip_all(ScanData& in, ScanBits& bits, std::size_t count, Starts& starts) const {
  return run_fastest([&]() DECKLE_IN_TWO_COPIES {
    ScanBits b = bits;
    std::uint64_t k = 0;
    const Way<HuffmanTable::Run>* way = run_ways_.data();
    const Way<HuffmanTable::Run>* const end = way + count;
    const HuffmanTable::Run* table = tables_->runs(component_[0], TableKind::Dc);
    std::uint64_t* start = starts.data();
    in.refill(b);
    *start = b.bits;
    const auto step = [&]() DECKLE_IN_TWO_COPIES {
      const std::int64_t run = table[b.bits >> (64 - HuffmanTable::kWindow)];
      std::int64_t ended = run >> 15;
      const auto dropped = static_cast<unsigned>(run) & 63U;
      const std::uint64_t passes = static_cast<std::uint64_t>(run) >> 6U & 127U;
      b.drop(dropped);
      k += passes;
      if (k >= kCoefficients) [[unlikely]] {
        const auto block = static_cast<std::size_t>(way - run_ways_.data());
        in.put_back(b, dropped);
        if (k == passes) *start = b.bits;  // now the bits contain the whole DC difference
        const Taken taken = take_alone(in, block, b, k - passes, nullptr);
        if (taken.k == 0) return false;
        b = taken.b;
        k = taken.k;
        ended = taken.ends ? -1 : 0;
      }
      start[1] = b.bits;  // overwritten until the block ends
      start -= ended;
      table = way->ac + (way->to_next_dc & ended);
      k &= ~static_cast<std::uint64_t>(ended);
      way -= ended;
      return way != end;
    };
    do {
      in.refill(b);
    } while (step() && step());  // enough bits are left for a DC difference
    bits = b;
    return way == end;
  });
}

// The DC difference of a block that begins with these bits.
std::int32_t BlockReader::difference(std::size_t block, std::uint64_t bits) const {
  const std::size_t component = component_[block];
  const HuffmanTable::Pair pair =
      tables_->pairs(component, TableKind::Dc)[bits >> (64 - HuffmanTable::kWindow)];
  if ((pair & 255) != 0) return static_cast<std::int16_t>(add_missing(pair, bits));
  ScanBits b{bits, 64, nullptr};
  SymbolStep step;
  std::int32_t value = 0;
  tables_->table(component, TableKind::Dc).take(b, step, value);
  return value;
}

bool BlockReader::skip(ScanData& in, ScanBits& bits, std::size_t count) {
  Starts starts;
  if (!skip_all(in, bits, count, starts)) return false;
  for (std::size_t i = 0; i < count; ++i)
    dc_[component_[i]] += difference(i, starts[i]);
  return true;
}

}  // namespace deckle

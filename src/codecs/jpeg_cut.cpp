// SPDX-License-Identifier: Apache-2.0
// Source  ITU-T T.81: B.2 (markers), A.2 (MCUs), F.1.2.1 (DC differences)
// A cut keeps the code of each coefficient as it is; only where blocks have another predecessor
// than they had is the code of the DC difference made anew. Whatever is out of the ordinary ends
// the cutting: the decoder then has the whole file.
#include "codecs/jpeg_cut.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <initializer_list>

#include "codecs/jpeg_bits.h"
#include "codecs/reading.h"

namespace deckle {
namespace {

constexpr std::int64_t kBlock = 8;  // samples along a side
constexpr unsigned kMostSize = 11;  // bits of a DC difference of 8-bit samples

// ---- the header

struct Component {
  std::uint8_t id = 0;
  int blocks = 1;  // in an MCU
  int horizontal = 1;
  int vertical = 1;
  int dc = 0;  // tables
  int ac = 0;
};

struct Segment {
  std::uint8_t marker = 0;
  Bytes whole;    // with its marker
  Bytes payload;  // behind the length
};

struct Header {
  std::array<Segment, 64> segments;
  std::size_t segment_count = 0;
  std::array<Code, 4> dc;
  std::array<Code, 4> ac;
  std::array<Component, 3> components;
  std::size_t component_count = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t mcu_rows = kBlock;  // samples of an MCU
  std::int64_t mcu_cols = kBlock;
  std::int64_t interval = 0;  // MCUs between restarts, or 0
  std::size_t data = 0;       // where the picture data begins

  [[nodiscard]] std::int64_t mcus_across() const { return (cols + mcu_cols - 1) / mcu_cols; }
  [[nodiscard]] std::int64_t mcus_down() const { return (rows + mcu_rows - 1) / mcu_rows; }
};

bool read_frame(Bytes payload, Header& header) {
  if (payload.size() < 6 || payload[0] != 8 || header.component_count != 0) return false;
  header.rows = static_cast<std::int64_t>(read_big(&payload[1], 2));
  header.cols = static_cast<std::int64_t>(read_big(&payload[3], 2));
  header.component_count = payload[5];
  if (header.component_count != 1 && header.component_count != 3) return false;
  if (payload.size() != 6 + 3 * header.component_count) return false;
  int most_down = 1;
  int most_across = 1;
  for (std::size_t i = 0; i < header.component_count; ++i) {
    Component& component = header.components[i];
    component.id = payload[6 + 3 * i];
    component.horizontal = static_cast<int>(payload[7 + 3 * i] >> 4U);
    component.vertical = static_cast<int>(payload[7 + 3 * i] & 15U);
    if (component.horizontal < 1 || component.horizontal > 4) return false;
    if (component.vertical < 1 || component.vertical > 4) return false;
    component.blocks = component.horizontal * component.vertical;
    most_across = std::max(most_across, component.horizontal);
    most_down = std::max(most_down, component.vertical);
  }
  if (header.component_count == 1) {  // not interleaved: an MCU is a block (A.2.2)
    header.components[0].blocks = 1;
    return true;
  }
  header.mcu_rows = kBlock * most_down;
  header.mcu_cols = kBlock * most_across;
  return true;
}

bool read_codes(Bytes payload, Header& header) {
  while (!payload.empty()) {
    constexpr std::size_t kFixed = 1 + kLongestCode;
    if (payload.size() < kFixed || (payload[0] & 0xEFU) > 3) return false;
    Code code;
    std::copy_n(payload.begin() + 1, kLongestCode, code.counts.begin());
    const auto size = static_cast<std::size_t>(code.size());
    if (size > code.symbols.size() || payload.size() < kFixed + size) return false;
    std::copy_n(payload.begin() + kFixed, size, code.symbols.begin());
    ((payload[0] & 0x10U) != 0 ? header.ac : header.dc).at(payload[0] & 3U) = code;
    payload = payload.subspan(kFixed + size);
  }
  return true;
}

bool read_scan(Bytes payload, Header& header) {
  const std::size_t count = header.component_count;
  if (count == 0 || payload.size() != 4 + 2 * count || payload[0] != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    Component& component = header.components[i];
    const std::uint8_t tables = payload[2 + 2 * i];
    if (payload[1 + 2 * i] != component.id || (tables & 0xCCU) != 0) return false;
    component.dc = static_cast<int>(tables >> 4U);
    component.ac = static_cast<int>(tables & 15U);
    if (header.dc.at(static_cast<std::size_t>(component.dc)).size() == 0) return false;
    if (header.ac.at(static_cast<std::size_t>(component.ac)).size() == 0) return false;
  }
  return true;
}

// Up to the first scan.
bool read_header(Bytes file, Header& header) {
  std::size_t at = 2;
  while (header.segment_count < header.segments.size()) {
    if (file.size() < at + 4 || file[at] != 0xFF) return false;
    Segment segment{.marker = file[at + 1], .whole = {}, .payload = {}};
    const std::size_t size = read_big(&file[at + 2], 2);
    if (size < 2 || file.size() < at + 2 + size) return false;
    segment.whole = file.subspan(at, size + 2);
    segment.payload = segment.whole.subspan(4);
    header.segments.at(header.segment_count++) = segment;
    at += size + 2;
    switch (segment.marker) {
      case 0xC0:  // sequential, Huffman
      case 0xC1:
        if (!read_frame(segment.payload, header)) return false;
        break;
      case 0xC4:
        if (!read_codes(segment.payload, header)) return false;
        break;
      case 0xDA:
        header.data = at;
        return read_scan(segment.payload, header);
      case 0xDB:
      case 0xFE:
        break;
      case 0xDD:
        if (segment.payload.size() != 2) return false;
        header.interval = static_cast<std::int64_t>(read_big(segment.payload.data(), 2));
        break;
      default:
        if (segment.marker < 0xE0 || segment.marker > 0xEF) return false;
    }
  }
  return false;
}

// A table that has a code for every size of difference, the old ones as they were: what it lacks is
// added with the longest codes. False where there is no room.
bool complete(Code& code) {
  std::uint32_t taken = 0;  // of the 2^16 codes
  for (unsigned bits = 1; bits <= kLongestCode; ++bits)
    taken += std::uint32_t{code.counts[bits - 1]} << (kLongestCode - bits);
  auto size = static_cast<std::size_t>(code.size());
  for (unsigned symbol = 0; symbol <= kMostSize; ++symbol) {
    const auto end = code.symbols.begin() + static_cast<std::ptrdiff_t>(size);
    if (std::find(code.symbols.begin(), end, symbol) != end) continue;
    if (size == code.symbols.size() || taken + 2 > 1U << kLongestCode)
      return false;  // not all ones
    code.symbols[size++] = static_cast<std::uint8_t>(symbol);
    ++code.counts.back();
    ++taken;
  }
  return true;
}

// ---- the picture data

// How a component goes on.
struct Prediction {
  int value = 0;        // of the last block in the file
  int written = 0;      // of the last block in the cut
  bool joined = false;  // the last block in the file is that of the cut
};

struct DcTable {
  Lookup lookup;
  std::array<std::uint32_t, kMostSize + 1> codes{};
  std::array<unsigned, kMostSize + 1> bits{};
};

class Cutter {
 public:
  Cutter(const Header& header, Bytes file, Buffer& out)
      : header_(header), in_(file.data() + header.data, file.data() + file.size()), out_(out) {}

  bool set_tables(const std::array<Code, 4>& dc_codes) {
    for (std::size_t i = 0; i < header_.component_count; ++i) {
      const auto dc = static_cast<std::size_t>(header_.components[i].dc);
      const auto ac = static_cast<std::size_t>(header_.components[i].ac);
      if (!dc_[dc].lookup.set(dc_codes[dc])) return false;
      dc_codes[dc].for_each([&](std::uint32_t code, unsigned bits, std::uint8_t symbol) {
        if (symbol > kMostSize) return;
        dc_[dc].codes[symbol] = code;
        dc_[dc].bits[symbol] = bits;
      });
      tables_[i] = ac_table(ac, header_.ac[ac]);
      if (tables_[i] == nullptr) return false;
    }
    return true;
  }

  // MCUs of rows x cols.
  bool run(const Interval& rows, const Interval& cols) {
    const std::int64_t across = header_.mcus_across();
    const std::int64_t end = (rows.end - 1) * across + cols.end;
    const std::int64_t interval = header_.interval;
    std::int64_t row = 0;
    std::int64_t col = 0;
    std::int64_t left = interval;  // MCUs of the interval
    unsigned restarts = 0;
    for (std::int64_t mcu = 0; mcu < end; ++mcu) {
      if (interval != 0 && left == 0) {
        if (!in_.restart(restarts++ % 8)) return false;
        begin_interval();
        left = interval;
      }
      if (interval != 0 && left == interval) {
        while (next_copied(mcu, rows, cols) >= mcu + interval) {
          if (!in_.skip_interval(restarts++ % 8)) return false;
          begin_interval();
          mcu += interval;
        }
        row = mcu / across;
        col = mcu % across;
      }
      const bool copy = row >= rows.begin && col >= cols.begin && col < cols.end;
      for (std::size_t i = 0; i < header_.component_count; ++i) {
        for (int block = 0; block < header_.components[i].blocks; ++block) {
          if (!(copy ? copy_block(i) : skip_block(i))) return false;
        }
      }
      if (in_.overrun()) return false;
      --left;
      if (++col == across) {
        col = 0;
        ++row;
        passed(in_.at());
      }
    }
    out_.finish();
    return true;
  }

 private:
  // Kept: they are the same in most files of a folder, and take long to make.
  static const AcTable* ac_table(std::size_t number, const Code& code) {
    thread_local std::array<AcTable, 4> tables;
    return tables[number].set(code) ? &tables[number] : nullptr;
  }

  // The first MCU to be copied that is not before `mcu`.
  [[nodiscard]] std::int64_t next_copied(std::int64_t mcu, const Interval& rows,
                                         const Interval& cols) const {
    const std::int64_t across = header_.mcus_across();
    std::int64_t row = mcu / across;
    std::int64_t col = std::max(mcu % across, cols.begin);
    if (row < rows.begin) {
      row = rows.begin;
      col = cols.begin;
    } else if (col >= cols.end) {
      ++row;
      col = cols.begin;
    }
    return row * across + col;
  }

  void begin_interval() {
    for (Prediction& prediction : predictions_) {
      prediction.value = 0;
      prediction.joined = false;
    }
  }

  // The DC difference of the next block becomes its value; its bits are not dropped yet. 0 bits
  // where there is none.
  unsigned read_dc(std::size_t component) {
    in_.refill();
    const DcTable& table = dc_[static_cast<std::size_t>(header_.components[component].dc)];
    const Symbol symbol = table.lookup.find(in_.peek(kLongestCode));
    const unsigned size = symbol.value;
    if (symbol.bits == 0 || size > kMostSize) return 0;
    const unsigned bits = symbol.bits + size;
    const auto value = static_cast<int>(in_.peek(bits) & ((1U << size) - 1));
    // The lower half of the values stands for the negative ones (F.2.2.1); without a branch, which
    // would be guessed wrong as often as not.
    const int below = (value - (1 << size >> 1)) >> 31;
    predictions_[component].value += value + (below & (1 - (1 << size)));
    return bits;
  }

  bool skip_block(std::size_t component) {
    const unsigned bits = read_dc(component);
    if (bits == 0) return false;
    in_.drop(bits);
    predictions_[component].joined = false;
    return tables_[component]->skip(in_);
  }

  bool copy_block(std::size_t component) {
    const unsigned bits = read_dc(component);
    if (bits == 0) return false;
    Prediction& prediction = predictions_[component];
    if (prediction.joined) {
      out_.put(in_.peek(bits), bits);
    } else if (!write_difference(component, prediction.value - prediction.written)) {
      return false;
    }
    in_.drop(bits);
    prediction.written = prediction.value;
    prediction.joined = true;

    const AcTable& table = *tables_[component];
    for (unsigned k = 1; k < kCoefficients;) {
      in_.refill();
      const Symbol symbol = table.find(in_.peek(kLongestCode));
      if (symbol.bits == 0) return false;
      const Step step = step_of(symbol.value);
      out_.put(in_.peek(symbol.bits + step.size), symbol.bits + step.size);
      in_.drop(symbol.bits + step.size);
      k += step.passes;
      if (k > kCoefficients && k < kEnd) return false;
    }
    return true;
  }

  bool write_difference(std::size_t component, int difference) {
    const auto size =
        static_cast<unsigned>(std::bit_width(static_cast<unsigned>(std::abs(difference))));
    if (size > kMostSize) return false;
    const DcTable& table = dc_[static_cast<std::size_t>(header_.components[component].dc)];
    out_.put(table.codes[size], table.bits[size]);
    const int low = difference < 0 ? difference - 1 : difference;
    if (size > 0) out_.put(static_cast<unsigned>(low) & ((1U << size) - 1), size);
    return true;
  }

  const Header& header_;
  BitReader in_;
  BitWriter out_;
  std::array<DcTable, 4> dc_;
  std::array<const AcTable*, 3> tables_{};
  std::array<Prediction, 3> predictions_;
};

// MCUs, of `size` samples, that hold [begin, end) with the neighbours; all there are is `count`.
Interval mcus_of(const Interval& samples, std::int64_t size, std::int64_t count) {
  // Upsampling looks at one sample more, and does otherwise in strips of five columns or less.
  constexpr std::int64_t kNeighbours = 8;
  return {std::max<std::int64_t>(samples.begin - kNeighbours, 0) / size,
          std::min((samples.end + kNeighbours + size - 1) / size, count)};
}

// libjpeg passes over data at some 7 ns a byte, this at half of that, or for nothing where there
// are restart markers; copying a byte takes 9. Tables and a second header: 0.1 ms.
bool pays(const Header& header, Bytes file, const Interval& rows, const Interval& cols) {
  const std::int64_t across = header.mcus_across();
  const double byte_per_mcu = static_cast<double>(file.size() - header.data) /
                              static_cast<double>(across * header.mcus_down());
  const std::int64_t copied = rows.length() * cols.length();
  const std::int64_t passed = (rows.end - 1) * across + cols.end - copied;
  const double saved = (header.interval != 0 ? 7 : 3.5) * static_cast<double>(passed) -
                       9 * static_cast<double>(copied);
  return saved * byte_per_mcu > 150'000;
}

// All that the decoder needs, for a picture of rows x cols.
void write_header(const Header& header, const std::array<Code, 4>& dc, std::int64_t rows,
                  std::int64_t cols, Buffer& out) {
  const auto put = [&](std::initializer_list<std::int64_t> bytes) {
    for (const std::int64_t byte : bytes) {
      const auto value = static_cast<std::uint8_t>(byte);
      out.append({&value, 1});
    }
  };
  put({0xFF, 0xD8});
  for (std::size_t i = 0; i < header.segment_count; ++i) {
    const Segment& segment = header.segments.at(i);
    switch (segment.marker) {
      case 0xC0:
      case 0xC1:
        out.append(segment.whole.first(5));
        put({rows >> 8, rows & 255, cols >> 8, cols & 255});
        out.append(segment.whole.subspan(9));
        break;
      case 0xDA:
        for (std::size_t table = 0; table < dc.size(); ++table) {
          if (dc[table] == header.dc[table]) continue;
          const auto size = static_cast<std::size_t>(dc[table].size());
          const auto length = static_cast<std::int64_t>(2 + 1 + kLongestCode + size);
          put({0xFF, 0xC4, length >> 8, length & 255, static_cast<std::int64_t>(table)});
          out.append(dc[table].counts);
          out.append(Bytes(dc[table].symbols).first(size));
        }
        out.append(segment.whole);
        break;
      case 0xC4:
      case 0xDB:
      case 0xE0:  // JFIF and Adobe: which colours
      case 0xEE:
        out.append(segment.whole);
        break;
      default:
        break;
    }
  }
}

}  // namespace

std::optional<Window> cut_jpeg(Bytes file, const Window& needed, Buffer& out, Cutting cutting) {
  Header header;
  if (!read_header(file, header)) return std::nullopt;
  const Interval rows = mcus_of(needed[0], header.mcu_rows, header.mcus_down());
  const Interval cols = mcus_of(needed[1], header.mcu_cols, header.mcus_across());
  if (rows.length() <= 0 || cols.length() <= 0) return std::nullopt;
  if (cutting == Cutting::WherePays && !pays(header, file, rows, cols)) return std::nullopt;

  std::array<Code, 4> dc = header.dc;
  for (std::size_t i = 0; i < header.component_count; ++i) {
    if (!complete(dc.at(static_cast<std::size_t>(header.components[i].dc)))) return std::nullopt;
  }
  const Window window{
      2,
      {Interval{rows.begin * header.mcu_rows, std::min(rows.end * header.mcu_rows, header.rows)},
       Interval{cols.begin * header.mcu_cols, std::min(cols.end * header.mcu_cols, header.cols)}}};
  out.clear();
  write_header(header, dc, window[0].length(), window[1].length(), out);
  Cutter cutter(header, file, out);
  if (!cutter.set_tables(dc) || !cutter.run(rows, cols)) return std::nullopt;
  constexpr std::array<std::uint8_t, 2> kEndOfImage{0xFF, 0xD9};
  out.append(kEndOfImage);
  return window;
}

}  // namespace deckle

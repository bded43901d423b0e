// SPDX-License-Identifier: Apache-2.0
// Source  ITU-T T.81: B.2 (markers), F.1.2 (Huffman encoding), A.2.4 (padding of an MCU); JFIF
//         1.02. The order of segments and the blocks outside of the picture are those of libjpeg
#include "codecs/jpeg/jpeg_writer.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>

#include "codecs/jpeg/ycbcr.h"

namespace deckle {
namespace {

constexpr std::int64_t kBlock = 8;

// ---- Huffman codes

struct CodeBits {
  std::uint32_t bits = 0;
  unsigned count = 0;
};

// The number of bits of a value, and the bits (F.1.2.1.1): a negative value has those of value - 1.
struct Size {
  explicit Size(int value)
      : size(static_cast<unsigned>(std::bit_width(static_cast<unsigned>(std::abs(value))))),
        bits(static_cast<unsigned>(value < 0 ? value - 1 : value) & ((1U << size) - 1)) {}
  unsigned size;
  std::uint32_t bits;
};

constexpr unsigned kEndOfBlock = 0x00;
constexpr unsigned kSixteenZeros = 0xF0;

// The codes of a component, shifted so that the bits of a value can be added.
struct Codes {
  static constexpr int kSmall = 32;  // values from -kSmall to kSmall - 1 are small
  static constexpr unsigned kMostRun = 15;

  Codes() = default;
  Codes(const HuffmanCode& dc_code, const HuffmanCode& ac_code) {
    set(dc, dc_code, 0xFF);
    set(ac, ac_code, 0x0F);
    for (unsigned run = 0; run <= kMostRun; ++run) {
      int value = -kSmall;
      for (std::uint32_t& entry : small[run]) {
        const CodeBits code = code_of(run, value++);
        entry = code.bits << 5U | code.count;
      }
    }
  }

  // Code and value.
  [[nodiscard]] CodeBits code_of(unsigned run, int value) const {
    const Size size(value);
    const CodeBits& code = ac[run << 4U | size.size];
    return {code.bits | size.bits, code.count};
  }
  [[nodiscard]] CodeBits code_of_difference(int value) const {
    const Size size(value);
    return {dc[size.size].bits | size.bits, dc[size.size].count};
  }

  // Indexed by run, and value + kSmall: the bits of code and value, then their number in 5 bits.
  std::array<std::array<std::uint32_t, std::size_t{2} * kSmall>, kMostRun + 1> small{};
  std::array<CodeBits, 256> ac{};  // by run and size
  std::array<CodeBits, 12> dc{};   // by size

 private:
  template <typename Table>
  static void set(Table& table, const HuffmanCode& code, unsigned size_bits) {
    code.for_each([&](std::uint32_t bits, unsigned count, std::uint8_t symbol) {
      const unsigned size = symbol & size_bits;
      if (symbol < table.size()) table[symbol] = {bits << size, count + size};
    });
  }
};

// ---- bits

// Collects bits and writes them as bytes, with a stuffed zero after each 0xFF. Passed by value: the
// compiler keeps it in registers while a block is written.
struct Pending {
  static constexpr int kBits = 64;
  std::uint64_t bits = 0;  // in the low bits
  int free = kBits;        // room for more bits
  std::uint8_t* at = nullptr;

  void put(std::uint32_t more, unsigned count) {
    free -= static_cast<int>(count);
    if (free < 0) {
      const auto excess = static_cast<unsigned>(-free);
      at = write(bits << (count - excess) | more >> excess, at);
      free += kBits;
      bits = more;  // its high bits are written already; later shifts remove them
    } else {
      bits = bits << count | more;
    }
  }
  void put(const CodeBits& code) { put(code.bits, code.count); }

  static std::uint8_t* write(std::uint64_t eight, std::uint8_t* at) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    if (((~eight - kOnes) & eight & (kOnes << 7U)) != 0) [[unlikely]]
      return stuff(eight, at);
    if constexpr (std::endian::native == std::endian::little) eight = __builtin_bswap64(eight);
    std::memcpy(at, &eight, sizeof(eight));
    return at + sizeof(eight);
  }
  [[gnu::noinline]] static std::uint8_t* stuff(std::uint64_t eight, std::uint8_t* at) {
    for (unsigned shift = kBits; shift > 0; shift -= 8)
      at = write_byte(static_cast<std::uint8_t>(eight >> (shift - 8)), at);
    return at;
  }
  static std::uint8_t* write_byte(std::uint8_t byte, std::uint8_t* at) {
    *at++ = byte;
    if (byte == 0xFF) *at++ = 0;
    return at;
  }
};

// The output buffer.
class BitWriter {
 public:
  explicit BitWriter(Sink& out) : out_(out) { pending.at = bytes_.data(); }
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  Pending pending;

  // Makes room for an MCU. False if writing failed.
  bool make_room() { return pending.at < bytes_.data() + bytes_.size() - kMostOfMcu || flush(); }
  // Fills the last byte with ones.
  bool finish() {
    pending.put(0x7F, 7);
    for (int i = Pending::kBits - pending.free; i >= 8; i -= 8) {
      pending.at =
          Pending::write_byte(static_cast<std::uint8_t>(pending.bits >> (i - 8)), pending.at);
    }
    return flush();
  }

 private:
  // Six blocks of 64 symbols of 26 bits, twice for the stuffed zeros.
  static constexpr std::size_t kMostOfMcu = std::size_t{6} * kCoefficients * 26 / 8 * 2;

  bool flush() {
    const auto size = static_cast<std::size_t>(pending.at - bytes_.data());
    pending.at = bytes_.data();
    return out_.append({bytes_.data(), size});
  }

  Sink& out_;
  std::array<std::uint8_t, 65536> bytes_;
};

// ---- the header

class Header {
 public:
  void put(std::initializer_list<std::size_t> bytes) {
    for (const std::size_t byte : bytes)
      bytes_.push_back(static_cast<std::uint8_t>(byte));
  }
  // A marker and a length, which includes itself.
  void segment(std::size_t marker, std::size_t length) {
    put({0xFF, marker, length >> 8U, length & 255U});
  }
  void segment(const JpegSegment& whole) {
    segment(whole.marker, 2 + whole.data.size());
    bytes_.insert(bytes_.end(), whole.data.begin(), whole.data.end());
  }
  void quant_table(std::size_t number, const QuantTable& table) {
    segment(0xDB, 3 + kCoefficients);
    put({number});
    for (std::size_t k = 0; k < kCoefficients; ++k) {
      const std::size_t at = kZigzag.at(k);
      put({table.at(at / BlockPair::kStride * 8 + at % BlockPair::kStride)});
    }
  }
  void code(std::size_t number, const HuffmanCode& code) {
    std::size_t size = 0;
    for (const std::uint8_t count : code.counts)
      size += count;
    segment(0xC4, 3 + code.counts.size() + size);
    put({number});
    bytes_.insert(bytes_.end(), code.counts.begin(), code.counts.end());
    bytes_.insert(bytes_.end(), code.symbols.begin(),
                  code.symbols.begin() + static_cast<std::ptrdiff_t>(size));
  }
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

Header header_of(const Shape& shape, const JpegTables& tables,
                 const std::vector<JpegSegment>& segments) {
  const auto rows = static_cast<std::size_t>(shape.rows());
  const auto cols = static_cast<std::size_t>(shape.cols());
  const auto components = static_cast<std::size_t>(shape.channels);
  const std::size_t kinds = components == 1 ? 1 : 2;
  Header header;
  header.put({0xFF, 0xD8});
  header.segment(0xE0, 16);
  header.put({'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0});
  for (const JpegSegment& segment : segments)
    header.segment(segment);
  for (std::size_t i = 0; i < kinds; ++i)
    header.quant_table(i, tables.quant.at(i));
  header.segment(0xC0, 8 + 3 * components);
  header.put({8, rows >> 8U, rows & 255U, cols >> 8U, cols & 255U, components});
  for (std::size_t i = 0; i < components; ++i)
    header.put({i + 1, components == 3 && i == 0 ? 0x22U : 0x11U, i == 0 ? 0U : 1U});
  for (std::size_t i = 0; i < kinds; ++i) {
    header.code(i, tables.dc.at(i));
    header.code(0x10 + i, tables.ac.at(i));
  }
  header.segment(0xDA, 6 + 2 * components);
  header.put({components});
  for (std::size_t i = 0; i < components; ++i)
    header.put({i + 1, i == 0 ? 0U : 0x11U});
  header.put({0, 63, 0});
  return header;
}

// ---- the picture

// The `which`-th block of the pair.
void write_block(const CoefficientPair& pair, std::size_t which, const Codes& codes, int& last_dc,
                 Pending& pending) {
  run_fastest([&]() DECKLE_IN_TWO_COPIES {
    Pending out = pending;
    const std::int16_t* const values = &pair.blocks.values[8 * which];
    out.put(codes.code_of_difference(values[0] - last_dc));
    last_dc = values[0];

    std::uint64_t left = pair.nonzero[which] & ~std::uint64_t{1};
    unsigned next = 1;
    while (left != 0) {
      const auto k = static_cast<unsigned>(std::countr_zero(left));
      left &= left - 1;
      unsigned run = k - next;
      next = k + 1;
      const int value = values[kZigzag[k]];
      const auto small = static_cast<unsigned>(value + Codes::kSmall);
      constexpr unsigned kStep = 2 * Codes::kSmall / (Codes::kMostRun + 1);
      if ((run | small / kStep) <= Codes::kMostRun) [[likely]] {  // a short run and a small value
        const std::uint32_t code = codes.small[run][small];
        out.put(code >> 5U, code & 31U);
        continue;
      }
      for (; run > Codes::kMostRun; run -= Codes::kMostRun + 1)
        out.put(codes.ac[kSixteenZeros]);
      out.put(codes.code_of(run, value));
    }
    if (next != kCoefficients) out.put(codes.ac[kEndOfBlock]);
    pending = out;
  });
}

class Writer {
 public:
  Writer(const RowSource& rows, const JpegTables& tables, const std::vector<JpegSegment>& segments,
         Sink& out)
      : rows_(rows),
        out_(out),
        writer_(out),
        grey_(rows.shape.channels == 1),
        cols_(rows.shape.cols()),
        mcu_(grey_ ? kBlock : 2 * kBlock),
        mcu_cols_((cols_ + mcu_ - 1) / mcu_) {
    codes_[0] = {tables.dc[0], tables.ac[0]};
    if (!grey_) codes_[1] = {tables.dc[1], tables.ac[1]};
    quantisers_[0].emplace(tables.quant[0], tables.quant[0]);
    if (!grey_) quantisers_[1].emplace(tables.quant[1], tables.quant[1]);
    header_ = header_of(rows.shape, tables, segments);

    // A row has whole MCUs (for grey, an even number), and the samples that kernels write after
    // them.
    constexpr std::int64_t kMargin = 64;
    stride_ = (mcu_cols_ + 1) * mcu_ + kMargin;
    samples_.resize(static_cast<std::size_t>((mcu_ + 4 + 2 * kBlock) * stride_));
    std::fill_n(samples_.data(), samples_.size(), std::uint8_t{0});
  }

  bool run() {
    if (!out_.append(header_.bytes())) return false;
    for (std::int64_t row = 0; row < rows_.shape.rows(); row += mcu_) {
      if (!(grey_ ? grey_row(row) : colour_row(row))) return false;
    }
    constexpr std::array<std::uint8_t, 2> kEndOfImage{0xFF, 0xD9};
    return writer_.finish() && out_.append(kEndOfImage);
  }

 private:
  // Rows of samples: luma, two rows of each chroma in full width, then the chromas in half width.
  [[nodiscard]] std::uint8_t* luma(std::int64_t r) { return samples_.data() + r * stride_; }
  [[nodiscard]] std::uint8_t* wide(int which, std::int64_t r) {
    return luma(mcu_ + std::int64_t{2} * which + r);
  }
  [[nodiscard]] std::uint8_t* chroma(int which, std::int64_t r) {
    return luma(mcu_ + 4 + kBlock * which + r);
  }

  // Repeats the last sample up to the end of the MCU.
  static void extend(std::uint8_t* samples, std::int64_t from, std::int64_t to) {
    std::memset(samples + from, samples[from - 1], static_cast<std::size_t>(to - from));
  }

  bool grey_row(std::int64_t top) {
    const std::int64_t width = mcu_cols_ * kBlock;
    const std::int64_t rows = std::min(rows_.shape.rows() - top, kBlock);
    for (std::int64_t r = 0; r < kBlock; ++r) {
      if (r >= rows) {
        std::copy_n(luma(rows - 1), width, luma(r));
        continue;
      }
      const std::uint8_t* const from = rows_.row(top + r);
      if (from == nullptr) return false;
      std::copy_n(from, cols_, luma(r));
      extend(luma(r), cols_, width);
    }
    for (std::int64_t col = 0; col < mcu_cols_; col += 2) {
      if (!writer_.make_room()) return false;
      transform(0, luma(0) + col * kBlock, luma(0) + (col + 1) * kBlock);
      put_block(0, 0);
      if (col + 1 < mcu_cols_) put_block(0, 1);
    }
    return true;
  }

  bool colour_row(std::int64_t top) {
    const std::int64_t width = mcu_cols_ * mcu_;
    const std::int64_t rows = std::min(rows_.shape.rows() - top, mcu_);
    for (std::int64_t r = 0; r < mcu_; ++r) {
      const std::int64_t at = r % 2;
      if (r < rows) {
        const std::uint8_t* const from = rows_.row(top + r);
        if (from == nullptr) return false;
        colors_.from_rgb(from, static_cast<std::size_t>(cols_), luma(r), wide(0, at), wide(1, at));
        for (std::uint8_t* samples : {luma(r), wide(0, at), wide(1, at)})
          extend(samples, cols_, width);
      } else {
        std::copy_n(luma(rows - 1), width, luma(r));
        for (int which = 0; which < 2 && at == 1 && r == rows; ++which)
          std::copy_n(wide(which, 0), width, wide(which, 1));
      }
      for (int which = 0; which < 2 && at == 1; ++which) {
        if (r > rows) {
          std::copy_n(chroma(which, (rows - 1) / 2), width / 2, chroma(which, r / 2));
        } else {
          colors_.halve(wide(which, 0), wide(which, 1), static_cast<std::size_t>(width / 2),
                        chroma(which, r / 2));
        }
      }
    }

    // Blocks outside of the picture repeat the DC coefficient.
    const bool below = rows > kBlock;
    const std::int64_t blocks = (cols_ + kBlock - 1) / kBlock;
    for (std::int64_t col = 0; col < mcu_cols_; ++col) {
      if (!writer_.make_room()) return false;
      const bool inside = 2 * col + 1 < blocks;
      for (std::int64_t r = 0; r < 2; ++r) {
        std::uint8_t* const at = luma(r * kBlock) + col * mcu_;
        if (r == 0 || below) {
          transform(0, at, at + kBlock);
          put_block(0, 0);
          inside ? put_block(0, 1) : put_plain();
        } else {
          put_plain();
          put_plain();
        }
      }
      transform(1, chroma(0, 0) + col * kBlock, chroma(1, 0) + col * kBlock);
      put_block(1, 0);
      put_block(2, 1);
    }
    return true;
  }

  void transform(std::size_t kind, std::uint8_t* first, std::uint8_t* second) {
    fdct_({first, stride_}, {second, stride_}, *quantisers_[kind], pair_);
  }

  // A block of luma with the DC coefficient of the last one, and no AC coefficient.
  void put_plain() {
    writer_.pending.put(codes_[0].dc[0]);
    writer_.pending.put(codes_[0].ac[kEndOfBlock]);
  }
  // The `which`-th block of the pair.
  void put_block(std::size_t component, std::size_t which) {
    write_block(pair_, which, codes_[component == 0 ? 0 : 1], last_dc_[component], writer_.pending);
  }

  const RowSource& rows_;
  Sink& out_;
  BitWriter writer_;
  const bool grey_;
  const std::int64_t cols_;
  const std::int64_t mcu_;  // samples along a side
  const std::int64_t mcu_cols_;
  const ForwardTransform fdct_ = fdct();
  const ColorKernels& colors_ = color_kernels();
  Header header_;
  std::array<Codes, 2> codes_;  // of luma and chroma
  std::array<int, 3> last_dc_{};
  std::array<std::optional<Quantiser>, 2> quantisers_;
  std::int64_t stride_ = 0;
  Buffer samples_;
  CoefficientPair pair_;
};

}  // namespace

bool write_jpeg(const RowSource& rows, const JpegTables& tables,
                const std::vector<JpegSegment>& segments, Sink& out) {
  return Writer(rows, tables, segments, out).run();
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// Source  ITU-T T.81: A.2 (MCUs), E.2.4 (restarts)
#include "codecs/jpeg/jpeg_scan.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "codecs/jpeg/huffman.h"
#include "codecs/jpeg/idct.h"
#include "codecs/jpeg/ycbcr.h"

namespace deckle {
namespace {

constexpr std::int64_t kBlock = 8;  // samples along a side
constexpr std::uint8_t kEndMarker = 0xD9;
constexpr std::size_t kComponents = std::tuple_size_v<decltype(JpegScanHeader::components)>;

// The samples of a component: two rows of MCUs. The next row overwrites the older one.
struct Plane {
  std::uint8_t* samples = nullptr;  // from the first kept column
  std::ptrdiff_t stride = 0;
  std::int64_t rows = 0;  // of the picture
  std::int64_t cols = 0;
  int v_sampling = 1;
  int h_sampling = 1;

  [[nodiscard]] std::uint8_t* row(std::int64_t r) const {
    return samples + r % (2 * kBlock * v_sampling) * stride;
  }
};

// The blocks of an MCU in the order of the data (A.2.3).
struct Mcu {
  static constexpr std::size_t kMost = 10;  // by B.2.3
  struct Block {
    std::uint8_t component = 0;
    int row = 0;  // within the MCU
    int col = 0;
  };

  explicit Mcu(const JpegScanHeader& header) {
    for (std::size_t i = 0; i < header.component_count; ++i) {
      const auto& component = header.components.at(i);
      for (int row = 0; row < component.v_sampling; ++row) {
        for (int col = 0; col < component.h_sampling; ++col)
          blocks.at(count++) = {static_cast<std::uint8_t>(i), row, col};
      }
    }
  }
  [[nodiscard]] std::vector<std::uint8_t> components() const {
    std::vector<std::uint8_t> components(count);
    for (std::size_t i = 0; i < count; ++i)
      components[i] = blocks.at(i).component;
    return components;
  }

  std::array<Block, kMost> blocks{};
  std::size_t count = 0;
};

class Scan final : public JpegScan {
 public:
  Scan(const JpegScanHeader& header, const Window& needed,
       std::shared_ptr<const HuffmanTables> tables)
      : header_(header),
        needed_(needed),
        v_sampling_(header.components[0].v_sampling),
        h_sampling_(header.components[0].h_sampling),
        mcu_rows_((header.rows + kBlock * v_sampling_ - 1) / (kBlock * v_sampling_)),
        mcu_cols_((header.cols + kBlock * h_sampling_ - 1) / (kBlock * h_sampling_)),
        kept_{2,
              {mcus_of(needed[0], v_sampling_, mcu_rows_),
               mcus_of(needed[1], h_sampling_, mcu_cols_)}},
        mcu_(header),
        tables_(std::move(tables)),
        blocks_(tables_, mcu_.components()),
        data_(header.data),
        interval_(header.interval > 0 ? header.interval : mcu_rows_ * mcu_cols_) {
    set_planes();
    set_quant_tables();
  }

  bool row(std::int64_t r, std::uint8_t* out) override {
    // Upsampling reads the row below.
    const std::int64_t below = std::min(r + (v_sampling_ - 1), header_.rows - 1);
    while (next_row_ <= below / (kBlock * v_sampling_)) {
      if (!read_row()) return false;
    }
    const auto count = static_cast<std::size_t>(needed_[1].length());
    const std::int64_t left = needed_[1].begin - kept_[1].begin * kBlock * h_sampling_;
    const std::uint8_t* const first = planes_[0].row(r) + left;
    if (header_.component_count == 1) {
      std::copy_n(first, count, out);
      return true;
    }
    const std::uint8_t* const second = upsample(planes_[1], r, upsampled_[0]) + left;
    const std::uint8_t* const third = upsample(planes_[2], r, upsampled_[1]) + left;
    if (header_.ycbcr) {
      colors_.to_rgb(first, second, third, count, out);
      return true;
    }
    for (std::size_t c = 0; c < count; ++c, out += 3) {
      out[0] = first[c];
      out[1] = second[c];
      out[2] = third[c];
    }
    return true;
  }

  bool finish() override {
    return read_rest() && data_.at_marker(bits_) && data_.pass_marker(kEndMarker);
  }

  Bytes stray_bytes() override {
    if (!read_rest() || !data_.padded(bits_)) return {};
    const Bytes rest = data_.rest(bits_);
    std::size_t end = 0;
    while (end + 1 < rest.size() && (rest[end] != 0xFF || rest[end + 1] == 0))
      ++end;
    while (end + 1 < rest.size() && rest[end + 1] == 0xFF)  // fill bytes
      ++end;
    if (end + 1 >= rest.size() || rest[end + 1] != kEndMarker) return {};
    return more_blocks(rest.data(), data_.left_of_byte(bits_)) ? Bytes{} : rest.first(end);
  }

 private:
  // The MCUs that contain `samples` and the samples that upsampling reads.
  static Interval mcus_of(const Interval& samples, int blocks, std::int64_t count) {
    const std::int64_t margin = blocks == 1 ? 0 : 2;
    const std::int64_t size = kBlock * blocks;
    return {std::max<std::int64_t>(samples.begin - margin, 0) / size,
            std::min((samples.end + margin + size - 1) / size, count)};
  }

  void set_planes() {
    constexpr std::ptrdiff_t kMargin = 64;  // kernels read one sample before a row, and more after
    std::size_t size = 0;
    const auto take = [&](std::ptrdiff_t bytes) {
      const std::size_t begin = size + kMargin;
      size += static_cast<std::size_t>(bytes);
      return begin;
    };
    std::array<std::size_t, kComponents + 2> begin{};
    for (std::size_t i = 0; i < header_.component_count; ++i) {
      Plane& plane = planes_.at(i);
      plane.v_sampling = header_.components.at(i).v_sampling;
      plane.h_sampling = header_.components.at(i).h_sampling;
      plane.rows = (header_.rows * plane.v_sampling + v_sampling_ - 1) / v_sampling_;
      plane.cols = (header_.cols * plane.h_sampling + h_sampling_ - 1) / h_sampling_;
      plane.stride = kept_[1].length() * kBlock * plane.h_sampling + 2 * kMargin;
      begin.at(i) = take(2 * kBlock * plane.v_sampling * plane.stride);
    }
    for (std::size_t i = kComponents; i < begin.size(); ++i)
      begin.at(i) = take(kept_[1].length() * kBlock * h_sampling_ + 2 * kMargin);
    samples_.resize(size);
    std::fill_n(samples_.data(), size, std::uint8_t{0});
    for (std::size_t i = 0; i < kComponents; ++i)
      planes_.at(i).samples = samples_.data() + begin.at(i);
    for (std::size_t i = 0; i < 2; ++i)
      upsampled_.at(i) = samples_.data() + begin.at(kComponents + i);
  }

  void set_quant_tables() {
    for (std::size_t a = 0; a < header_.component_count; ++a) {
      for (std::size_t b = 0; b < header_.component_count; ++b) {
        for (std::size_t i = 0; i < kCoefficients; ++i) {
          std::int16_t* const to =
              &quant_tables_.at(a).at(b).values.at(i / 8 * QuantTablePair::kStride + i % 8);
          to[0] = static_cast<std::int16_t>(header_.components.at(a).quant_table.at(i));
          to[8] = static_cast<std::int16_t>(header_.components.at(b).quant_table.at(i));
        }
      }
    }
  }

  // Row `r` of the picture in a component of any size, from the first kept column.
  const std::uint8_t* upsample(const Plane& plane, std::int64_t r, std::uint8_t* to) const {
    const int v_scale =
        v_sampling_ / plane.v_sampling;  // rows of the picture for one of the component
    const int h_scale = h_sampling_ / plane.h_sampling;
    const std::int64_t at = r / v_scale;
    const std::uint8_t* const near = plane.row(at);
    if (v_scale == 1 && h_scale == 1) return near;
    const bool below = r % 2 != 0;
    const std::uint8_t* const far =
        plane.row(std::clamp<std::int64_t>(below ? at + 1 : at - 1, 0, plane.rows - 1));
    const auto count = static_cast<std::size_t>(kept_[1].length() * plane.h_sampling * kBlock);
    if (v_scale == 1) {
      colors_.upsample_cols(near, count, to);
    } else if (h_scale == 1) {
      colors_.upsample_rows(near, far, below, count, to);
    } else {
      colors_.upsample_both(near, far, count, to);
    }
    return to;
  }

  // Whether the data after the last MCU can be decoded as blocks up to the marker, beginning with
  // any block of an MCU. The data are the last `bits` bits of the byte before `at`, and all bytes
  // from `at` on. A decoder that lost synchronisation usually regains it, but at the wrong block.
  [[nodiscard]] bool more_blocks(const std::uint8_t* at, unsigned bits) const {
    const std::uint8_t* begin = at;
    if (bits > 0) begin -= at[-1] == 0 && at[-2] == 0xFF ? 2 : 1;
    const Bytes bytes{begin, header_.data.data() + header_.data.size()};
    const std::vector<std::uint8_t> mcu = mcu_.components();
    for (std::size_t block = 0; block < mcu.size(); ++block) {
      ScanData data(bytes);
      ScanBits next = data.begin();
      data.refill(next);
      if (bits > 0) next.drop(8 - bits);
      std::vector<std::uint8_t> rotated = mcu;
      std::rotate(rotated.begin(), rotated.begin() + static_cast<std::ptrdiff_t>(block),
                  rotated.end());
      BlockReader first(tables_, rotated);
      BlockReader others(tables_, mcu);
      bool good = first.skip(data, next, mcu.size() - block);
      while (good && !data.overrun(next)) {
        if (data.at_marker(next) && data.padded(next)) return true;
        good = others.skip(data, next, mcu.size());
      }
    }
    return false;
  }

  bool read_rest() {
    while (next_row_ < mcu_rows_) {
      if (!read_row()) return false;
    }
    return true;
  }

  // Reads the next row of MCUs, or skips all rows above the first one that is needed.
  bool read_row() {
    const std::int64_t row = next_row_;
    if (row < kept_[0].begin) {
      next_row_ = kept_[0].begin;
      return skip((next_row_ - row) * mcu_cols_) && !data_.overrun(bits_);
    }
    ++next_row_;
    if (row >= kept_[0].end) return skip(mcu_cols_) && !data_.overrun(bits_);
    // In the last row that is needed, nothing after the window is read.
    const bool last = row == kept_[0].end - 1 && row != mcu_rows_ - 1;
    if (!skip(kept_[1].begin) || !keep(row) || !skip(last ? 0 : mcu_cols_ - kept_[1].end) ||
        data_.overrun(bits_))
      return false;
    extend(row);
    return true;
  }

  bool skip(std::int64_t mcus) {
    while (mcus > 0) {
      if (left_ == 0 && !begin_interval(mcus)) return false;
      const std::int64_t n = batch_of(mcus);
      if (!blocks_.skip(data_, bits_, blocks_of(n))) return false;
      mcus -= n;
    }
    return true;
  }

  bool keep(std::int64_t row) {
    for (std::int64_t col = 0; col < kept_[1].length();) {
      std::int64_t none = 0;
      if (left_ == 0 && !begin_interval(none)) return false;
      const std::int64_t n = batch_of(kept_[1].length() - col);
      if (!blocks_.read(data_, bits_, blocks_of(n))) return false;
      transform(row, col, blocks_of(n));
      col += n;
    }
    return true;
  }

  [[nodiscard]] std::size_t blocks_of(std::int64_t mcus) const {
    return static_cast<std::size_t>(mcus) * mcu_.count;
  }

  // The number of MCUs, of the next `mcus`, that are read in the next batch.
  std::int64_t batch_of(std::int64_t mcus) {
    const auto most = static_cast<std::int64_t>(BlockReader::kMost / mcu_.count);
    const std::int64_t n = std::min({mcus, most, left_});
    left_ -= n;
    return n;
  }

  std::uint8_t restart() { return static_cast<std::uint8_t>(0xD0 + restarts_++ % 8); }

  // Begins the next restart interval. Skips intervals that lie entirely within the next `unneeded`
  // MCUs.
  bool begin_interval(std::int64_t& unneeded) {
    if (begun_ && !(data_.at_marker(bits_) && data_.pass_marker(restart()))) return false;
    begun_ = true;
    for (; unneeded > interval_; unneeded -= interval_) {
      if (!data_.skip_to_marker(restart())) return false;
    }
    bits_ = data_.begin();
    blocks_.reset_dc();
    left_ = interval_;
    return true;
  }

  // Transforms blocks of MCUs from column `col` on.
  void transform(std::int64_t row, std::int64_t col, std::size_t count) {
    std::array<BlockPlace, Mcu::kMost> next;  // of each block of an MCU
    for (std::size_t i = 0; i < mcu_.count; ++i) {
      const Mcu::Block& block = mcu_.blocks.at(i);
      const Plane& plane = planes_.at(block.component);
      next.at(i) = {plane.row((row * plane.v_sampling + block.row) * kBlock) +
                        (col * plane.h_sampling + block.col) * kBlock,
                    plane.stride};
    }
    std::array<BlockPlace, BlockReader::kMost + 1> places;
    for (std::size_t n = 0, i = 0; n < count; ++n, i = i + 1 == mcu_.count ? 0 : i + 1) {
      places[n] = next[i];
      next[i].at += planes_[mcu_.blocks[i].component].h_sampling * kBlock;
    }
    std::array<std::uint8_t, kBlock * kBlock> unused;
    places[count] = {unused.data(), kBlock};
    for (std::size_t i = 0; i < count; i += 2) {
      idct_(blocks_.pair(i / 2), quant_tables_[blocks_.component(i)][blocks_.component(i + 1)],
            places[i], places[i + 1]);
    }
  }

  // Repeats the samples at the edge of the picture: upsampling reads beyond it.
  void extend(std::int64_t row) {
    if (h_sampling_ == 1) return;
    for (std::size_t i = 1; i < header_.component_count; ++i) {
      const Plane& plane = planes_.at(i);
      const std::int64_t end = plane.cols - kept_[1].begin * plane.h_sampling * kBlock;
      for (std::int64_t r = 0; r < kBlock * plane.v_sampling; ++r) {
        std::uint8_t* const samples = plane.row(row * kBlock * plane.v_sampling + r);
        if (kept_[1].begin == 0) samples[-1] = samples[0];
        if (kept_[1].end == mcu_cols_) samples[end] = samples[end - 1];
      }
    }
  }

  const JpegScanHeader header_;
  const Window needed_;
  const int v_sampling_;  // of luma, whose blocks fill an MCU
  const int h_sampling_;
  const std::int64_t mcu_rows_;
  const std::int64_t mcu_cols_;
  const Window kept_;  // MCUs that are decoded to samples
  const Mcu mcu_;
  const std::shared_ptr<const HuffmanTables> tables_;
  BlockReader blocks_;
  ScanData data_;
  ScanBits bits_;
  const std::int64_t interval_;  // MCUs between restarts
  std::int64_t left_ = 0;        // MCUs before the next restart
  bool begun_ = false;
  unsigned restarts_ = 0;
  std::int64_t next_row_ = 0;
  const InverseTransform idct_ = idct();
  const ColorKernels& colors_ = color_kernels();
  std::array<std::array<QuantTablePair, kComponents>, kComponents> quant_tables_;
  Buffer samples_;
  std::array<Plane, kComponents> planes_;
  std::array<std::uint8_t*, 2> upsampled_{};
};

}  // namespace

std::unique_ptr<JpegScan> JpegScan::open(const JpegScanHeader& header, const Window& needed) {
  JpegScanHeader normal = header;
  const std::span components = std::span(normal.components).first(normal.component_count);
  auto& first = components[0];
  if (components.size() == 1) first.v_sampling = first.h_sampling = 1;  // an MCU is a block (A.2.2)
  std::array<ComponentCodes, kComponents> codes;
  std::size_t blocks = 0;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const auto& component = components[i];
    const auto fits = [](int factor, int of) { return of <= 2 && (factor == of || factor == 1); };
    if (!fits(component.v_sampling, first.v_sampling) ||
        !fits(component.h_sampling, first.h_sampling))
      return nullptr;
    const bool full =
        component.v_sampling == first.v_sampling && component.h_sampling == first.h_sampling;
    if (!normal.ycbcr && !full) return nullptr;
    // libjpeg does not interpolate chroma of fewer than three columns.
    if (component.h_sampling != first.h_sampling && normal.cols < 5) return nullptr;
    codes.at(i) = {component.dc, component.ac};
    blocks += static_cast<std::size_t>(component.v_sampling * component.h_sampling);
  }
  if (blocks > Mcu::kMost) return nullptr;
  auto tables = tables_of(std::span(codes).first(components.size()));
  if (tables == nullptr) return nullptr;
  return std::make_unique<Scan>(normal, needed, std::move(tables));
}

}  // namespace deckle

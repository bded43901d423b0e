// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/jpeg_writer.h"

#include <algorithm>
#include <random>
#include <vector>

#include "codecs/jpeg/jpeg_bits.h"
#include "support/catch.h"
#include "support/jpeg.h"

using namespace deckle;
using namespace deckle::test;

namespace {

std::mt19937 random_numbers(6);  // NOLINT: the same in every run

int below(int n) {
  return std::uniform_int_distribution<int>(0, n - 1)(random_numbers);
}

// Noise of all strengths, also none: full blocks, long runs of zeros, and the largest values.
Tensor varied(std::int64_t rows, std::int64_t cols, std::int64_t channels) {
  Tensor t = picture(rows, cols, channels);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < cols * channels; ++i) {
      std::uint8_t& sample = t.row(r)[i];
      switch ((r / 16 + i / channels / 16) % 5) {
        case 0:
          sample = static_cast<std::uint8_t>(below(256));
          break;
        case 1:
          sample = static_cast<std::uint8_t>(255 * below(2));
          break;
        case 2:
          sample = static_cast<std::uint8_t>(r / 16 * 40);
          break;
        case 3:
          sample = static_cast<std::uint8_t>(sample + below(3));
          break;
        default:
          break;
      }
    }
  }
  return t;
}

File by_libjpeg(const Tensor& pixels, int quality) {
  return jpeg_with(pixels, JCS_UNKNOWN, [&](auto& j) { jpeg_set_quality(&j, quality, TRUE); });
}

// Tables from a file that libjpeg wrote.
JpegTables tables_of(int quality) {
  const File file = by_libjpeg(picture(8, 8, 3), quality);
  jpeg_decompress_struct j{};
  jpeg_error_mgr errors{};
  j.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&j);
  jpeg_mem_src(&j, file.data(), file.size());
  jpeg_read_header(&j, TRUE);
  JpegTables tables;
  const auto set = [](HuffmanCode& code, const JHUFF_TBL& table) {
    std::copy_n(table.bits + 1, code.counts.size(), code.counts.begin());
    std::copy_n(table.huffval, code.symbols.size(), code.symbols.begin());
  };
  for (std::size_t i = 0; i < 2; ++i) {
    std::copy_n(j.quant_tbl_ptrs[i]->quantval, 64, tables.quant.at(i).begin());
    set(tables.dc.at(i), *j.dc_huff_tbl_ptrs[i]);
    set(tables.ac.at(i), *j.ac_huff_tbl_ptrs[i]);
  }
  jpeg_destroy_decompress(&j);
  return tables;
}

File by_deckle(const Tensor& pixels, const JpegTables& tables) {
  Buffer out;
  BufferSink sink(out);
  REQUIRE(write_jpeg(rows_of(pixels), tables, {}, sink));
  return {out.data(), out.data() + out.size()};
}

}  // namespace

TEST_CASE("a JPEG has the bytes that libjpeg writes", "[codecs][jpeg]") {
  for (const int quality : {1, 10, 50, 75, 90, 95, 99, 100}) {
    const JpegTables tables = tables_of(quality);
    for (const std::int64_t channels : {1, 3}) {
      for (const auto& [rows, cols] : {std::pair{1, 1},
                                       {7, 9},
                                       {8, 8},
                                       {16, 16},
                                       {17, 8},
                                       {9, 17},
                                       {15, 33},
                                       {24, 24},
                                       {25, 40},
                                       {100, 131},
                                       {160, 320}}) {
        CAPTURE(quality, channels, rows, cols);
        const Tensor pixels = varied(rows, cols, channels);
        CHECK(by_deckle(pixels, tables) == by_libjpeg(pixels, quality));
      }
    }
  }
}

TEST_CASE("a JPEG has the bytes that libjpeg writes with BMI2 and without", "[codecs][jpeg]") {
  const bool has_bmi2 = use_bmi2;
  for (const int quality : {30, 100}) {
    const JpegTables tables = tables_of(quality);
    const Tensor pixels = varied(100, 131, 3);
    const File expected = by_libjpeg(pixels, quality);
    for (const bool use : {false, has_bmi2}) {
      use_bmi2 = use;
      CAPTURE(quality, use);
      CHECK(by_deckle(pixels, tables) == expected);
    }
  }
  use_bmi2 = has_bmi2;
}

TEST_CASE("a JPEG of any size at the edge of a block has the bytes that libjpeg writes",
          "[codecs][jpeg]") {
  const JpegTables tables = tables_of(90);
  for (std::int64_t rows = 1; rows <= 33; ++rows) {
    for (std::int64_t cols = 1; cols <= 33; ++cols) {
      const Tensor pixels = varied(rows, cols, rows % 2 == 0 ? 1 : 3);
      CAPTURE(rows, cols);
      REQUIRE(by_deckle(pixels, tables) == by_libjpeg(pixels, 90));
    }
  }
}

TEST_CASE("a row or a write that fails ends the writing", "[codecs][jpeg]") {
  struct Full final : Sink {
    bool write(std::uint64_t, Bytes) override { return --left >= 0; }
    [[nodiscard]] std::uint64_t size() const override { return 0; }
    int left = 0;
  };
  const JpegTables tables = tables_of(100);
  const Tensor pixels = varied(200, 300, 3);
  for (int writes = 0; writes < 3; ++writes) {
    Full out;
    out.left = writes;
    CHECK_FALSE(write_jpeg(rows_of(pixels), tables, {}, out));
  }
  RowSource rows = rows_of(pixels);
  rows.row = [&](std::int64_t r) { return r < 150 ? pixels.row(r) : nullptr; };
  Buffer buffer;
  BufferSink sink(buffer);
  CHECK_FALSE(write_jpeg(rows, tables, {}, sink));
}

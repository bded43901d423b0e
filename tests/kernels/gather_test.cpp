// SPDX-License-Identifier: Apache-2.0
#include "kernels/gather.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/runs.h"
#include "support/catch.h"
#include "support/samples.h"

using namespace deckle;

namespace {

// The twin to be verified by eye: one pixel at a time, straight from the definition.
Tensor naive_gather(const Tensor& image, const AxisTable& rows, const AxisTable& cols) {
  Tensor out;
  out.reset(Shape::image(rows.length(), cols.length(), image.shape.channels), image.dtype);
  std::uint8_t* to = out.data.data();
  for (const std::int32_t r : rows.entries()) {
    for (const std::int32_t c : cols.entries()) {
      if (r == AxisTable::kFill || c == AxisTable::kFill) {
        std::memset(to, 0, image.pixel_bytes());
      } else {
        std::memcpy(to, image.row(r) + static_cast<std::size_t>(c) * image.pixel_bytes(),
                    image.pixel_bytes());
      }
      to += image.pixel_bytes();
    }
  }
  return out;
}

// The same out of single rows; every third one is asked for twice.
Tensor gathered_rows(const Tensor& image, const Window& origin, const AxisTable& rows,
                     const AxisTable& cols) {
  GatheredRows source(image, origin, rows, cols);
  Tensor out;
  out.reset(source.shape(), image.dtype);
  for (std::int64_t r = 0; r < rows.length(); ++r) {
    if (r % 3 == 0) (void)source.row(r);
    std::memcpy(out.row(r), source.row(r), source.row_bytes());
  }
  return out;
}

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint32_t>(n));
  }
  std::mt19937& engine() { return random_; }

  AxisTable table(std::int64_t length) {
    AxisTable table(length);
    for (std::int64_t edits = below(5); edits > 0; --edits) {
      switch (below(3)) {
        case 0: {
          const std::int64_t before = below(table.length());
          table.crop(before, below(table.length() - before));
          break;
        }
        case 1:
          table.pad(below(4), below(4));
          break;
        default:
          if (table.length() < 30) table.repeat(1 + below(3));
      }
    }
    return table;
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("gather agrees to the byte with its naive twin, for every type and 1 to 4 channels") {
  Chance chance(11);
  for (const DType dtype : test::kAllTypes) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      for (int round = 0; round < 40; ++round) {
        const Shape shape = Shape::image(1 + chance.below(9), 1 + chance.below(9), channels);
        const Tensor image = test::noise(shape, dtype, chance.engine());
        const AxisTable rows = chance.table(shape.rows());
        const AxisTable cols = chance.table(shape.cols());
        const Tensor expected = naive_gather(image, rows, cols);
        INFO(name_of(dtype) << ", " << to_string(shape) << ", round " << round);

        Tensor out = test::noise(Shape::image(3, 3, 1), DType::Int16, chance.engine());  // old use
        gather(image, test::whole(shape), rows, cols, out);
        REQUIRE(test::same_bytes(out, expected));

        REQUIRE(test::same_bytes(gathered_rows(image, test::whole(shape), rows, cols), expected));

        // The same from a part: first the smallest that will do, then one with a border around it.
        const Interval row_span = rows.source_span();
        const Interval col_span = cols.source_span();
        Window window;
        if (row_span.length() > 0 && col_span.length() > 0) window = {2, {row_span, col_span}};
        gather(test::part_of(image, window), window, rows, cols, out);
        REQUIRE(test::same_bytes(out, expected));
        if (window.pixels() == 0) continue;
        window = {2,
                  {Interval{chance.below(window[0].begin + 1), window[0].end},
                   Interval{window[1].begin, std::min(window[1].end + 1, shape.cols())}}};
        gather(test::part_of(image, window), window, rows, cols, out);
        REQUIRE(test::same_bytes(out, expected));
        REQUIRE(test::same_bytes(gathered_rows(test::part_of(image, window), window, rows, cols),
                                 expected));
      }
    }
  }
}

TEST_CASE("gather fills with zeros over whatever the target held") {
  const Tensor image = test::tensor_of(Shape::image(1, 2, 1), DType::UInt8, {7, 9});
  AxisTable rows(1);
  rows.pad(1, 0);
  AxisTable cols(2);
  cols.pad(0, 1);
  cols.repeat(2);
  Tensor out = test::tensor_of(Shape::image(4, 4, 1), DType::UInt8, std::vector<double>(16, 255));
  gather(image, test::whole(image.shape), rows, cols, out);
  CHECK(out.shape == Shape::image(2, 6, 1));
  CHECK(test::samples(out) == std::vector<double>{0, 0, 0, 0, 0, 0, 7, 7, 9, 9, 0, 0});
}

TEST_CASE("gather cuts a repetition where its table does") {
  const Tensor image = test::tensor_of(Shape::image(1, 5, 1), DType::UInt16, {10, 20, 30, 40, 50});
  AxisTable rows(1);
  AxisTable cols(5);
  cols.repeat(2);
  cols.crop(1, 1);  // 0 1 1 2 2 3 3 4
  Tensor out;
  gather(image, test::whole(image.shape), rows, cols, out);
  CHECK(test::samples(out) == std::vector<double>{10, 20, 20, 30, 30, 40, 40, 50});
}

TEST_CASE("a repetition is one run, whatever a crop left of its ends") {
  AxisTable table(6);
  table.repeat(3);
  table.crop(2, 1);  // 0 1 1 1 2 2 2 3 3 3 4 4 4 5 5
  table.pad(0, 2);
  const std::vector<Run> runs = runs_of(table, 0);
  REQUIRE(runs.size() == 4);
  CHECK(runs[0].kind == Run::Copy);
  CHECK(runs[0].length == 1);
  CHECK(runs[1].kind == Run::Spread);
  CHECK(runs[1].source == 1);
  CHECK(runs[1].length == 12);
  CHECK(runs[1].times == 3);
  CHECK(runs[2].times == 2);
  CHECK(runs[3].kind == Run::Fill);
}

TEST_CASE("gather of nothing but fill reads no source at all") {
  AxisTable fill(3);
  fill.pad(2, 0);
  fill.keep(0, 2);
  const AxisTable some(3);
  Tensor nothing;
  nothing.reset(Shape::image(0, 0, 3), DType::UInt8);
  Tensor out;
  gather(nothing, {}, fill, some, out);
  CHECK(test::samples(out) == std::vector<double>(2 * 3 * 3, 0));
  gather(nothing, {}, some, fill, out);
  CHECK(test::samples(out) == std::vector<double>(3 * 2 * 3, 0));
  gather(nothing, {}, fill, fill, out);
  CHECK(test::samples(out) == std::vector<double>(2 * 2 * 3, 0));
}

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

// The twin, which can be verified by eye: one pixel at a time, as in the definition.
Tensor naive_gather(const Tensor& source, const std::vector<AxisTable>& axes,
                    const std::vector<Fill>& fills) {
  Tensor out;
  Shape shape = source.shape;
  for (int a = 0; a < shape.rank; ++a)
    shape[a] = axes[static_cast<std::size_t>(a)].length();
  out.reset(shape, source.dtype, source.batch);
  std::uint8_t* to = out.data.data();
  for (std::int64_t n = 0; n < source.batch; ++n) {
    for (std::int64_t pixel = 0; pixel < shape.pixels(); ++pixel) {
      int fill = -1;
      std::int64_t from = 0;  // in pixels, within one sample of the batch
      for (int a = 0; a < shape.rank; ++a) {
        std::int64_t place = pixel;
        for (int b = shape.rank - 1; b > a; --b)
          place /= shape[b];
        const std::int32_t entry =
            axes[static_cast<std::size_t>(a)].entries()[static_cast<std::size_t>(place % shape[a])];
        if (entry < 0) fill = std::max(fill, AxisTable::fill_number(entry));
        from = from * source.shape[a] + entry;
      }
      if (fill < 0) {
        std::memcpy(to,
                    source.data.data() + static_cast<std::size_t>(n) * source.item_bytes() +
                        static_cast<std::size_t>(from) * source.pixel_bytes(),
                    source.pixel_bytes());
      } else {
        with_type(source.dtype, [&]<typename T>(T) {
          const Fill& values = fills[static_cast<std::size_t>(fill)];
          for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c) {
            const T sample = static_cast<T>(values[values.size() == 1 ? 0 : c]);
            std::memcpy(to + c * sizeof(T), &sample, sizeof(T));
          }
        });
      }
      to += source.pixel_bytes();
    }
  }
  return out;
}

const std::vector<Fill> kZero{{0}};

// The same from single rows; every third one is read twice.
Tensor gathered_rows(const Tensor& image, const Window& origin, const std::vector<AxisTable>& axes,
                     const std::vector<Fill>& fills) {
  GatheredRows source(rows_of(image), origin, axes, fills);
  Tensor out;
  out.reset(source.shape(), image.dtype);
  for (std::int64_t r = 0; r < axes[0].length(); ++r) {
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
      switch (below(5)) {
        case 0: {
          const std::int64_t before = below(table.length());
          table.crop(before, below(table.length() - before));
          break;
        }
        case 1:
          table.pad(below(4), below(4), static_cast<int>(below(3)));
          break;
        case 2:
          table.reverse();
          break;
        case 3:
          table.pad_by_mode(below(6), below(6), static_cast<PadMode>(below(4)));
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

TEST_CASE("rows of every pixel size are read and written within their buffers") {
  // Buffers of the exact size: the address sanitizer then finds one byte too many.
  for (std::int64_t channels = 1; channels <= 9; ++channels) {
    for (std::int64_t cols = 1; cols <= 5; ++cols) {
      for (const std::int64_t times : {1, 2, 3, 4, 5}) {
        for (const std::int64_t pad : {0, 1, 2}) {
          AxisTable table(cols);
          table.repeat(times);
          table.pad(pad, pad, 1);
          const auto pixel = static_cast<std::size_t>(channels);
          std::vector<std::uint8_t> source(static_cast<std::size_t>(cols) * pixel);
          for (std::size_t i = 0; i < source.size(); ++i)
            source[i] = static_cast<std::uint8_t>(i + 1);
          std::vector<std::uint8_t> expected;
          for (const std::int32_t entry : table.entries()) {
            for (std::size_t c = 0; c < pixel; ++c) {
              expected.push_back(entry < 0 ? 200
                                           : source[static_cast<std::size_t>(entry) * pixel + c]);
            }
          }
          const std::vector<Fill> fills{{0}, {200}};
          const RowWriter writer(table, 0, fills, DType::UInt8, channels);
          std::vector<std::uint8_t> made(expected.size());
          writer.write(source.data(), made.data());
          CHECK(made == expected);
          writer.write_fill(1, made.data());
          CHECK(made == std::vector<std::uint8_t>(expected.size(), 200));
        }
      }
    }
  }
}

TEST_CASE(
    "gather agrees to the byte with its naive twin, for every type, rank and 1 to 4 channels") {
  Chance chance(11);
  for (const DType dtype : test::kAllTypes) {
    for (int round = 0; round < 160; ++round) {
      const auto rank = static_cast<int>(1 + chance.below(3));
      Shape shape{rank, {0, 0, 0}, 1 + round % 4};
      std::vector<AxisTable> axes;
      for (int a = 0; a < rank; ++a) {
        shape[a] = 1 + chance.below(rank == 3 ? 5 : 9);
        axes.push_back(chance.table(shape[a]));
      }
      Tensor image = test::noise(shape, dtype, chance.engine());
      if (round % 3 == 0) {  // a batch of two: the samples, and the samples in reverse order
        const std::size_t bytes = image.item_bytes();
        image.reset(shape, dtype, 2);
        std::reverse_copy(image.data.data(), image.data.data() + bytes, image.data.data() + bytes);
        if (dtype == DType::Bool) std::memset(image.data.data() + bytes, 1, bytes);
      }
      const Fill per_channel = [&] {
        Fill values;
        for (std::int64_t c = 0; c < shape.channels; ++c)
          values.push_back(static_cast<double>(chance.below(2)));
        return values;
      }();
      const std::vector<Fill> fills{{0}, {1}, per_channel};
      const Tensor expected = naive_gather(image, axes, fills);
      INFO(name_of(dtype) << ", " << to_string(shape) << ", round " << round);

      Tensor out = test::noise(Shape::image(3, 3, 1), DType::Int16, chance.engine());  // old use
      gather(image, test::whole(shape), axes, fills, out);
      REQUIRE(test::same_bytes(out, expected));
      if (rank != 2 || image.batch != 1) continue;
      REQUIRE(test::same_bytes(gathered_rows(image, test::whole(shape), axes, fills), expected));

      // The same from a part: first the smallest that is enough, then one with a border around it.
      const Interval row_span = axes[0].source_span();
      const Interval col_span = axes[1].source_span();
      Window window;
      if (row_span.length() > 0 && col_span.length() > 0) window = {2, {row_span, col_span}};
      gather(test::part_of(image, window), window, axes, fills, out);
      REQUIRE(test::same_bytes(out, expected));
      if (window.pixels() == 0) continue;
      window = {2,
                {Interval{chance.below(window[0].begin + 1), window[0].end},
                 Interval{window[1].begin, std::min(window[1].end + 1, shape.cols())}}};
      gather(test::part_of(image, window), window, axes, fills, out);
      REQUIRE(test::same_bytes(out, expected));
      REQUIRE(test::same_bytes(gathered_rows(test::part_of(image, window), window, axes, fills),
                               expected));
    }
  }
}

TEST_CASE("a pixel in two fills shows that of the later layer") {
  const Tensor image = test::tensor_of(Shape::image(1, 1, 1), DType::UInt8, {5});
  std::vector<AxisTable> axes{AxisTable(1), AxisTable(1)};
  axes[0].pad(1, 1, 1);
  axes[1].pad(1, 1, 1);
  axes[1].pad(1, 0, 2);
  Tensor out;
  gather(image, test::whole(image.shape), axes, std::vector<Fill>{{0}, {1}, {2}}, out);
  CHECK(test::samples(out) == std::vector<double>{2, 1, 1, 1, 2, 1, 5, 1, 2, 1, 1, 1});
}

TEST_CASE("gather overwrites old contents with zeros") {
  const Tensor image = test::tensor_of(Shape::image(1, 2, 1), DType::UInt8, {7, 9});
  AxisTable rows(1);
  rows.pad(1, 0);
  AxisTable cols(2);
  cols.pad(0, 1);
  cols.repeat(2);
  Tensor out = test::tensor_of(Shape::image(4, 4, 1), DType::UInt8, std::vector<double>(16, 255));
  gather(image, test::whole(image.shape), std::vector{rows, cols}, kZero, out);
  CHECK(out.shape == Shape::image(2, 6, 1));
  CHECK(test::samples(out) == std::vector<double>{0, 0, 0, 0, 0, 0, 7, 7, 9, 9, 0, 0});
}

TEST_CASE("gather ends a repetition where its table does") {
  const Tensor image = test::tensor_of(Shape::image(1, 5, 1), DType::UInt16, {10, 20, 30, 40, 50});
  AxisTable rows(1);
  AxisTable cols(5);
  cols.repeat(2);
  cols.crop(1, 1);  // 0 1 1 2 2 3 3 4
  Tensor out;
  gather(image, test::whole(image.shape), std::vector{rows, cols}, kZero, out);
  CHECK(test::samples(out) == std::vector<double>{10, 20, 20, 30, 30, 40, 40, 50});
}

TEST_CASE("a repetition is one run, also after a crop shortened its ends") {
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

TEST_CASE("gather of only fill does not read the source") {
  AxisTable fill(3);
  fill.pad(2, 0);
  fill.keep(0, 2);
  const AxisTable some(3);
  Tensor nothing;
  nothing.reset(Shape::image(0, 0, 3), DType::UInt8);
  Tensor out;
  gather(nothing, {}, std::vector{fill, some}, kZero, out);
  CHECK(test::samples(out) == std::vector<double>(2 * 3 * 3, 0));
  gather(nothing, {}, std::vector{some, fill}, kZero, out);
  CHECK(test::samples(out) == std::vector<double>(3 * 2 * 3, 0));
  gather(nothing, {}, std::vector{fill, fill}, kZero, out);
  CHECK(test::samples(out) == std::vector<double>(2 * 2 * 3, 0));
}

// SPDX-License-Identifier: Apache-2.0
#include "geometry/axis_table.h"

#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.h"

using namespace deckle;

namespace {

using Entries = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("a new table shows its axis unchanged") {
  CHECK(AxisTable(4).entries() == Entries{0, 1, 2, 3});
  CHECK(AxisTable(1).entries() == Entries{0});
}

TEST_CASE("crop drops entries at both ends") {
  AxisTable table(6);
  table.crop(1, 2);
  CHECK(table.entries() == Entries{1, 2, 3});
  table.crop(0, 0);
  CHECK(table.entries() == Entries{1, 2, 3});
  table.crop(2, 0);
  CHECK(table.entries() == Entries{3});
}

TEST_CASE("pad puts fill at both ends") {
  AxisTable table(2);
  table.pad(1, 2);
  CHECK(table.entries() == Entries{-1, 0, 1, -1, -1});
  CHECK(table.length() == 5);
  table.pad(0, 0);
  CHECK(table.length() == 5);
}

TEST_CASE("repeat repeats every entry in place, also fill") {
  AxisTable table(2);
  table.pad(1, 0);
  table.repeat(3);
  CHECK(table.entries() == Entries{-1, -1, -1, 0, 0, 0, 1, 1, 1});
  table.repeat(1);
  CHECK(table.length() == 9);
}

TEST_CASE("keep takes a part of the table, not of the source") {
  AxisTable table(3);
  table.repeat(2);
  table.keep(1, 3);
  CHECK(table.entries() == Entries{0, 1, 1});
  table.keep(0, 3);
  CHECK(table.entries() == Entries{0, 1, 1});
}

TEST_CASE("the source span is the smallest range with every entry that is not fill") {
  CHECK(AxisTable(5).source_span() == Interval{0, 5});
  AxisTable table(10);
  table.crop(3, 4);
  table.pad(2, 2);
  CHECK(table.source_span() == Interval{3, 6});
  table.keep(2, 1);
  CHECK(table.source_span() == Interval{3, 4});
}

TEST_CASE("the source span of only fill is empty") {
  AxisTable table(3);
  table.pad(4, 0);
  table.keep(0, 4);
  CHECK(table.entries() == Entries(4, AxisTable::fill_entry(0)));
  CHECK(table.source_span().length() == 0);
}

TEST_CASE("random edits agree with the same edits of a list") {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same in every run
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(n));
  };
  for (int round = 0; round < 300; ++round) {
    AxisTable table(1 + below(12));
    Entries list = table.entries();
    for (int edit = 0; edit < 6; ++edit) {
      const auto length = static_cast<std::int64_t>(list.size());
      Entries next;
      switch (below(4)) {
        case 0: {
          const std::int64_t before = below(length);
          const std::int64_t after = below(length - before);
          for (std::int64_t i = before; i < length - after; ++i)
            next.push_back(list[static_cast<std::size_t>(i)]);
          table.crop(before, after);
          break;
        }
        case 1: {
          const std::int64_t before = below(4);
          const std::int64_t after = below(4);
          for (std::int64_t i = -before; i < length + after; ++i)
            next.push_back(i < 0 || i >= length ? -1 : list[static_cast<std::size_t>(i)]);
          table.pad(before, after);
          break;
        }
        case 2: {
          const std::int64_t times = 1 + below(3);
          for (std::int64_t i = 0; i < length * times; ++i)
            next.push_back(list[static_cast<std::size_t>(i / times)]);
          table.repeat(times);
          break;
        }
        default: {
          const std::int64_t kept = 1 + below(length);
          const std::int64_t offset = below(length - kept + 1);
          for (std::int64_t i = 0; i < kept; ++i)
            next.push_back(list[static_cast<std::size_t>(offset + i)]);
          table.keep(offset, kept);
        }
      }
      list = next;
      REQUIRE(table.entries() == list);
      REQUIRE(table.length() == static_cast<std::int64_t>(list.size()));
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "layers/draft.h"

#include <utility>
#include <variant>
#include <vector>

#include "support/catch.h"

using namespace deckle;

TEST_CASE("any number of moving layers is one gather") {
  Draft draft(Shape::image(10, 20, 3), DType::UInt8);
  draft.axis(0).crop(1, 2);
  draft.axis(1).pad(3, 4);
  draft.axis(0).repeat(2);
  draft.axis(1).keep(5, 6);
  CHECK(draft.shape() == Shape::image(14, 6, 3));
  const std::vector<Op> ops = std::move(draft).take();
  REQUIRE(ops.size() == 1);
  CHECK(std::get<GatherOp>(ops[0]).axes[0].length() == 14);
}

TEST_CASE("a draft to which nothing is done is one gather of everything") {
  Draft draft(Shape::image(2, 3, 1), DType::UInt16);
  CHECK(draft.shape() == Shape::image(2, 3, 1));
  CHECK(draft.dtype() == DType::UInt16);
  const std::vector<Op> ops = std::move(draft).take();
  REQUIRE(ops.size() == 1);
  CHECK(std::get<GatherOp>(ops[0]).axes == std::vector<AxisTable>{AxisTable(2), AxisTable(3)});
}

TEST_CASE("resizing closes the gather, and answers float32") {
  Draft draft(Shape::image(10, 20, 3), DType::UInt8);
  draft.axis(0).crop(1, 1);
  draft.resize(4, 5);
  CHECK(draft.shape() == Shape::image(4, 5, 3));
  CHECK(draft.dtype() == DType::Float32);
  draft.axis(1).pad(1, 1);
  CHECK(draft.shape() == Shape::image(4, 7, 3));
  const std::vector<Op> ops = std::move(draft).take();
  REQUIRE(ops.size() == 3);
  CHECK(std::holds_alternative<GatherOp>(ops[0]));
  CHECK(std::get<ResizeOp>(ops[1]).rows == 4);
  CHECK(std::get<ResizeOp>(ops[1]).cols == 5);
  CHECK(std::get<GatherOp>(ops[2]).axes[1].length() == 7);
}

TEST_CASE("a cast that changes no value is left out, but the answer's type is the cast's") {
  struct Case {
    DType from;
    DType to;
    bool changes;
  };
  for (const Case& c :
       {Case{DType::UInt8, DType::Float32, false},   Case{DType::UInt16, DType::Float32, false},
        Case{DType::Int16, DType::Float32, false},   Case{DType::UInt32, DType::Float32, true},
        Case{DType::Int32, DType::Float32, true},    Case{DType::Float64, DType::Float32, true},
        Case{DType::Float32, DType::Float32, false}, Case{DType::UInt8, DType::Float64, false},
        Case{DType::Int32, DType::Float64, false},   Case{DType::UInt32, DType::Float64, false},
        Case{DType::Float32, DType::Float64, false}, Case{DType::Float32, DType::UInt8, true},
        Case{DType::Float64, DType::UInt16, true},   Case{DType::UInt8, DType::UInt8, false},
        Case{DType::Int64, DType::Float64, true},    Case{DType::UInt64, DType::Float64, true},
        Case{DType::Float32, DType::Float16, true},  Case{DType::Float16, DType::Float32, false},
        Case{DType::UInt8, DType::Float16, false},   Case{DType::Int16, DType::Float16, true},
        Case{DType::Bool, DType::Float16, false},    Case{DType::Float64, DType::Bool, true}}) {
    INFO(name_of(c.from) << " to " << name_of(c.to));
    Draft draft(Shape::image(1, 1, 1), c.from);
    draft.cast(c.to);
    CHECK(draft.dtype() == c.to);
    CHECK(std::move(draft).take().size() == (c.changes ? 2U : 1U));
  }
}

TEST_CASE("8 bits to float and back is no work at all") {
  Draft draft(Shape::image(4, 4, 1), DType::UInt8);
  draft.cast(DType::Float32);
  draft.axis(0).crop(1, 1);
  draft.cast(DType::UInt8);
  CHECK(draft.dtype() == DType::UInt8);
  CHECK(std::move(draft).take().size() == 1);
}

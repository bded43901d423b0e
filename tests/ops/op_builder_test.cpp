// SPDX-License-Identifier: Apache-2.0
#include "ops/op_builder.h"

#include <utility>
#include <variant>
#include <vector>

#include "support/catch.h"

using namespace deckle;

TEST_CASE("any number of layers that move pixels is one gather") {
  OpBuilder builder(Shape::image(10, 20, 3), DType::UInt8);
  builder.axis(0).crop(1, 2);
  builder.axis(1).pad(3, 4);
  builder.axis(0).repeat(2);
  builder.axis(1).keep(5, 6);
  CHECK(builder.shape() == Shape::image(14, 6, 3));
  const std::vector<Op> ops = std::move(builder).take();
  REQUIRE(ops.size() == 1);
  CHECK(std::get<GatherOp>(ops[0]).axes[0].length() == 14);
}

TEST_CASE("an unused builder gives one gather of everything") {
  OpBuilder builder(Shape::image(2, 3, 1), DType::UInt16);
  CHECK(builder.shape() == Shape::image(2, 3, 1));
  CHECK(builder.dtype() == DType::UInt16);
  const std::vector<Op> ops = std::move(builder).take();
  REQUIRE(ops.size() == 1);
  CHECK(std::get<GatherOp>(ops[0]).axes == std::vector<AxisTable>{AxisTable(2), AxisTable(3)});
}

TEST_CASE("resizing ends the gather, and returns float32") {
  OpBuilder builder(Shape::image(10, 20, 3), DType::UInt8);
  builder.axis(0).crop(1, 1);
  builder.resize(4, 5);
  CHECK(builder.shape() == Shape::image(4, 5, 3));
  CHECK(builder.dtype() == DType::Float32);
  builder.axis(1).pad(1, 1);
  CHECK(builder.shape() == Shape::image(4, 7, 3));
  const std::vector<Op> ops = std::move(builder).take();
  REQUIRE(ops.size() == 3);
  CHECK(std::holds_alternative<GatherOp>(ops[0]));
  CHECK(std::get<ResizeOp>(ops[1]).rows == 4);
  CHECK(std::get<ResizeOp>(ops[1]).cols == 5);
  CHECK(std::get<GatherOp>(ops[2]).axes[1].length() == 7);
}

TEST_CASE("a cast that changes no value is dropped, but the result's type is that of the cast") {
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
    OpBuilder builder(Shape::image(1, 1, 1), c.from);
    builder.cast(c.to);
    CHECK(builder.dtype() == c.to);
    CHECK(std::move(builder).take().size() == (c.changes ? 2U : 1U));
  }
}

TEST_CASE("8 bits to float and back needs no operation") {
  OpBuilder builder(Shape::image(4, 4, 1), DType::UInt8);
  builder.cast(DType::Float32);
  builder.axis(0).crop(1, 1);
  builder.cast(DType::UInt8);
  CHECK(builder.dtype() == DType::UInt8);
  CHECK(std::move(builder).take().size() == 1);
}

TEST_CASE("a cast between two moves comes after both") {
  OpBuilder builder(Shape::image(10, 20, 1), DType::Int32);
  builder.axis(0).crop(1, 1);
  builder.cast(DType::Float32);
  builder.axis(1).keep(5, 6);
  CHECK(builder.dtype() == DType::Float32);
  const std::vector<Op> ops = std::move(builder).take();
  REQUIRE(ops.size() == 2);
  CHECK(std::get<GatherOp>(ops[0]).axes[1].length() == 6);
  CHECK(std::get<CastOp>(ops[1]).to == DType::Float32);
}

TEST_CASE("a fill must be a value of the result's type; casts are made before it if necessary") {
  OpBuilder builder(Shape::image(2, 2, 3), DType::UInt8);
  CHECK(builder.fill({0.5}).error().code == ErrorCode::Depth);
  CHECK(builder.fill({256}).error().code == ErrorCode::Depth);
  CHECK(builder.fill({-1}).error().code == ErrorCode::Depth);
  CHECK(builder.fill({1, 2}).error().code == ErrorCode::Shape);
  CHECK(*builder.fill({7}) == 1);
  CHECK(*builder.fill({7}) == 1);
  CHECK(*builder.fill({1, 2, 3}) == 2);
  builder.cast(DType::Float32);
  CHECK(*builder.fill({9}) == 3);    // a value of uint8
  CHECK(*builder.fill({0.5}) == 1);  // of another gather
  const std::vector<Op> ops = std::move(builder).take();
  REQUIRE(ops.size() == 3);
  CHECK(std::get<CastOp>(ops[1]).to == DType::Float32);
  CHECK(std::get<GatherOp>(ops[2]).fills == std::vector<Fill>{{0}, {0.5}});
}

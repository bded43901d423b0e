// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/samples.h"

using namespace deckle;
using Numbers = std::vector<double>;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Tensor row_of(DType dtype, const Numbers& values) {
  return test::tensor_of(Shape::image(1, static_cast<std::int64_t>(values.size()), 1), dtype,
                         values);
}

Numbers cast_to(DType to, DType from, const Numbers& values) {
  Tensor out;
  cast(row_of(from, values), to, out);
  CHECK(out.dtype == to);
  CHECK(out.shape == Shape::image(1, static_cast<std::int64_t>(values.size()), 1));
  return test::samples(out);
}

Numbers file_depth(DType from, DType scale, DType to, const Numbers& values) {
  Tensor out;
  to_file_depth(row_of(from, values), scale, to, out);
  CHECK(out.dtype == to);
  CHECK(out.shape == Shape::image(1, static_cast<std::int64_t>(values.size()), 1));
  return test::samples(out);
}

}  // namespace

TEST_CASE("cast drops the fraction, towards zero") {
  const Numbers values{0.9, 2.625, 3.5, 254.999, -0.9};
  CHECK(cast_to(DType::UInt8, DType::Float64, values) == Numbers{0, 2, 3, 254, 0});
  CHECK(cast_to(DType::Int16, DType::Float64, {-0.9, -1.5, -2.999, 2.999}) ==
        Numbers{0, -1, -2, 2});
}

TEST_CASE("cast gives the nearest value of an integer type, and 0 for NaN") {
  CHECK(cast_to(DType::UInt8, DType::Float32, {-1, 255, 256, 1e30, kInf, -kInf, kNaN}) ==
        Numbers{0, 255, 255, 255, 255, 0, 0});
  CHECK(cast_to(DType::Int8, DType::Float64, {-129, 128, kNaN}) == Numbers{-128, 127, 0});
  CHECK(cast_to(DType::Int32, DType::Float64, {-3e9, 3e9, 2147483646.5}) ==
        Numbers{-2147483648.0, 2147483647, 2147483646});
  CHECK(cast_to(DType::UInt32, DType::Float64, {-3, 5e9, 4294967294}) ==
        Numbers{0, 4294967295, 4294967294});
  CHECK(cast_to(DType::UInt8, DType::UInt16, {0, 255, 256, 65535}) == Numbers{0, 255, 255, 255});
  CHECK(cast_to(DType::UInt16, DType::Int32, {-5, 70000, 42}) == Numbers{0, 65535, 42});
}

TEST_CASE("cast to a float keeps the value and does not scale it") {
  CHECK(cast_to(DType::Float32, DType::UInt8, {0, 1, 255}) == Numbers{0, 1, 255});
  CHECK(cast_to(DType::Float64, DType::UInt16, {65535}) == Numbers{65535});
  CHECK(cast_to(DType::Float32, DType::Float64, {0.1}) == Numbers{static_cast<double>(0.1F)});
  const Numbers special = cast_to(DType::Float32, DType::Float64, {kNaN, kInf, -kInf});
  CHECK(std::isnan(special[0]));
  CHECK(special[1] == kInf);
  CHECK(special[2] == -kInf);
}

TEST_CASE("cast to bool asks whether a sample is 0; from bool it is 0 or 1") {
  CHECK(cast_to(DType::Bool, DType::Float32, {0, -0.0, 0.2, -3, kInf, kNaN}) ==
        Numbers{0, 0, 1, 1, 1, 1});
  CHECK(cast_to(DType::Bool, DType::Float16, {0, -0.0, 0x1p-24}) == Numbers{0, 0, 1});
  CHECK(cast_to(DType::Bool, DType::Int64, {0, 256, -1, 4294967296}) == Numbers{0, 1, 1, 1});
  CHECK(cast_to(DType::Bool, DType::UInt16, {0, 256}) == Numbers{0, 1});
  for (const DType dtype : test::kAllTypes)
    CHECK(cast_to(dtype, DType::Bool, {0, 1, 1}) == Numbers{0, 1, 1});
}

TEST_CASE("cast to float16 rounds once, to the nearest, half to even") {
  CHECK(cast_to(DType::Float16, DType::Float64, {1 + 0x1p-11 + 0x1p-40, 65520, -1e9, 0.1}) ==
        Numbers{1 + 0x1p-10, kInf, -kInf, 0.0999755859375});
  CHECK(cast_to(DType::Float16, DType::Int32, {2049, 2051, 65519, 65520, -70000}) ==
        Numbers{2048, 2052, 65504, kInf, -kInf});
  CHECK(cast_to(DType::Float16, DType::UInt64, {2047}) == Numbers{2047});
  CHECK(std::isnan(cast_to(DType::Float16, DType::Float32, {kNaN})[0]));
}

TEST_CASE("cast from float16 is the cast from the equal float") {
  CHECK(cast_to(DType::Float32, DType::Float16, {0x1p-24, -65504, kInf}) ==
        Numbers{0x1p-24, -65504, kInf});
  CHECK(cast_to(DType::UInt8, DType::Float16, {2.75, -1, 300, kInf, kNaN}) ==
        Numbers{2, 0, 255, 255, 0});
  CHECK(cast_to(DType::Int64, DType::Float16, {-65504, 0.5}) == Numbers{-65504, 0});
}

TEST_CASE("cast keeps all 64 bits of integers, also the least and the largest") {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const auto value_of = []<typename T>(const Tensor& tensor, T value) {
    REQUIRE(tensor.byte_count() == sizeof value);
    std::memcpy(&value, tensor.data.data(), sizeof value);
    return value;
  };
  const auto one = [](DType dtype, auto value) {
    Tensor tensor;
    tensor.reset(Shape::image(1, 1, 1), dtype);
    std::memcpy(tensor.data.data(), &value, sizeof value);
    return tensor;
  };
  Tensor out;
  cast(one(DType::Int64, kMost - 1), DType::UInt64, out);
  CHECK(value_of(out, std::uint64_t{}) == static_cast<std::uint64_t>(kMost - 1));
  cast(one(DType::Int64, std::int64_t{-1}), DType::UInt64, out);
  CHECK(value_of(out, std::uint64_t{}) == 0);
  cast(one(DType::UInt64, std::numeric_limits<std::uint64_t>::max()), DType::Int64, out);
  CHECK(value_of(out, std::int64_t{}) == kMost);
  cast(one(DType::Int64, kLeast), DType::Int32, out);
  CHECK(value_of(out, std::int32_t{}) == std::numeric_limits<std::int32_t>::min());
  cast(one(DType::UInt32, 4294967295U), DType::Int64, out);
  CHECK(value_of(out, std::int64_t{}) == 4294967295);
  // As in C++: to the nearest float, with one rounding.
  cast(one(DType::Int64, std::int64_t{0x4000004000000001}), DType::Float32, out);
  CHECK(value_of(out, float{}) == 0x1.000002p+62F);
  cast(one(DType::Int64, (std::int64_t{1} << 53) + 1), DType::Float64, out);
  CHECK(value_of(out, double{}) == 0x1p53);
  cast(one(DType::Float64, 1e19), DType::Int64, out);
  CHECK(value_of(out, std::int64_t{}) == kMost);
  cast(one(DType::Float64, -1e19), DType::Int64, out);
  CHECK(value_of(out, std::int64_t{}) == kLeast);
  cast(one(DType::Float64, 0x1.fffffffffffffp+63), DType::UInt64, out);
  CHECK(value_of(out, std::uint64_t{}) == 0xFFFFFFFFFFFFF800U);
  cast(one(DType::Float64, 0x1p64), DType::UInt64, out);
  CHECK(value_of(out, std::uint64_t{}) == std::numeric_limits<std::uint64_t>::max());
  // A file gets the same values.
  to_file_depth(one(DType::Int64, kMost - 1), DType::Int64, DType::Int64, out);
  CHECK(value_of(out, std::int64_t{}) == kMost - 1);
}

TEST_CASE("NaN and infinity are found before they become integers, with their index") {
  const auto message = [](DType from, DType to, const Shape& shape, const Numbers& values) {
    const auto checked = check_finite_for(test::tensor_of(shape, from, values), to);
    if (!checked) CHECK(checked.error().code == ErrorCode::Depth);
    return checked ? "" : checked.error().message;
  };
  const std::string advice = " cannot hold; replace it, or ask for a float type";
  const Shape shape = Shape::image(2, 2, 3);
  CHECK(message(DType::Float32, DType::UInt8, shape, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, kNaN, kInf}) ==
        "[1, 1, 1] is NaN, which uint8" + advice);
  CHECK(message(DType::Float64, DType::Int64, shape, {0, 1, 2, 3, 4, -kInf, 6, 7, 8, 9, 1, 1}) ==
        "[0, 1, 2] is -infinity, which int64" + advice);
  CHECK(message(DType::Float16, DType::Int32, Shape{1, {2, 0, 0}, 1}, {0, kInf}) ==
        "[1, 0] is infinity, which int32" + advice);
  CHECK(message(DType::Float64, DType::UInt8, Shape{3, {1, 2, 1}, 1}, {-1e300, kNaN}) ==
        "[0, 1, 0, 0] is NaN, which uint8" + advice);
  CHECK(message(DType::Float64, DType::UInt8, Shape{1, {2, 0, 0}, 1}, {-1e300, 0.5}).empty());
  for (const DType to : {DType::Float16, DType::Float32, DType::Float64, DType::Bool})
    CHECK(message(DType::Float32, to, Shape{1, {2, 0, 0}, 1}, {kNaN, kInf}).empty());
  CHECK(message(DType::UInt16, DType::UInt8, Shape{1, {2, 0, 0}, 1}, {300, 2}).empty());
}

TEST_CASE("cast to the same type changes nothing") {
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp)
  for (const DType dtype : test::kAllTypes) {
    const Tensor image = test::noise(Shape::image(5, 7, 3), dtype, random);
    Tensor out;
    cast(image, dtype, out);
    INFO(name_of(dtype));
    CHECK(test::same_bytes(out, image));
  }
}

TEST_CASE("a file gets integers rounded half to even") {
  CHECK(file_depth(DType::Float32, DType::UInt8, DType::UInt8,
                   {0.5, 1.5, 2.5, 3.5, 0.49, 0.51, 253.5, 254.5}) ==
        Numbers{0, 2, 2, 4, 0, 1, 254, 254});
  CHECK(file_depth(DType::Float64, DType::UInt16, DType::UInt16, {-0.5, 1000.5, 1001.5}) ==
        Numbers{0, 1000, 1002});
}

TEST_CASE("float32 is rounded like float64, though in another way") {
  std::mt19937 random(3);
  for (const DType dtype : {DType::UInt8, DType::UInt16}) {
    const float most = dtype == DType::UInt8 ? 255 : 65535;
    Numbers values;
    for (int i = 0; i < 20000; ++i) {
      const float value = std::uniform_real_distribution<float>(-2, most + 2)(random);
      const float half = std::floor(value) + 0.5F;
      for (const float v : {value, half, std::nextafter(half, 0.0F), std::nextafter(half, 1e9F)})
        values.push_back(v);
    }
    CHECK(file_depth(DType::Float32, dtype, dtype, values) ==
          file_depth(DType::Float64, dtype, dtype, values));
  }
}

TEST_CASE("a file gets saturated values, and 0 for NaN") {
  CHECK(file_depth(DType::Float32, DType::UInt8, DType::UInt8,
                   {-3, -0.6, 255.4, 255.5, 300, kInf, -kInf, kNaN}) ==
        Numbers{0, 0, 255, 255, 255, 255, 0, 0});
  CHECK(file_depth(DType::Float32, DType::UInt16, DType::UInt16, {-1, 65535, 65536, kNaN}) ==
        Numbers{0, 65535, 65535, 0});
}

TEST_CASE("16 bits become 8 by division by 257, to the nearest") {
  CHECK(file_depth(DType::UInt16, DType::UInt16, DType::UInt8,
                   {0, 128, 129, 257, 385, 386, 65535, 65406, 65407, 32896}) ==
        Numbers{0, 0, 1, 1, 1, 2, 255, 254, 255, 128});
  // Every 8-bit value comes back from its 16-bit value.
  for (int v = 0; v < 256; ++v) {
    const double wide = v * 257.0;
    CHECK(file_depth(DType::UInt8, DType::UInt8, DType::UInt16, {double(v)}) == Numbers{wide});
    CHECK(file_depth(DType::UInt16, DType::UInt16, DType::UInt8, {wide}) == Numbers{double(v)});
  }
}

TEST_CASE(
    "floats on a scale of 1 are multiplied by the file's white, and divided on the way back") {
  CHECK(file_depth(DType::Float32, DType::Float32, DType::UInt8, {0, 0.5, 1, 1.5, -1, 0.25}) ==
        Numbers{0, 128, 255, 255, 0, 64});  // 127.5 is a tie and goes to the even 128
  CHECK(file_depth(DType::Float64, DType::Float64, DType::UInt16, {0.5, 1}) ==
        Numbers{32768, 65535});
  CHECK(file_depth(DType::UInt8, DType::UInt8, DType::Float64, {0, 255, 51}) == Numbers{0, 1, 0.2});
  CHECK(file_depth(DType::UInt16, DType::UInt16, DType::Float32, {65535}) == Numbers{1});
}

TEST_CASE("the scale is that of the picture, not that of the type of its samples") {
  // RandomCrop returns float32 on the scale of its 8-bit input.
  CHECK(file_depth(DType::Float32, DType::UInt8, DType::UInt16, {255, 0.5, 1}) ==
        Numbers{65535, 128, 257});
  CHECK(file_depth(DType::Float32, DType::UInt16, DType::UInt8, {65535, 257}) == Numbers{255, 1});
  CHECK(file_depth(DType::Float32, DType::UInt8, DType::Float32, {127.5}) == Numbers{0.5});
  CHECK(file_depth(DType::UInt8, DType::UInt8, DType::UInt8, {0, 7, 255}) == Numbers{0, 7, 255});
}

TEST_CASE("one float type to the other changes nothing but precision") {
  CHECK(file_depth(DType::Float32, DType::Float32, DType::Float64, {0.5, -7, 3}) ==
        Numbers{0.5, -7, 3});
  CHECK(file_depth(DType::Float64, DType::Float32, DType::Float32, {0.1}) ==
        Numbers{static_cast<double>(0.1F)});
}

TEST_CASE("float16 is on the scale of floats; other types that only arrays have are on no scale") {
  CHECK(file_depth(DType::Float16, DType::Float16, DType::UInt8, {0, 0.5, 1, 2, kNaN}) ==
        Numbers{0, 128, 255, 255, 0});
  CHECK(file_depth(DType::UInt8, DType::UInt8, DType::Float16, {0, 255, 51}) ==
        Numbers{0, 1, 0.199951171875});
  CHECK(file_depth(DType::Int64, DType::Int64, DType::UInt8, {-1, 7, 4294967296}) ==
        Numbers{0, 7, 255});
  CHECK(file_depth(DType::Float64, DType::Bool, DType::Bool, {0, 0.25, 1}) == Numbers{0, 1, 1});
}

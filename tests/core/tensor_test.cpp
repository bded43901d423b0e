// SPDX-License-Identifier: Apache-2.0
#include "core/tensor.h"

#include "support/catch.h"

using namespace deckle;

TEST_CASE("a tensor whose bytes are not those of its shape is refused with the numbers") {
  Tensor tensor;
  tensor.reset(Shape::image(2, 3, 3), DType::UInt16);
  REQUIRE(check_tensor(tensor));

  tensor.data.resize(35);
  CHECK(check_tensor(tensor).error() ==
        Error{ErrorCode::Usage, "a tensor of 1 times 2 x 3 x 3 of uint16 has 36 bytes, not 35"});
  tensor.data.resize(36);
  tensor.batch = 0;
  CHECK(check_tensor(tensor).error() ==
        Error{ErrorCode::Usage, "a tensor of 0 times 2 x 3 x 3 of uint16: that is no batch"});
  tensor.batch = std::int64_t{1} << 62;
  CHECK(check_tensor(tensor).error().code == ErrorCode::Usage);
  tensor.batch = 1;
  tensor.shape = Shape();
  CHECK(check_tensor(tensor).error().message ==
        "a shape of 0 x 0 x 1: an axis has 1 to 2147483647 pixels");
}

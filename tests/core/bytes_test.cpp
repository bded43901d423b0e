// SPDX-License-Identifier: Apache-2.0
#include "core/bytes.h"

#include <string>

#include "support/catch.h"

using namespace deckle;

namespace {

std::string text_of(const Buffer& buffer) {
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

}  // namespace

TEST_CASE("append keeps the old contents") {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string more = std::to_string(i) + ",";
    buffer.append(as_bytes(more));
    expected += more;
  }
  CHECK(text_of(buffer) == expected);
  buffer.append({});
  CHECK(text_of(buffer) == expected);
}

TEST_CASE("a buffer that is cleared or made smaller keeps its memory") {
  Buffer buffer;
  buffer.resize(1000);
  const auto* memory = buffer.data();
  buffer.resize(10);
  CHECK(buffer.size() == 10);
  buffer.clear();
  CHECK(buffer.bytes().empty());
  buffer.resize(1000);
  CHECK(buffer.data() == memory);
}

TEST_CASE("shrink gives memory back only if it is more than the limit") {
  Buffer buffer;
  buffer.resize(1000);
  buffer.shrink(1000);
  CHECK(buffer.size() == 1000);
  buffer.shrink(999);
  CHECK(buffer.size() == 0);
  CHECK(buffer.data() == nullptr);
}

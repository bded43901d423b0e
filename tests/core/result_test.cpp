// SPDX-License-Identifier: Apache-2.0
#include "core/result.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/catch.h"

using namespace deckle;

TEST_CASE("a result has a value or an error, never both") {
  Result<std::string> good = std::string("yes");
  REQUIRE(good.has_value());
  CHECK(static_cast<bool>(good));
  CHECK(*good == "yes");
  CHECK(good->size() == 3);
  good.value() += "!";
  CHECK(good.value() == "yes!");

  const Result<std::string> bad = Error{ErrorCode::Write, "disk full", 28};
  CHECK_FALSE(bad.has_value());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK(bad.error() == Error{ErrorCode::Write, "disk full", 28});
}

TEST_CASE(
    "a result throws if it is asked for a value or error that it does not have, in every build") {
  Result<std::string> bad = Error{ErrorCode::Write, "disk full", 28};
  const Result<std::string> also_bad = bad;
  CHECK_THROWS_AS(bad.value(), WrongResult);
  CHECK_THROWS_WITH(*also_bad, "a Result has no value: disk full");
  CHECK_THROWS_AS(bad->size(), WrongResult);
  CHECK_THROWS_AS(std::move(bad).value(), WrongResult);

  const Result<std::string> good = std::string("yes");
  CHECK_THROWS_WITH(good.error(), "a Result has a value and no error");
}

TEST_CASE("a value that cannot be copied is moved out") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  CHECK(*taken == 7);
}

TEST_CASE("the names of error codes, which manifests contain, do not change") {
  using enum ErrorCode;
  const std::array<std::pair<ErrorCode, std::string_view>, 14> names{{
      {Usage, "usage"},
      {Unreadable, "unreadable"},
      {NotAnImage, "not_an_image"},
      {Unsupported, "unsupported"},
      {Truncated, "truncated"},
      {Damaged, "damaged"},
      {TooLarge, "too_large"},
      {Shape, "shape"},
      {Depth, "depth"},
      {Write, "write"},
      {Changed, "changed"},
      {TimedOut, "timed_out"},
      {Stopped, "stopped"},
      {Internal, "internal"},
  }};
  for (const auto& [code, name] : names)
    CHECK(error_name(code) == name);
}

// SPDX-License-Identifier: Apache-2.0
#include "dataset/identity.h"

#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "support/catch.h"

using namespace deckle;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t now_ns() {
  return std::int64_t{std::time(nullptr)} * kSecond;
}

}  // namespace

TEST_CASE("an identity is read back from its text, and what is behind it too",
          "[dataset][identity]") {
  const Identity& own = own_identity();
  CHECK(own.pid == ::getpid());
  std::string_view rest;
  const std::string text = to_text(own) + "-7.tmp";
  CHECK(parse_identity(text, &rest) == own);
  CHECK(rest == "-7.tmp");
  for (const char* wrong : {"", "0123456789abcdef-7.tmp", "1-2-3-4", "1-2--3-4-5", "1-2-0-4-5",
                            "x-2-3-4-5", "1-2-99999999999-4-5"}) {
    INFO(wrong);
    CHECK_FALSE(parse_identity(wrong));
  }
}

TEST_CASE("only a process that is certainly gone is dead", "[dataset][identity]") {
  const Identity& own = own_identity();
  CHECK(life_of(own, now_ns()) == Life::Alive);

  Identity other = own;
  other.started += 1;  // its number was given away again
  CHECK(life_of(other, now_ns()) == Life::Dead);

  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  other = own;
  other.pid = child;
  CHECK(life_of(other, now_ns()) == Life::Dead);

  // Another machine's, whatever the age.
  other = own;
  other.host += 1;
  CHECK(life_of(other, now_ns()) == Life::Unknown);
  CHECK(life_of(other, kSecond) == Life::Unknown);

  // This machine's: before it was started, or in another container.
  other = own;
  other.kernel += 1;
  CHECK(life_of(other, kSecond) == Life::Dead);
  CHECK(life_of(other, now_ns()) == Life::Unknown);
}

// SPDX-License-Identifier: Apache-2.0
// The functions of poison.h that use Catch.
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>

#include "support/catch.h"
#include "support/poison.h"

namespace deckle::test {

Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options) {
  std::string differs;
  Result<Damage> damage = read_twice(file, out, options, differs);
  CHECK(differs == "");
  return damage;
}

namespace {

// Row streaming must give the rows of `picture`.
void check_rows(const File& file, const Tensor& picture) {
  const auto info = read_info(file, {});
  REQUIRE(info);
  const Codec& codec = codec_of(info->format);
  if (!codec.rows || info->orientation != 1 || !codec.rows->obstacle(file).empty()) return;
  const Poison full_of(0x35);
  std::string wrong;  // a check that throws must not leave the thread
  std::thread([&] {
    auto rows = codec.rows->open(file, *info, {.check_all = true}, whole(info->shape));
    if (!rows) wrong = rows.error().message;
    for (std::int64_t r = 0; wrong.empty() && r < info->shape.rows(); ++r) {
      const auto row = (*rows)->row(r);
      if (!row) {
        wrong = row.error().message;
      } else if (std::memcmp(*row, picture.row(r), picture.row_bytes()) != 0) {
        wrong = "row " + std::to_string(r) + " is another one";
      }
    }
    if (!wrong.empty()) return;
    if (const auto end = (*rows)->finish(); !end) wrong = end.error().message;
  }).join();
  CHECK(wrong == "");
}

void check_twice(const File& file) {
  Tensor out;
  const auto damage = read_twice(file, out, {.max_pixels = 1 << 20});
  if (damage && damage->empty()) check_rows(file, out);
  static_cast<void>(read_twice(file, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
}

}  // namespace

void check_cuts_written(const File& file) {
  constexpr std::size_t kCuts = 20;
  Tensor out;
  CHECK(read_twice(file, out));
  check_twice(file);
  for (std::size_t i = 1; i < kCuts; ++i)
    check_twice(first_bytes(file, file.size() * i / kCuts));
}

void check_all_written(const File& file, int changes) {
  check_cuts_written(file);
  with_flips(file, changes, check_twice);
}

}  // namespace deckle::test

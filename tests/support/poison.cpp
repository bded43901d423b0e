// SPDX-License-Identifier: Apache-2.0
#include "support/poison.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include "support/catch.h"

namespace {

constexpr int kClean = -1;
std::atomic<int> poison{kClean};

}  // namespace

// Only a Buffer asks for memory that is aligned so.
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  void* const memory = std::aligned_alloc(align, (size + align - 1) / align * align);
  if (memory == nullptr && size != 0) throw std::bad_alloc();
  if (memory != nullptr && poison != kClean) std::memset(memory, poison, size);
  return memory;
}

void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}

namespace deckle::test {

Poison::Poison(std::uint8_t byte) {
  poison = byte;
#ifdef M_PERTURB
  mallopt(M_PERTURB, ~byte & 0xFF);  // malloc gives the complement of it
  // In helper processes that start from now on. Tests of it have one thread.
  ::setenv("MALLOC_PERTURB_", std::to_string(~byte & 0xFF).c_str(), 1);  // NOLINT
#endif
}

Poison::~Poison() {
  poison = kClean;
#ifdef M_PERTURB
  mallopt(M_PERTURB, 0);
  ::unsetenv("MALLOC_PERTURB_");  // NOLINT(concurrency-mt-unsafe)
#endif
}

namespace {

Result<Damage> read_poisoned(const File& file, Tensor& out, const DecodeOptions& options,
                             std::uint8_t byte) {
  const Poison full_of(byte);
  std::optional<Result<Damage>> damage;
  std::thread([&] { damage = read(file, out, options); }).join();
  return *std::move(damage);
}

}  // namespace

Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options) {
  constexpr std::uint8_t kOne = 0x35;
  constexpr std::uint8_t kOther = 0xCA;  // no bit is the same
  Tensor other;
  const Result<Damage> first = read_poisoned(file, out, options, kOne);
  const Result<Damage> second = read_poisoned(file, other, options, kOther);
  CHECK(first.has_value() == second.has_value());
  if (first && second) {
    CHECK(*first == *second);
    CHECK(same(out, other));
  } else if (!first && !second) {
    CHECK(first.error().message == second.error().message);
  }
  return first;
}

namespace {

// What is read row by row, in the order of the file.
void check_rows(const File& file, const Tensor& picture) {
  const auto info = read_info(file, {});
  REQUIRE(info);
  const Codec& codec = codec_of(info->format);
  if (codec.read_rows == nullptr || info->orientation != 1 || !codec.needs_whole(file).empty())
    return;
  const Poison full_of(0x35);
  std::thread([&] {
    auto rows = codec.read_rows(file, *info, {.check_all = true}, whole(info->shape));
    REQUIRE(rows);
    for (std::int64_t r = 0; r < info->shape.rows(); ++r) {
      const auto row = (*rows)->row(r);
      REQUIRE(row);
      REQUIRE(std::memcmp(*row, picture.row(r), picture.row_bytes()) == 0);
    }
    CHECK((*rows)->finish());
  }).join();
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

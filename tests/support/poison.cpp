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

// clang's thread sanitizer has these operators too, and does not let them be replaced: there, only
// malloc is poisoned.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define DECKLE_KEEP_OPERATOR_NEW
#endif
#endif

namespace {

constexpr int kClean = -1;
std::atomic<int> poison{kClean};

}  // namespace

#ifndef DECKLE_KEEP_OPERATOR_NEW
// Only a Buffer allocates memory with an alignment.
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
#endif

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

Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options,
                          std::string& differs) {
  constexpr std::uint8_t kOne = 0x35;
  constexpr std::uint8_t kOther = 0xCA;  // no bit is the same
  Tensor other;
  Result<Damage> first = read_poisoned(file, out, options, kOne);
  const Result<Damage> second = read_poisoned(file, other, options, kOther);
  differs.clear();
  if (first.has_value() != second.has_value()) {
    differs = "one reading fails and the other does not";
  } else if (!first) {
    if (first.error() != second.error())
      differs = "errors: " + first.error().message + " / " + second.error().message;
  } else if (*first != *second) {
    differs = "damage: " + first->missing + first->note + " / " + second->missing + second->note;
  } else if (!same(out, other)) {
    differs = "samples";
  }
  return first;
}

}  // namespace deckle::test

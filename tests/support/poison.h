// SPDX-License-Identifier: Apache-2.0
// Checks that a decoder writes all of its output: the result must not depend on the former contents
// of memory.
#pragma once

#include <cstdint>
#include <string>

#include "support/pictures.h"

namespace deckle::test {

/// During its lifetime, new memory of a Buffer is filled with this byte; with glibc, also memory
/// that libraries get from malloc.
class Poison {
 public:
  explicit Poison(std::uint8_t byte);
  ~Poison();
  Poison(const Poison&) = delete;
  Poison& operator=(const Poison&) = delete;
};

/// Reads the file twice, into memory that is filled with two different bytes, each time in a new
/// thread: decoders have kept no memory for it. Both must give the same samples, or the same error;
/// `differs` gets the difference, or "". Returns one of the results.
Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options,
                          std::string& differs);

// The following functions use Catch (poison_checks.cpp).

/// The same, with a CHECK.
Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options = {});

/// The same for a whole file and for truncated copies, with damage refused and accepted. Row
/// streaming must give the same rows.
void check_cuts_written(const File& file);

/// The same, and for `changes` copies with changed bytes. Each is read four times, which is slow if
/// each starts a process.
void check_all_written(const File& file, int changes = 60);

}  // namespace deckle::test

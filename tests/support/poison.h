// SPDX-License-Identifier: Apache-2.0
// Whether a decoder writes all of its output: what it makes must not depend on what was in memory.
#pragma once

#include <cstdint>
#include <string>

#include "support/pictures.h"

namespace deckle::test {

/// While it lives, memory that a Buffer takes anew is full of this byte, and with glibc also what
/// libraries take by malloc.
class Poison {
 public:
  explicit Poison(std::uint8_t byte);
  ~Poison();
  Poison(const Poison&) = delete;
  Poison& operator=(const Poison&) = delete;
};

/// Reads the file into memory full of one byte and into memory full of another, each time in a
/// thread of its own, for which no decoder has kept any memory. Both must give the same samples, or
/// the same error: `differs` says what is not so, or becomes empty. Gives what one of them gave.
Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options,
                          std::string& differs);

// What follows is for Catch (poison_checks.cpp).

/// The same, with a CHECK.
Result<Damage> read_twice(const File& file, Tensor& out, const DecodeOptions& options = {});

/// The same of a file whole, and cut in many places, where damage is refused and where it is
/// accepted. A reading row by row must give the same rows.
void check_cuts_written(const File& file);

/// The same, and of the file with so many changed bytes, one after the other. Each is read four
/// times, which takes long where a reading starts a process.
void check_all_written(const File& file, int changes = 60);

}  // namespace deckle::test

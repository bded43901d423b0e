// SPDX-License-Identifier: Apache-2.0
// npy: NumPy's .npy files, arrays of any number of axes, by our own code. Nothing is ever
// unpickled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"

namespace deckle {

/// What a .npy file says of its array.
struct ArrayHeader {
  std::vector<std::int64_t> shape;  ///< empty for a single number; an axis may be 0 long
  DType dtype = DType::UInt8;
  bool fortran_order = false;  ///< the first axis is the fastest in the file
  bool big_endian = false;     ///< false where a sample is one byte
  std::size_t data_at = 0;     ///< where the samples begin

  /// What the samples take; a header that was read has no more than 2^63 - 1.
  [[nodiscard]] std::size_t data_bytes() const;
};

/// Whether the file begins as .npy files do.
[[nodiscard]] bool is_npy(Bytes head);

/// Reads the header, of format 1.0, 2.0 or 3.0; `file` may be the file's beginning, if the header
/// lies in it. NotAnImage where this is no .npy; Unsupported for other versions and for samples
/// that no DType is (objects, records, texts, times, complex numbers, ..); Truncated, Damaged, and
/// TooLarge where the shape is beyond what 64 bits count.
[[nodiscard]] Result<ArrayHeader> read_npy_header(Bytes file);

/// Truncated where the file has fewer samples than its header says.
[[nodiscard]] Result<Done> check_npy_size(Bytes file, const ArrayHeader& header);

/// The samples in C order, in host byte order and without gaps; every bool is 0 or 1. `header` is
/// what `read_npy_header` gave for this file. Truncated, before memory is taken, where there are
/// fewer than the header says; what follows them is not looked at, as in NumPy, which appends one
/// array to another in that way.
[[nodiscard]] Result<Done> read_npy(Bytes file, const ArrayHeader& header, Buffer& out);

/// What NumPy (1.23 and later) writes before the samples of a C-ordered little-endian array, to the
/// byte.
[[nodiscard]] std::string npy_header(const std::vector<std::int64_t>& shape, DType dtype);

/// The file that NumPy writes of samples in C order and host byte order.
[[nodiscard]] Result<Done> write_npy(const std::vector<std::int64_t>& shape, DType dtype,
                                     Bytes data, Buffer& out);

}  // namespace deckle

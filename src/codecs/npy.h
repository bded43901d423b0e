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

/// The header of a .npy file.
struct ArrayHeader {
  std::vector<std::int64_t> shape;  ///< empty for a single number; an axis may be 0 long
  DType dtype = DType::UInt8;
  bool fortran_order = false;  ///< the first axis is the fastest in the file
  bool big_endian = false;     ///< false if a sample is one byte
  std::size_t data_at = 0;     ///< where the samples begin

  /// The size of the samples; at most 2^63 - 1 in a header that was read.
  [[nodiscard]] std::size_t data_bytes() const;
};

/// Whether the file has the signature of .npy.
[[nodiscard]] bool is_npy(Bytes head);

/// Reads the header, of format 1.0, 2.0 or 3.0; `file` may be only the beginning of a file, if it
/// contains the header. NotAnImage if this is no .npy; Unsupported for other versions and for
/// samples without a DType (objects, records, texts, times, complex numbers, ..); Truncated,
/// Damaged; TooLarge if 64 bits cannot count the samples.
[[nodiscard]] Result<ArrayHeader> read_npy_header(Bytes file);

/// Truncated if the file has fewer samples than its header says.
[[nodiscard]] Result<Done> check_npy_size(Bytes file, const ArrayHeader& header);

/// The samples in C order, in host byte order and without gaps; every bool is 0 or 1. `header` is
/// what `read_npy_header` gave for this file. Truncated, before memory is allocated, if there are
/// fewer samples than the header says. Data after the samples are ignored, as in NumPy, which may
/// store several arrays one after the other.
[[nodiscard]] Result<Done> read_npy(Bytes file, const ArrayHeader& header, Buffer& out);

/// The exact header that NumPy (1.23 and later) writes for a C-ordered little-endian array.
[[nodiscard]] std::string npy_header(const std::vector<std::int64_t>& shape, DType dtype);

/// The file that NumPy writes for samples in C order and host byte order.
[[nodiscard]] Result<Done> write_npy(const std::vector<std::int64_t>& shape, DType dtype,
                                     Bytes data, Buffer& out);

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// weights: the arrays of a layer in a chain, and the named filters.
//
// An array is nested lists of numbers, or {"shape": [3, 3, 1, 8], "float32": "<base64>"}: its
// samples in C order, little-endian, in base64 (RFC 4648). Arrays that a chain names by
// file are already read (chain/weight_files.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace deckle {

struct WeightArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< in C order
};

/// Reads either form. Fails with Usage and the reason for another value.
[[nodiscard]] Result<WeightArray> weight_array(const Json& value);
/// Writes the second form.
[[nodiscard]] Json to_json(const WeightArray& array);

/// The array with its axes in this order: axis i of the result is axis order[i] of the array.
[[nodiscard]] WeightArray with_axes(const WeightArray& array, std::span<const std::size_t> order);

/// The array with the entries of `count` axes from `first` on in the opposite order.
[[nodiscard]] WeightArray reversed(const WeightArray& array, std::size_t first, std::size_t count);

/// The names of the filters, which have one channel.
[[nodiscard]] std::span<const std::string_view> named_kernels();

/// The filter as one or more factors, each rows x cols, which are applied one after the other.
/// Gaussian and box have two, one for columns and one for rows. Rows and cols 0: the filter's usual
/// size, 3 x 3, or 2 * ceil(3 * sigma) + 1 for gaussian. Computed in double; gaussian, box and
/// sharpen sum to 1. Fails with Usage if the filter cannot have that size.
[[nodiscard]] Result<std::vector<WeightArray>> named_kernel(std::string_view name, double sigma,
                                                            std::int64_t rows, std::int64_t cols);

}  // namespace deckle

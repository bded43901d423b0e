// SPDX-License-Identifier: Apache-2.0
// weights: the arrays of a layer, as they stand in a chain, and the filters that have a name.
//
// An array is nested lists of numbers, or {"shape": [3, 3, 1, 8], "float32": "<base64>"}: its
// samples in C order, little-endian, in base64 (RFC 4648). What the chain names by file has been
// put in by then (chain/weights.h).
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

/// Either form. Usage, with the reason, for what is neither.
[[nodiscard]] Result<WeightArray> weight_array(const Json& value);
/// The second form.
[[nodiscard]] Json to_json(const WeightArray& array);

/// The array with its axes in this order: axis i of the answer is axis order[i] of the array.
[[nodiscard]] WeightArray with_axes(const WeightArray& array, std::span<const std::size_t> order);

/// The array with these axes, next to one another, turned round.
[[nodiscard]] WeightArray reversed(const WeightArray& array, std::size_t first, std::size_t count);

/// The filters of one channel that have a name.
[[nodiscard]] std::span<const std::string_view> named_kernels();

/// The filter as factors, each rows x cols: one after the other they are the filter. Of gaussian
/// and box two, of columns and of rows. Rows and cols 0: the filter's own size, which is 3 x 3 but
/// for gaussian: 2 * ceil(3 * sigma) + 1. Sums are in double, and 1 for gaussian, box and sharpen.
/// Usage where the filter has no such size.
[[nodiscard]] Result<std::vector<WeightArray>> named_kernel(std::string_view name, double sigma,
                                                            std::int64_t rows, std::int64_t cols);

}  // namespace deckle

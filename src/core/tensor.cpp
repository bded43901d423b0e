// SPDX-License-Identifier: Apache-2.0
#include "core/tensor.h"

#include <limits>
#include <string>

namespace deckle {

Result<Done> check_tensor(const Tensor& tensor) {
  if (auto shape = check_shape(tensor.shape); !shape) return shape;
  const auto described = [&] {
    return std::to_string(tensor.batch) + " times " + to_string(tensor.shape) + " of " +
           std::string(name_of(tensor.dtype));
  };
  if (tensor.batch < 1 || static_cast<std::uint64_t>(tensor.batch) >
                              std::numeric_limits<std::size_t>::max() / tensor.item_bytes()) {
    return Error{ErrorCode::Usage, "a tensor of " + described() + ": that is no batch"};
  }
  if (tensor.data.size() != tensor.byte_count()) {
    return Error{ErrorCode::Usage, "a tensor of " + described() + " has " +
                                       std::to_string(tensor.byte_count()) + " bytes, not " +
                                       std::to_string(tensor.data.size())};
  }
  return Done{};
}

}  // namespace deckle

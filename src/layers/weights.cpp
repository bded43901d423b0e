// SPDX-License-Identifier: Apache-2.0
#include "layers/weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/shape.h"
#include "core/text.h"

namespace deckle {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static_assert(std::endian::native == std::endian::little);

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8U | (k < n ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= n ? kDigits[three >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

// Nothing if the text is not base64, or not of so many bytes.
bool from_base64(std::string_view text, std::span<std::uint8_t> bytes) {
  if (text.size() != (bytes.size() + 2) / 3 * 4) return false;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i / 3 * 4 + k];
      const std::size_t digit = kDigits.find(c);
      if (k > n ? c != '=' : digit == std::string_view::npos) return false;
      three = three << 6U | static_cast<std::uint32_t>(k > n ? 0 : digit);
    }
    for (std::size_t k = 0; k < n; ++k)
      bytes[i + k] = static_cast<std::uint8_t>(three >> (16 - 8 * k));
  }
  return true;
}

Error wrong(std::string why) {
  return {ErrorCode::Usage, std::move(why)};
}

Result<WeightArray> packed(const Json& value) {
  WeightArray array;
  const auto shape = value.find("shape");
  const auto data = value.find("float32");
  if (value.size() != 2 || shape == value.end() || data == value.end() || !shape->is_array() ||
      !data->is_string()) {
    return wrong(
        R"(an array is nested lists of numbers or {"shape": [..], "float32": "<base64>"})");
  }
  constexpr std::size_t kMost = std::size_t{1} << 28U;
  std::size_t count = 1;
  for (const Json& extent : *shape) {
    if (!extent.is_number_integer() || extent < 0 || extent > kMaxExtent)
      return wrong(extent.dump() + " is not a length of an axis");
    array.shape.push_back(extent.get<std::int64_t>());
    count *= static_cast<std::size_t>(array.shape.back());
    if (count > kMost) return wrong("more numbers than weights may have");
  }
  array.values.resize(count);
  const std::span bytes(reinterpret_cast<std::uint8_t*>(array.values.data()), count * 4);
  if (!from_base64(data->get_ref<const std::string&>(), bytes)) {
    return wrong("\"float32\" is not the base64 of the " + std::to_string(count) +
                 " numbers of shape " + shape_text(array.shape));
  }
  return array;
}

// Appends the numbers; `depth` is how many axes are around them.
Result<Done> take_nested(const Json& value, std::size_t depth, WeightArray& array) {
  if (!value.is_array()) {
    if (!value.is_number()) return wrong(shortened(value.dump(), 40) + " is not a number");
    if (depth != array.shape.size()) return wrong("the lists are not equally deep");
    array.values.push_back(static_cast<float>(value.get<double>()));
    if (!std::isfinite(array.values.back()))
      return wrong(value.dump() + " is too large for float32");
    return Done{};
  }
  if (depth == array.shape.size() ||
      static_cast<std::int64_t>(value.size()) != array.shape[depth]) {
    return wrong("the lists are not equally long");
  }
  for (const Json& entry : value) {
    if (auto taken = take_nested(entry, depth + 1, array); !taken) return taken;
  }
  return Done{};
}

// [0] and [1]: columns and rows of a filter that is their product.
std::vector<WeightArray> factors(const std::vector<double>& down,
                                 const std::vector<double>& across) {
  const auto as_floats = [](const std::vector<double>& numbers) {
    double sum = 0;
    for (const double number : numbers)
      sum += number;
    std::vector<float> floats;
    floats.reserve(numbers.size());
    for (const double number : numbers)
      floats.push_back(static_cast<float>(number / sum));
    return floats;
  };
  return {{{static_cast<std::int64_t>(down.size()), 1}, as_floats(down)},
          {{1, static_cast<std::int64_t>(across.size())}, as_floats(across)}};
}

struct Three {
  std::string_view name;
  std::array<float, 9> values;
};

// For cross-correlation: sobel_x is positive if the picture becomes brighter to the right.
constexpr std::array kThrees{
    Three{"sobel_x", {-1, 0, 1, -2, 0, 2, -1, 0, 1}},
    Three{"sobel_y", {-1, -2, -1, 0, 0, 0, 1, 2, 1}},
    Three{"laplacian", {0, 1, 0, 1, -4, 1, 0, 1, 0}},
    Three{"sharpen", {0, -1, 0, -1, 5, -1, 0, -1, 0}},
};
constexpr std::array<std::string_view, 6> kNames{"gaussian", "box",       "sobel_x",
                                                 "sobel_y",  "laplacian", "sharpen"};

}  // namespace

Result<WeightArray> weight_array(const Json& value) {
  if (value.is_object()) return packed(value);
  WeightArray array;
  for (const Json* level = &value; level->is_array(); level = &level->front()) {
    if (level->empty()) return wrong("an empty list");
    array.shape.push_back(static_cast<std::int64_t>(level->size()));
  }
  if (auto taken = take_nested(value, 0, array); !taken) return taken.error();
  return array;
}

Json to_json(const WeightArray& array) {
  return {{"shape", array.shape},
          {"float32", base64({reinterpret_cast<const std::uint8_t*>(array.values.data()),
                              array.values.size() * 4})}};
}

WeightArray with_axes(const WeightArray& array, std::span<const std::size_t> order) {
  const std::size_t rank = array.shape.size();
  WeightArray turned;
  std::vector<std::size_t> strides(rank, 1);  // of the array's axes
  for (std::size_t a = rank; a-- > 1;)
    strides[a - 1] = strides[a] * static_cast<std::size_t>(array.shape[a]);
  for (const std::size_t axis : order)
    turned.shape.push_back(array.shape[axis]);
  turned.values.reserve(array.values.size());
  std::vector<std::int64_t> place(rank, 0);
  for (std::size_t n = 0; n < array.values.size(); ++n) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < rank; ++i)
      from += static_cast<std::size_t>(place[i]) * strides[order[i]];
    turned.values.push_back(array.values[from]);
    for (std::size_t i = rank; i-- > 0;) {
      if (++place[i] < turned.shape[i]) break;
      place[i] = 0;
    }
  }
  return turned;
}

WeightArray reversed(const WeightArray& array, std::size_t first, std::size_t count) {
  // Reversing adjacent axes is the same as reversing the order of the positions that they count.
  const auto product = [&](std::size_t begin, std::size_t end) {
    std::size_t n = 1;
    for (std::size_t a = begin; a < end; ++a)
      n *= static_cast<std::size_t>(array.shape[a]);
    return n;
  };
  const std::size_t places = product(first, first + count);
  const std::size_t inner = product(first + count, array.shape.size());
  WeightArray turned = array;
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const std::size_t place = i / inner % places;
    turned.values[i + (places - 1 - 2 * place) * inner] = array.values[i];
  }
  return turned;
}

std::span<const std::string_view> named_kernels() {
  return kNames;
}

Result<std::vector<WeightArray>> named_kernel(std::string_view name, double sigma,
                                              std::int64_t rows, std::int64_t cols) {
  if (name == "box") {
    return factors(std::vector<double>(static_cast<std::size_t>(rows == 0 ? 3 : rows), 1),
                   std::vector<double>(static_cast<std::size_t>(cols == 0 ? 3 : cols), 1));
  }
  if (name == "gaussian") {
    const auto own = 2 * static_cast<std::int64_t>(std::ceil(3 * sigma)) + 1;
    const auto bell = [&](std::int64_t n) {
      std::vector<double> numbers;
      for (std::int64_t i = 0; i < n; ++i) {
        const double x = static_cast<double>(i) - static_cast<double>(n - 1) / 2;
        numbers.push_back(std::exp(-x * x / (2 * sigma * sigma)));
      }
      return numbers;
    };
    return factors(bell(rows == 0 ? own : rows), bell(cols == 0 ? own : cols));
  }
  const auto* three = std::find_if(kThrees.begin(), kThrees.end(),
                                   [&](const Three& filter) { return filter.name == name; });
  if ((rows != 0 && rows != 3) || (cols != 0 && cols != 3))
    return wrong(std::string(name) + " is 3 x 3; leave kernel_size out");
  return std::vector<WeightArray>{{{3, 3}, {three->values.begin(), three->values.end()}}};
}

}  // namespace deckle

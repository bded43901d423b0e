// SPDX-License-Identifier: Apache-2.0
// Just enough of NumPy's .npy format to read the golden arrays: version 1, C order, little-endian.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/dtype.h"
#include "support/golden.h"

namespace deckle::test {

struct Array {
  DType dtype = DType::Float32;
  std::vector<std::int64_t> shape;
  std::vector<double> values;  ///< in C order
};

/// `name` is for messages.
inline Array array_of(const std::string& name, const std::string& file) {
  const auto wrong = [&](const std::string& what) {
    return std::runtime_error(name + ": " + what);
  };
  if (file.size() < 10 || !file.starts_with("\x93NUMPY\x01")) throw wrong("not .npy, version 1");
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(file[i]));
  };
  const std::size_t header_size = byte(8) | byte(9) << 8U;
  const std::string header = file.substr(10, header_size);
  if (header.find("'fortran_order': False") == std::string::npos) throw wrong("not in C order");

  Array array;
  const auto after = [&](const std::string& key) {
    const std::size_t at = header.find(key);
    if (at == std::string::npos) throw wrong("no " + key);
    return at + key.size();
  };
  const std::string descr = header.substr(after("'descr': '"), 3);
  const std::vector<std::pair<std::string, DType>> types{
      {"|u1", DType::UInt8},   {"<u2", DType::UInt16},  {"<i4", DType::Int32},
      {"<f4", DType::Float32}, {"<f8", DType::Float64},
  };
  bool known = false;
  for (const auto& [code, dtype] : types) {
    if (code == descr) {
      array.dtype = dtype;
      known = true;
    }
  }
  if (!known) throw wrong("dtype " + descr);

  std::size_t count = 1;
  std::size_t at = after("'shape': (");
  while (header.at(at) != ')') {
    std::size_t used = 0;
    array.shape.push_back(std::stoll(header.substr(at), &used));
    count *= static_cast<std::size_t>(array.shape.back());
    at += used;
    while (header.at(at) == ',' || header.at(at) == ' ')
      ++at;
  }
  const std::string data = file.substr(10 + header_size);
  if (data.size() != count * size_of(array.dtype)) throw wrong("wrong size");
  with_type(array.dtype, [&]<typename T>(T value) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
      array.values.push_back(static_cast<double>(value));
    }
  });
  return array;
}

inline Array read_npy(const std::string& name) {
  return array_of(name, golden_text(name));
}

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
// The files of tests/golden.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "core/json.h"
#include "support/paths.h"

namespace deckle::test {

inline std::string golden_text(const std::string& name) {
  const std::string path = golden_folder() + "/" + name;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Integers stay integers: nlohmann::json reads up to 64 bits exactly.
inline Json golden_json(const std::string& name) {
  return Json::parse(golden_text(name));
}

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
// The jobs of the plug-in of hostile_plugin.cpp.
#pragma once

#include <cstdint>

namespace deckle::test {

enum class Hostile : std::uint32_t {
  Read,
  Crash,
  Abort,
  Exit,
  Spin,
  SpinBlocked,  ///< the same, and the signal of the time limit is blocked
  Memory,
  Open,
  Create,
  Socket,
  Execute,
  Fork,
  Kill,
  Own,
  Code,
  Limits,
  Shrink,
  Descriptors,
  Environment,
  Lie,
  Talk,
  Number
};

}  // namespace deckle::test

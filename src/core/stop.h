// SPDX-License-Identifier: Apache-2.0
// stop: how long work is given up in the middle.
#pragma once

#include <functional>

#include "core/result.h"

namespace deckle {

/// Asked again and again by long work, maybe by several threads at once: true where it is to be
/// given up. Empty: it never is. Must not throw.
using Stop = std::function<bool()>;

[[nodiscard]] inline bool is_told(const Stop& stop) {
  return stop && stop();
}

[[nodiscard]] inline bool is_told(const Stop* stop) {
  return stop != nullptr && is_told(*stop);
}

/// What work that was given up comes back with.
[[nodiscard]] inline Error given_up() {
  return {ErrorCode::Stopped, "given up, as it was asked for"};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// stop: how long work is cancelled.
#pragma once

#include <functional>

#include "core/result.h"

namespace deckle {

/// Long work calls it repeatedly, perhaps from several threads at the same time. True: cancel.
/// Empty: never cancel. Must not throw.
using Stop = std::function<bool()>;

[[nodiscard]] inline bool is_told(const Stop& stop) {
  return stop && stop();
}
/// Null: never cancel.
[[nodiscard]] inline bool is_told(const Stop* stop) {
  return stop != nullptr && is_told(*stop);
}

/// The error of work that was cancelled.
[[nodiscard]] inline Error given_up() {
  return {ErrorCode::Stopped, "cancelled by the caller"};
}

}  // namespace deckle

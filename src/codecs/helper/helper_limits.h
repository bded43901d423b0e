// SPDX-License-Identifier: Apache-2.0
// helper_limits: confines the helper process.
#pragma once

#include <string>

namespace deckle {

/// Whether the address space can be limited. Sanitizers reserve more addresses than a limit would
/// allow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kLimitsMemory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool kLimitsMemory = false;
#else
inline constexpr bool kLimitsMemory = true;
#endif
#else
inline constexpr bool kLimitsMemory = true;
#endif

/// Whether this system has filters for system calls (seccomp). Without them, as in emulators, the
/// helper has only the other limits.
[[nodiscard]] bool can_filter_calls();

/// Gives up all rights that decoding does not need, irrevocably. Afterwards the process can open no
/// file or socket, start no thread or process, and write only to open descriptors. Returns what
/// failed, or "".
[[nodiscard]] std::string give_up_rights();

}  // namespace deckle

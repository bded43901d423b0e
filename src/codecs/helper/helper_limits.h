// SPDX-License-Identifier: Apache-2.0
// helper_limits: what the helper process may not do.
#pragma once

#include <string>

namespace deckle {

/// Whether memory can be limited. Sanitizers reserve far more addresses than there is memory.
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

/// Whether this system has filters for system calls (seccomp). Where it has none, such as under
/// emulators, the helper has the other limits alone.
[[nodiscard]] bool can_filter_calls();

/// Gives up, for good, all rights that decoding does not need: afterwards no file or socket can be
/// opened, no thread or process started, and nothing written but what is open. Returns what failed;
/// "" where nothing did.
[[nodiscard]] std::string give_up_rights();

}  // namespace deckle

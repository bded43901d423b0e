// SPDX-License-Identifier: Apache-2.0
// helper_protocol: what deckle and its helper process say to each other. Both are of one build; a
// plug-in's interface is checked by the helper.
#pragma once

#include <cstdint>

#include "codecs/decoder_plugin.h"

namespace deckle {

/// The helper's descriptors. 0 to 2 are /dev/null; there are no others.
inline constexpr int kHelperSocket = 3;
inline constexpr int kHelperFile = 4;  ///< the file to decode: what deckle opened, or a memfd
inline constexpr int kHelperRoom = 5;  ///< a memfd for samples
inline constexpr int kHelperFirstFree = 6;

/// In front of the arguments' bytes.
struct HelperRequest {
  std::uint32_t operation = 0;
  std::uint32_t unused = 0;
  std::uint64_t argument_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t room_bytes = 0;
};

/// In front of the answer's bytes. The first reply comes unasked: the library's version, or why the
/// plug-in cannot be used.
struct HelperReply {
  DecoderOutcome outcome = DecoderOutcome::Done;
  std::uint32_t unused = 0;
  std::uint64_t answer_bytes = 0;
};

inline constexpr std::uint64_t kMostArgumentBytes = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t kMostAnswerBytes = std::uint64_t{1} << 28U;

}  // namespace deckle

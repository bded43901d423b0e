// SPDX-License-Identifier: Apache-2.0
// helper_protocol: the messages between deckle and its helper process. Both come from one build;
// the helper checks the interface version of the plug-in.
#pragma once

#include <cstdint>

#include "codecs/helper/decoder_plugin.h"

namespace deckle {

/// The helper's descriptors. 0 to 2 are /dev/null; there are no others.
inline constexpr int kHelperSocket = 3;
inline constexpr int kHelperFile = 4;  ///< the file to decode: opened by deckle, or a memfd
inline constexpr int kHelperRoom = 5;  ///< a memfd for samples
inline constexpr int kHelperFirstFree = 6;

/// A request is this struct, followed by the arguments.
struct HelperRequest {
  std::uint32_t operation = 0;
  std::uint32_t unused = 0;
  std::uint64_t argument_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t room_bytes = 0;
};

/// A reply is this struct, followed by the answer. The first reply needs no request: it is the
/// version of the library, or the reason why the plug-in cannot be used.
struct HelperReply {
  DecoderOutcome outcome = DecoderOutcome::Done;
  std::uint32_t unused = 0;
  std::uint64_t answer_bytes = 0;
};

inline constexpr std::uint64_t kMostArgumentBytes = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t kMostAnswerBytes = std::uint64_t{1} << 28U;

}  // namespace deckle

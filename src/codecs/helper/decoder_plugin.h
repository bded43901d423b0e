// SPDX-License-Identifier: Apache-2.0
// decoder_plugin: what every plug-in of deckle offers, in C: nothing of its library, nor of deckle,
// has to agree on both sides. Plug-ins run in the helper process alone (helper_process.h), one job
// at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

/// Goes up with every change of this file; a plug-in with another number is not used.
inline constexpr int kDecoderInterface = 3;

enum class DecoderOutcome : std::uint32_t { Done = 0, Damaged = 1, Unsupported = 2, NoMemory = 3 };

}  // namespace deckle

extern "C" {

struct DeckleDecoderJob {
  std::uint32_t operation;  ///< the plug-in's own numbers
  const std::uint8_t* arguments;
  std::size_t argument_bytes;
  const std::uint8_t* file;  ///< stays where it is until a job has another file
  std::size_t file_bytes;
  const char* file_name;  ///< for libraries that open files by fopen or open, to read
  std::uint8_t* room;     ///< gets samples or numbers; deckle sees the same memory
  std::size_t room_bytes;
  void* self;
  /// Appends to the answer; the reason, where the outcome is not Done. May throw std::bad_alloc.
  void (*answer)(void* self, const char* bytes, std::size_t count);
};

int deckle_decoder_interface();
/// "OpenCV 4.6.0": the library that runs.
const char* deckle_decoder_version();
/// Does all for which the library opens files or starts threads. Afterwards it cannot.
void deckle_decoder_prepare();
/// No exception may leave it.
deckle::DecoderOutcome deckle_decoder_run(const DeckleDecoderJob* job);
}

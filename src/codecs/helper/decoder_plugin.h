// SPDX-License-Identifier: Apache-2.0
// decoder_plugin: the interface of plug-ins. It is in C: deckle and a plug-in need not have the
// same C++ library. Plug-ins run only in the helper process (helper_process.h), one job at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

/// Incremented with every change of this file; a plug-in with another number is not used.
inline constexpr int kDecoderInterface = 3;

enum class DecoderOutcome : std::uint32_t { Done = 0, Damaged = 1, Unsupported = 2, NoMemory = 3 };

}  // namespace deckle

extern "C" {

struct DeckleDecoderJob {
  std::uint32_t operation;  ///< defined by the plug-in
  const std::uint8_t* arguments;
  std::size_t argument_bytes;
  const std::uint8_t* file;  ///< at the same address until a job has another file
  std::size_t file_bytes;
  const char* file_name;  ///< for libraries that open files by fopen or open, to read
  std::uint8_t* room;     ///< for samples or numbers; shared with deckle
  std::size_t room_bytes;
  void* self;
  /// Appends to the answer. If the outcome is not Done, the answer is the reason. May throw
  /// std::bad_alloc.
  void (*answer)(void* self, const char* bytes, std::size_t count);
};

int deckle_decoder_interface();
/// "OpenCV 4.6.0": the library that runs.
const char* deckle_decoder_version();
/// Makes the library open its files and start its threads now. Afterwards it cannot.
void deckle_decoder_prepare();
/// Must not throw.
deckle::DecoderOutcome deckle_decoder_run(const DeckleDecoderJob* job);
}

// SPDX-License-Identifier: Apache-2.0
// opencv_plugin: what libdeckle_opencv.so offers, in C so that nothing of OpenCV, nor of deckle,
// has to agree on both sides.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deckle {

/// Goes up with every change of what stands below; a plug-in with another number is not used.
inline constexpr int kOpenCvInterface = 2;

enum class OpenCvOutcome : int { Decoded = 0, Damaged = 1, NoMemory = 2 };

}  // namespace deckle

extern "C" {

struct DeckleOpenCvJob {
  const std::uint8_t* file;
  std::size_t file_bytes;
  // What the header says of the picture.
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t channels;
  std::int64_t sample_bytes;  ///< 1 or 2, or 4: float32
  std::uint8_t* samples;      ///< room for all of them: R, G, B, alpha, rows without gaps
  char* why;                  ///< gets the reason for Damaged, and a zero byte behind it
  std::size_t why_bytes;
};

int deckle_opencv_interface();
/// "4.6.0": of the OpenCV that runs.
const char* deckle_opencv_version();
deckle::OpenCvOutcome deckle_opencv_decode(const DeckleOpenCvJob* job);
}

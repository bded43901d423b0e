// SPDX-License-Identifier: Apache-2.0
// opencv_plugin: the jobs of libdeckle_opencv.so. There is one kind of job: decode a file to
// samples in the order R, G, B, alpha. The rows have no gaps.
#pragma once

#include <cstdint>

namespace deckle {

/// A job's arguments: what the header says about the picture.
struct OpenCvPicture {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t channels = 0;
  std::int64_t sample_bytes = 0;  ///< 1 or 2, or 4: float32
};

}  // namespace deckle

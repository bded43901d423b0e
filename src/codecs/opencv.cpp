// SPDX-License-Identifier: Apache-2.0
// opencv: sends files to the plug-in.
// Shapes  those of the file, compared with its header
// Fails   Unsupported if the plug-in cannot be used; Unreadable if no process can be started;
//         Damaged with OpenCV's reason; TooLarge for files of more than 2 GB
#include "codecs/opencv.h"

#include <cstddef>
#include <limits>

#include "codecs/helper/helper_process.h"
#include "codecs/helper/opencv_plugin.h"
#include "core/text.h"

namespace deckle {

std::string opencv_version() {
  return version_in_helper(kOpenCvPlugin);
}

Result<Done> decode_by_opencv(Bytes file, const ImageInfo& info, Tensor& out, const Stop* stop) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::TooLarge, "files of this format are read up to 2 GB"};
  }
  out.reset(info.shape, info.dtype);
  const OpenCvPicture picture{.rows = info.shape.rows(),
                              .cols = info.shape.cols(),
                              .channels = info.shape.channels,
                              .sample_bytes = static_cast<std::int64_t>(size_of(info.dtype))};
  const auto answer = run_in_helper(
      kOpenCvPlugin,
      HelperJob{.arguments = {reinterpret_cast<const std::uint8_t*>(&picture), sizeof picture},
                .file = file,
                .room = {out.data.data(), out.byte_count()},
                .stop = stop});
  if (!answer) return answer.error();
  if (answer->outcome == DecoderOutcome::Done) return Done{};
  return Error{ErrorCode::Damaged, "damaged: " + printable(answer->text)};
}

}  // namespace deckle

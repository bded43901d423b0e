// SPDX-License-Identifier: Apache-2.0
// opencv: hands files to the plug-in.
// Shapes  as the file has them: held against what its header says
// Fails   Unsupported where the plug-in cannot be opened; Damaged with OpenCV's reason; TooLarge
//         for files of more than 2 GB
#include "codecs/opencv.h"

#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <limits>
#include <new>

namespace deckle {
namespace {

constexpr std::array kNames{"deckle_opencv_decode", "deckle_opencv_version"};

const Result<OpenCvPlugin>& opencv() {
  static const Result<OpenCvPlugin> kOpened = open_opencv(plugin_folders());
  return kOpened;
}

}  // namespace

std::string opencv_version() {
  const Result<OpenCvPlugin>& plugin = opencv();
  return plugin ? std::string("OpenCV ") + plugin->version() : "";
}

Result<OpenCvPlugin> open_opencv(std::span<const std::filesystem::path> folders) {
  const auto library = open_plugin(kOpenCvPlugin, folders, kNames);
  if (!library) return library.error();
  return OpenCvPlugin{
      reinterpret_cast<decltype(OpenCvPlugin::decode)>(dlsym(*library, kNames[0])),
      reinterpret_cast<decltype(OpenCvPlugin::version)>(dlsym(*library, kNames[1]))};
}

Result<Done> decode_by_opencv(Bytes file, std::string_view format, const ImageInfo& info,
                              Tensor& out) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::TooLarge, "files of this format are read up to 2 GB"};
  }
  const Result<OpenCvPlugin>& plugin = opencv();
  if (!plugin) {
    return Error{plugin.error().code, std::string(format) + " needs " + plugin.error().message};
  }
  out.reset(info.shape, info.dtype);
  std::array<char, 1024> why{};
  const DeckleOpenCvJob job{.file = file.data(),
                            .file_bytes = file.size(),
                            .rows = info.shape.rows(),
                            .cols = info.shape.cols(),
                            .channels = info.shape.channels,
                            .sample_bytes = static_cast<std::int64_t>(size_of(info.dtype)),
                            .samples = out.data.data(),
                            .why = why.data(),
                            .why_bytes = why.size()};
  switch (plugin->decode(&job)) {
    case OpenCvOutcome::Decoded:
      return Done{};
    case OpenCvOutcome::NoMemory:
      throw std::bad_alloc();
    case OpenCvOutcome::Damaged:
      break;
  }
  return Error{ErrorCode::Damaged, std::string("damaged: ") + why.data()};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// opencv: finds and opens the plug-in, and hands files to it.
// Shapes  as the file has them: held against what its header says
// Fails   Unsupported where the plug-in is not there, cannot be loaded or is of another deckle;
//         Damaged with OpenCV's reason; TooLarge for files of more than 2 GB
// Source  dlopen(3), proc(5)
// The plug-in is looked for by its full path alone: beside the executable, in the folder above
// (build/tests), and where `cmake --install` puts it, seen from the executable.
#include "codecs/opencv.h"

#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <limits>
#include <new>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/text.h"

namespace deckle {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "libdeckle_opencv.so";

std::vector<fs::path> plugin_folders() {
  std::error_code failed;
  const fs::path here = fs::read_symlink("/proc/self/exe", failed).parent_path();
  if (failed) return {};
  return {here, here.parent_path(), (here / DECKLE_PLUGIN_FOLDER).lexically_normal()};
}

Error unusable(const std::string& what) {
  return {ErrorCode::Unsupported, std::string(kName) + ", which " + what};
}

}  // namespace

std::string opencv_version() {
  return "OpenCV " DECKLE_OPENCV_VERSION;
}

Result<OpenCvPlugin> open_opencv(std::span<const fs::path> folders) {
  std::string looked_in;
  for (const fs::path& folder : folders) {
    const fs::path path = folder / kName;
    std::error_code failed;
    if (!fs::exists(path, failed)) {
      looked_in += (looked_in.empty() ? "" : ", ") + printable(folder.string());
      continue;
    }
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return unusable("cannot be loaded: " + printable(dlerror()));
    const auto interface = reinterpret_cast<decltype(&deckle_opencv_interface)>(
        dlsym(library, "deckle_opencv_interface"));
    const OpenCvPlugin plugin{
        reinterpret_cast<decltype(OpenCvPlugin::decode)>(dlsym(library, "deckle_opencv_decode"))};
    if (interface == nullptr || plugin.decode == nullptr || interface() != kOpenCvInterface) {
      return unusable("is of another version of deckle: " + printable(path.string()));
    }
    return plugin;
  }
  return unusable("is not there: looked in " + looked_in);
}

Result<Done> decode_by_opencv(Bytes file, const ImageInfo& info, Tensor& out) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::TooLarge, "files of this format are read up to 2 GB"};
  }
  static const Result<OpenCvPlugin> kPlugin = open_opencv(plugin_folders());
  if (!kPlugin) {
    return Error{kPlugin.error().code,
                 std::string(codec_of(info.format).name) + " needs " + kPlugin.error().message};
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
  switch (kPlugin->decode(&job)) {
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

// SPDX-License-Identifier: Apache-2.0
// The program: deckle_fuzz --target=NAME [libFuzzer's options] [corpus folder]...
// With --list it prints the names of the targets and their dictionaries.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "fuzz/fuzz.h"

namespace deckle::fuzz {

std::span<const Target> targets() {
  static constexpr std::array kTargets{
      Target{"jpeg_decode", "jpeg", jpeg_decode},
      Target{"jpeg_window", "jpeg", jpeg_window},
      Target{"lossless_crop", "jpeg", lossless_crop},
      Target{"jpeg_write", "", jpeg_write},
      Target{"png", "png", read_as<Format::Png>},
      Target{"webp", "webp", read_as<Format::Webp>},
      Target{"tiff", "tiff", read_as<Format::Tiff>},
      Target{"bmp", "bmp", read_as<Format::Bmp>},
      Target{"pnm", "pnm", read_as<Format::Pnm>},
      Target{"jp2", "jp2", read_as<Format::Jp2>},
      Target{"hdr", "hdr", read_as<Format::Hdr>},
      Target{"ras", "", read_as<Format::SunRaster>},
      Target{"pfm", "pnm", read_as<Format::Pfm>},
      Target{"exr", "exr", read_as<Format::Exr>},
      Target{"array", "npy", read_as<Format::Npy>},
      Target{"writers", "", writers},
      Target{"metadata", "metadata", metadata},
      Target{"chain", "chain", chain_text},
      Target{"keras", "chain", keras_json},
      Target{"plan", "", plan},
      Target{"manifest", "manifest", manifest},
      Target{"journal", "journal", journal},
      Target{"npy", "npy", npy},
      Target{"npz", "zip", npz},
      Target{"weights", "hdf5", weights},
  };
  return kTargets;
}

PathOf::PathOf(Bytes content) : fd_(memfd_create("deckle-fuzz", MFD_CLOEXEC)) {
  const ssize_t wrote = write(fd_, content.data(), content.size());
  must(wrote == static_cast<ssize_t>(content.size()), "a file in memory could not be written");
  path_ = "/proc/self/fd/" + std::to_string(fd_);
}

PathOf::~PathOf() {
  close(fd_);
}

namespace {

const Target* chosen = nullptr;

}  // namespace
}  // namespace deckle::fuzz

// Called by libFuzzer, which leaves alone what begins with "--".
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace deckle::fuzz;
  constexpr std::string_view kOption = "--target=";
  std::string_view name;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument == "--list") {
      for (const Target& target : targets())
        std::printf("%s %s\n", std::string(target.name).c_str(),
                    std::string(target.dictionary).c_str());
      std::exit(0);
    }
    if (argument.starts_with(kOption)) name = argument.substr(kOption.size());
  }
  const auto all = targets();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Target& t) { return t.name == name; });
  if (found == all.end()) {
    std::fprintf(stderr, "--target=NAME is missing or none of those that --list gives\n");
    std::exit(2);
  }
  chosen = &*found;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  deckle::fuzz::chosen->run({data, size});
  return 0;
}

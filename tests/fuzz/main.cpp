// SPDX-License-Identifier: Apache-2.0
// The program: deckle_fuzz --target=NAME [libFuzzer's options] [corpus folder]...
// With --list it prints the names of the targets and their dictionaries.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "fuzz/fuzz.h"

namespace deckle::fuzz {

std::vector<Target> targets() {
  std::vector<Target> all{
      {"jpg", "jpeg", jpeg_decode},
      {"jpeg_window", "jpeg", jpeg_window},
      {"lossless_crop", "jpeg", lossless_crop},
      {"jpeg_write", "", jpeg_write},
      {"pfm", "pnm", nullptr},
      {"writers", "", writers},
      {"metadata", "metadata", metadata},
      {"chain", "chain", chain_text},
      {"keras", "chain", keras_json},
      {"plan", "", plan},
      {"manifest", "manifest", manifest},
      {"journal", "journal", journal},
      {"npy_array", "npy", npy_array},
      {"npz", "zip", npz},
      {"weights", "hdf5", weights},
  };
  for (const Codec& codec : codecs()) {
    const auto has_name = [&](const Target& target) { return target.name == codec.name; };
    if (std::none_of(all.begin(), all.end(), has_name))
      all.push_back({codec.name, codec.name, nullptr});
  }
  return all;
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

Target chosen;
const Codec* codec = nullptr;  // of a target without `run`

}  // namespace
}  // namespace deckle::fuzz

// Called by libFuzzer, which ignores arguments that begin with "--".
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
  chosen = *found;
  codec = deckle::codec_by_name(name);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deckle::fuzz;
  if (chosen.run != nullptr) {
    chosen.run({data, size});
  } else {
    read_file(*codec, {data, size});
  }
  return 0;
}

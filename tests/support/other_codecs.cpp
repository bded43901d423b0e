// SPDX-License-Identifier: Apache-2.0
// Preloaded before deckle, this simulates another version of a library: libdeflate compresses
// differently, libjpeg uses another quality, or OpenJPEG reports another version. OTHER says which.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

struct libdeflate_compressor;
struct jpeg_compress_struct;

namespace {

bool is_other(const char* library) {
  const char* const which = std::getenv("OTHER");  // NOLINT(concurrency-mt-unsafe)
  return which != nullptr && std::strcmp(which, library) == 0;
}

}  // namespace

extern "C" {

libdeflate_compressor* libdeflate_alloc_compressor(int level) {
  using Function = libdeflate_compressor* (*)(int);
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "libdeflate_alloc_compressor"));
  return real(is_other("libdeflate") ? 9 : level);
}

void jpeg_set_quality(jpeg_compress_struct* jpeg, int quality, int force_baseline) {
  using Function = void (*)(jpeg_compress_struct*, int, int);
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "jpeg_set_quality"));
  real(jpeg, is_other("libjpeg") ? quality - 1 : quality, force_baseline);
}

const char* opj_version() {
  using Function = const char* (*)();
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "opj_version"));
  return is_other("OpenJPEG") ? "9.9.9" : real();
}
}

// SPDX-License-Identifier: Apache-2.0
// fuzz: the code that the targets of the fuzzer share.
//  A target is a function of bytes. It does with them what a user may do with a file. Nothing may
// crash, and two ways of doing the same must give the same result. `must` ends the program if a
// condition is false, and libFuzzer keeps the bytes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "core/bytes.h"
#include "core/digest.h"
#include "support/pictures.h"

namespace deckle::fuzz {

struct Target {
  std::string_view name;        ///< also the name of its folder in corpus/
  std::string_view dictionary;  ///< a file of dictionaries/, if it exists
  void (*run)(Bytes input);     ///< null: read_file, for the codec of this name
};

/// The targets of main.cpp, and one for each codec that has no target in main.cpp.
[[nodiscard]] std::vector<Target> targets();

// One file each.
void jpeg_decode(Bytes input);
void jpeg_window(Bytes input);
void lossless_crop(Bytes input);
void jpeg_write(Bytes input);
/// A file of `codec`; other files are ignored.
void read_file(const Codec& codec, Bytes input);
void writers(Bytes input);
void metadata(Bytes input);
void chain_text(Bytes input);
void keras_json(Bytes input);
void plan(Bytes input);
void manifest(Bytes input);
void journal(Bytes input);
void npy_array(Bytes input);
void npz(Bytes input);
void weights(Bytes input);

/// Pictures of more pixels are refused: a fuzzer has to try many small pictures.
inline constexpr std::int64_t kMostPixels = 1 << 14;

/// Ends the program with `what` and `numbers` unless `holds`.
inline void must(bool holds, std::string_view what, const std::string& numbers = "") {
  if (holds) return;
  std::fprintf(stderr, "FOUND: %.*s%s%s\n", static_cast<int>(what.size()), what.data(),
               numbers.empty() ? "" : ": ", numbers.c_str());
  std::abort();
}

[[nodiscard]] inline test::File file_of(Bytes input) {
  return {input.begin(), input.end()};
}
[[nodiscard]] inline std::string_view text_of(Bytes input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

/// The input as numbers of two bytes each. After its end, pseudo-random numbers, which depend only
/// on the input.
[[nodiscard]] inline std::function<std::uint32_t()> numbers_of(Bytes input, bool skip = false) {
  const Sha256 digest = sha256(input);
  std::uint32_t seed = 0;
  std::memcpy(&seed, digest.data(), sizeof(seed));
  return [input, at = skip ? input.size() : 0, random = std::mt19937(seed)]() mutable {
    if (at + 2 > input.size()) return static_cast<std::uint32_t>(random());
    at += 2;
    return std::uint32_t{input[at - 2]} | std::uint32_t{input[at - 1]} << 8U;
  };
}

/// Pseudo-random choices for a file. They depend only on its digest.
class Choices {
 public:
  explicit Choices(Bytes file) : next_(numbers_of(file, true)) {}

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(next_() % static_cast<std::uint32_t>(n));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  /// A window of two axes, with at least one pixel of the picture.
  Window window(const Shape& shape) {
    Window window;
    for (int a = 0; a < 2; ++a) {
      window[a].begin = below(shape[a]);
      window[a].end = window[a].begin + 1 + below(shape[a] - window[a].begin);
    }
    return window;
  }

 private:
  std::function<std::uint32_t()> next_;
};

/// A file in memory that has a path.
class PathOf {
 public:
  explicit PathOf(Bytes content);
  PathOf(const PathOf&) = delete;
  PathOf& operator=(const PathOf&) = delete;
  ~PathOf();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

}  // namespace deckle::fuzz

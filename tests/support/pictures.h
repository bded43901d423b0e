// SPDX-License-Identifier: Apache-2.0
// Pictures that are made in code, and changes to files.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "core/tensor.h"

namespace deckle::test {

using File = std::vector<std::uint8_t>;

/// A smooth picture with some texture: every sample differs from its neighbours, none is 0. Floats
/// lie in 0 to 1.
inline Tensor picture(std::int64_t rows, std::int64_t cols, std::int64_t channels,
                      DType dtype = DType::UInt8) {
  Tensor t;
  t.reset(Shape::image(rows, cols, channels), dtype);
  std::size_t i = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      for (std::int64_t k = 0; k < channels; ++k, ++i) {
        const auto value = static_cast<double>(1 + (r * 3 + c * 5 + k * 40 + (r * c) % 7) % 120);
        with_type(dtype, [&]<typename T>(T) {
          const double scale = info(dtype).is_float ? 1.0 / 128 : sizeof(T) == 1 ? 1.0 : 257.0;
          const auto sample = static_cast<T>(value * scale);
          std::memcpy(t.data.data() + i * sizeof(T), &sample, sizeof(T));
        });
      }
    }
  }
  return t;
}

inline bool same(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape && a.dtype == b.dtype &&
         (a.byte_count() == 0 || std::memcmp(a.data.data(), b.data.data(), a.byte_count()) == 0);
}

inline File samples_of(const Tensor& t) {
  return {t.data.data(), t.data.data() + t.byte_count()};
}

/// The largest difference between two 8-bit pictures of one shape.
inline int largest_difference(const Tensor& a, const Tensor& b) {
  int most = 0;
  for (std::size_t i = 0; i < a.byte_count(); ++i) {
    most = std::max(most, std::abs(int{a.data.data()[i]} - int{b.data.data()[i]}));
  }
  return most;
}

inline File encoded(const Tensor& pixels, EncodeOptions options) {
  Buffer out;
  const Result<Done> done = codec_of(options.format).encoder->encode(pixels, options, out);
  if (!done) throw std::runtime_error(done.error().message);
  return {out.data(), out.data() + out.size()};
}

/// Reads a copy of the file in a block of its own: the address sanitizer finds reads beyond its
/// end.
inline Result<Damage> read(const File& file, Tensor& out, const DecodeOptions& options = {}) {
  const File copy(file);
  const Result<ImageInfo> info = read_info(copy, options);
  if (!info) return info.error();
  return decode(copy, *info, options, out);
}

inline std::string message_of(const File& file, const DecodeOptions& options = {}) {
  Tensor out;
  const Result<Damage> damage = read(file, out, options);
  return damage ? damage->missing : damage.error().message;
}

inline File first_bytes(const File& file, std::size_t n) {
  return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n)};
}

inline File bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

inline File& operator+=(File& file, std::string_view text) {
  file.insert(file.end(), text.begin(), text.end());
  return file;
}

/// The first offset of `part` in the file; the size of the file if there is none.
inline std::size_t find(const File& file, std::string_view part, std::size_t from = 0) {
  const std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
  return std::min(all.find(part, from), file.size());
}

/// Calls `f` with the file with one to three of its bytes replaced, `count` times; the same ones in
/// every run.
template <typename F>
void with_flips(const File& file, int count, F f) {
  std::mt19937 random(20260101);  // NOLINT: the same in every run
  for (int i = 0; i < count; ++i) {
    File copy(file);
    const auto flips = 1 + random() % 3;
    for (unsigned k = 0; k < flips; ++k)
      copy[random() % copy.size()] = static_cast<std::uint8_t>(random());
    f(copy);
  }
}

/// Catches the text that is written to file descriptor 2 during its lifetime, also reports of
/// sanitizers. To see them, set DECKLE_TEST_SHOW_STDERR: then nothing is caught.
class Stderr {
 public:
  Stderr() : file_(std::tmpfile()), old_(dup(2)) {
    std::fflush(stderr);
    if (std::getenv("DECKLE_TEST_SHOW_STDERR") == nullptr) dup2(fileno(file_), 2);  // NOLINT
  }
  ~Stderr() {
    dup2(old_, 2);
    close(old_);
    std::fclose(file_);
  }
  Stderr(const Stderr&) = delete;
  Stderr& operator=(const Stderr&) = delete;

  [[nodiscard]] std::string text() const {
    std::fflush(stderr);
    const off_t size = lseek(fileno(file_), 0, SEEK_END);
    std::string text(static_cast<std::size_t>(size), '\0');
    const auto got = pread(fileno(file_), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }

 private:
  std::FILE* file_;
  int old_;
};

/// The folder of test pictures (DECKLE_TEST_DATA), or nothing.
inline std::filesystem::path data_folder() {
  const char* folder =
      std::getenv("DECKLE_TEST_DATA");  // NOLINT(concurrency-mt-unsafe): tests are one thread
  return folder == nullptr ? std::filesystem::path() : std::filesystem::path(folder);
}

inline File load(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  return bytes_of(text);
}

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
// Tests of every row of the table of codecs that needs no plug-in. A new codec needs no change
// here: its samples are the files that its encoder writes, and those that its test file registers
// (support/codec_samples.h).
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "support/catch.h"
#include "support/codec_samples.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;

namespace {

constexpr std::int64_t kFewPixels = 1 << 20;
constexpr std::uint64_t kMuch = 512000000;  // bytes of samples

// Pictures of each type and number of channels that the codec can write.
std::vector<Tensor> writable(const Codec& codec) {
  std::vector<Tensor> pictures;
  if (!codec.encoder) return pictures;
  for (const DType dtype : {DType::UInt8, DType::UInt16, DType::Float32}) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      Tensor in = picture(13, 17, channels, dtype);
      if (codec.encoder->check(in.shape, dtype)) pictures.push_back(std::move(in));
    }
  }
  return pictures;
}

std::vector<File> samples_of_codec(const Codec& codec) {
  std::vector<File> files = CodecSamples::of(codec.name);
  for (const Tensor& in : writable(codec))
    files.push_back(encoded(in, {.format = codec.format}));
  return files;
}

template <typename F>
void for_each_sample(F f) {
  for (const Codec& codec : codecs()) {
    for (const File& file : samples_of_codec(codec)) {
      INFO(codec.name << ", " << file.size() << " bytes");
      f(codec, file);
    }
  }
}

}  // namespace

TEST_CASE("every codec has samples", "[codecs][every]") {
  for (const Codec& codec : codecs()) {
    if (codec.decoder != nullptr) continue;  // a plug-in: its test file has all its tests
    INFO(codec.name << ": its test file registers files with CodecSamples");
    CHECK_FALSE(samples_of_codec(codec).empty());
  }
}

TEST_CASE("samples are recognised, and read without damage", "[codecs][every]") {
  for_each_sample([](const Codec& codec, const File& file) {
    const auto found = recognise(file);
    REQUIRE(found);
    CHECK((*found)->name == codec.name);
    const auto info = read_info(file, {});
    REQUIRE(info);
    CHECK(info->format == codec.format);
    const Promise promise = codec.promise(file, *info);
    CHECK(promise.available >= promise.least);
    Tensor out;
    const auto damage = read(file, out);
    REQUIRE(damage);
    CHECK(damage->empty());
  });
}

TEST_CASE("a lossless codec gives back its samples, and writes the same file each time",
          "[codecs][every]") {
  for (const Codec& codec : codecs()) {
    for (const Tensor& in : writable(codec)) {
      INFO(codec.name << " " << in.shape.channels << " " << name_of(in.dtype));
      const File file = encoded(in, {.format = codec.format});
      CHECK(file == encoded(in, {.format = codec.format}));
      Tensor out;
      REQUIRE(read(file, out));
      CHECK(out.shape.rows() == in.shape.rows());
      CHECK(out.shape.cols() == in.shape.cols());
      if (read_info(file, {})->lossless && out.shape == in.shape) CHECK(same(in, out));
      if (codec.encoder->encode_rows == nullptr) continue;
      Buffer by_rows;
      REQUIRE(encode_in_memory(codec.encoder->encode_rows, rows_of(in), {.format = codec.format},
                               by_rows));
      CHECK(file == File(by_rows.data(), by_rows.data() + by_rows.size()));
    }
  }
}

TEST_CASE("a truncated file is refused, unless no sample is missing", "[codecs][every]") {
  const Stderr said;
  for_each_sample([](const Codec&, const File& file) {
    Tensor complete;
    REQUIRE(read(file, complete));
    for (std::size_t n = 0; n < file.size(); n += 1 + file.size() / 150) {
      INFO("cut to " << n);
      Tensor out;
      const auto strict = read(first_bytes(file, n), out);
      const bool whole = strict && same(out, complete);
      if (strict) {
        CHECK(whole);
      } else {
        const ErrorCode code = strict.error().code;
        CHECK((code == ErrorCode::Truncated || code == ErrorCode::NotAnImage ||
               code == ErrorCode::Damaged));
      }
      const auto lenient = read(first_bytes(file, n), out, {.accept_truncated = true});
      if (lenient && !whole) CHECK_FALSE(lenient->missing.empty());
    }
  });
  CHECK(said.text().empty());
}

TEST_CASE("changed bytes never crash a codec or make it print", "[codecs][every]") {
  const Stderr said;
  for_each_sample([](const Codec&, const File& file) {
    with_flips(file, 100, [](const File& changed) {
      Tensor out;
      static_cast<void>(read(changed, out, {.max_pixels = kFewPixels}));
      static_cast<void>(read(changed, out, {.accept_truncated = true, .max_pixels = kFewPixels}));
      if (const auto codec_of_it = recognise(changed))
        static_cast<void>((*codec_of_it)->read_metadata(changed));
    });
  });
  CHECK(said.text().empty());
}

TEST_CASE("a header that lies about the size is refused before memory is allocated",
          "[codecs][every]") {
  const Stderr said;
  for_each_sample([](const Codec&, const File& file) {
    for (std::size_t at = 0; at + 2 <= std::min<std::size_t>(file.size(), 96); ++at) {
      for (const std::uint8_t large : {std::uint8_t{0x27}, std::uint8_t{0x7F}}) {
        File lying(file);
        lying[at] = lying[at + 1] = large;
        const auto info = read_info(lying, {});
        if (!info) continue;
        INFO("byte " << at << ": " << to_string(info->shape));
        CHECK(static_cast<std::uint64_t>(info->shape.pixels() * info->shape.channels) *
                  size_of(info->dtype) <=
              kMuch);
      }
    }
  });
  CHECK(said.text().empty());
}

TEST_CASE("samples do not depend on the former contents of memory", "[codecs][every]") {
  for_each_sample([](const Codec&, const File& file) { check_all_written(file, 20); });
}

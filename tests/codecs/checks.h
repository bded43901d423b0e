// SPDX-License-Identifier: Apache-2.0
// Checks for tests of several codecs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/pictures.h"

namespace deckle::test {

inline constexpr DecodeOptions kAccept{.accept_truncated = true};

/// Every truncated file must be refused, or read with a report of what is missing.
inline void check_cuts(const File& file, std::size_t from, std::size_t may_miss = 0) {
  for (std::size_t n = from; n + may_miss < file.size(); n += 1 + file.size() / 150) {
    INFO(n << " of " << file.size());
    Tensor out;
    const Result<Damage> strict = read(first_bytes(file, n), out);
    REQUIRE_FALSE(strict);
    CHECK((strict.error().code == ErrorCode::Truncated ||
           strict.error().code == ErrorCode::NotAnImage));
    const Result<Damage> lenient = read(first_bytes(file, n), out, kAccept);
    if (lenient) CHECK_FALSE(lenient->empty());
  }
}

/// read_info refuses a header that promises far more than the file can contain.
inline void check_refused(const File& file, std::uint64_t promised, std::uint64_t there) {
  for (const bool accept : {false, true}) {
    const Result<ImageInfo> info = read_info(file, {.accept_truncated = accept});
    REQUIRE_FALSE(info);
    CHECK(info.error().code == ErrorCode::Truncated);
    CHECK(info.error().message ==
          "truncated: the header promises a picture of at least " + std::to_string(promised) +
              " bytes of data, and the file has room for " + std::to_string(there));
  }
}

/// Samples of each type that the format can contain must come back exactly.
inline void check_comes_back(Format format, std::size_t may_miss) {
  const Codec& codec = codec_of(format);
  for (const DType dtype : {DType::UInt8, DType::UInt16}) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      const Tensor in = picture(13, 17, channels, dtype);
      if (!codec.encoder->check(in.shape, dtype)) continue;
      const File file = encoded(in, {.format = format});
      CHECK(file == encoded(in, {.format = format}));
      Tensor out;
      const Result<Damage> damage = read(file, out);
      INFO(codec.name << " " << channels << " " << name_of(dtype));
      REQUIRE(damage);
      CHECK(damage->empty());
      REQUIRE(same(in, out));
      check_cuts(file, 3, may_miss);
    }
  }
}

/// Changed bytes may give any picture or error, but must not crash or print.
inline void check_changed_bytes(const std::vector<File>& files) {
  const Stderr said;
  for (const File& file : files) {
    with_flips(file, 300, [](const File& changed) {
      Tensor out;
      static_cast<void>(read(changed, out, {.max_pixels = 1 << 20}));
      static_cast<void>(read(changed, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
    });
  }
  CHECK(said.text().empty());
}

}  // namespace deckle::test

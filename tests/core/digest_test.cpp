// SPDX-License-Identifier: Apache-2.0
#include "core/digest.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/text.h"
#include "support/catch.h"

using namespace deckle;

namespace {

Sha256 beginning_with(std::vector<std::uint8_t> bytes) {
  Sha256 digest{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    digest.at(i) = bytes[i];
  return digest;
}

}  // namespace

TEST_CASE("sha256 gives the digests of FIPS 180") {
  CHECK(hex(sha256(as_bytes(""))) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(as_bytes(std::string(1000000, 'a')))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("leading_int64 reads the first eight bytes big-endian and signed") {
  CHECK(leading_int64(beginning_with({0, 0, 0, 0, 0, 0, 0, 1, 0xFF})) == 1);
  CHECK(leading_int64(beginning_with({1, 2, 3, 4, 5, 6, 7, 8})) == 0x0102030405060708);
  CHECK(leading_int64(beginning_with({0x80})) == std::numeric_limits<std::int64_t>::min());
  CHECK(leading_int64(beginning_with({255, 255, 255, 255, 255, 255, 255, 254})) == -2);
}

// What a C program on libxxhash 0.8 prints: high and low half of XXH3_128bits, in hex.
TEST_CASE("pixel_digest is XXH3-128 in its canonical form") {
  std::vector<std::uint8_t> bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i);
  CHECK(pixel_digest({}) == "xxh3:99aa06d3014798d86001c324468d497f");
  CHECK(pixel_digest(as_bytes("abc")) == "xxh3:06b05ab6733a618578af5f94892f3950");
  CHECK(pixel_digest(bytes) == "xxh3:f1f8a93f50849ac39408a4433b952d71");
}

TEST_CASE("samples that come piece by piece have the same digest") {
  std::vector<std::uint8_t> bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i * i >> 3U);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{241}, std::size_t{4999}}) {
    PixelDigest digest;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      digest.update(Bytes(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    CHECK(digest.text() == pixel_digest(bytes));
  }
}

TEST_CASE("one changed bit changes the pixel digest") {
  std::vector<std::uint8_t> bytes(1000);
  const std::string before = pixel_digest(bytes);
  bytes[500] ^= 1U;
  CHECK(pixel_digest(bytes) != before);
}

TEST_CASE("SHA-256 of bytes that come piece by piece") {
  Sha256Stream stream;
  CHECK(Sha256Stream().finish() == sha256({}));
  for (const char* piece : {"a", "", "bc"})
    stream.update(as_bytes(piece));
  CHECK(stream.finish() == sha256(as_bytes("abc")));
}

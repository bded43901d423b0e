// SPDX-License-Identifier: Apache-2.0
#include "core/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <bit>
#include <stdexcept>

#include "core/text.h"

namespace deckle {

static_assert(std::endian::native == std::endian::little,
              "pixel digests are those of little-endian samples");

Sha256 sha256(Bytes data) {
  Sha256 digest{};
  if (EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-256");
  }
  return digest;
}

std::int64_t leading_int64(const Sha256& digest) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8U | digest.at(i);
  return std::bit_cast<std::int64_t>(value);
}

std::string pixel_digest(Bytes samples) {
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(samples.data(), samples.size()));
  return "xxh3:" + hex(canonical.digest);
}

}  // namespace deckle

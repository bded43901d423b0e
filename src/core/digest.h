// SPDX-License-Identifier: Apache-2.0
// digest: digests of files and of pixels.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "core/bytes.h"

namespace deckle {

using Sha256 = std::array<std::uint8_t, 32>;

/// SHA-256 of a file. Manifests have it, and sha256sum can check it.
[[nodiscard]] Sha256 sha256(Bytes data);

/// SHA-256 of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  /// Forgets all bytes and begins again.
  void start();
  void update(Bytes data);
  /// The digest of all bytes since the last `start`. No bytes may be added before the next `start`.
  [[nodiscard]] Sha256 finish();

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;  ///< EVP_MD_CTX
};

/// The first eight bytes as a big-endian, two's complement number. Seeds are derived from it.
[[nodiscard]] std::int64_t leading_int64(const Sha256& digest);

/// "xxh3:" and the 32 hex digits of XXH3-128 of samples in memory. It is as fast as memory. It
/// finds mistakes; it does not protect from an attacker.
[[nodiscard]] std::string pixel_digest(Bytes samples);

/// The pixel digest of samples that come piece by piece.
class PixelDigest {
 public:
  PixelDigest();
  void update(Bytes samples);
  [[nodiscard]] std::string text() const;

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;  ///< XXH3_state_t
};

}  // namespace deckle

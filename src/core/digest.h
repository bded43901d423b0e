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

/// SHA-256 of files. It is in manifests, and sha256sum can check it.
[[nodiscard]] Sha256 sha256(Bytes data);

/// The same of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  /// Begins anew, as a new one does.
  void start();
  void update(Bytes data);
  /// Of all since the start; no more may come until another.
  [[nodiscard]] Sha256 finish();

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;  ///< EVP_MD_CTX
};

/// The first eight bytes as a big-endian, two's complement number: what seeds are derived from.
[[nodiscard]] std::int64_t leading_int64(const Sha256& digest);

/// "xxh3:" and the 32 hex digits of XXH3-128 of samples in memory: tells pixels apart, at memory
/// speed. It guards against mistakes, not against an adversary.
[[nodiscard]] std::string pixel_digest(Bytes samples);

/// The same of samples that come piece by piece.
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

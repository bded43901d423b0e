// SPDX-License-Identifier: Apache-2.0
#include "core/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>
#ifdef DECKLE_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#include <bit>
#include <new>
#include <stdexcept>

#include "core/text.h"

namespace deckle {

static_assert(std::endian::native == std::endian::little,
              "pixel digests are those of little-endian samples");

Sha256 sha256(Bytes data) {
  // Looking the algorithm up, and a new context for each file, cost as much as a small file itself.
  struct Context {
    EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    EVP_MD_CTX* state = EVP_MD_CTX_new();
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() {
      EVP_MD_CTX_free(state);
      EVP_MD_free(algorithm);
    }
  };
  thread_local const Context context;
  Sha256 digest{};
  if (context.algorithm == nullptr || context.state == nullptr ||
      EVP_DigestInit_ex2(context.state, context.algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context.state, data.data(), data.size()) != 1 ||
      EVP_DigestFinal_ex(context.state, digest.data(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-256");
  }
  return digest;
}

Sha256Stream::Sha256Stream() : state_(EVP_MD_CTX_new()) {
  if (!state_ ||
      EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(state_.get()), EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-256");
  }
}

void Sha256Stream::update(Bytes data) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_.get()), data.data(), data.size());
}

Sha256 Sha256Stream::finish() {
  Sha256 digest{};
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_.get()), digest.data(), nullptr);
  return digest;
}

void Sha256Stream::Free::operator()(void* state) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state));
}

std::int64_t leading_int64(const Sha256& digest) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8U | digest.at(i);
  return std::bit_cast<std::int64_t>(value);
}

namespace {

std::string text_of(const XXH128_hash_t& hash) {
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, hash);
  return "xxh3:" + hex(canonical.digest);
}

}  // namespace

std::string pixel_digest(Bytes samples) {
  return text_of(XXH3_128bits(samples.data(), samples.size()));
}

PixelDigest::PixelDigest() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_.get()));
}

void PixelDigest::update(Bytes samples) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_.get()), samples.data(), samples.size());
}

std::string PixelDigest::text() const {
  return text_of(XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_.get())));
}

void PixelDigest::Free::operator()(void* state) const {
  XXH3_freeState(static_cast<XXH3_state_t*>(state));
}

}  // namespace deckle

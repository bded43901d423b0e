// SPDX-License-Identifier: Apache-2.0
#include "core/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <xxhash.h>
#ifdef DECKLE_XXHASH_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#include <bit>
#include <new>

#include "core/text.h"

namespace deckle {

static_assert(std::endian::native == std::endian::little,
              "pixel digests are those of little-endian samples");

namespace {

// Every OpenSSL has SHA-256: a failure here means that there was no memory.
void check(bool done) {
  if (!done) throw std::bad_alloc();
}

// OpenSSL without its configuration file: reading that takes a millisecond, and it does not change
// digests.
const EVP_MD* sha256_algorithm() {
  static const bool begun = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
  // If there is no memory for its context, OpenSSL continues without one.
  static const bool has_context = begun && OSSL_LIB_CTX_get0_global_default() != nullptr;
  static const EVP_MD* const algorithm =
      has_context ? EVP_MD_fetch(nullptr, "SHA256", nullptr) : nullptr;  // never freed
  check(algorithm != nullptr);
  return algorithm;
}

}  // namespace

Sha256 sha256(Bytes data) {
  // A new context for each file would take as long as a small file itself.
  thread_local Sha256Stream stream;
  stream.start();
  stream.update(data);
  return stream.finish();
}

Sha256Stream::Sha256Stream() : state_(EVP_MD_CTX_new()) {
  if (!state_) throw std::bad_alloc();
  start();
}

void Sha256Stream::start() {
  check(EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(state_.get()), sha256_algorithm(), nullptr) ==
        1);
}

void Sha256Stream::update(Bytes data) {
  check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_.get()), data.data(), data.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 digest{};
  check(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_.get()), digest.data(), nullptr) == 1);
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

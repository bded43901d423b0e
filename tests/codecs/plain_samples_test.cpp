// SPDX-License-Identifier: Apache-2.0
// Samples of the formats whose own tests are in the program that needs OpenCV.
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/codec_samples.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

namespace {

std::string noise(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i)
    text += static_cast<char>(1 + i * 37 % 250);
  return text;
}

const CodecSamples hdr_samples("hdr", [] {
  return std::vector<File>{
      bytes_of("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4 +X 5\n" + noise(4 * 4 * 5))};
});

const CodecSamples ras_samples("ras", [] {
  std::string file;
  for (const std::uint32_t number : {0x59A66A95U, 5U, 4U, 24U, 64U, 1U, 0U, 0U}) {
    for (int shift = 24; shift >= 0; shift -= 8)
      file += static_cast<char>(number >> shift & 0xFFU);
  }
  return std::vector<File>{bytes_of(file + noise(std::size_t{4} * 16))};  // rows padded to 16 bits
});

const CodecSamples pfm_samples("pfm", [] {
  std::string file = "PF\n5 4\n-1.0\n";
  for (int i = 0; i < 60; ++i) {
    const float value = 0.25F + static_cast<float>(i) / 64;
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));
    file.append(bytes, sizeof(value));
  }
  return std::vector<File>{bytes_of(file)};
});

}  // namespace

TEST_CASE("plain samples are registered", "[codecs][every]") {
  for (const char* codec : {"hdr", "ras", "pfm"})
    CHECK(CodecSamples::of(codec).size() == 1);
}

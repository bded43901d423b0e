// SPDX-License-Identifier: Apache-2.0
// Files of a codec for codecs/every_codec_test.cpp, whose tests run for every codec. The test file
// of a codec registers them:
//
//     const CodecSamples samples("webp", [] { return std::vector<File>{...}; });
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "support/pictures.h"

namespace deckle::test {

/// Registers small valid files, some kilobytes each, that are read without damage.
class CodecSamples {
 public:
  using Make = std::vector<File> (*)();

  CodecSamples(std::string_view codec, Make make) : codec_(codec), make_(make) {
    all().push_back(this);
  }
  CodecSamples(const CodecSamples&) = delete;
  CodecSamples& operator=(const CodecSamples&) = delete;
  ~CodecSamples() = default;

  /// The registered files of a codec, of all its test files in this program.
  static std::vector<File> of(std::string_view codec) {
    std::vector<File> files;
    for (const CodecSamples* samples : all()) {
      if (samples->codec_ != codec) continue;
      for (File& file : samples->make_())
        files.push_back(std::move(file));
    }
    return files;
  }

 private:
  static std::vector<const CodecSamples*>& all() {
    static std::vector<const CodecSamples*> registered;
    return registered;
  }

  std::string_view codec_;
  Make make_;
};

}  // namespace deckle::test

// SPDX-License-Identifier: Apache-2.0
#include "codecs/ratios.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "codecs/checks.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

TEST_CASE("the table of ratios has a row for each coding, with a source", "[codecs][ratios]") {
  for (std::size_t i = 0; i < ratios().size(); ++i) {
    CHECK(static_cast<std::size_t>(ratios()[i].coding) == i);
    CHECK_FALSE(ratios()[i].source.empty());
    CHECK((ratios()[i].most == 0) == (ratios()[i].coding == Coding::Unlimited));
  }
}

TEST_CASE("no bytes become none, and no product overflows", "[codecs][ratios]") {
  for (const Ratio& ratio : ratios()) {
    CHECK(most_unpacked(ratio.coding, 0, 100) == 0);
    CHECK(most_unpacked(ratio.coding, kNoMost / 2, kNoMost / 16) >= kNoMost / 2);
  }
  CHECK(most_unpacked(Coding::Deflate, 3) == 3096);
  CHECK(most_unpacked(Coding::FaxRows, 3, 100) == 2400);
  CHECK(most_unpacked(Coding::Unlimited, 1) == kNoMost);
}

TEST_CASE("the most compressible pictures that are whole are read", "[codecs][ratios]") {
  // More than 64 MB: smaller pictures are not checked.
  Tensor black;
  black.reset(Shape::image(5000, 5000, 3), DType::UInt8);
  std::fill_n(black.data.data(), black.byte_count(), std::uint8_t{0});
  for (const Format format : {Format::Png, Format::Jpeg, Format::Webp, Format::Tiff}) {
    const Codec& codec = codec_of(format);
    INFO(codec.name);
    Buffer file;
    const EncodeOptions options{
        .format = format, .quality = 1, .lossless = false, .compression = 9};
    REQUIRE(encode_tensor(black, options, file));
    CHECK(file.size() < 2000000);
    const auto info = read_info(file.bytes(), {});
    INFO((info ? "" : info.error().message));
    REQUIRE(info);
    const Promise promise = codec.promise(file.bytes(), *info);
    CHECK(promise.least > 0);
    CHECK(promise.available >= promise.least);
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "codecs/exif.h"

#include <string>
#include <string_view>

#include "support/catch.h"

using namespace deckle;
using namespace std::string_view_literals;

namespace {

// A block with one entry, of either byte order.
std::string block(bool big, unsigned tag, unsigned type, unsigned value) {
  std::string out(big ? "MM\0\x2a\0\0\0\x08"sv : "II\x2a\0\x08\0\0\0"sv);
  const auto put = [&](unsigned number, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (big ? size - 1 - i : i);
      out += static_cast<char>(number >> shift & 0xFFU);
    }
  };
  put(1, 2);
  put(tag, 2);
  put(type, 2);
  put(1, 4);
  if (type == 3) {
    put(value, 2);
    put(0, 2);
  } else {
    put(value, 4);
  }
  put(0, 4);
  return out;
}

}  // namespace

TEST_CASE("the orientation is read in both byte orders, as short and as long", "[codecs][exif]") {
  for (unsigned value = 1; value <= 8; ++value) {
    for (const bool big : {false, true}) {
      for (const unsigned type : {3U, 4U}) {
        CHECK(exif_orientation(as_bytes(block(big, 0x0112, type, value))) ==
              static_cast<int>(value));
      }
      const std::string with_prefix = std::string("Exif\0\0"sv) + block(big, 0x0112, 3, value);
      CHECK(exif_orientation(as_bytes(with_prefix)) == static_cast<int>(value));
    }
  }
}

TEST_CASE("an orientation that is not 1 to 8, or not a number, is none", "[codecs][exif]") {
  for (const unsigned value : {0U, 9U, 65535U}) {
    CHECK_FALSE(exif_orientation(as_bytes(block(false, 0x0112, 3, value))));
  }
  CHECK_FALSE(exif_orientation(as_bytes(block(false, 0x0112, 2, 6))));
  CHECK_FALSE(exif_orientation(as_bytes(block(false, 0x0110, 3, 6))));
}

TEST_CASE("an EXIF block that is cut anywhere, or points outside itself, is none",
          "[codecs][exif]") {
  const std::string whole = block(true, 0x0112, 3, 6);
  for (std::size_t n = 0; n < 20; ++n) {  // the value ends at byte 20
    const std::string part = whole.substr(0, n);
    CHECK_FALSE(exif_orientation(as_bytes(part)));
  }
  CHECK_FALSE(exif_orientation(as_bytes("II\x2a\0\xff\xff\xff\xff"sv)));
  CHECK_FALSE(exif_orientation(as_bytes("II\x2a\0\x08\0\0\0\xff\xff"sv)));
  CHECK_FALSE(exif_orientation({}));
}

TEST_CASE("the orientation is found in XMP, as attribute and as element", "[codecs][exif]") {
  CHECK(xmp_orientation(R"(<rdf:Description tiff:Orientation="6" tiff:Make="x"/>)") == 6);
  CHECK(xmp_orientation("<rdf:Description tiff:Orientation = '8'/>") == 8);
  CHECK(xmp_orientation("<tiff:Orientation>3</tiff:Orientation>") == 3);
  CHECK(xmp_orientation("<tiff:Orientation/><tiff:Orientation>\n 2</tiff:Orientation>") == 2);
  for (const char* none :
       {"", "tiff:Orientation", "tiff:Orientation=\"", "tiff:Orientation=\"6",
        "tiff:Orientation=\"0\"", "tiff:Orientation=\"9\"", "tiff:Orientation=\"12\"",
        "tiff:Orientation6>", "exif:Orientation=\"6\"", "<tiff:OrientationX>6<"})
    CHECK_FALSE(xmp_orientation(none));
}

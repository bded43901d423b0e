// SPDX-License-Identifier: Apache-2.0
#include "codecs/exif.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_literals;
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

// Blocks like those of cameras. Numbers have fixed offsets.
struct Entry {
  unsigned tag = 0;
  unsigned type = 0;
  unsigned count = 0;
  unsigned value = 0;  // the value, or the offset of the values
};

class Camera {
 public:
  explicit Camera(bool big) : big_(big), block_(bytes_of(big ? "MM\0\x2a"sv : "II\x2a\0"sv)) {
    block_.resize(8);
    put(4, 8, 4);
  }

  void put(std::size_t at, unsigned value, unsigned size) {
    block_.resize(std::max(block_.size(), at + size));
    for (unsigned i = 0; i < size; ++i)
      block_[at + i] = static_cast<std::uint8_t>(value >> 8 * (big_ ? size - 1 - i : i));
  }
  void put(std::size_t at, std::string_view text) {
    block_.resize(std::max(block_.size(), at + text.size()));
    std::copy(text.begin(), text.end(), block_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void directory(std::size_t at, const std::vector<Entry>& entries, unsigned next) {
    put(at, static_cast<unsigned>(entries.size()), 2);
    at += 2;
    for (const Entry& entry : entries) {
      put(at, entry.tag, 2);
      put(at + 2, entry.type, 2);
      put(at + 4, entry.count, 4);
      put(at + 8, 0, 4);
      put(at + 8, entry.value, entry.type == 3 && entry.count == 1 ? 2 : 4);
      at += 12;
    }
    put(at, next, 4);
  }
  [[nodiscard]] unsigned number(std::size_t at, unsigned size) const {
    return number(block_, at, size);
  }
  [[nodiscard]] unsigned number(const File& block, std::size_t at, unsigned size) const {
    unsigned value = 0;
    for (unsigned i = 0; i < size; ++i)
      value |= unsigned{block.at(at + i)} << 8 * (big_ ? size - 1 - i : i);
    return value;
  }
  [[nodiscard]] const File& block() const { return block_; }

 private:
  bool big_;
  File block_;
};

// IFD0 at 8, its text at 100, the Exif IFD at 120, a maker note at 200, Interop at 260, IFD1 at
// 300 with values at 370, the thumbnail at 400.
constexpr std::size_t kIfd0 = 8;
constexpr std::size_t kExifIfd = 120;
constexpr std::size_t kMakerNote = 200;
constexpr std::size_t kInterop = 260;
constexpr std::size_t kIfd1 = 300;
constexpr std::size_t kThumbnail = 400;
constexpr std::size_t kEntry = 12;

Camera camera(bool big, unsigned next = kIfd1) {
  Camera out(big);
  out.directory(kIfd0,
                {{0x0100, 3, 1, 4000},
                 {0x0101, 4, 1, 3000},
                 {0x010F, 2, 16, 100},
                 {0x0112, 3, 1, 6},
                 {0x8769, 4, 1, kExifIfd}},
                next);
  out.put(100, "a camera maker\0\0"sv);
  out.directory(kExifIfd,
                {{0x927C, 7, 40, kMakerNote},
                 {0xA002, 3, 1, 4000},
                 {0xA003, 4, 1, 3000},
                 {0xA005, 4, 1, kInterop}},
                0);
  out.put(kMakerNote, std::string(40, 'n'));
  out.directory(kInterop, {{0x1001, 3, 1, 4000}, {0x1002, 3, 1, 3000}}, 0);
  out.directory(
      kIfd1,
      {{0x0103, 3, 1, 6}, {0x011A, 5, 1, 370}, {0x0201, 4, 1, kThumbnail}, {0x0202, 4, 1, 50}}, 0);
  out.put(370, 72, 4);
  out.put(374, 1, 4);
  out.put(kThumbnail, std::string(50, 't'));
  return out;
}

// Bytes from `begin` to `end` that differ from the original block.
std::vector<std::size_t> changed(const File& before, const File& after, std::size_t end) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < end; ++i) {
    if (before.at(i) != after.at(i)) out.push_back(i);
  }
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

TEST_CASE("EXIF of a turned picture has orientation 1 and the new size, in both byte orders",
          "[codecs][exif]") {
  for (const bool big : {false, true}) {
    const Camera in = camera(big);
    const File out = upright_exif(in.block(), true, 70000, 300);
    CHECK(exif_orientation(out) == 1);
    CHECK(in.number(out, kIfd0 + 2 + 2, 2) == 3);  // ImageWidth: still SHORT
    CHECK(in.number(out, kIfd0 + 2 + 8, 2) == 300);
    CHECK(in.number(out, kIfd0 + 2 + kEntry + 8, 4) == 70000);
    CHECK(in.number(out, kExifIfd + 2 + kEntry + 8, 2) == 300);
    CHECK(in.number(out, kExifIfd + 2 + 2 * kEntry + 8, 4) == 70000);
    CHECK(in.number(out, kInterop + 2 + 8, 2) == 300);
    CHECK(in.number(out, kInterop + 2 + kEntry + 2, 2) == 4);  // too many for SHORT
    CHECK(in.number(out, kInterop + 2 + kEntry + 8, 4) == 70000);
    CHECK(in.number(out, kIfd0 + 2 + 5 * kEntry, 4) == 0);  // no IFD1
    CHECK(out.size() == kIfd1);
    CHECK(find(out, "tt") == out.size());
    CHECK(find(out, std::string(40, 'n')) == kMakerNote);
    CHECK(find(out, "a camera maker") == 100);
  }
}

TEST_CASE("only the bytes of EXIF that must change do change", "[codecs][exif]") {
  for (const bool big : {false, true}) {
    const Camera in = camera(big, 0);
    const File out = upright_exif(in.block(), true, 3000, 4000);
    const std::size_t value = kIfd0 + 2 + 3 * kEntry + 8;
    CHECK(out.size() == in.block().size());  // no link to a thumbnail
    CHECK(changed(in.block(), out, out.size()) == std::vector<std::size_t>{value + (big ? 1 : 0)});
    CHECK(upright_exif(in.block(), false, 3000, 4000) == in.block());
  }
}

TEST_CASE("an Orientation of a wrong type or value in EXIF becomes 1", "[codecs][exif]") {
  for (const bool big : {false, true}) {
    for (const unsigned type : {1U, 2U, 3U, 4U, 5U, 200U}) {
      const std::string wrong = block(big, 0x0112, type, 99);
      const File out = upright_exif(bytes_of(wrong), true, 1, 1);
      CHECK(exif_orientation(out) == 1);
      CHECK(out.size() == wrong.size());
      CHECK(upright_exif(bytes_of(wrong), false, 1, 1) == bytes_of(wrong));
    }
  }
}

TEST_CASE("a thumbnail amid an EXIF block is blanked, and nothing moves", "[codecs][exif]") {
  Camera in = camera(true);
  in.directory(kIfd0 + 500, {{0x0112, 3, 1, 6}, {0x010F, 2, 16, 640}, {0x8769, 4, 1, kExifIfd}},
               kIfd1);
  in.put(640, "behind the rest\0"sv);
  in.put(4, kIfd0 + 500, 4);
  const File out = upright_exif(in.block(), true, 1, 1);
  CHECK(out.size() == in.block().size());
  CHECK(exif_orientation(out) == 1);
  CHECK(find(out, "tt") == out.size());
  CHECK(find(out, "behind the rest") == 640);
  CHECK(find(out, std::string(40, 'n')) == kMakerNote);
}

TEST_CASE("an uncompressed thumbnail in EXIF is removed strip by strip", "[codecs][exif]") {
  Camera in = camera(false);
  in.directory(kIfd1, {{0x0111, 4, 2, 370}, {0x0117, 3, 2, 10U | 20U << 16U}}, 0);
  in.put(370, 400, 4);
  in.put(374, 430, 4);
  const File out = upright_exif(in.block(), true, 1, 1);
  CHECK(out.size() == 430);  // the ten bytes between the strips stay
  CHECK(std::count(out.begin(), out.end(), 't') == 20);
  CHECK(find(out, std::string(20, 't')) == 410);
}

TEST_CASE("EXIF directories that overlap lose no byte that is kept", "[codecs][exif]") {
  for (const bool big : {false, true}) {
    const auto check_link_alone = [&](const Camera& in) {
      const File out = upright_exif(in.block(), false, 3000, 4000);
      const std::size_t link = kIfd0 + 2 + 5 * kEntry;
      REQUIRE(out.size() == in.block().size());
      CHECK(in.number(out, link, 4) == 0);
      for (const std::size_t at : changed(in.block(), out, out.size()))
        CHECK((at >= link && at < link + 4));
    };
    check_link_alone(camera(big, kIfd0));  // a loop
    check_link_alone(camera(big, kIfd0 + 12));
    check_link_alone(camera(big, kExifIfd));
    check_link_alone(camera(big, 2));
    check_link_alone(camera(big, 0xFFFFFFFF));
    check_link_alone(camera(big, 449));

    // The thumbnail overlaps IFD0: its directory is removed, its bytes stay.
    Camera in = camera(big);
    in.directory(kIfd1, {{0x0201, 4, 1, 0}, {0x0202, 4, 1, 0xFFFFFFFF}}, 0);
    const File out = upright_exif(in.block(), true, 3000, 4000);
    CHECK(exif_orientation(out) == 1);
    CHECK(find(out, "a camera maker") == 100);
    CHECK(find(out, std::string(50, 't')) == kThumbnail);

    // A value that covers the whole block.
    Camera all = camera(big);
    all.put(kIfd0 + 2 + 2 * kEntry + 4, 0xFFFFFFFF, 4);
    all.put(kIfd0 + 2 + 2 * kEntry + 8, 8, 4);
    check_link_alone(all);
  }
}

TEST_CASE("EXIF whose directories overlap other data gives none", "[codecs][exif]") {
  const auto gives_none = [](const File& block) { return upright_exif(block, true, 1, 1).empty(); };
  CHECK(gives_none({}));
  CHECK(gives_none(bytes_of("II\x2a\0"sv)));
  CHECK(gives_none(bytes_of("II\x2a\0\x08\0\0"sv)));
  CHECK(gives_none(bytes_of("II\x2a\0\x08\0\0\0"sv)));
  CHECK(gives_none(bytes_of("no EXIF at all")));
  for (const bool big : {false, true}) {
    for (const unsigned at : {0U, 4U, 7U, 449U, 460U, 0xFFFFFFFFU}) {
      Camera in = camera(big);
      in.put(4, at, 4);
      CHECK(gives_none(in.block()));
    }
    for (const unsigned at : {4U, 8U, 20U, 70U, 449U, 0xFFFFFFFFU}) {
      Camera in = camera(big);
      in.put(kIfd0 + 2 + 4 * kEntry + 8, at, 4);
      CHECK(gives_none(in.block()));
    }
    Camera many = camera(big);
    many.put(kIfd0, 0xFFFF, 2);
    CHECK(gives_none(many.block()));
  }
}

TEST_CASE("EXIF that is cut or changed anywhere never grows, and gives a block or none",
          "[codecs][exif]") {
  for (const bool big : {false, true}) {
    const File whole = camera(big).block();
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const File part = first_bytes(whole, n);
      CHECK(upright_exif(part, true, 10, 20).size() <= n);
    }
    with_flips(whole, 3000, [](const File& block) {
      const File out = upright_exif(block, true, 10, 20);
      CHECK(out.size() <= block.size());
      if (!out.empty() && exif_orientation(block)) CHECK(exif_orientation(out) == 1);
    });
  }
}

TEST_CASE("an EXIF block in which each of 65535 values has 4 GB costs little", "[codecs][exif]") {
  Camera in(false);
  const std::size_t second = 8 + 2 + 65535 * kEntry + 4;
  in.directory(8, std::vector<Entry>(65535, {0x010F, 12, 0xFFFFFFFF, 8}),
               static_cast<unsigned>(second));
  in.directory(second, std::vector<Entry>(65535, {0x0111, 4, 0x0FFFFFFF, 8}), 0);
  const File out = upright_exif(in.block(), true, 1, 1);
  CHECK(out.size() == in.block().size());
  CHECK(in.number(out, second - 4, 4) == 0);
}

TEST_CASE("XMP of a turned picture has orientation 1", "[codecs][exif]") {
  CHECK(upright_xmp(R"(<a tiff:Orientation="6" b="6"/>)") == R"(<a tiff:Orientation="1" b="6"/>)");
  CHECK(upright_xmp("<a tiff:Orientation = '8'/>") == "<a tiff:Orientation = '1'/>");
  CHECK(upright_xmp("<tiff:Orientation>\n3</tiff:Orientation><tiff:Orientation>4<") ==
        "<tiff:Orientation>\n1</tiff:Orientation><tiff:Orientation>1<");
  for (const char* same : {"", "tiff:Orientation", "tiff:Orientation=\"12\"", "<a b=\"6\"/>",
                           "<tiff:OrientationX>6<", "exif:Orientation=\"6\""})
    CHECK(upright_xmp(same) == same);
}

TEST_CASE("bytes that files put around EXIF and XMP are removed", "[codecs][exif]") {
  CHECK(exif_block(as_bytes("Exif\0\0II"sv)) == bytes_of("II"));
  CHECK(exif_block(as_bytes("II"sv)) == bytes_of("II"));
  CHECK(exif_block({}).empty());
  CHECK(xmp_packet(as_bytes("<x/>\0\0"sv)) == "<x/>");
  CHECK(xmp_packet(as_bytes("\0\0"sv)).empty());
  CHECK(xmp_packet({}).empty());
}

// SPDX-License-Identifier: Apache-2.0
#include "support/png.h"

#include <png.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

const DecodeOptions kAccept{.accept_truncated = true};

// The file with one more chunk before the first one of type `before`.
File with_chunk(const File& file, const char* before, std::string_view type,
                std::string_view data) {
  const auto number = [](std::size_t value) {
    std::string bytes;
    for (int i = 3; i >= 0; --i)
      bytes += static_cast<char>(value >> (8 * i));
    return bytes;
  };
  const std::string body = std::string(type) + std::string(data);
  const std::string chunk =
      number(data.size()) + body +
      number(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  File longer(file);
  longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(find(file, before) - 4), chunk.begin(),
                chunk.end());
  return longer;
}

// An EXIF block with this orientation.
std::string exif(int orientation) {
  return std::string("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"sv) +
         static_cast<char>(orientation) + std::string("\0\0\0\0\0\0"sv);
}

// A profile in ImageMagick's text form.
std::string raw_profile(const std::string& name, std::string_view bytes) {
  std::string text = "\n" + name + "\n" + std::string(6, ' ') + std::to_string(bytes.size()) + "\n";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += hex(as_bytes(bytes.substr(i, 1)));
    if (i % 36 == 35) text += "\n";
  }
  return text + "\n";
}

std::string deflated(const std::string& text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string bytes(size, '\0');
  compress(reinterpret_cast<Bytef*>(bytes.data()), &size,
           reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()));
  bytes.resize(size);
  return bytes;
}

}  // namespace

TEST_CASE("a PNG comes back exactly, for every depth, channel count and compression",
          "[codecs][png]") {
  for (const DType dtype : {DType::UInt8, DType::UInt16}) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      const Tensor in = picture(23, 31, channels, dtype);
      for (int level = -1; level <= 9; ++level) {
        EncodeOptions options{.format = Format::Png};
        if (level >= 0) options.compression = level;
        const File file = encoded(in, options);
        CHECK(file == encoded(in, options));
        Tensor out;
        const Result<Damage> damage = read(file, out);
        REQUIRE(damage);
        CHECK(damage->empty());
        CHECK(same(in, out));
      }
    }
  }
}

TEST_CASE("a PNG that is too large to be compressed in one piece comes back exactly",
          "[codecs][png]") {
  // On both sides of 32 MiB of rows, each with the byte that names its filter.
  for (const std::int64_t rows : {2795, 2796}) {
    const Tensor pixels = picture(rows, 4000, 3);
    const File file = encoded(pixels, {Format::Png});
    // Compressed in one piece there is one IDAT; libpng writes many.
    const std::size_t first = find(file, "IDAT");
    const bool many = find(file, "IDAT", first + 1) < file.size();
    CHECK(many == (rows == 2796));
    Tensor back;
    const auto damage = read(file, back);
    REQUIRE(damage);
    CHECK(damage->empty());
    CHECK(same(pixels, back));
  }
}

TEST_CASE("grey of 1, 2 and 4 bits is expanded to the whole range", "[codecs][png]") {
  for (const int bits : {1, 2, 4}) {
    const File packed{0x1B};  // 0 0 0 1 1 0 1 1 | 0 1 2 3 | 1 11
    const File file = png(1, static_cast<png_uint_32>(8 / bits), packed, {.bits = bits});
    Tensor out;
    REQUIRE(read(file, out));
    const File samples = samples_of(out);
    if (bits == 1) CHECK(samples == File{0, 0, 0, 255, 255, 0, 255, 255});
    if (bits == 2) CHECK(samples == File{0, 85, 170, 255});
    if (bits == 4) CHECK(samples == File{17, 187});
  }
}

TEST_CASE("a palette becomes RGB, with transparency RGBA", "[codecs][png]") {
  Special special{.bits = 8, .type = PNG_COLOR_TYPE_PALETTE, .palette = {{1, 2, 3}, {40, 50, 60}}};
  Tensor out;
  REQUIRE(read(png(1, 2, {1, 0}, special), out));
  CHECK(out.shape == Shape::image(1, 2, 3));
  CHECK(samples_of(out) == File{40, 50, 60, 1, 2, 3});
  special.palette_alpha = {7};
  REQUIRE(read(png(1, 2, {1, 0}, special), out));
  CHECK(samples_of(out) == File{40, 50, 60, 255, 1, 2, 3, 7});
}

TEST_CASE("a transparent grey value becomes an alpha channel", "[codecs][png]") {
  Tensor out;
  REQUIRE(read(png(1, 2, {9, 10}, {.transparent_grey = 9}), out));
  CHECK(out.shape == Shape::image(1, 2, 2));
  CHECK(samples_of(out) == File{9, 0, 10, 255});
}

TEST_CASE("an interlaced PNG is the same picture", "[codecs][png]") {
  for (const auto& [rows, cols] : {std::pair{1, 1}, {3, 5}, {33, 31}}) {
    const Tensor in = picture(rows, cols, 3);
    const File file = png(static_cast<png_uint_32>(rows), static_cast<png_uint_32>(cols),
                          samples_of(in), {.type = PNG_COLOR_TYPE_RGB, .interlaced = true});
    Tensor out;
    REQUIRE(read(file, out));
    CHECK(same(in, out));
  }
}

TEST_CASE("a PNG that is cut anywhere before its last data chunk ends is an error",
          "[codecs][png]") {
  const Stderr said;
  const Tensor in = picture(40, 50, 3);
  for (const bool interlaced : {false, true}) {
    const File file =
        png(40, 50, samples_of(in), {.type = PNG_COLOR_TYPE_RGB, .interlaced = interlaced});
    const std::size_t end = find(file, "IEND"sv) - 4;
    for (std::size_t n = 8; n < end; n += 1 + n / 300) {
      INFO(n << " of " << end);
      Tensor out;
      const Result<Damage> strict = read(first_bytes(file, n), out);
      REQUIRE_FALSE(strict);
      CHECK(strict.error().code == ErrorCode::Truncated);
      const Result<Damage> lenient = read(first_bytes(file, n), out, kAccept);
      if (lenient) CHECK_FALSE(lenient->empty());
    }
    for (std::size_t n = end; n < file.size(); ++n) {
      Tensor out;
      REQUIRE(read(first_bytes(file, n), out));
      CHECK(same(in, out));
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("the error of a truncated PNG names the row; if accepted, zeros follow from there",
          "[codecs][png]") {
  const Tensor in = picture(40, 50, 3);
  const File file = encoded(in, {.format = Format::Png, .compression = 0});
  const File part = first_bytes(file, file.size() / 2);
  CHECK(message_of(part) == "truncated: the picture data ends at row 16 of 40");
  Tensor out;
  const Result<Damage> damage = read(part, out, kAccept);
  REQUIRE(damage);
  CHECK(damage->missing == "truncated: the picture data ends at row 16 of 40");
  CHECK(std::memcmp(out.data.data(), in.data.data(), 16 * in.row_bytes()) == 0);
  for (std::size_t i = 16 * in.row_bytes(); i < in.byte_count(); ++i)
    REQUIRE(out.data.data()[i] == 0);
}

TEST_CASE("a changed byte in PNG picture data is damage", "[codecs][png]") {
  const Tensor in = picture(40, 50, 3);
  const File file = encoded(in, {.format = Format::Png});
  const std::size_t data = find(file, "IDAT"sv) + 4;
  const std::size_t end = find(file, "IEND"sv) - 4;
  for (std::size_t at = data; at < end; at += 7) {
    File copy(file);
    copy[at] ^= 0x10U;
    Tensor out;
    const Result<Damage> damage = read(copy, out);
    INFO(at);
    REQUIRE_FALSE(damage);
    CHECK(
        (damage.error().code == ErrorCode::Damaged || damage.error().code == ErrorCode::Truncated));
  }
}

TEST_CASE("PNG headers that lie are refused before memory is taken", "[codecs][png]") {
  const File file = encoded(picture(4, 4, 3), {.format = Format::Png});
  // a header with 60000 x 60000, and its checksum
  File lie = first_bytes(file, 8);
  lie += "\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0"sv;
  png_uint_32 crc = static_cast<png_uint_32>(crc32(0, lie.data() + 12, 17));
  std::array<std::uint8_t, 4> sum{};
  for (unsigned i = 0; i < 4; ++i)
    sum.at(i) = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  lie.insert(lie.end(), sum.begin(), sum.end());
  lie.insert(lie.end(), file.begin() + 33, file.end());
  CHECK(read_info(lie, {}).error().code == ErrorCode::TooLarge);
  for (const bool accept : {false, true}) {
    const auto info =
        read_info(lie, {.accept_truncated = accept, .max_pixels = std::int64_t{1} << 40});
    REQUIRE_FALSE(info);
    CHECK(info.error().message.starts_with(
        "truncated: the header promises a picture of at least 10800000000 bytes of data, "));
  }
}

TEST_CASE("PNG orientation is read from eXIf, before or behind the data", "[codecs][png]") {
  const File file = encoded(picture(4, 6, 3), {.format = Format::Png});
  for (const char* before : {"IDAT", "IEND"}) {
    const File turned = with_chunk(file, before, "eXIf", exif(6));
    CHECK(read_info(turned, {})->orientation == 6);
    Tensor out;
    REQUIRE(read(turned, out));
    CHECK(out.shape == Shape::image(6, 4, 3));
  }
}

TEST_CASE("PNG orientation is read from texts where eXIf has none", "[codecs][png]") {
  const File file = encoded(picture(4, 6, 3), {.format = Format::Png});
  const auto orientation = [&](const char* type, const std::string& data) {
    return read_info(with_chunk(file, "IEND", type, data), {})->orientation;
  };
  const std::string xmp = R"(<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>)";
  const std::string keyword("XML:com.adobe.xmp\0"sv);
  CHECK(orientation("iTXt", keyword + std::string("\0\0\0\0"sv) + xmp) == 8);
  CHECK(orientation("iTXt", keyword + std::string("\0\0en\0title\0"sv) + xmp) == 8);
  CHECK(orientation("iTXt", keyword + std::string("\1\0\0\0"sv) + deflated(xmp)) == 8);
  CHECK(orientation("tEXt", keyword + xmp) == 8);
  // Damaged, or cut short: the picture is upright.
  CHECK(orientation("iTXt", keyword + std::string("\1\0\0\0"sv) + xmp) == 1);
  CHECK(orientation("iTXt", keyword + std::string("\1\7\0\0"sv) + deflated(xmp)) == 1);
  CHECK(orientation("iTXt", keyword + std::string("\0\0"sv) + xmp) == 1);
  CHECK(orientation("iTXt", keyword + std::string("\0"sv)) == 1);
  CHECK(orientation("iTXt", std::string(keyword, 0, keyword.size() - 1)) == 1);

  const std::string with_prefix = std::string("Exif\0\0"sv) + exif(6);
  for (const char* name : {"exif", "APP1"}) {
    const std::string key = "Raw profile type " + std::string(name) + '\0';
    const std::string raw = raw_profile(name, with_prefix);
    CHECK(orientation("tEXt", key + raw) == 6);
    CHECK(orientation("zTXt", key + '\0' + deflated(raw)) == 6);
    CHECK(orientation("tEXt", key + raw_profile(name, exif(6))) == 6);
    CHECK(orientation("zTXt", key) == 1);
    CHECK(orientation("zTXt", key + '\1' + deflated(raw)) == 1);
    for (const char* broken : {"", "\n", "\n\n", "\nexif", "\nexif\n", "\nexif\n 8\nxyzw"})
      CHECK(orientation("tEXt", key + broken) == 1);
  }
  const std::string app1 = std::string("http://ns.adobe.com/xap/1.0/\0"sv) + xmp;
  CHECK(orientation("tEXt", std::string("Raw profile type APP1\0"sv) + raw_profile("app1", app1)) ==
        8);
  CHECK(orientation("tEXt", std::string("Raw profile type xmp\0"sv) + raw_profile("xmp", xmp)) ==
        8);
  CHECK(orientation("tEXt", std::string("Comment\0"sv) + xmp) == 1);

  // eXIf before a raw profile before XMP
  const std::string xmp_data = keyword + std::string("\0\0\0\0"sv) + xmp;
  const std::string raw_data =
      std::string("Raw profile type exif\0"sv) + raw_profile("exif", with_prefix);
  const File all =
      with_chunk(with_chunk(with_chunk(file, "IEND", "iTXt", xmp_data), "IEND", "tEXt", raw_data),
                 "IEND", "eXIf", exif(1));
  CHECK(read_info(all, {})->orientation == 1);
  const File two = with_chunk(with_chunk(file, "IEND", "iTXt", xmp_data), "IEND", "tEXt", raw_data);
  CHECK(read_info(two, {})->orientation == 6);
}

TEST_CASE("the ICC profile of a PNG is read", "[codecs][png]") {
  const File file = encoded(picture(4, 6, 3), {.format = Format::Png});
  const auto icc = [&](const std::string& data) {
    const auto info = read_info(with_chunk(file, "IDAT", "iCCP", data), {});
    REQUIRE(info);
    return std::string(info->icc.begin(), info->icc.end());
  };
  const std::string name("a name\0"sv);
  CHECK(icc(name + '\0' + deflated("a profile")) == "a profile");
  const std::string unreadable(1, '\0');
  CHECK(icc(name + '\0' + "no deflate") == unreadable);
  CHECK(icc(name + '\1' + deflated("a profile")) == unreadable);
  CHECK(icc(name) == unreadable);
  File wrong_checksum = with_chunk(file, "IDAT", "iCCP", name + '\0' + deflated("a profile"));
  ++wrong_checksum[find(wrong_checksum, "IDAT") - 5];
  CHECK(read_info(wrong_checksum, {})->icc == unreadable_icc());
  CHECK(icc("").empty());
  CHECK(read_info(file, {})->icc.empty());
}

TEST_CASE("a palette index without a colour is damage, not black", "[codecs][png]") {
  for (const bool interlaced : {false, true}) {
    for (const int bits : {1, 2, 4, 8}) {
      for (const bool alpha : {false, true}) {
        Special special{bits, PNG_COLOR_TYPE_PALETTE, interlaced, {{10, 20, 30}}};
        if (bits > 1) special.palette.push_back({40, 50, 60});
        if (alpha) special.palette_alpha = {7};
        const std::size_t row_bytes = (11U * static_cast<unsigned>(bits) + 7) / 8;
        File samples(9 * row_bytes, 0);
        INFO(bits << (alpha ? " alpha" : "") << (interlaced ? " interlaced" : ""));
        Tensor out;
        const auto good = read(png(9, 11, samples, special), out);
        REQUIRE(good);
        CHECK(good->empty());
        // the last bits of a row are padding
        if (bits < 8) samples.at(row_bytes - 1) = 1;
        REQUIRE(read(png(9, 11, samples, special), out));
        const int wrong = (1 << bits) - 1;
        samples.at(5 * row_bytes) = static_cast<std::uint8_t>(wrong << (8 - bits));
        const File file = png(9, 11, samples, special);
        const std::string message = "damaged: row 5 of 9 has palette index " +
                                    std::to_string(wrong) + ", but the palette has " +
                                    std::to_string(special.palette.size()) + " colours";
        CHECK(message_of(file) == message);
        CHECK(message_of(file, kAccept) == message);
        REQUIRE(read(file, out, kAccept));
        const std::size_t pixel = alpha ? 4 : 3;
        CHECK(out.row(5)[0] == 0);
        CHECK(out.row(5)[pixel] == 10);
        CHECK(out.row(5)[2 * pixel - 1] == (alpha ? 7 : 30));
        if (interlaced) continue;
        const auto rows =
            codec_of(Format::Png).rows->open(file, *read_info(file, {}), {}, whole(out.shape));
        REQUIRE(rows);
        CHECK((*rows)->row(4));
        const auto row = (*rows)->row(5);
        REQUIRE_FALSE(row);
        CHECK(row.error().message == message);
      }
    }
  }
}

TEST_CASE("tRNS out of range is masked, and tRNS beside alpha means nothing", "[codecs][png]") {
  const File chess{0x55, 0xAA};
  Tensor out;
  const auto transparent =
      read(with_chunk(png(2, 8, chess, {.bits = 1}), "IDAT", "tRNS", "\0\xff"sv), out);
  REQUIRE(transparent);
  CHECK(transparent->empty());
  CHECK(samples_of(out) == File{0, 255, 255, 0,   0, 255, 255, 0, 0,   255, 255,
                                0, 0,   255, 255, 0, 255, 0,   0, 255, 255, 0,
                                0, 255, 255, 0,   0, 255, 255, 0, 0,   255});
  const File colours{1, 2, 3, 4, 5, 6};
  const auto rgb = read(with_chunk(png(1, 2, colours, {.type = PNG_COLOR_TYPE_RGB}), "IDAT", "tRNS",
                                   "\x09\x04\x09\x05\x09\x06"sv),
                        out);
  REQUIRE(rgb);
  CHECK(rgb->empty());
  CHECK(samples_of(out) == File{1, 2, 3, 255, 4, 5, 6, 0});

  for (const int type : {PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA}) {
    const Tensor in = picture(5, 6, type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 4);
    const File file = encoded(in, {.format = Format::Png});
    const auto beside = read(with_chunk(file, "IDAT", "tRNS", "\0\x05\0\x05\0\x05"sv), out);
    REQUIRE(beside);
    CHECK(beside->empty());
    CHECK(same(in, out));
  }
  // A dropped tRNS loses the alpha channel.
  CHECK(message_of(with_chunk(png(2, 8, chess, {.bits = 1}), "IDAT", "tRNS", "\1"sv))
            .starts_with("damaged: tRNS"));
}

TEST_CASE("PNG of kinds that are not read is unsupported, not damaged", "[codecs][png]") {
  const File file = encoded(picture(4, 6, 3), {.format = Format::Png});
  const auto refusal = [](const File& of) { return read_info(of, {}).error(); };
  const Error apple = refusal(with_chunk(file, "IHDR", "CgBI", "\x50\0\x20\x02"sv));
  CHECK(apple.code == ErrorCode::Unsupported);
  CHECK(apple.message ==
        "PNG in Apple's form for iPhone apps (CgBI) is not read; Xcode's pngcrush "
        "-revert-iphone-optimizations turns it into PNG");
  const Error critical = refusal(with_chunk(file, "IDAT", "ABCD", "x"));
  CHECK(critical.code == ErrorCode::Unsupported);
  CHECK(critical.message == "PNG with a chunk ABCD, which must be understood, is not read");
  File changed = with_chunk(file, "IDAT", "ABCD", "x");
  changed.at(find(changed, "ABCD") + 4) ^= 1U;  // its checksum is wrong
  CHECK(refusal(changed).code == ErrorCode::Damaged);
  CHECK(read_info(with_chunk(file, "IDAT", "abCD", "x"), {}));

  constexpr std::array kMethods{"compression", "filter", "interlace"};
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    std::string header(file.begin() + 16, file.begin() + 29);
    header.at(10 + i) = 64;
    File other = with_chunk(file, "IHDR", "IHDR", header);
    other.erase(other.begin() + 33, other.begin() + 58);
    CHECK(refusal(other).code == ErrorCode::Unsupported);
    CHECK(refusal(other).message ==
          "PNG with " + std::string(kMethods.at(i)) + " method 64 is not read");
    other.at(29) ^= 1U;
    CHECK(refusal(other).code == ErrorCode::Damaged);
  }
}

TEST_CASE("changed bytes in a PNG never crash it or print anything", "[codecs][png]") {
  const Stderr said;
  const File grey =
      png(9, 9, samples_of(picture(9, 9, 1)), {.interlaced = true, .transparent_grey = 5});
  for (const File& file :
       {encoded(picture(20, 20, 4, DType::UInt16), {.format = Format::Png}), grey}) {
    with_flips(file, 600, [](const File& changed) {
      Tensor out;
      static_cast<void>(read(changed, out, {.max_pixels = 1 << 20}));
      static_cast<void>(read(changed, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
    });
  }
  CHECK(said.text().empty());
}

TEST_CASE("PNG refuses floats and five channels", "[codecs][png]") {
  const Codec& png_codec = codec_of(Format::Png);
  CHECK(
      png_codec.encoder->check(Shape::image(1, 1, 3), DType::Float32).error().message ==
      "png holds uint8 or uint16, not float32; set \"output\": {\"dtype\": \"uint8\"}, or another "
      "\"format\"");
  CHECK(png_codec.encoder->check(Shape::image(1, 1, 5), DType::UInt8).error().code ==
        ErrorCode::Depth);
}

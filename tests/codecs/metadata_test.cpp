// SPDX-License-Identifier: Apache-2.0
// ICC, EXIF and XMP in every format, compared with what other libraries read.
#include "codecs/metadata.h"

#include <png.h>
#include <tiffio.h>
#include <webp/demux.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/exif.h"
#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "support/catch.h"
#include "support/jpeg.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

// Orientation 1.
constexpr auto kExif = "MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0"sv;
constexpr auto kXmp =
    "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    "</x:xmpmeta><?xpacket end='w'?>"sv;

// Bytes that do not compress.
File profile(std::size_t size) {
  std::mt19937 random(14);  // NOLINT: the same in every run
  File out(size);
  for (std::uint8_t& byte : out)
    byte = static_cast<std::uint8_t>(random());
  return out;
}

Metadata all(std::size_t profile_bytes = 3145) {
  return {profile(profile_bytes), bytes_of(kExif), std::string(kXmp)};
}

// The part of `metadata` that a format carries.
Metadata carried(const Codec& codec, const Metadata& metadata) {
  return {codec.encoder->carries.icc ? metadata.icc : File{},
          codec.encoder->carries.exif ? metadata.exif : File{},
          codec.encoder->carries.xmp ? metadata.xmp : std::string()};
}

File with(EncodeOptions options, const Metadata& metadata, const Tensor& pixels) {
  options.metadata = metadata;
  return encoded(pixels, options);
}

Metadata metadata_of(const Codec& codec, const File& file) {
  const File copy(file);
  return codec.read_metadata(copy);
}

std::uint32_t number(const File& file, std::size_t at, bool big) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8U | file.at(at + (big ? i : 3 - i));
  return value;
}

// A file without the chunks of these types; `begin` bytes are before the first.
File without_chunks(const File& file, std::size_t begin, std::size_t behind, bool big,
                    const std::vector<std::string_view>& types) {
  File out = first_bytes(file, begin);
  for (std::size_t at = begin; at < file.size();) {
    const std::size_t size = number(file, big ? at : at + 4, big);
    const std::size_t end = at + 8 + size + behind + (big ? 0 : size % 2);
    const std::string type(file.begin() + static_cast<std::ptrdiff_t>(big ? at + 4 : at),
                           file.begin() + static_cast<std::ptrdiff_t>(big ? at + 8 : at + 4));
    if (std::find(types.begin(), types.end(), type) == types.end())
      out.insert(out.end(), file.begin() + static_cast<std::ptrdiff_t>(at),
                 file.begin() + static_cast<std::ptrdiff_t>(end));
    at = end;
  }
  return out;
}

// A JPEG without APP1 and APP2; `segments` gets their number.
File without_segments(const File& file, int& segments) {
  File out = first_bytes(file, 20);  // SOI, APP0
  std::size_t at = 20;
  for (segments = 0; file.at(at + 1) == 0xE1 || file.at(at + 1) == 0xE2; ++segments)
    at += 2 + (std::size_t{file.at(at + 2)} << 8U | file.at(at + 3));
  out.insert(out.end(), file.begin() + static_cast<std::ptrdiff_t>(at), file.end());
  return out;
}

// The profile as libjpeg reads it.
File profile_by_libjpeg(const File& file) {
  jpeg_decompress_struct j{};
  jpeg_error_mgr errors{};
  j.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&j);
  jpeg_mem_src(&j, file.data(), file.size());
  jpeg_save_markers(&j, JPEG_APP0 + 2, 0xFFFF);
  jpeg_read_header(&j, TRUE);
  JOCTET* data = nullptr;
  unsigned size = 0;
  File out;
  if (jpeg_read_icc_profile(&j, &data, &size) != 0) out.assign(data, data + size);
  std::free(data);  // NOLINT: libjpeg uses malloc
  jpeg_destroy_decompress(&j);
  return out;
}

Metadata by_libpng(const File& file) {
  Bytes left(file);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop image = png_create_info_struct(png);
  png_set_read_fn(png, &left, [](png_structp p, png_bytep to, std::size_t size) {
    auto& from = *static_cast<Bytes*>(png_get_io_ptr(p));
    if (size > from.size()) png_error(p, "the file ends");
    std::copy_n(from.data(), size, to);
    from = from.subspan(size);
  });
  png_read_info(png, image);
  Metadata out;
  png_charp name = nullptr;
  png_bytep data = nullptr;
  png_uint_32 size = 0;
  int method = 0;
  if (png_get_iCCP(png, image, &name, &method, &data, &size) != 0 && name == "icc"sv)
    out.icc.assign(data, data + size);
  if (png_get_eXIf_1(png, image, &size, &data) != 0) out.exif.assign(data, data + size);
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(png, image, &texts, &count);
  for (int i = 0; i < count; ++i) {
    if (texts[i].key == "XML:com.adobe.xmp"sv && texts[i].compression == PNG_ITXT_COMPRESSION_NONE)
      out.xmp.assign(texts[i].text, texts[i].itxt_length);
  }
  png_destroy_read_struct(&png, &image, nullptr);
  return out;
}

Metadata by_libwebp(const File& file) {
  const WebPData data{file.data(), file.size()};
  WebPDemuxer* const demuxer = WebPDemux(&data);
  REQUIRE(demuxer != nullptr);
  const auto chunk = [&](const char* type) {
    WebPChunkIterator found{};
    File out;
    if (WebPDemuxGetChunk(demuxer, type, 1, &found) != 0 && found.num_chunks == 1)
      out.assign(found.chunk.bytes, found.chunk.bytes + found.chunk.size);
    WebPDemuxReleaseChunkIterator(&found);
    return out;
  };
  const File xmp = chunk("XMP ");
  const Metadata out{chunk("ICCP"), chunk("EXIF"), {xmp.begin(), xmp.end()}};
  const std::uint32_t flags = WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS);
  CHECK(((flags & ICCP_FLAG) != 0) == !out.icc.empty());
  CHECK(((flags & EXIF_FLAG) != 0) == !out.exif.empty());
  CHECK(((flags & XMP_FLAG) != 0) == !out.xmp.empty());
  WebPDemuxDelete(demuxer);
  return out;
}

// A profile that libpng accepts for these colours: a header and one tag.
File checked_profile(std::string_view colours) {
  File out = profile(344);
  std::fill_n(out.begin(), 144, std::uint8_t{0});
  const auto put = [&](std::size_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, "\0\0\x01\x58"sv);
  put(8, "\x04");
  put(12, "mntr");
  put(16, colours);
  put(20, "XYZ ");
  put(36, "acsp");
  put(68, "\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d"sv);
  put(128, "\0\0\0\1desc\0\0\0\x90\0\0\0\xc8"sv);
  return out;
}

}  // namespace

TEST_CASE("each kind of metadata comes back from each format that carries it",
          "[codecs][metadata]") {
  const Stderr said;
  for (const Codec& codec : codecs()) {
    if (!codec.encoder) continue;
    for (const std::int64_t channels : {1, 3, 4}) {
      const Tensor in = picture(21, 34, channels);
      if (!codec.encoder->check(in.shape, in.dtype)) continue;
      for (const bool lossless : {false, true}) {
        if (lossless && codec.format != Format::Webp) continue;
        const EncodeOptions options{.format = codec.format, .lossless = lossless};
        INFO(codec.name << " " << channels);
        const File plain = encoded(in, options);
        CHECK(metadata_of(codec, plain).empty());
        Tensor before;
        REQUIRE(read(plain, before));
        for (unsigned kinds = 1; kinds < 8; ++kinds) {
          INFO("kinds " << kinds);
          Metadata metadata = all();
          if ((kinds & 1U) == 0) metadata.icc.clear();
          if ((kinds & 2U) == 0) metadata.exif.clear();
          if ((kinds & 4U) == 0) metadata.xmp.clear();
          const Metadata expected = carried(codec, metadata);
          const File file = with(options, metadata, in);
          CHECK(file == with(options, metadata, in));
          CHECK(metadata_of(codec, file) == expected);
          CHECK((file == plain) == expected.empty());
          const auto info = read_info(file, {});
          REQUIRE(info);
          CHECK(info->icc == expected.icc);
          CHECK(info->orientation == 1);
          Tensor after;
          const auto damage = read(file, after);
          REQUIRE(damage);
          CHECK(damage->empty());
          CHECK(same(before, after));
        }
      }
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("formats carry the kinds of metadata that the documents promise", "[codecs][metadata]") {
  for (const Format format : {Format::Jpeg, Format::Png, Format::Webp}) {
    const Carries& carries = codec_of(format).encoder->carries;
    CHECK((carries.icc && carries.exif && carries.xmp));
  }
  const Carries& tiff = codec_of(Format::Tiff).encoder->carries;
  CHECK((tiff.icc && !tiff.exif && tiff.xmp));
}

TEST_CASE("metadata is put between what an output has without it", "[codecs][metadata]") {
  const Tensor in = picture(40, 30, 3);
  int segments = 0;
  CHECK(without_segments(with({.format = Format::Jpeg}, all(), in), segments) ==
        encoded(in, {.format = Format::Jpeg}));
  CHECK(segments == 3);
  CHECK(without_chunks(with({.format = Format::Png}, all(), in), 8, 4, true,
                       {"iCCP", "eXIf", "iTXt"}) == encoded(in, {.format = Format::Png}));
  for (const std::int64_t channels : {3, 4}) {
    for (const bool lossless : {false, true}) {
      const Tensor pixels = picture(40, 30, channels);
      const EncodeOptions options{.format = Format::Webp, .lossless = lossless};
      File plain = encoded(pixels, options);
      File rest = without_chunks(with(options, all(), pixels), 12, 0, false,
                                 {"VP8X", "ICCP", "EXIF", "XMP "});
      if (channels == 4 && !lossless) plain = without_chunks(plain, 12, 0, false, {"VP8X"});
      std::fill_n(plain.begin() + 4, 4, std::uint8_t{0});  // sizes
      std::fill_n(rest.begin() + 4, 4, std::uint8_t{0});
      CHECK(rest == plain);
    }
  }
}

TEST_CASE("a large profile is written in parts to JPEG, and libjpeg joins them",
          "[codecs][metadata][jpeg]") {
  const Tensor in = picture(16, 16, 3);
  for (const std::size_t size : {1U, 65518U, 65519U, 65520U, 131038U, 200000U}) {
    INFO(size);
    Metadata metadata;
    metadata.icc = profile(size);
    const File file = with({.format = Format::Jpeg}, metadata, in);
    CHECK(profile_by_libjpeg(file) == metadata.icc);
    CHECK(metadata_of(codec_of(Format::Jpeg), file) == metadata);
    int segments = 0;
    CHECK(without_segments(file, segments) == encoded(in, {.format = Format::Jpeg}));
    CHECK(static_cast<std::size_t>(segments) == (size + 65518) / 65519);
    for (const std::int64_t channels : {1, 3})
      CHECK(decode_by_libjpeg(with({.format = Format::Jpeg}, metadata, picture(9, 9, channels)))
                .good());
  }
}

TEST_CASE("a lossless crop of a JPEG has only the metadata that is given",
          "[codecs][metadata][jpeg]") {
  const Codec& jpeg = codec_of(Format::Jpeg);
  const Metadata given = all(100000);
  const Tensor in = picture(64, 80, 3);
  const Window window{2, {Interval{16, 48}, Interval{32, 80}}};
  const auto cut = [&](const File& file, const Metadata& metadata) {
    Buffer out;
    REQUIRE(jpeg.lossless_crop->crop(file, window, metadata, out));
    return File(out.data(), out.data() + out.size());
  };
  const File file = encoded(in, {.format = Format::Jpeg});
  const File plain = cut(file, {});
  CHECK(cut(with({.format = Format::Jpeg}, all(), in), {}) == plain);
  CHECK(metadata_of(jpeg, plain).empty());
  const File with_given = cut(with({.format = Format::Jpeg}, all(), in), given);
  CHECK(metadata_of(jpeg, with_given) == given);
  CHECK(profile_by_libjpeg(with_given) == given.icc);
  int segments = 0;
  CHECK(without_segments(with_given, segments) == plain);
  CHECK(segments == 4);

  Buffer out;
  Metadata large;
  large.exif.resize(65528);
  const auto refused = jpeg.lossless_crop->crop(file, window, large, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::TooLarge);
}

TEST_CASE("metadata that a JPEG cannot hold is refused with the reason",
          "[codecs][metadata][jpeg]") {
  const Tensor in = picture(16, 16, 1);
  const auto outcome = [&](const Metadata& metadata) {
    Buffer out;
    const auto done = encode_tensor(in, {.format = Format::Jpeg, .metadata = metadata}, out);
    if (!done) {
      CHECK(done.error().code == ErrorCode::TooLarge);
      return done.error().message;
    }
    const File file(out.data(), out.data() + out.size());
    CHECK(metadata_of(codec_of(Format::Jpeg), file) == metadata);
    return std::string("written");
  };
  CHECK(outcome({{}, File(65527, 'x'), {}}) == "written");
  CHECK(outcome({{}, File(65528, 'x'), {}}) ==
        "the EXIF block has 65528 bytes, and jpg holds at most 65527 of it; write png or webp, or "
        "leave it out");
  CHECK(outcome({{}, {}, std::string(65504, 'x')}) == "written");
  CHECK(outcome({{}, {}, std::string(65505, 'x')})
            .starts_with("the XMP packet has 65505 bytes, and jpg holds at most 65504 of it"));
  CHECK(outcome({File(std::size_t{255} * 65519, 'x'), {}, {}}) == "written");
  CHECK(outcome({File(std::size_t{255} * 65519 + 1, 'x'), {}, {}})
            .starts_with("the ICC profile has 16707346 bytes"));
}

TEST_CASE("libpng, libtiff and libwebp read the metadata that is written", "[codecs][metadata]") {
  const Stderr said;
  Metadata metadata = all();
  metadata.icc = checked_profile("RGB ");
  for (const DType dtype : {DType::UInt8, DType::UInt16})
    CHECK(by_libpng(with({.format = Format::Png}, metadata, picture(9, 7, 3, dtype))) == metadata);
  for (const std::int64_t channels : {1, 3, 4}) {
    for (const bool lossless : {false, true}) {
      const Tensor in = picture(9, 7, channels);
      CHECK(by_libwebp(with({.format = Format::Webp, .lossless = lossless}, metadata, in)) ==
            metadata);
      metadata.exif.push_back(0);  // odd sizes are padded
      metadata.xmp.push_back(' ');
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("a profile of a TIFF that is outside of the file counts as unreadable",
          "[codecs][metadata][tiff]") {
  File file = with({.format = Format::Tiff}, all(), picture(9, 7, 3));
  const std::size_t entry = find(file, "\x73\x87\x07\x00"sv);  // ICCProfile, UNDEFINED
  REQUIRE(entry < file.size());
  file[entry + 11] = 0x7F;
  const auto info = read_info(file, {});
  REQUIRE(info);
  CHECK(info->icc == unreadable_icc());
  CHECK(read_info(encoded(picture(9, 7, 3), {.format = Format::Tiff}), {})->icc.empty());
}

TEST_CASE("a profile is in every page of a TIFF", "[codecs][metadata][tiff]") {
  Tensor volume;
  volume.reset(Shape::volume(3, 20, 30, 1), DType::UInt8);
  std::fill_n(volume.data.data(), volume.byte_count(), std::uint8_t{9});
  const File file = with({.format = Format::Tiff}, all(), volume);
  const Metadata read_back = metadata_of(codec_of(Format::Tiff), file);
  CHECK(read_back.icc == all().icc);
  CHECK(read_back.xmp == kXmp);
  CHECK(codec_of(Format::Tiff).pages->read_volume_info(file)->icc == all().icc);
  std::size_t profiles = 0;
  const File profile_bytes = all().icc;
  const std::string icc(profile_bytes.begin(), profile_bytes.end());
  for (std::size_t at = find(file, icc); at < file.size(); at = find(file, icc, at + 1))
    ++profiles;
  CHECK(profiles == 3);
}

TEST_CASE("a PNG too large to be compressed at once has the same metadata",
          "[codecs][metadata][png]") {
  Tensor in;
  in.reset(Shape::image(5000, 7000, 1), DType::UInt8);
  std::fill_n(in.data.data(), in.byte_count(), std::uint8_t{7});
  Metadata metadata = all();
  metadata.icc = checked_profile("GRAY");
  const EncodeOptions options{.format = Format::Png, .compression = 1};
  const File file = with(options, metadata, in);
  CHECK(by_libpng(file) == metadata);
  CHECK(metadata_of(codec_of(Format::Png), file) == metadata);
  CHECK(without_chunks(file, 8, 4, true, {"iCCP", "eXIf", "iTXt"}) == encoded(in, options));
  const File small = with({.format = Format::Png}, metadata, picture(3, 3, 1));
  const auto chunks = [](const File& of) {  // the chunks between IHDR and IDAT
    return File(of.begin() + 33, of.begin() + static_cast<std::ptrdiff_t>(find(of, "IDAT")) - 4);
  };
  CHECK(chunks(file) == chunks(small));
}

TEST_CASE("the profile of a BMP is read where its header says one is in the file",
          "[codecs][metadata][bmp]") {
  // 14 bytes of a file header, a BITMAPV5HEADER, one pixel of 24 bits, the profile
  File file(14 + 124 + 4);
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      file[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  file[0] = 'B';
  file[1] = 'M';
  put(10, 14 + 124);
  put(14, 124);
  put(18, 1);
  put(22, 1);
  put(26, 1 | 24U << 16U);
  put(14 + 56, 0x4D424544);
  put(14 + 112, 124 + 4);
  put(14 + 116, 9);
  file += "a profile";
  const auto icc = [&] {
    const File copy(file);
    const auto info = read_info(copy, {});
    REQUIRE(info);
    CHECK(metadata_of(codec_of(Format::Bmp), copy).icc == info->icc);
    return std::string(info->icc.begin(), info->icc.end());
  };
  CHECK(icc() == "a profile");
  const std::string unreadable(1, '\0');
  for (const std::uint32_t size : {10U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    put(14 + 116, size);
    CHECK(icc() == unreadable);
  }
  put(14 + 116, 9);
  for (const std::uint32_t at : {129U, 1000U, 0xFFFFFFFFU}) {
    put(14 + 112, at);
    CHECK(icc() == unreadable);
  }
  put(14 + 112, 124 + 4);
  put(14 + 56, 0x4C494E4B);  // "LINK": the name of another file
  CHECK(icc().empty());
  CHECK(metadata_of(codec_of(Format::Bmp), encoded(picture(4, 4, 4), {.format = Format::Bmp}))
            .empty());
}

TEST_CASE("bytes that writers put around metadata are not part of it", "[codecs][metadata]") {
  Metadata around = all();
  around.exif.insert(around.exif.begin(), {'E', 'x', 'i', 'f', 0, 0});
  around.xmp += "\0\0"sv;
  const Tensor in = picture(9, 7, 3);
  for (const Format format : {Format::Jpeg, Format::Png, Format::Webp}) {
    const Codec& codec = codec_of(format);
    INFO(codec.name);
    CHECK(metadata_of(codec, with({.format = format}, around, in)) == all());
  }
}

TEST_CASE("changed bytes in metadata never crash a reader or print anything",
          "[codecs][metadata]") {
  const Stderr said;
  const Tensor in = picture(5, 4, 3);
  Metadata metadata = all(300);
  for (const Format format : {Format::Jpeg, Format::Png, Format::Webp, Format::Tiff}) {
    const Codec& codec = codec_of(format);
    const File file = with({.format = format}, metadata, in);
    with_flips(file, 1000, [&](const File& changed) {
      if (!codec.matches(changed)) return;
      const Metadata got = metadata_of(codec, changed);
      CHECK(got.icc.size() + got.exif.size() + got.xmp.size() <= 2 * file.size());
    });
    for (std::size_t n = 32; n < file.size(); n += 7) {
      const Metadata got = metadata_of(codec, first_bytes(file, n));
      CHECK((got.icc.empty() || got.icc == metadata.icc || got.icc == unreadable_icc()));
    }
  }
  CHECK(said.text().empty());
}

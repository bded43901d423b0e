// SPDX-License-Identifier: Apache-2.0
#include "support/jpeg.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string_view>
#include <utility>

#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "core/text.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

enum class Kind { Baseline, Progressive, Arithmetic, Restarts, Cmyk, SeparateScans };

// A JPEG of a kind that deckle does not write.
File jpeg(const Tensor& pixels, Kind kind, bool adobe = true) {
  jpeg_scan_info scans[3]{};
  for (int i = 0; i < 3; ++i)
    scans[i] = {1, {i, 0, 0, 0}, 0, 63, 0, 0};
  return jpeg_with(pixels, kind == Kind::Cmyk ? JCS_CMYK : JCS_UNKNOWN, [&](auto& j) {
    if (kind == Kind::Progressive) jpeg_simple_progression(&j);
    if (kind == Kind::Arithmetic) j.arith_code = TRUE;
    if (kind == Kind::Restarts) j.restart_in_rows = 1;
    if (kind == Kind::Cmyk) j.write_Adobe_marker = adobe ? TRUE : FALSE;
    if (kind == Kind::SeparateScans) {
      j.scan_info = scans;
      j.num_scans = 3;
    }
  });
}

const DecodeOptions kAccept{.accept_truncated = true};

}  // namespace

TEST_CASE("a JPEG comes back with its shape and nearly its samples", "[codecs][jpeg]") {
  for (const std::int64_t channels : {1, 3}) {
    for (const auto& [rows, cols] : {std::pair{1, 1}, {17, 1}, {1, 300}, {64, 80}, {61, 83}}) {
      // smooth, because colour is stored in half the resolution
      Tensor in;
      in.reset(Shape::image(rows, cols, channels), DType::UInt8);
      for (std::size_t i = 0; i < in.byte_count(); ++i) {
        in.data.data()[i] =
            static_cast<std::uint8_t>(i / in.row_bytes() + i % in.row_bytes() / 3 % 100);
      }
      const File file = encoded(in, {.format = Format::Jpeg, .quality = 100});
      Tensor out;
      const Result<Damage> damage = read(file, out);
      REQUIRE(damage);
      CHECK(damage->empty());
      CHECK(out.shape == in.shape);
      CHECK(largest_difference(in, out) <= (channels == 1 ? 2 : 12));
    }
  }
}

TEST_CASE("the same pixels give the same JPEG, also into a used buffer", "[codecs][jpeg]") {
  const Tensor in = picture(50, 60, 3);
  const File first = encoded(in, {.format = Format::Jpeg});
  Buffer out;
  out.append(File(100000, 7));
  REQUIRE(codec_of(Format::Jpeg).encoder->encode(in, {.format = Format::Jpeg}, out));
  CHECK(first == File(out.data(), out.data() + out.size()));
  CHECK(encoded(in, {.format = Format::Jpeg, .quality = 20}).size() < first.size());
}

TEST_CASE("progressive, arithmetic, restarts and separate scans decode to what the baseline does",
          "[codecs][jpeg]") {
  const Tensor in = picture(70, 90, 3);
  Tensor base;
  REQUIRE(read(jpeg(in, Kind::Baseline), base));
  for (const Kind kind :
       {Kind::Progressive, Kind::Arithmetic, Kind::Restarts, Kind::SeparateScans}) {
    Tensor out;
    const Result<Damage> damage = read(jpeg(in, kind), out);
    REQUIRE(damage);
    CHECK(damage->empty());
    CHECK(same(base, out));
  }
}

TEST_CASE("CMYK is inverted, with and without Adobe's marker", "[codecs][jpeg]") {
  Tensor ink;
  ink.reset(Shape::image(16, 16, 4), DType::UInt8);
  for (std::size_t i = 0; i < ink.byte_count(); i += 4) {
    const std::uint8_t values[4]{255, 128, 0, 200};
    std::memcpy(ink.data.data() + i, values, 4);
  }
  Tensor adobe;
  Tensor plain;
  REQUIRE(read(jpeg(ink, Kind::Cmyk, true), adobe));
  REQUIRE(read(jpeg(ink, Kind::Cmyk, false), plain));
  CHECK(adobe.shape == Shape::image(16, 16, 3));
  const auto near = [](int a, int b) { return std::abs(a - b) <= 2; };
  CHECK(near(adobe.data.data()[0], 200));
  CHECK(near(adobe.data.data()[1], 100));
  CHECK(near(adobe.data.data()[2], 0));
  CHECK(same(adobe, plain));
}

TEST_CASE("a JPEG that is cut anywhere is an error with a place, or read with damage text",
          "[codecs][jpeg]") {
  const Stderr said;
  for (const Kind kind : {Kind::Baseline, Kind::Progressive, Kind::Arithmetic, Kind::Restarts,
                          Kind::SeparateScans, Kind::Cmyk}) {
    const File file = jpeg(picture(70, 90, kind == Kind::Cmyk ? 4 : 3), kind);
    // The last 3 bytes may hold only the end of the last block.
    for (std::size_t n = 2; n + 5 < file.size(); n += 1 + file.size() / 150) {
      INFO(static_cast<int>(kind) << ": " << n << " of " << file.size());
      Tensor out;
      const Result<Damage> strict = read(first_bytes(file, n), out);
      REQUIRE_FALSE(strict);
      INFO(strict.error().message);
      CHECK(strict.error().code == ErrorCode::Truncated);
      const Result<Damage> lenient = read(first_bytes(file, n), out, kAccept);
      if (lenient) CHECK_FALSE(lenient->empty());
    }
  }
  CHECK(said.text().empty());
}

TEST_CASE("the message of a cut JPEG says the row", "[codecs][jpeg]") {
  const File file = jpeg(picture(160, 90, 3), Kind::Baseline);
  CHECK(message_of(first_bytes(file, file.size() - 40)) ==
        "truncated: the picture data ends at row 144 of 160");
  CHECK(message_of(first_bytes(file, 30)) == "truncated: the file ends within its header");
  const File progressive = jpeg(picture(160, 90, 3), Kind::Progressive);
  CHECK(message_of(first_bytes(progressive, 600)).find("in scan ") != std::string::npos);
}

TEST_CASE("a baseline JPEG without its end marker is whole, a progressive one is not",
          "[codecs][jpeg]") {
  const Tensor in = picture(70, 90, 3);
  Tensor whole;
  Tensor cut;
  File file = jpeg(in, Kind::Baseline);
  REQUIRE(read(file, whole));
  file.resize(file.size() - 2);
  REQUIRE(read(file, cut));
  CHECK(same(whole, cut));
  for (const Kind kind : {Kind::Progressive, Kind::Arithmetic, Kind::SeparateScans}) {
    file = jpeg(in, kind);
    file.resize(file.size() - 2);
    const Result<Damage> damage = read(file, cut);
    REQUIRE_FALSE(damage);
    CHECK(damage.error().code == ErrorCode::Truncated);
  }
}

TEST_CASE("bytes after the end marker are ignored", "[codecs][jpeg]") {
  File file = jpeg(picture(20, 20, 3), Kind::Progressive);
  Tensor before;
  Tensor after;
  REQUIRE(read(file, before));
  file += "garbage \xff\xda\xff\xda"sv;
  const Result<Damage> damage = read(file, after);
  REQUIRE(damage);
  CHECK(damage->empty());
  CHECK(same(before, after));
}

TEST_CASE("zero bytes after the end marker are not a hole, with any bytes after them",
          "[codecs][jpeg][window]") {
  for (const Kind kind : {Kind::Baseline, Kind::Restarts, Kind::SeparateScans}) {
    const File file = jpeg(picture(200, 200, 3), kind);
    Tensor before;
    REQUIRE(read(file, before));
    File zeros(file);
    zeros.resize(zeros.size() + 512);
    File more(zeros);  // cameras append a second picture
    more.insert(more.end(), file.begin(), file.end());
    for (const File& longer : {zeros, more}) {
      Tensor after;
      const Result<Damage> damage = read(longer, after);
      REQUIRE(damage);
      CHECK(damage->empty());
      CHECK(same(before, after));
      CHECK(decode_window(longer, *read_info(longer, {}), {},
                          Window{2, {Interval{90, 100}, Interval{0, 10}}}, after));
      Buffer out;
      CHECK(codec_of(Format::Jpeg).lossless_crop->crop(longer, whole(before.shape), {}, out));
    }
  }
}

TEST_CASE("the end marker of another picture is not the end of a cut one",
          "[codecs][jpeg][window]") {
  const File file = jpeg(picture(200, 200, 3), Kind::Baseline);
  File two = first_bytes(file, file.size() * 2 / 3);
  two.insert(two.end(), file.begin(), file.end());
  const auto info = read_info(two, {});
  REQUIRE(info);
  Tensor out;
  CHECK_FALSE(read(two, out));
  CHECK_FALSE(decode_window(two, *info, {}, Window{2, {Interval{0, 8}, Interval{0, 8}}}, out));
}

TEST_CASE("a hole of zero bytes in the picture data is damage", "[codecs][jpeg]") {
  File file = jpeg(picture(200, 200, 3), Kind::Baseline);
  const std::size_t at = file.size() / 2;
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(at), 512, std::uint8_t{0});
  CHECK(
      message_of(file).starts_with("damaged: 512 zero bytes within the picture data, from byte "));
  Buffer out;
  CHECK_FALSE(
      codec_of(Format::Jpeg).lossless_crop->crop(file, whole(Shape::image(200, 200, 3)), {}, out));
}

namespace {

File ycck(const Tensor& inks) {
  return jpeg_with(inks, JCS_CMYK, [](jpeg_compress_struct& j) {
    jpeg_set_colorspace(&j, JCS_YCCK);
    j.comp_info[0].h_samp_factor = j.comp_info[0].v_samp_factor = 2;
    j.comp_info[3].h_samp_factor = j.comp_info[3].v_samp_factor = 2;
  });
}

File before_end(const File& file, const File& bytes) {
  File longer(file);
  longer.insert(longer.end() - 2, bytes.begin(), bytes.end());
  return longer;
}

}  // namespace

TEST_CASE("stray bytes before the end marker are noted, and the picture is whole",
          "[codecs][jpeg]") {
  File noise(2226);
  std::mt19937 random(5);
  for (auto& byte : noise)
    byte = static_cast<std::uint8_t>(random() % 255);  // no marker
  const std::vector<File> strays{File(12, 0), File(700, 0), File(64, 0x55), noise};
  for (const Kind kind : {Kind::Baseline, Kind::Restarts, Kind::Cmyk}) {
    for (const std::int64_t channels : {1, 3}) {
      const bool inks =
          kind == Kind::Cmyk;  // then 1 for CMYK, 3 for YCCK in half of the resolution
      const Tensor in = picture(61, 83, inks ? 4 : channels);
      const File file = inks && channels == 3 ? ycck(in) : jpeg(in, kind);
      Tensor whole_picture;
      REQUIRE(read(file, whole_picture)->empty());
      for (const File& stray : strays) {
        const File longer = before_end(file, stray);
        const std::string note = count_of(stray.size(), "stray byte") +
                                 " between the picture data and the end marker; the "
                                 "picture is whole";
        INFO(static_cast<int>(kind) << " " << channels << " " << stray.size());
        for (const DecodeOptions& options : {DecodeOptions{}, kAccept}) {
          Tensor out;
          const Result<Damage> damage = read(longer, out, options);
          REQUIRE(damage);
          CHECK(damage->missing.empty());
          CHECK(damage->note == note);
          CHECK(same(whole_picture, out));
        }
        if (inks) continue;  // decoded whole, never as a window
        const auto info = read_info(longer, {});
        const auto rows = codec_of(Format::Jpeg)
                              .rows->open(longer, *info, {.check_all = true}, whole(info->shape));
        REQUIRE(rows);
        REQUIRE((*rows)->row(60));
        REQUIRE((*rows)->finish());
        CHECK((*rows)->note() == note);
        Buffer out;
        CHECK(codec_of(Format::Jpeg).lossless_crop->crop(longer, whole(info->shape), {}, out));
      }
    }
  }
}

TEST_CASE("bytes before the end marker are damage if synchronisation may have been lost",
          "[codecs][jpeg]") {
  // If the header asks for fewer MCUs than there are, whole MCUs are left.
  const auto lower = [](File file) {
    file.at(find(file, "\xff\xc0"sv) + 6) = 48;
    return file;
  };
  for (const std::int64_t channels : {1, 3}) {
    const std::string message = message_of(lower(jpeg(picture(64, 80, channels), Kind::Baseline)));
    CHECK(message.starts_with("damaged: corrupt entropy data near row 48 of 48"));
  }
  CHECK(message_of(lower(jpeg(picture(64, 80, 4), Kind::Cmyk))).starts_with("damaged: "));
  // Bits after the last MCU that are not padding.
  File file = jpeg(picture(61, 83, 3), Kind::Baseline);
  int padded = 0;
  for (int tries = 0; tries < 256; ++tries) {
    file.at(file.size() - 3) = static_cast<std::uint8_t>(tries);
    if (tries == 0xFF) continue;
    Tensor out;
    const auto damage = read(before_end(file, File(100, 0x55)), out);
    padded += damage ? 1 : 0;
  }
  CHECK(padded >= 1);
  CHECK(padded < 128);
  // Between scans, between restarts, and in files that JpegScan does not read.
  for (const Kind kind : {Kind::Progressive, Kind::Arithmetic, Kind::SeparateScans}) {
    const File other = jpeg(picture(61, 83, 3), kind);
    INFO(static_cast<int>(kind));
    CHECK(message_of(before_end(other, File(100, 0x55))).starts_with("damaged: "));
  }
  File restarts = jpeg(picture(61, 83, 3), Kind::Restarts);
  const std::size_t marker = find(restarts, "\xff\xd1"sv);
  restarts.insert(restarts.begin() + static_cast<std::ptrdiff_t>(marker), 100, 0x55);
  CHECK(message_of(restarts).starts_with("damaged: "));
}

TEST_CASE("a component without a scan is damage, not grey", "[codecs][jpeg]") {
  File file = jpeg(picture(32, 32, 3), Kind::SeparateScans);
  // the third scan's header begins with its marker, a length of 8 and one component
  std::size_t scan = 0;
  for (int i = 0; i < 3; ++i)
    scan = find(file, "\xff\xda\0\x08\x01"sv, scan + 1);
  REQUIRE(scan < file.size());
  file.resize(scan);
  file += "\xff\xd9"sv;
  CHECK(message_of(file) == "damaged: no scan contains colour component 3 of 3");
}

TEST_CASE("a JPEG with more than 100 scans is refused before it is decoded", "[codecs][jpeg]") {
  File file = jpeg(picture(32, 32, 1), Kind::Progressive);
  const std::size_t first = find(file, "\xff\xda"sv);
  const std::size_t second = find(file, "\xff\xda"sv, first + 1);
  const File scan(file.begin() + static_cast<std::ptrdiff_t>(first),
                  file.begin() + static_cast<std::ptrdiff_t>(second));
  for (int i = 0; i < 120; ++i)
    file.insert(file.begin() + static_cast<std::ptrdiff_t>(first), scan.begin(), scan.end());
  Tensor out;
  const Result<Damage> damage = read(file, out, kAccept);
  REQUIRE_FALSE(damage);
  CHECK(damage.error().code == ErrorCode::Unsupported);
}

TEST_CASE("JPEG headers that lie, are empty or of another kind are refused with the reason",
          "[codecs][jpeg]") {
  const File file = jpeg(picture(32, 32, 3), Kind::Baseline);
  const std::size_t frame = find(file, "\xff\xc0"sv);
  const auto with = [&](std::size_t at, std::string_view bytes) {
    File copy(file);
    std::copy(bytes.begin(), bytes.end(), copy.begin() + static_cast<std::ptrdiff_t>(frame + at));
    return read_info(copy, {}).error();
  };
  CHECK(with(5, "\xf0\0\xf0\0"sv).code == ErrorCode::TooLarge);
  CHECK(with(5, "\xff\xff\xff\xff"sv).code == ErrorCode::TooLarge);
  CHECK(with(5, "\0\0\0\0"sv).message == "damaged: the header says 0 x 0 pixels");
  CHECK(with(4, "\x0c"sv).message == "JPEG with 12 bits per sample is not read, only 8");
  CHECK(with(1, "\xc3"sv).message == "lossless JPEG (SOF3) is not read");
  CHECK(with(1, "\xc3"sv).code == ErrorCode::Unsupported);
  CHECK(with(1, "\xf7"sv).message == "JPEG-LS (SOF55) is not read");
  CHECK(with(1, "\xf7"sv).code == ErrorCode::Unsupported);

  File late(file);  // its height follows the first scan
  late.at(frame + 5) = late.at(frame + 6) = 0;
  CHECK(read_info(late, {}).error().code == ErrorCode::Damaged);
  late = before_end(late, {0xFF, 0xDC, 0, 4, 0, 32});
  CHECK(read_info(late, {}).error().message ==
        "JPEG that says its height only after the picture data (DNL) is not read");
  CHECK(read_info(late, {}).error().code == ErrorCode::Unsupported);

  File thirds(file);
  thirds.at(frame + 11) = 0x32;  // sampling factors of the first component, and of the second
  thirds.at(frame + 14) = 0x21;
  Tensor out;
  const Result<Damage> read_thirds = read(thirds, out);
  REQUIRE_FALSE(read_thirds);
  CHECK(read_thirds.error().code == ErrorCode::Unsupported);
  CHECK(read_thirds.error().message ==
        "this kind of JPEG is not read (Fractional sampling not implemented yet)");
}

TEST_CASE("JPEG orientation is read from APP1 and applied unless it is to be ignored",
          "[codecs][jpeg]") {
  File file = jpeg(picture(20, 30, 3), Kind::Baseline);
  Tensor stored;
  REQUIRE(read(file, stored));
  const std::string_view app1 =
      "\xff\xe1\0\x22"
      "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"sv;
  file.insert(file.begin() + 2, app1.begin(), app1.end());
  CHECK(read_info(file, {})->orientation == 6);
  Tensor upright;
  Tensor ignored;
  REQUIRE(read(file, upright));
  REQUIRE(read(file, ignored, {.apply_orientation = false}));
  CHECK(upright.shape == Shape::image(30, 20, 3));
  CHECK(same(ignored, stored));
  // 6: the stored first row is the right side
  CHECK(std::memcmp(upright.data.data() + 19 * 3, stored.data.data(), 3) == 0);
}

TEST_CASE("the ICC profile of a JPEG is joined from its parts", "[codecs][jpeg]") {
  const File file = jpeg(picture(20, 30, 3), Kind::Baseline);
  const auto part = [](int number, int of, const std::string& data) {
    return std::string("\xff\xe2\0"sv) + static_cast<char>(16 + data.size()) +
           std::string("ICC_PROFILE\0"sv) + static_cast<char>(number) + static_cast<char>(of) +
           data;
  };
  const auto icc = [&](const std::string& parts) {
    File with(file);
    with.insert(with.begin() + 2, parts.begin(), parts.end());
    const auto info = read_info(with, {});
    REQUIRE(info);
    return std::string(info->icc.begin(), info->icc.end());
  };
  CHECK(icc(part(1, 1, "a profile")) == "a profile");
  CHECK(icc(part(2, 2, "file") + part(1, 2, "a pro")) == "a profile");
  const std::string unreadable(1, '\0');
  CHECK(icc(part(1, 2, "a pro")) == unreadable);
  CHECK(icc(part(1, 1, "a profile") + part(1, 1, "a profile")) == unreadable);
  CHECK(icc("").empty());
}

TEST_CASE("changed bytes in a JPEG never crash it or print anything", "[codecs][jpeg]") {
  const Stderr said;
  for (const Kind kind : {Kind::Baseline, Kind::Progressive, Kind::Arithmetic, Kind::Restarts}) {
    with_flips(jpeg(picture(40, 50, 3), kind), 400, [](const File& file) {
      Tensor out;
      const DecodeOptions small{.max_pixels = 1 << 20};
      static_cast<void>(read(file, out, small));
      static_cast<void>(read(file, out, {.accept_truncated = true, .max_pixels = 1 << 20}));
    });
  }
  CHECK(said.text().empty());
}

TEST_CASE("JPEG refuses samples that it cannot contain, and names those that it can",
          "[codecs][jpeg]") {
  const auto refuse = [](const Shape& shape, DType dtype) {
    return codec_of(Format::Jpeg).encoder->check(shape, dtype).error();
  };
  CHECK(
      refuse(Shape::image(1, 1, 3), DType::UInt16).message ==
      "jpg holds uint8, not uint16; set \"output\": {\"dtype\": \"uint8\"}, or another \"format\"");
  CHECK(refuse(Shape::image(1, 1, 4), DType::UInt8).message ==
        "jpg holds 1 or 3 channels, not 4; alpha is kept by png and tiff");
  CHECK(refuse(Shape::image(1, 70000, 3), DType::UInt8).code == ErrorCode::TooLarge);
  CHECK(refuse(Shape{3, {1, 1, 1}, 1}, DType::UInt8).code == ErrorCode::Shape);
}

namespace {

// The samples of random windows are those of a full decode, and each window contains the requested
// one.
void check_windows(const File& file, int count, std::mt19937& random) {
  auto info = read_info(file, {});
  REQUIRE(info);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    info->orientation = orientation;
    Tensor all;
    REQUIRE(decode(file, *info, {}, all));
    const auto below = [&](std::int64_t n) {
      return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
    };
    for (int i = 0; i < count; ++i) {
      Window needed;
      for (int a = 0; a < 2; ++a) {
        needed[a].begin = below(all.shape[a]);
        needed[a].end = needed[a].begin + 1 + below(all.shape[a] - needed[a].begin);
      }
      Tensor part;
      const auto decoded = decode_window(file, *info, {}, needed, part);
      REQUIRE(decoded);
      const Window& got = decoded->window;
      REQUIRE(got.united_with(needed) == got);
      bool equal = true;
      for (std::int64_t r = needed[0].begin; r < needed[0].end; ++r) {
        const auto pixel = static_cast<std::int64_t>(all.pixel_bytes());
        const auto* from = part.row(r - got[0].begin) + (needed[1].begin - got[1].begin) * pixel;
        const auto* expected = all.row(r) + needed[1].begin * pixel;
        equal = equal && std::equal(from, from + needed[1].length() * pixel, expected);
      }
      INFO(orientation << ": " << needed[0].begin << " " << needed[1].begin << " " << needed[0].end
                       << " " << needed[1].end << " of " << to_string(all.shape));
      CHECK(equal);
    }
  }
}

}  // namespace

TEST_CASE("JPEG windows are those of a full decode, bit for bit", "[codecs][jpeg][window]") {
  std::mt19937 random(7);
  for (const std::int64_t channels : {1, 3}) {
    for (const auto& [rows, cols] : {std::pair{1, 1}, {17, 1}, {61, 83}, {128, 96}}) {
      check_windows(encoded(picture(rows, cols, channels), {.format = Format::Jpeg}), 30, random);
    }
  }
  for (const Kind kind : {Kind::Progressive, Kind::Restarts}) {
    check_windows(jpeg(picture(61, 83, 3), kind), 30, random);
  }
}

TEST_CASE("JPEG windows of photographs are those of a full decode", "[codecs][jpeg][window]") {
  if (data_folder().empty()) {
    WARN("SKIPPED: DECKLE_TEST_DATA is not set");
    return;
  }
  std::mt19937 random(8);
  for (const auto& entry : std::filesystem::directory_iterator(data_folder() / "odd")) {
    if (!entry.is_regular_file()) continue;
    const File file = load(entry.path());
    const auto info = read_info(file, {});
    if (!info || info->format != Format::Jpeg) continue;
    CAPTURE(entry.path().filename().string());
    check_windows(file, 8, random);
  }
}

TEST_CASE("a lossless crop has the samples of the window", "[codecs][jpeg]") {
  const Codec& codec = codec_of(Format::Jpeg);
  const Window window{2, {Interval{16, 67}, Interval{32, 91}}};
  for (const std::int64_t channels : {1, 3}) {
    for (const bool progressive : {false, true}) {
      const File file = jpeg_with(picture(83, 99, channels), JCS_UNKNOWN, [&](auto& j) {
        if (progressive) jpeg_simple_progression(&j);
        jpeg_set_quality(&j, 60, TRUE);
      });
      Buffer out;
      REQUIRE(codec.lossless_crop->crop(file, window, {}, out));
      Tensor all;
      Tensor part;
      REQUIRE(read(file, all));
      REQUIRE(read(File(out.data(), out.data() + out.size()), part));
      REQUIRE(part.shape == Shape::image(51, 59, channels));
      // At the edge of the crop, upsampling has other neighbours.
      const std::int64_t edge = channels == 1 ? 0 : 2;
      bool equal = true;
      for (std::int64_t r = edge; r < 51 - edge; ++r) {
        equal = equal &&
                std::memcmp(part.row(r) + edge * channels, all.row(16 + r) + (32 + edge) * channels,
                            static_cast<std::size_t>((59 - 2 * edge) * channels)) == 0;
      }
      CHECK(equal);
      // A crop of the whole picture is the same picture.
      REQUIRE(
          codec.lossless_crop->crop(file, Window{2, {Interval{0, 83}, Interval{0, 99}}}, {}, out));
      REQUIRE(read(File(out.data(), out.data() + out.size()), part));
      CHECK(same(part, all));
    }
  }
}

TEST_CASE("a lossless crop that is impossible is refused with the reason", "[codecs][jpeg]") {
  const Codec& codec = codec_of(Format::Jpeg);
  const File file = encoded(picture(60, 60, 3), {.format = Format::Jpeg});
  const auto refused =
      codec.lossless_crop->check(file, Window{2, {Interval{8, 40}, Interval{16, 40}}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::Unsupported);
  CHECK(refused.error().message ==
        "the output begins at row 8, column 16 of blocks of 16 x 16; begin at a multiple of them");
  CHECK_FALSE(codec.lossless_crop->check(jpeg(picture(32, 32, 4), Kind::Cmyk),
                                         Window{2, {Interval{0, 16}, Interval{0, 16}}}));
  Buffer out;
  File cut_short = file;
  cut_short.resize(file.size() * 2 / 3);
  const auto truncated = codec.lossless_crop->crop(
      cut_short, Window{2, {Interval{16, 40}, Interval{16, 40}}}, {}, out);
  REQUIRE_FALSE(truncated);
  CHECK(truncated.error().code == ErrorCode::Truncated);
}

TEST_CASE("a lossless crop of grey begins at any block, with any sampling factors",
          "[codecs][jpeg]") {
  const File file = jpeg_with(picture(60, 70, 1), JCS_UNKNOWN, [](auto& j) {
    j.comp_info[0].h_samp_factor = j.comp_info[0].v_samp_factor = 2;
  });
  Buffer out;
  REQUIRE(codec_of(Format::Jpeg)
              .lossless_crop->crop(file, Window{2, {Interval{8, 51}, Interval{24, 70}}}, {}, out));
  Tensor all;
  Tensor part;
  REQUIRE(read(file, all));
  REQUIRE(read(File(out.data(), out.data() + out.size()), part));
  REQUIRE(part.shape == Shape::image(43, 46, 1));
  bool equal = true;
  for (std::int64_t r = 0; r < 43; ++r)
    equal = equal && std::memcmp(part.row(r), all.row(8 + r) + 24, 46) == 0;
  CHECK(equal);
}

TEST_CASE("a picture that decoders smooth is not cut without loss", "[codecs][jpeg]") {
  jpeg_scan_info only_dc{3, {0, 1, 2, 0}, 0, 0, 0, 0};
  const File file = jpeg_with(picture(64, 64, 3), JCS_UNKNOWN, [&](auto& j) {
    j.scan_info = &only_dc;
    j.num_scans = 1;
  });
  Buffer out;
  const auto cut =
      codec_of(Format::Jpeg)
          .lossless_crop->crop(file, Window{2, {Interval{16, 64}, Interval{16, 64}}}, {}, out);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == ErrorCode::Unsupported);
}

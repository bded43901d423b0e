// SPDX-License-Identifier: Apache-2.0
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "codecs/checks.h"
#include "support/catch.h"
#include "support/codec_samples.h"
#include "support/pictures.h"
#include "support/poison.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

struct Writing {
  bool boxes = true;                                 // JP2; else a bare codestream
  unsigned bits = 0;                                 // 0: those of the type
  bool reversible = true;                            // else lossy
  int tile = 0;                                      // rows and columns; 0: all is one tile
  int levels = 4;                                    // of resolution
  OPJ_COLOR_SPACE colours = OPJ_CLRSPC_UNSPECIFIED;  // unspecified: grey or sRGB
  unsigned origin = 0;
  int style = 0;     // 2: SOP markers, 4: EPH markers
  int mode = 0;      // of blocks; 1: raw bits, 63: all modes
  int block = 64;    // rows and columns
  int precinct = 0;  // rows and columns; 0: the largest
  int layers = 1;
};

struct Sink {
  File bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T write_sink(void* from, OPJ_SIZE_T n, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  if (sink.bytes.size() < sink.at + n) sink.bytes.resize(sink.at + n);
  std::memcpy(sink.bytes.data() + sink.at, from, n);
  sink.at += n;
  return n;
}

OPJ_BOOL seek_sink(OPJ_OFF_T to, void* user) {
  static_cast<Sink*>(user)->at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

OPJ_OFF_T skip_sink(OPJ_OFF_T n, void* user) {
  static_cast<Sink*>(user)->at += static_cast<std::size_t>(n);
  return n;
}

File jp2_of(const Tensor& pixels, const Writing& writing = {}) {
  const auto rows = static_cast<OPJ_UINT32>(pixels.shape.rows());
  const auto cols = static_cast<OPJ_UINT32>(pixels.shape.cols());
  const auto channels = static_cast<OPJ_UINT32>(pixels.shape.channels);
  const bool wide = pixels.dtype == DType::UInt16;
  const unsigned bits = writing.bits != 0 ? writing.bits : wide ? 16 : 8;
  std::array<opj_image_cmptparm_t, 4> components{};
  for (opj_image_cmptparm_t& component : components) {
    component.dx = component.dy = 1;
    component.x0 = component.y0 = writing.origin;
    component.w = cols;
    component.h = rows;
    component.prec = bits;
  }
  const OPJ_COLOR_SPACE colours = writing.colours != OPJ_CLRSPC_UNSPECIFIED ? writing.colours
                                  : channels < 3                            ? OPJ_CLRSPC_GRAY
                                                                            : OPJ_CLRSPC_SRGB;
  opj_image_t* const image = opj_image_create(channels, components.data(), colours);
  image->x0 = image->y0 = writing.origin;
  image->x1 = cols + writing.origin;
  image->y1 = rows + writing.origin;
  if (channels % 2 == 0) image->comps[channels - 1].alpha = 1;
  for (std::size_t i = 0; i < std::size_t{rows} * cols; ++i) {
    for (std::size_t k = 0; k < channels; ++k) {
      std::uint16_t sample = 0;
      const std::size_t at = i * channels + k;
      if (wide) {
        std::memcpy(&sample, pixels.data.data() + 2 * at, 2);
      } else {
        sample = pixels.data.data()[at];
      }
      image->comps[k].data[i] = sample;
    }
  }
  opj_cparameters_t parameters{};
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = writing.layers;
  parameters.cp_disto_alloc = 1;
  for (int i = 0; i + 1 < writing.layers; ++i)  // the last layer has all data
    parameters.tcp_rates[i] = static_cast<float>(4 * (writing.layers - i));
  parameters.tcp_rates[writing.layers - 1] = writing.reversible ? 0 : 4;
  parameters.csty = writing.style;
  parameters.mode = writing.mode;
  parameters.cblockw_init = parameters.cblockh_init = writing.block;
  if (writing.precinct > 0) {
    parameters.csty |= 1;
    parameters.res_spec = 1;
    parameters.prcw_init[0] = parameters.prch_init[0] = writing.precinct;
  }
  parameters.irreversible = writing.reversible ? 0 : 1;
  parameters.numresolution = writing.levels;
  parameters.tcp_mct = channels >= 3 && writing.colours != OPJ_CLRSPC_SYCC ? 1 : 0;
  if (writing.tile > 0) {
    parameters.tile_size_on = OPJ_TRUE;
    parameters.cp_tdx = parameters.cp_tdy = writing.tile;
  }
  opj_codec_t* const codec = opj_create_compress(writing.boxes ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  Sink sink;
  opj_stream_t* const stream = opj_stream_create(1U << 16U, OPJ_FALSE);
  opj_stream_set_user_data(stream, &sink, nullptr);
  opj_stream_set_write_function(stream, write_sink);
  opj_stream_set_seek_function(stream, seek_sink);
  opj_stream_set_skip_function(stream, skip_sink);
  const bool written = opj_setup_encoder(codec, &parameters, image) != 0 &&
                       opj_start_compress(codec, image, stream) != 0 &&
                       opj_encode(codec, stream) != 0 && opj_end_compress(codec, stream) != 0;
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(image);
  REQUIRE(written);
  return sink.bytes;
}

// The offset of SIZ; the codestream begins two bytes before it.
std::size_t siz_of(const File& file) {
  return deckle::test::find(file, "\xff\x51"sv);
}

void put(File& file, std::size_t at, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    file.at(at + i) = static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - i));
}

// The file with `box` at the end of its jp2h box.
File with_box(const File& file, std::string_view box) {
  const std::size_t header = deckle::test::find(file, "jp2h") - 4;
  const std::size_t length = std::size_t{file[header + 2]} << 8U | file[header + 3];
  File changed(file);
  changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(header + length), box.begin(),
                 box.end());
  put(changed, header, length + box.size(), 4);
  return changed;
}

// The bytes between the first SOD and the end marker.
struct Packets {
  std::size_t begin;
  std::size_t end;
};

Packets packets_of(const File& file) {
  return {deckle::test::find(file, "\xff\x93"sv) + 2, file.size() - 2};
}

// A bare codestream of one tile without picture data, from the rest of a COD marker after the
// number of layers, and zeros as packets.
File empty_codestream(std::uint32_t side, std::uint16_t layers, std::string_view coding,
                      std::size_t zeros) {
  std::string text("\xff\x4f\xff\x51\0\x29\0\0"sv);
  const auto number = [&](std::uint64_t value, unsigned bytes) {
    while (bytes-- > 0)
      text.push_back(static_cast<char>(value >> 8 * bytes));
  };
  for (const std::uint32_t n : {side, side, 0U, 0U, side, side, 0U, 0U})
    number(n, 4);
  text += "\0\1\7\1\1"sv;  // one component of 8 bits
  text += "\xff\x52"sv;
  number(7 + coding.size() - 1, 2);
  text += coding[0];
  text += '\0';  // the progression
  number(layers, 2);
  text += '\0';  // no colour transform
  text += coding.substr(1);
  text += "\xff\x5c\0\x04\x40\x40"sv;  // QCD, for one level of 0
  text += "\xff\x90\0\x0a\0\0"sv;
  number(14 + zeros, 4);
  text += "\0\1\xff\x93"sv;
  text.append(zeros, '\0');
  text += "\xff\xd9"sv;
  return {text.begin(), text.end()};
}

// Applies `f` to each 16-bit sample.
template <typename F>
void change_samples(Tensor& t, F f) {
  for (std::size_t i = 0; i < t.byte_count(); i += 2) {
    std::uint16_t value = 0;
    std::memcpy(&value, t.data.data() + i, 2);
    value = static_cast<std::uint16_t>(f(unsigned{value}));
    std::memcpy(t.data.data() + i, &value, 2);
  }
}

const CodecSamples samples("jp2", [] {
  return std::vector<File>{jp2_of(picture(13, 17, 3)),
                           jp2_of(picture(13, 17, 1), {.boxes = false})};
});

}  // namespace

TEST_CASE("JPEG 2000 without loss comes back as it was written", "[codecs][jp2]") {
  const Stderr said;
  for (const DType dtype : {DType::UInt8, DType::UInt16}) {
    for (std::int64_t channels = 1; channels <= 4; ++channels) {
      for (const int tile : {0, 32}) {
        const bool boxes = tile == 0;
        const Tensor in = picture(70, 81, channels, dtype);
        const File file = jp2_of(in, {.boxes = boxes, .tile = tile});
        INFO(channels << " " << name_of(dtype) << " " << tile);
        const auto info = read_info(file, {});
        REQUIRE(info);
        CHECK(info->shape == in.shape);
        CHECK(info->dtype == dtype);
        Tensor out;
        CHECK(message_of(file).empty());
        REQUIRE(read(file, out));
        CHECK(same(in, out));
      }
    }
  }
  CHECK_FALSE(codec_of(Format::Jp2).encoder.has_value());
  CHECK(codec_of(Format::Jp2).version({}) == std::string("OpenJPEG ") + opj_version());
  CHECK(said.text().empty());
}

TEST_CASE("JPEG 2000 of 9 to 15 bits is scaled to 16", "[codecs][jp2]") {
  for (const unsigned bits : {9U, 10U, 12U, 15U}) {
    Tensor in = picture(40, 33, 3, DType::UInt16);
    change_samples(in, [&](unsigned v) { return v >> (16U - bits); });
    Tensor out;
    REQUIRE(read(jp2_of(in, {.bits = bits}), out));
    const unsigned most = (1U << bits) - 1;
    change_samples(in, [&](unsigned v) { return (v * 65535U + most / 2) / most; });
    CHECK(same(in, out));
  }
}

TEST_CASE("lossy JPEG 2000 comes back approximately, in any layout", "[codecs][jp2]") {
  const Tensor in = picture(90, 70, 3);
  for (const int tile : {0, 40}) {
    Tensor out;
    REQUIRE(read(jp2_of(in, {.reversible = false, .tile = tile}), out));
    CHECK(largest_difference(in, out) < 64);
    CHECK_FALSE(same(in, out));
  }
  Tensor out;
  REQUIRE(read(jp2_of(in, {.origin = 7}), out));
  CHECK(same(in, out));
  // OpenJPEG must not start a thread.
  ::setenv("OPJ_NUM_THREADS", "4", 1);  // NOLINT(concurrency-mt-unsafe): tests are one thread
  REQUIRE(read(jp2_of(in), out));
  ::unsetenv("OPJ_NUM_THREADS");  // NOLINT(concurrency-mt-unsafe)
  CHECK(same(in, out));
}

TEST_CASE("JPEG 2000 in sYCC becomes RGB", "[codecs][jp2]") {
  for (const std::int64_t channels : {3, 4}) {
    const Tensor in = picture(40, 50, channels);
    Tensor expected = picture(40, 50, channels);
    for (std::size_t i = 0; i < in.byte_count(); i += static_cast<std::size_t>(channels)) {
      const std::uint8_t* const s = in.data.data() + i;
      const double y = s[0];
      const double b = s[1] - 128.0;
      const double r = s[2] - 128.0;
      const std::array<double, 3> rgb{y + 1.402 * r, y - 0.344136 * b - 0.714136 * r,
                                      y + 1.772 * b};
      for (std::size_t k = 0; k < 3; ++k) {
        expected.data.data()[i + k] =
            static_cast<std::uint8_t>(std::clamp(std::floor(rgb.at(k) + 0.5), 0.0, 255.0));
      }
    }
    Tensor out;
    REQUIRE(read(jp2_of(in, {.colours = OPJ_CLRSPC_SYCC}), out));
    CHECK(same(expected, out));
  }
}

TEST_CASE("JPEG 2000 in colours that are not read is refused by their name", "[codecs][jp2]") {
  const auto refused = [](const File& file) {
    Tensor out;
    const auto read_it = read(file, out);
    REQUIRE_FALSE(read_it);
    CHECK(read_it.error().code == ErrorCode::Unsupported);
    return read_it.error().message;
  };
  const File rgb = jp2_of(picture(40, 50, 3));
  const File grey = jp2_of(picture(40, 50, 1));
  const auto in_colours = [](File file, std::uint8_t colours) {
    file[deckle::test::find(file, "colr") + 10] = colours;
    return file;
  };
  CHECK(refused(in_colours(rgb, 12)) == "JPEG 2000 in CMYK with 3 components is not read");
  CHECK(refused(in_colours(rgb, 14)) == "JPEG 2000 in CIELab with 3 components is not read");
  CHECK(refused(in_colours(rgb, 17)) == "JPEG 2000 in grey with 3 components is not read");
  CHECK(refused(in_colours(rgb, 24)) == "JPEG 2000 in e-sYCC with 3 components is not read");
  CHECK(refused(in_colours(rgb, 99)) ==
        "JPEG 2000 in colour space 99 with 3 components is not read");
  CHECK(refused(in_colours(grey, 16)) == "JPEG 2000 in sRGB with 1 components is not read");
  CHECK(refused(with_box(rgb, "\0\0\0\x0bpclr\0\1\1"sv)) == "JPEG 2000 with a palette is not read");

  const auto with_profile = [](File file, std::string_view space) {
    const std::size_t at = deckle::test::find(file, "colr") - 4;
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
    file.erase(begin, begin + 15);
    const std::size_t header = deckle::test::find(file, "jp2h") - 4;
    put(file, header, std::size_t{file[header + 2]} << 8U | (file[header + 3] - 15U), 4);
    std::string box(
        "\0\0\0\x8b"
        "colr\2\0\0"sv);
    box.resize(0x8b, '\0');
    box.replace(11 + 16, 4, space);
    return with_box(file, box);
  };
  CHECK(refused(with_profile(rgb, "CMYK")) ==
        "JPEG 2000 with a colour profile for \"CMYK\" with 3 components is not read");
  Tensor out;
  REQUIRE(read(with_profile(rgb, "RGB "), out));
  CHECK(same(picture(40, 50, 3), out));

  const File alpha = jp2_of(picture(40, 50, 4));
  const std::size_t cdef = deckle::test::find(alpha, "cdef") + 6;
  File multiplied(alpha);
  multiplied[cdef + 3 * 6 + 3] = 2;
  CHECK(refused(multiplied) == "JPEG 2000 whose colours are multiplied by their alpha is not read");
  File first(alpha);
  first[cdef + 3] = 1;
  CHECK(refused(first) == "JPEG 2000 whose alpha is not the last of 2 or 4 components is not read");
}

TEST_CASE("the ICC profile of a JP2 is kept if it describes the samples", "[codecs][jp2]") {
  const std::string profile = std::string(16, 'p') + "RGB " + "the rest";
  const auto box = [&](int method, const std::string& inside) {
    const auto size = static_cast<char>(8 + 3 + inside.size());
    return std::string(3, '\0') + size + "colr" + static_cast<char>(method) + std::string(2, '\0') +
           inside;
  };
  const std::string srgb = box(1, "\0\0\0\x10"s);
  const auto icc = [&](const std::string& boxes) {
    File file = jp2_of(picture(20, 30, 3));
    const std::size_t at = deckle::test::find(file, "colr") - 4;
    const std::size_t header = deckle::test::find(file, "jp2h") - 4;
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
    file.erase(begin, begin + 15);
    file.insert(begin, boxes.begin(), boxes.end());
    file[header + 3] = static_cast<std::uint8_t>(file[header + 3] - 15 + boxes.size());
    const auto info = read_info(file, {});
    REQUIRE(info);
    const Metadata metadata = codec_of(Format::Jp2).read_metadata(file);
    CHECK(metadata.icc == info->icc);
    CHECK(metadata.exif.empty());
    CHECK(metadata.xmp.empty());
    return std::string(info->icc.begin(), info->icc.end());
  };
  CHECK(icc(srgb).empty());
  CHECK(icc(box(2, profile)) == profile);
  CHECK(icc(box(3, profile)) == profile);
  CHECK(icc(box(3, profile) + srgb).empty());  // the enumerated colours count
  CHECK(icc(srgb + box(2, profile)).empty());
  CHECK(icc(box(3, "another " + profile) + box(2, profile)) == profile);
  CHECK(icc(box(2, "short") + srgb).empty());
}

TEST_CASE("JPEG 2000 is refused wherever it is cut", "[codecs][jp2]") {
  const Stderr said;
  for (const bool boxes : {true, false}) {
    check_cuts(jp2_of(picture(40, 50, 3), {.boxes = boxes}), 12);
    check_cuts(jp2_of(picture(70, 70, 1), {.boxes = boxes, .reversible = false, .tile = 32}), 12);
  }
  CHECK(said.text().empty());
}

// The codestream is whole, but its box promises ten bytes more than the file has.
TEST_CASE("a JPEG 2000 box that reaches beyond the file is truncated", "[codecs][jp2]") {
  File file = jp2_of(picture(20, 30, 3));
  const auto type = std::search(file.begin(), file.end(), "jp2c"sv.begin(), "jp2c"sv.end());
  REQUIRE(type != file.end());
  const auto length = static_cast<std::uint32_t>(file.end() - type) + 4 + 10;
  for (int i = 0; i < 4; ++i)
    *(type - 1 - i) = static_cast<std::uint8_t>(length >> (8U * static_cast<unsigned>(i)));
  Tensor out;
  CHECK(read(file, out).error() ==
        Error{ErrorCode::Truncated, "truncated: the last box is cut off"});
}

TEST_CASE("JPEG 2000 whose header lies is refused before memory is taken", "[codecs][jp2]") {
  const File good = jp2_of(picture(70, 70, 3), {.tile = 40});
  const std::size_t siz = siz_of(good);
  const auto refused = [&](const File& file, ErrorCode code) {
    Tensor out;
    const auto read_it = read(file, out);
    REQUIRE_FALSE(read_it);
    CHECK(read_it.error().code == code);
    return read_it.error().message;
  };
  const auto changed = [&](std::size_t at, std::uint64_t value, std::size_t bytes) {
    File file(good);
    put(file, at, value, bytes);
    return file;
  };
  constexpr std::size_t kCols = 6;  // after the first byte of the marker
  constexpr std::size_t kTileCols = 22;
  constexpr std::size_t kTileRows = 26;
  CHECK(refused(changed(siz + kCols, 0x7FFFFFFF, 4), ErrorCode::Damaged)
            .starts_with("damaged: the header cannot be read (no tiles, or more than"));
  CHECK(refused(changed(siz + kCols, 0, 4), ErrorCode::Damaged) ==
        "damaged: the header says 70 x 0 pixels");
  CHECK(refused(changed(siz + kTileCols, 0, 4), ErrorCode::Damaged)
            .starts_with("damaged: the header cannot be read (no tiles"));
  File small(changed(siz + kTileCols, 2, 4));
  put(small, siz + kTileRows, 2, 4);
  CHECK(refused(small, ErrorCode::Unsupported) ==
        "JPEG 2000 in 1225 tiles of fewer than 32 x 32 pixels is not read");
  CHECK(refused(changed(siz + kCols, 130, 4), ErrorCode::Truncated) ==
        "truncated: tile 5 of 8 is missing");
  File one_tile(changed(siz + kCols, 71, 4));
  CHECK(refused(one_tile, ErrorCode::Damaged).starts_with("damaged: the picture data"));
  CHECK(refused(changed(siz + 36 + 2, 5, 2), ErrorCode::Unsupported) ==
        "JPEG 2000 with 5 components is not read");
  CHECK(refused(changed(siz + 40, 0x87, 1), ErrorCode::Unsupported) ==
        "JPEG 2000 with signed samples is not read");
  CHECK(refused(changed(siz + 41, 2, 1), ErrorCode::Unsupported) ==
        "JPEG 2000 with subsampled components is not read");
  CHECK(refused(changed(siz + 40, 3, 1), ErrorCode::Unsupported) ==
        "JPEG 2000 is read with 8 to 16 bits in all components, this has 4");
}

TEST_CASE("the samples of a missing tile are never invented", "[codecs][jp2]") {
  const File good = jp2_of(picture(70, 70, 3), {.tile = 40});
  const auto sot = [&](std::size_t from) {
    return deckle::test::find(good, "\xff\x90\0\x0a"sv, from);
  };
  const std::size_t second = sot(sot(0) + 1);
  const std::size_t third = sot(second + 1);
  File without(good);
  without.erase(without.begin() + static_cast<std::ptrdiff_t>(second),
                without.begin() + static_cast<std::ptrdiff_t>(third));
  CHECK(message_of(without) == "truncated: tile 2 of 4 is missing");
  CHECK(message_of(without, kAccept) == "truncated: tile 2 of 4 is missing");
  File other(good);
  other[second + 5] = 9;
  CHECK(message_of(other) == "damaged: a tile-part is for tile 10, but there are 4");
  File parts(good);
  parts[second + 11] = 2;
  CHECK(message_of(parts) == "truncated: a part of tile 2 of 4 is missing");
}

TEST_CASE("a JPEG 2000 size that overflows is refused by its numbers", "[codecs][jp2]") {
  const auto sized = [](std::uint64_t cols, std::uint64_t rows, std::uint64_t tile) {
    File file = jp2_of(picture(40, 50, 1), {.boxes = false});
    const std::size_t siz = siz_of(file);
    put(file, siz + 6, cols, 4);
    put(file, siz + 10, rows, 4);
    put(file, siz + 22, tile, 4);
    put(file, siz + 26, tile, 4);
    return file;
  };
  Tensor out;
  const auto all = read(sized(0xFFFFFFFF, 0xFFFFFFFF, 1), out);
  REQUIRE_FALSE(all);
  CHECK(all.error().code == ErrorCode::TooLarge);
  CHECK(all.error().message.starts_with("the header says 4294967295 x 4294967295 pixels; "));
  const auto most = read(sized(0x7FFFFFFF, 0x7FFFFFFF, 1), out);
  REQUIRE_FALSE(most);
  CHECK(most.error().message ==
        "damaged: the header cannot be read (no tiles, or more than 65535)");
  const auto one_tile = read(sized(0x7FFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF), out);
  REQUIRE_FALSE(one_tile);
  CHECK(one_tile.error().code == ErrorCode::TooLarge);
}

TEST_CASE("JPEG 2000 in very many small parts is refused before memory is taken", "[codecs][jp2]") {
  const auto refused = [](const File& file) {
    Tensor out;
    const auto read_it = read(file, out);
    REQUIRE_FALSE(read_it);
    CHECK((read_it.error().code == ErrorCode::Unsupported ||
           read_it.error().code == ErrorCode::Truncated));
    return read_it.error().message;
  };
  constexpr std::string_view kPlain = "\0\0\4\4\0\0"sv;        // 0 levels, blocks of 64 x 64
  constexpr std::string_view kPrecincts = "\1\0\4\4\0\0\0"sv;  // and precincts of 1 x 1
  const std::string precincts =
      "JPEG 2000 with a tile in 4000000 precincts of fewer than 8 x 8 samples is not read";
  CHECK(refused(empty_codestream(2000, 1, kPrecincts, 64)) == precincts);
  // The same in the header of a tile or of a component.
  File of_tile = empty_codestream(2000, 1, kPlain, 64);
  const std::size_t sot = deckle::test::find(of_tile, "\xff\x90\0\x0a"sv);
  const auto with = [](File file, std::size_t at, std::string_view segment) {
    file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), segment.begin(), segment.end());
    return file;
  };
  constexpr std::string_view kCoc = "\xff\x53\0\x0a\0\1\0\4\4\0\0\0"sv;
  CHECK(refused(with(of_tile, sot, kCoc)) == precincts);
  put(of_tile, sot + 6, 14 + 64 + kCoc.size(), 4);
  CHECK(refused(with(of_tile, sot + 12, kCoc)) == precincts);

  // OpenJPEG continues to read inside of an unknown segment, and would find another marker in it.
  const std::string hidden = std::string("\xff\x30\0\x0e"sv) + std::string(kCoc);
  const File plain = empty_codestream(2000, 1, kPlain, 64);
  CHECK(refused(with(plain, sot, hidden)) ==
        "JPEG 2000 with a marker FF30, which OpenJPEG reads wrongly, is not read");
  CHECK(message_of(with(plain, sot, "\xff\x30\0\4\1\2"sv)).empty());

  // Blocks of 4 x 4 are the smallest; no real file has 250 000 of them.
  CHECK(refused(empty_codestream(2000, 1, "\0\0\0\0\0\0"sv, 64)) ==
        "JPEG 2000 with a tile in 250000 code-blocks of fewer than 4 x 8 samples is not read");
  // Impossible numbers of packets would cost time.
  CHECK(refused(empty_codestream(64, 65535, kPlain, 64)) ==
        "truncated: the header says 65535 packets, the codestream has 145 bytes");
}

TEST_CASE("JPEG 2000 as encoders write it is not reported as damaged", "[codecs][jp2]") {
  const Tensor in = picture(150, 170, 3);
  const auto check = [](const Tensor& pixels, const Writing& writing) {
    const File file = jp2_of(pixels, writing);
    INFO(writing.style << " " << writing.mode << " " << writing.block << " " << writing.precinct
                       << " " << writing.layers << " " << writing.tile);
    CHECK(message_of(file).empty());
    Tensor out;
    REQUIRE(read(file, out));
    CHECK(same(pixels, out));
  };
  for (const int style : {0, 2, 4, 6}) {
    check(in, {.style = style, .layers = 3});
    check(in, {.tile = 64, .style = style, .layers = 3});
  }
  for (const int mode : {1, 2, 4, 8, 16, 32, 63})
    check(in, {.mode = mode});
  for (const int block : {4, 8, 16, 32})
    check(in, {.block = block});
  for (const int precinct : {16, 64, 256})
    check(in, {.style = 6, .block = 32, .precinct = precinct});
  // More than 255 packets: the number in SOP may be any two bytes.
  check(in, {.tile = 20, .style = 2, .precinct = 16, .layers = 2});

  // A plain picture: few bytes, most of them zero.
  for (const int level : {0, 128}) {
    Tensor plain = picture(1000, 1000, 1);
    std::memset(plain.data.data(), level, plain.byte_count());
    check(plain, {});
    check(plain, {.style = 6, .layers = 40});
    check(plain, {.tile = 100});
    check(plain, {.block = 32, .precinct = 64});
  }
  // Headers of packets may be packed into the header of a tile. (OpenJPEG needs a byte after it.)
  const File empty = empty_codestream(64, 1, "\0\0\4\4\0\0"sv, 1);
  CHECK(message_of(empty).empty());
  File packed(empty);
  const std::size_t sot = deckle::test::find(packed, "\xff\x90\0\x0a"sv);
  constexpr std::string_view kPackedHeaders = "\xff\x61\0\4\0\0"sv;
  put(packed, sot + 6, 15 + kPackedHeaders.size(), 4);
  packed.insert(packed.begin() + static_cast<std::ptrdiff_t>(sot + 12), kPackedHeaders.begin(),
                kPackedHeaders.end());
  CHECK(message_of(packed).empty());

  // Samples whose low bits are zero give zero bytes if raw bits are used.
  Tensor coarse = picture(256, 256, 1, DType::UInt16);
  change_samples(coarse, [](unsigned v) { return v & 0xFF00U; });
  check(coarse, {.levels = 1, .mode = 1});
  check(coarse, {.levels = 1});
}

TEST_CASE("a run of zeros or a marker within JPEG 2000 packets is damage", "[codecs][jp2]") {
  for (const bool boxes : {true, false}) {
    const File good = jp2_of(picture(150, 170, 3), {.boxes = boxes});
    const auto [begin, end] = packets_of(good);
    REQUIRE(end - begin > 8000);
    const std::size_t at = begin + 3000;
    const auto filled = [&, from = at](std::uint8_t value, std::size_t bytes) {
      File file(good);
      std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(from), bytes, value);
      return file;
    };
    const std::string zeros = message_of(filled(0, 4096));
    CHECK(zeros.starts_with("damaged: 409"));  // its neighbours may be zero too
    CHECK(zeros.ends_with(" of the file"));
    CHECK(zeros.find(" zero bytes within the picture data, from byte ") != std::string::npos);
    CHECK(message_of(filled(0, 4096), kAccept) == zeros);
    CHECK(message_of(filled(0xFF, 4096)) == "damaged: a marker within the picture data, at byte " +
                                                std::to_string(good[at - 1] == 0xFF ? at - 1 : at) +
                                                " of the file");
    File random(good);
    std::uint32_t state = 1;
    for (std::size_t i = at; i < at + 4096; ++i) {
      state = state * 1664525U + 1013904223U;
      random[i] = static_cast<std::uint8_t>(state >> 24U);
    }
    CHECK(message_of(random).starts_with("damaged: a marker within the picture data, at byte "));
    // SOP and EPH are markers even if COD does not announce them.
    for (const std::uint64_t marker : {0xFF91U, 0xFF92U}) {
      File file(good);
      put(file, at, marker, 2);
      CHECK(message_of(file).starts_with("damaged: a marker within the picture data, at byte "));
    }
  }
}

TEST_CASE("damage in JPEG 2000 is reported with OpenJPEG's reason", "[codecs][jp2]") {
  const Stderr said;
  File file = jp2_of(picture(40, 50, 3));
  file[deckle::test::find(file, "\xff\x52"sv) + 2] = 0xFF;  // the length of COD
  CHECK(message_of(file).starts_with("truncated: "));
  file = jp2_of(picture(40, 50, 3));
  file[deckle::test::find(file, "\xff\x52"sv) + 9] = 40;  // levels
  CHECK(message_of(file).starts_with("damaged: the picture data cannot be read ("));
  CHECK(said.text().empty());
}

TEST_CASE("changed bytes never crash JPEG 2000 or print anything", "[codecs][jp2]") {
  check_changed_bytes({jp2_of(picture(40, 50, 3)), jp2_of(picture(40, 50, 4), {.tile = 32}),
                       jp2_of(picture(60, 50, 1), {.boxes = false, .reversible = false})});
}

TEST_CASE("JPEG 2000 writes all of its output", "[codecs][jp2][written]") {
  check_all_written(jp2_of(picture(21, 34, 3)));
  check_all_written(jp2_of(picture(21, 34, 1, DType::UInt16)));
  for (const Writing& writing :
       {Writing{.reversible = false}, Writing{.tile = 16}, Writing{.boxes = false, .origin = 5},
        Writing{.colours = OPJ_CLRSPC_SYCC}, Writing{.style = 6, .block = 8, .precinct = 16},
        Writing{.mode = 63, .layers = 3}}) {
    INFO(writing.reversible << writing.tile << writing.boxes << writing.colours << writing.style
                            << writing.mode << writing.bits);
    CHECK(message_of(jp2_of(picture(21, 34, 3), writing)) == "");
    check_cuts_written(jp2_of(picture(21, 34, 3), writing));
  }
  check_cuts_written(jp2_of(picture(21, 34, 4)));
  check_cuts_written(jp2_of(picture(21, 34, 3, DType::UInt16), {.bits = 12}));
  check_cuts_written(jp2_of(picture(21, 34, 2), {.tile = 16}));
}

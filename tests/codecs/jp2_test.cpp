// SPDX-License-Identifier: Apache-2.0
#include "codecs/jp2.h"

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
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;
using namespace std::string_view_literals;

namespace {

struct Writing {
  bool boxes = true;                                 // JP2; else a bare codestream
  unsigned bits = 0;                                 // 0: of the type
  bool reversible = true;                            // else some of the picture is lost
  int tile = 0;                                      // rows and columns; 0: all is one tile
  int levels = 4;                                    // of resolution
  OPJ_COLOR_SPACE colours = OPJ_CLRSPC_UNSPECIFIED;  // unspecified: grey or sRGB
  unsigned origin = 0;
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
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_rates[0] = writing.reversible ? 0 : 4;
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

// Where SIZ begins, and so the codestream two bytes before it.
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

// Every 16-bit sample as `f` makes it.
template <typename F>
void change_samples(Tensor& t, F f) {
  for (std::size_t i = 0; i < t.byte_count(); i += 2) {
    std::uint16_t value = 0;
    std::memcpy(&value, t.data.data() + i, 2);
    value = static_cast<std::uint16_t>(f(unsigned{value}));
    std::memcpy(t.data.data() + i, &value, 2);
  }
}

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
  CHECK(codec_of(Format::Jp2).can_encode == nullptr);
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

TEST_CASE("JPEG 2000 with loss comes back about as it was, in any layout", "[codecs][jp2]") {
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
  // Another thread of OpenJPEG's must never be started for it.
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

TEST_CASE("JPEG 2000 is refused wherever it is cut", "[codecs][jp2]") {
  const Stderr said;
  for (const bool boxes : {true, false}) {
    check_cuts(jp2_of(picture(40, 50, 3), {.boxes = boxes}), 12);
    check_cuts(jp2_of(picture(70, 70, 1), {.boxes = boxes, .reversible = false, .tile = 32}), 12);
  }
  CHECK(said.text().empty());
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
  constexpr std::size_t kCols = 6;  // behind the marker's first byte
  constexpr std::size_t kTileCols = 22;
  constexpr std::size_t kTileRows = 26;
  CHECK(refused(changed(siz + kCols, 0x7FFFFFFF, 4), ErrorCode::Damaged)
            .starts_with("damaged: the header cannot be read (it has no tiles, or more than"));
  CHECK(refused(changed(siz + kCols, 0, 4), ErrorCode::Damaged) ==
        "damaged: the header says 70 x 0 pixels");
  CHECK(refused(changed(siz + kTileCols, 0, 4), ErrorCode::Damaged)
            .starts_with("damaged: the header cannot be read (it has no tiles"));
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

TEST_CASE("a tile that is not there is never made up", "[codecs][jp2]") {
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
  CHECK(message_of(other) == "damaged: a part of tile 10, where there are 4");
  File parts(good);
  parts[second + 11] = 2;
  CHECK(message_of(parts) == "truncated: a part of tile 2 of 4 is missing");
}

TEST_CASE("damage in JPEG 2000 is told with OpenJPEG's reason", "[codecs][jp2]") {
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

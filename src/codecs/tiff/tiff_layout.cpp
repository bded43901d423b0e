// SPDX-License-Identifier: Apache-2.0
#include "codecs/tiff/tiff_layout.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

namespace deckle {
namespace {

Error unsupported(const std::string& what) {
  return {ErrorCode::Unsupported, "TIFF with " + what + " is not read"};
}

// The tags of the directory.
struct Tags {
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  unsigned samples = 1;
  unsigned bits = 1;
  unsigned format = SAMPLEFORMAT_UINT;
  unsigned compression = COMPRESSION_NONE;
  unsigned photometric = 0;
  bool separate = false;
  std::vector<Extra> extras;  // in the order of the file

  [[nodiscard]] bool is_unsigned() const {
    return format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
  }
};

std::string described(const Tags& tags) {
  const char* kind =
      tags.format == SAMPLEFORMAT_IEEEFP ? "float"
      : tags.format == SAMPLEFORMAT_INT  ? "signed"
      : tags.format == SAMPLEFORMAT_COMPLEXIEEEFP || tags.format == SAMPLEFORMAT_COMPLEXINT
          ? "complex"
          : "unsigned";
  return std::to_string(tags.bits) + "-bit " + kind + " samples";
}

struct Sample {
  DType type;
  TiffPacking packing = TiffPacking::Whole;
};

std::optional<Sample> sample_of(const Tags& tags) {
  const unsigned bits = tags.bits;
  if (tags.is_unsigned()) {
    if (bits >= 1 && bits < 8) return Sample{DType::UInt8, TiffPacking::Bits};
    if (bits == 8) return Sample{DType::UInt8};
    if (bits > 8 && bits < 16) return Sample{DType::UInt16, TiffPacking::Bits};
    if (bits == 16) return Sample{DType::UInt16};
    if (bits == 32) return Sample{DType::UInt32};
  }
  if (tags.format == SAMPLEFORMAT_INT) {
    if (bits == 8) return Sample{DType::Int8};
    if (bits == 16) return Sample{DType::Int16};
    if (bits == 32) return Sample{DType::Int32};
  }
  if (tags.format == SAMPLEFORMAT_IEEEFP) {
    if (bits == 16) return Sample{DType::Float32, TiffPacking::Half};
    if (bits == 24) return Sample{DType::Float32, TiffPacking::Three};
    if (bits == 32) return Sample{DType::Float32};
    if (bits == 64) return Sample{DType::Float64};
  }
  return std::nullopt;
}

Error no_sample(const Tags& tags) {
  const bool integer = tags.is_unsigned() || tags.format == SAMPLEFORMAT_INT;
  return unsupported(described(tags) + (integer && tags.bits > 32
                                            ? " (a picture's integers have up to 32 bits)"
                                            : ""));
}

bool keeps_everything(unsigned compression) {
  constexpr std::array kLossless{
      COMPRESSION_NONE,      COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,     COMPRESSION_CCITTFAX4,
      COMPRESSION_CCITTRLEW, COMPRESSION_LZW,      COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
      COMPRESSION_PACKBITS,  COMPRESSION_LZMA,     COMPRESSION_ZSTD};
  return std::find(kLossless.begin(), kLossless.end(), static_cast<int>(compression)) !=
         kLossless.end();
}

// The name of a photometric interpretation that is not read.
std::string name_of_photometric(unsigned photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MASK:
      return "a transparency mask for another picture";
    case PHOTOMETRIC_ICCLAB:
      return "ICC L*a*b* colours";
    case PHOTOMETRIC_ITULAB:
      return "ITU L*a*b* colours";
    case PHOTOMETRIC_CFA:
      return "a camera's raw colour filter array";
    case 34892:
      return "a camera's linear raw colours";
    default:
      return "photometric interpretation " + std::to_string(photometric);
  }
}

// ---- kinds of colours

Result<Done> plain(const Tags& tags, TiffLayout& layout) {
  const std::optional<Sample> sample = sample_of(tags);
  if (!sample) return no_sample(tags);
  layout.sample = sample->type;
  layout.packing = sample->packing;
  layout.info.dtype = sample->type;
  const bool colour = tags.photometric == PHOTOMETRIC_RGB;
  if (colour && tags.samples < 3)
    return unsupported("RGB colour in " + std::to_string(tags.samples) + " channels");
  layout.invert = tags.photometric == PHOTOMETRIC_MINISWHITE;
  if (layout.invert && !tags.is_unsigned()) {
    return unsupported("white as zero and " + described(tags) +
                       ", for which TIFF does not define black,");
  }
  Bands bands{colour ? 3 : 1, tags.extras};
  bands.others.resize(tags.samples - static_cast<unsigned>(bands.colours), Extra::Unspecified);
  if (bands.others == std::vector{Extra::AssociatedAlpha}) {
    if (tags.format == SAMPLEFORMAT_INT)
      return unsupported("associated alpha and " + described(tags));
    layout.associated = true;
    bands.others = {Extra::Alpha};
  }
  if (bands != usual_bands(tags.samples)) layout.info.bands = std::move(bands);
  layout.info.shape.channels = tags.samples;
  return Done{};
}

Error no_map(const Tags& tags) {
  return {ErrorCode::Damaged, "damaged: the header says palette colour and has no colour map of " +
                                  std::to_string(std::uint64_t{1} << std::min(tags.bits, 16U)) +
                                  " entries"};
}

Result<Done> palette(TIFF* tiff, const Tags& tags, TiffLayout& layout) {
  if (tags.samples != 1)
    return unsupported("palette colour in " + std::to_string(tags.samples) + " channels");
  if (!tags.is_unsigned() || tags.bits < 1 || tags.bits > 16)
    return unsupported("palette colour and " + described(tags));
  std::array<std::uint16_t*, 3> map{};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) == 0) {
    return no_map(tags);
  }
  const std::size_t entries = std::size_t{1} << tags.bits;
  // Old writers store 8-bit values instead of 16-bit ones; libtiff distinguishes them in this way.
  const bool wide = std::any_of(map.begin(), map.end(), [&](const std::uint16_t* channel) {
    return std::any_of(channel, channel + entries, [](std::uint16_t v) { return v > 255; });
  });
  layout.palette.resize(3 * entries);
  layout.info.palette.resize(entries, {0, 0, 0, 0xFFFF});
  for (std::size_t i = 0; i < 3 * entries; ++i) {
    const std::uint32_t value = map.at(i % 3)[i / 3];
    layout.palette[i] = static_cast<std::uint8_t>(wide ? value >> 8U : value);
    layout.info.palette[i / 3].at(i % 3) = static_cast<std::uint16_t>(wide ? value : value * 0x101);
  }
  layout.colour = TiffColour::Palette;
  layout.scaled = false;
  layout.sample = tags.bits <= 8 ? DType::UInt8 : DType::UInt16;
  layout.packing = tags.bits == 8 || tags.bits == 16 ? TiffPacking::Whole : TiffPacking::Bits;
  return Done{};
}

Result<Done> cmyk(TIFF* tiff, const Tags& tags, TiffLayout& layout) {
  const unsigned inks = tiff_field<std::uint16_t>(tiff, TIFFTAG_INKSET, INKSET_CMYK);
  if (inks != INKSET_CMYK || tags.samples != 4)
    return unsupported(std::to_string(tags.samples) + " inks other than CMYK");
  if (!tags.is_unsigned() || (tags.bits != 8 && tags.bits != 16))
    return unsupported("CMYK colour and " + described(tags));
  layout.colour = TiffColour::Cmyk;
  layout.sample = tags.bits == 8 ? DType::UInt8 : DType::UInt16;
  layout.info.dtype = layout.sample;
  return Done{};
}

Result<Done> luminance(TIFF* tiff, const Tags& tags, TiffLayout& layout) {
  const bool grey = tags.photometric == PHOTOMETRIC_LOGL;
  if (tags.compression != COMPRESSION_SGILOG && tags.compression != COMPRESSION_SGILOG24)
    return unsupported("LogLuv colour and compression " + std::to_string(tags.compression));
  if (tags.samples != (grey ? 1U : 3U)) {
    return unsupported(std::string(grey ? "LogL" : "LogLuv") + " colour in " +
                       std::to_string(tags.samples) + " channels");
  }
  if (TIFFSetField(tiff, TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT) == 0)
    return unsupported("LogLuv colour (as floats)");
  layout.colour = grey ? TiffColour::Plain : TiffColour::Luminance;
  layout.bits = 32;
  layout.sample = DType::Float32;
  layout.info.dtype = DType::Float32;
  layout.info.shape.channels = grey ? 1 : 3;
  return Done{};
}

Result<Done> by_libtiff(TIFF* tiff, const Tags& tags, TiffLayout& layout) {
  const std::string colours =
      tags.photometric == PHOTOMETRIC_YCBCR ? "YCbCr colour" : "CIE L*a*b* colour";
  if (tags.samples != 3)
    return unsupported(colours + " in " + std::to_string(tags.samples) + " channels");
  const bool wide = tags.bits == 16 && tags.photometric == PHOTOMETRIC_CIELAB;
  if ((tags.bits != 8 && !wide) || tags.format == SAMPLEFORMAT_IEEEFP)
    return unsupported(colours + " and " + described(tags));
  if (tags.photometric == PHOTOMETRIC_YCBCR) {
    std::uint16_t across = 2;
    std::uint16_t down = 2;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
    if (tags.separate && (across != 1 || down != 1)) {
      return unsupported("YCbCr colour in separate planes, subsampled " + std::to_string(across) +
                         " x " + std::to_string(down) + ",");
    }
  }
  std::array<char, 1024> why{};
  TIFFRGBAImage image{};
  if (TIFFRGBAImageOK(tiff, why.data()) == 0 ||
      TIFFRGBAImageBegin(&image, tiff, 0, why.data()) == 0) {
    return unsupported(colours + " of this kind (" + why.data() + ")");
  }
  TIFFRGBAImageEnd(&image);
  layout.colour = TiffColour::ByLibtiff;
  return Done{};
}

Tags read_tags(TIFF* tiff) {
  Tags tags;
  tags.rows = tiff_field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  tags.cols = tiff_field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  tags.samples = tiff_field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  tags.bits = tiff_field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  tags.format = tiff_field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  tags.compression = tiff_field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  tags.separate = tags.samples > 1 &&
                  tiff_field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) ==
                      PLANARCONFIG_SEPARATE;
  std::uint16_t extras = 0;
  const std::uint16_t* extra = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &extra);
  for (std::size_t i = 0; extra != nullptr && i < extras; ++i) {
    tags.extras.push_back(extra[i] == EXTRASAMPLE_ASSOCALPHA   ? Extra::AssociatedAlpha
                          : extra[i] == EXTRASAMPLE_UNASSALPHA ? Extra::Alpha
                                                               : Extra::Unspecified);
  }
  return tags;
}

Error no_photometric() {
  return {ErrorCode::Damaged,
          "damaged: the header has no PhotometricInterpretation: whether 0 is black or white, and "
          "which colours the channels are, would be a guess"};
}

}  // namespace

bool is_deflate(unsigned compression) {
  return compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_DEFLATE;
}

bool counts_its_rows(unsigned compression) {
  constexpr std::array kCount{
      COMPRESSION_NONE,          COMPRESSION_LZW,
      COMPRESSION_ADOBE_DEFLATE,  // by zlib: see read_tiff_layout
      COMPRESSION_DEFLATE,       COMPRESSION_PACKBITS,    COMPRESSION_LZMA,   COMPRESSION_ZSTD,
      COMPRESSION_JPEG,          COMPRESSION_THUNDERSCAN, COMPRESSION_SGILOG, COMPRESSION_SGILOG24,
      COMPRESSION_PIXARLOG,      COMPRESSION_JBIG,        COMPRESSION_WEBP,   COMPRESSION_LERC};
  return std::find(kCount.begin(), kCount.end(), static_cast<int>(compression)) != kCount.end();
}

Coding coding_of(unsigned compression) {
  struct Known {
    int compression;
    Coding coding;
  };
  constexpr std::array kKnown{Known{COMPRESSION_NONE, Coding::None},
                              Known{COMPRESSION_PACKBITS, Coding::PackBits},
                              Known{COMPRESSION_LZW, Coding::Lzw},
                              Known{COMPRESSION_ADOBE_DEFLATE, Coding::Deflate},
                              Known{COMPRESSION_DEFLATE, Coding::Deflate},
                              Known{COMPRESSION_PIXARLOG, Coding::PixarLog},
                              Known{COMPRESSION_LZMA, Coding::Lzma},
                              Known{COMPRESSION_ZSTD, Coding::Zstd},
                              Known{COMPRESSION_CCITTRLE, Coding::FaxRuns},
                              Known{COMPRESSION_CCITTRLEW, Coding::FaxRuns},
                              Known{COMPRESSION_CCITTFAX3, Coding::FaxRows},
                              Known{COMPRESSION_CCITTFAX4, Coding::FaxRows},
                              Known{COMPRESSION_THUNDERSCAN, Coding::Thunder},
                              Known{COMPRESSION_SGILOG, Coding::LogLuv},
                              Known{COMPRESSION_SGILOG24, Coding::LogLuv24},
                              Known{COMPRESSION_JPEG, Coding::TiffJpeg}};
  const auto* const known = std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& k) {
    return k.compression == static_cast<int>(compression);
  });
  return known == kKnown.end() ? Coding::Unlimited : known->coding;
}

void keep_numbers(TiffLayout& layout) {
  layout.info.indexed = true;
  layout.scaled = false;
  if (layout.colour != TiffColour::Palette) return;
  layout.colour = TiffColour::Plain;
  layout.info.shape.channels = 1;
  layout.info.dtype = layout.sample;
}

Result<TiffLayout> read_tiff_layout(const TiffPort& port, TIFF* tiff, bool indexed) {
  Tags tags = read_tags(tiff);
  if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(tags.compression)) == 0)
    return unsupported("compression " + std::to_string(tags.compression));
  if (tags.compression == COMPRESSION_NEXT)  // if its data end early, libtiff silently gives white
    return unsupported("compression 32766 (NeXT)");
  if (tags.samples < 1 || tags.samples > 4)
    return unsupported(std::to_string(tags.samples) + " channels (only 1 to 4)");
  std::uint16_t photometric = 0;
  if (port.guess[0] != '\0' || TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) == 0)
    return no_photometric();
  tags.photometric = photometric;
  // If the colour map cannot be read, libtiff silently reads the picture as grey or RGB.
  const auto said = tiff_tag(port.file, TIFFCurrentDirOffset(tiff), TIFFTAG_PHOTOMETRIC);
  if (said == std::uint64_t{PHOTOMETRIC_PALETTE} && photometric != PHOTOMETRIC_PALETTE)
    return no_map(tags);
  // libtiff with libdeflate does not report strips that are not written to their end: see
  // tiff_deflate.h.
  if (is_deflate(tags.compression))
    TIFFSetField(tiff, TIFFTAG_DEFLATE_SUBCODEC, DEFLATE_SUBCODEC_ZLIB);
  if (tags.photometric == PHOTOMETRIC_YCBCR && tags.compression == COMPRESSION_JPEG &&
      !tags.separate && tags.bits == 8 && tags.samples == 3) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    tags.photometric = PHOTOMETRIC_RGB;
  }

  TiffLayout layout;
  layout.bits = tags.bits;
  layout.stored = tags.samples;
  layout.compression = tags.compression;
  layout.tiled = TIFFIsTiled(tiff) != 0;
  layout.separate = tags.separate;
  layout.info.format = Format::Tiff;
  layout.info.shape = Shape::image(tags.rows, tags.cols, 3);
  const unsigned orientation = tiff_field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1);
  layout.info.orientation =
      orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  layout.info.lossless = keeps_everything(tags.compression);

  Result<Done> known = Done{};
  switch (tags.photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_RGB:
      known = plain(tags, layout);
      break;
    case PHOTOMETRIC_PALETTE:
      known = palette(tiff, tags, layout);
      break;
    case PHOTOMETRIC_SEPARATED:
      known = cmyk(tiff, tags, layout);
      break;
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
      known = luminance(tiff, tags, layout);
      break;
    case PHOTOMETRIC_YCBCR:
    case PHOTOMETRIC_CIELAB:
      known = by_libtiff(tiff, tags, layout);
      break;
    default:
      known = unsupported(name_of_photometric(tags.photometric));
  }
  if (!known) return known.error();
  // Not TIFFGetFieldDefaulted: it treats the state of any decoder as that of a decoder with a
  // predictor.
  std::uint16_t predictor = PREDICTOR_NONE;
  if (TIFFGetField(tiff, TIFFTAG_PREDICTOR, &predictor) != 0) layout.predictor = predictor;
  if (layout.packing == TiffPacking::Bits && layout.predictor != PREDICTOR_NONE)
    return unsupported("a predictor for " + described(tags));
  layout.in_order =
      (tags.bits <= 8 || TIFFIsByteSwapped(tiff) == 0) &&
      tiff_field<std::uint16_t>(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) == FILLORDER_MSB2LSB;
  if (layout.packing == TiffPacking::Bits && layout.info.shape.channels == 1 && layout.scaled)
    layout.info.white = (1U << layout.bits) - 1;
  if (indexed) keep_numbers(layout);
  return layout;
}

}  // namespace deckle

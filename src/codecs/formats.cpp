// SPDX-License-Identifier: Apache-2.0
// Source  signatures: the specification of each format
#include "codecs/formats.h"

#include <array>
#include <cassert>
#include <string>
#include <utility>

#include "codecs/jpeg/jpeg.h"
#include "codecs/reading.h"

namespace deckle {

// Each codec is declared here and is a row of codecs() below. x_codec() is defined in x.cpp;
// array.cpp has npy, pnm.cpp also pfm.
Codec bmp_codec();
Codec exr_codec();
Codec hdr_codec();
Codec jp2_codec();
Codec npy_codec();
Codec pfm_codec();
Codec png_codec();
Codec pnm_codec();
Codec sun_raster_codec();
Codec tiff_codec();
Codec webp_codec();

namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
  std::string_view advice;
};

// Known formats that are not read. ICO is not here: its signature is weak (is_icon). OpenCV 4.6
// reads three of them, but not safely: damaged DICOM and PAM crash the program, PAM with a maxval
// other than 255 becomes too dark, and NITF is read by GDAL.
constexpr std::array kNotRead{
    Signature{0, "GIF87a"sv, "GIF", ""},
    Signature{0, "GIF89a"sv, "GIF", ""},
    Signature{4, "ftypavif"sv, "AVIF", ""},
    Signature{4, "ftypavis"sv, "AVIF (animated)", ""},
    Signature{4, "ftyphei"sv, "HEIC", ""},
    Signature{4, "ftyphev"sv, "HEIC", ""},
    Signature{4, "ftypmif1"sv, "HEIF", ""},
    Signature{4, "ftypmsf1"sv, "HEIF", ""},
    Signature{4, "ftypcrx "sv, "Canon CR3 raw", ""},
    Signature{0, "\xff\x0a"sv, "JPEG XL", ""},
    Signature{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "JPEG XL", ""},
    Signature{0, "II\xbc\x01"sv, "JPEG XR", ""},
    Signature{0, "8BPS"sv, "PSD", ""},
    Signature{0, "%PDF-"sv, "PDF", ""},
    Signature{0, "%!PS-Adobe"sv, "PostScript", ""},
    Signature{0, "DDS "sv, "DDS", ""},
    Signature{0, "qoif"sv, "QOI", ""},
    Signature{0, "P7\n"sv, "PAM", ""},
    Signature{0, "NITF"sv, "NITF", ""},
    Signature{0, "SIMPLE  ="sv, "FITS", ""},
    Signature{128, "DICM"sv, "DICOM", ""},
    Signature{0, "\x8aMNG\r\n\x1a\n"sv, "MNG", ""},
    Signature{0, "gimp xcf "sv, "XCF", ""},
    Signature{0, "IIRO"sv, "Olympus raw", ""},
    Signature{0, "FUJIFILMCCD-RAW"sv, "Fujifilm raw", ""},
};

// Files that are not pictures.
constexpr std::array kNotPictures{
    Signature{0, "version https://git-lfs.github.com/spec/"sv, "a git-lfs pointer, not the picture",
              "run git lfs pull"},
    Signature{0, "\x1f\x8b"sv, "gzip", "unpack it first"},
    Signature{0, "PK\x03\x04"sv, "a zip archive", "unpack it first"},
    Signature{0,
              "\xfd"
              "7zXZ\0"sv,
              "xz", "unpack it first"},
    Signature{0, "BZh"sv, "bzip2", "unpack it first"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "zstd", "unpack it first"},
    Signature{4, "ftyp"sv, "a video (MP4 or similar)", ""},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "a video (Matroska or WebM)", ""},
};

const Signature* find(std::span<const Signature> signatures, std::string_view head) {
  const auto found = std::find_if(signatures.begin(), signatures.end(), [&](const Signature& s) {
    return head.size() >= s.at && head.substr(s.at, s.bytes.size()) == s.bytes;
  });
  return found == signatures.end() ? nullptr : &*found;
}

// The signature of an icon is short: 0, 1, a count, and an entry whose reserved byte is 0 and whose
// picture is stored after the entries.
bool is_icon(std::string_view head) {
  if (head.size() < 22 ||
      (head.substr(0, 4) != "\0\0\1\0"sv && head.substr(0, 4) != "\0\0\2\0"sv)) {
    return false;
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
  const unsigned count = byte(4) | unsigned{byte(5)} << 8U;
  const unsigned offset = byte(18) | unsigned{byte(19)} << 8U;
  return count >= 1 && count <= 256 && byte(9) == 0 && offset >= 6 + 16 * count;
}

bool is_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == 0x7F || (u < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f');
  });
}

// NotAnImage or Unsupported, for a file that no codec accepts.
Error unknown_format(Bytes bytes) {
  if (bytes.empty()) return {ErrorCode::NotAnImage, "the file is empty"};
  const std::string_view head = text_of(bytes).substr(0, 1024);
  if (const Signature* s = find(kNotRead, head)) {
    return {ErrorCode::Unsupported, std::string(s->name) + " is not read"};
  }
  if (const Signature* s = find(kNotPictures, head)) {
    std::string message = "this is " + std::string(s->name);
    if (!s->advice.empty()) message += ": " + std::string(s->advice);
    return {ErrorCode::NotAnImage, std::move(message)};
  }
  if (head.substr(0, 4) == "\x89PNG"sv) {
    return {ErrorCode::Damaged,
            "damaged: a PNG signature with wrong line ends (a transfer in text mode?)"};
  }
  if (is_icon(head)) return {ErrorCode::Unsupported, "ICO is not read"};

  if (is_text(head)) {
    std::string_view text = head;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f"), text.size()));
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
    if (text.starts_with('<')) {
      if (has("<svg")) return {ErrorCode::Unsupported, "SVG is not read"};
      if (has("<html") || has("<!doctype html") || has("<head")) {
        return {ErrorCode::NotAnImage, "this is an HTML page, not a picture (a failed download?)"};
      }
      return {ErrorCode::NotAnImage, "this is XML, not a picture"};
    }
    return {ErrorCode::NotAnImage, "this is text, not a picture"};
  }
  if (std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head.size()),
                  [](std::uint8_t b) { return b == 0; })) {
    return {ErrorCode::NotAnImage, "the file begins with zero bytes only"};
  }
  return {ErrorCode::NotAnImage, "the content is of no known image format"};
}
}  // namespace

std::span<const Codec> codecs() {
  static const std::array kCodecs{
      jpeg_codec(), png_codec(), webp_codec(),       tiff_codec(), bmp_codec(), pnm_codec(),
      jp2_codec(),  hdr_codec(), sun_raster_codec(), pfm_codec(),  exr_codec(), npy_codec(),
  };
  return kCodecs;
}

const Codec* find_codec(Format format) {
  for (const Codec& codec : codecs()) {
    if (codec.format == format) return &codec;
  }
  return nullptr;
}

const Codec& codec_of(Format format) {
  const Codec* const codec = find_codec(format);
  assert(codec != nullptr);
  return *codec;
}

const Codec* codec_by_name(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const Codec& codec : codecs()) {
    const auto& also = codec.extensions;
    if (codec.name == lower || std::find(also.begin(), also.end(), lower) != also.end())
      return &codec;
  }
  return nullptr;
}

Result<const Codec*> recognise(Bytes head) {
  for (const Codec& codec : codecs()) {
    if (codec.matches(head)) return &codec;
  }
  return unknown_format(head);
}
}  // namespace deckle

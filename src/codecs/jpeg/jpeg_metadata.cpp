// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/jpeg_metadata.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "codecs/exif.h"
#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMostOfSegment = 65533;
constexpr std::string_view kExif = "Exif\0\0"sv;
constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view kIcc = "ICC_PROFILE\0"sv;
constexpr std::size_t kMostParts = 255;
constexpr std::size_t kMostOfPart = kMostOfSegment - kIcc.size() - 2;  // number and count

// The data after the prefix, in the first segment that begins with it and has more.
Bytes behind_prefix(const LibjpegDecoder& decoder, int marker, std::string_view prefix) {
  for (const auto* m = decoder.jpeg.marker_list; m != nullptr; m = m->next) {
    const Bytes data{m->data, m->data_length};
    if (m->marker == marker && data.size() > prefix.size() && text_of(data).starts_with(prefix))
      return data.subspan(prefix.size());
  }
  return {};
}

JpegSegment segment(int marker, std::string_view prefix, Bytes data) {
  JpegSegment out{static_cast<std::uint8_t>(marker), {prefix.begin(), prefix.end()}};
  out.data.insert(out.data.end(), data.begin(), data.end());
  return out;
}

Error too_large(std::string_view what, std::size_t size, std::size_t most) {
  return {ErrorCode::TooLarge, "the " + std::string(what) + " has " + std::to_string(size) +
                                   " bytes, and jpg holds at most " + std::to_string(most) +
                                   " of it; write png or webp, or leave it out"};
}

}  // namespace

bool keep_metadata(LibjpegDecoder& decoder) {
  return guarded(decoder.report, [&] {
    jpeg_save_markers(&decoder.jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(&decoder.jpeg, JPEG_APP0 + 2, 0xFFFF);
  });
}

// Joined from its parts; empty if there is none; unreadable_icc() if a part is missing.
std::vector<std::uint8_t> icc_of(LibjpegDecoder& decoder) {
  JOCTET* data = nullptr;
  unsigned length = 0;
  const bool read =
      guarded(decoder.report, [&] { jpeg_read_icc_profile(&decoder.jpeg, &data, &length); });
  const std::unique_ptr<JOCTET, decltype(&std::free)> owner(data, &std::free);
  if (read && data != nullptr) return {data, data + length};
  return behind_prefix(decoder, JPEG_APP0 + 2, kIcc).empty() ? std::vector<std::uint8_t>()
                                                             : unreadable_icc();
}

Bytes exif_of(const LibjpegDecoder& decoder) {
  return behind_prefix(decoder, JPEG_APP0 + 1, kExif);
}

Metadata read_jpeg_metadata(Bytes file) {
  LibjpegDecoder decoder(file);
  if (!keep_metadata(decoder) || !decoder.read_header()) return {};
  return {icc_of(decoder), exif_block(exif_of(decoder)),
          xmp_packet(behind_prefix(decoder, JPEG_APP0 + 1, kXmp))};
}

Result<std::vector<JpegSegment>> segments_of(const Metadata& metadata) {
  constexpr std::size_t kMostExif = kMostOfSegment - kExif.size();
  constexpr std::size_t kMostXmp = kMostOfSegment - kXmp.size();
  constexpr std::size_t kMostIcc = kMostParts * kMostOfPart;
  if (metadata.exif.size() > kMostExif)
    return too_large("EXIF block", metadata.exif.size(), kMostExif);
  if (metadata.xmp.size() > kMostXmp) return too_large("XMP packet", metadata.xmp.size(), kMostXmp);
  if (metadata.icc.size() > kMostIcc)
    return too_large("ICC profile", metadata.icc.size(), kMostIcc);

  std::vector<JpegSegment> out;
  if (!metadata.exif.empty()) out.push_back(segment(JPEG_APP0 + 1, kExif, metadata.exif));
  if (!metadata.xmp.empty()) out.push_back(segment(JPEG_APP0 + 1, kXmp, as_bytes(metadata.xmp)));
  const Bytes icc(metadata.icc);
  const std::size_t parts = (icc.size() + kMostOfPart - 1) / kMostOfPart;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t at = i * kMostOfPart;
    const std::string prefix =
        std::string(kIcc) + static_cast<char>(i + 1) + static_cast<char>(parts);
    out.push_back(
        segment(JPEG_APP0 + 2, prefix, icc.subspan(at, std::min(kMostOfPart, icc.size() - at))));
  }
  return out;
}

void write_segments(jpeg_compress_struct& jpeg, const std::vector<JpegSegment>& segments) {
  for (const JpegSegment& segment : segments) {
    jpeg_write_marker(&jpeg, segment.marker, segment.data.data(),
                      static_cast<unsigned>(segment.data.size()));
  }
}

}  // namespace deckle

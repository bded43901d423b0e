// SPDX-License-Identifier: Apache-2.0
// An EXIF block, an XMP packet or an ICC profile; the first byte says which. After editing for an
// output it must still be valid.
#include "codecs/exif.h"
#include "codecs/icc.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {
namespace {

void check_exif(Bytes stored) {
  const auto block = exif_block(stored);
  static_cast<void>(exif_orientation(block));
  for (const bool turned : {false, true}) {
    const auto upright = upright_exif(block, turned, 30, 40);
    must(upright.size() <= block.size(), "EXIF grows");
    if (upright.empty()) continue;
    const int orientation = exif_orientation(upright).value_or(1);
    must(!turned || orientation == 1, "EXIF of a turned picture says that it is not");
    must(upright_exif(upright, turned, 30, 40) == upright, "EXIF is edited anew");
  }
}

void check_xmp(Bytes stored) {
  const std::string packet = xmp_packet(stored);
  const std::string upright = upright_xmp(packet);
  must(upright.size() == packet.size(), "the length of XMP changes");
  must(xmp_orientation(upright).value_or(1) == 1, "XMP of a turned picture says that it is not");
}

void check_icc(Bytes profile) {
  static_cast<void>(icc_space(profile));
  static_cast<void>(is_srgb(profile));
  for (const std::int64_t channels : {1, 3, 4}) {
    for (const DType dtype : {DType::UInt8, DType::UInt16, DType::Float32}) {
      const auto to_srgb = ToSrgb::of(profile, channels, dtype);
      if (!to_srgb) continue;
      const Tensor from = test::picture(2, 8, channels, dtype);
      Tensor to = test::picture(2, 8, channels, dtype);
      to_srgb->run(from.data.data(), to.data.data(), 16);
    }
  }
}

}  // namespace

void metadata(Bytes input) {
  if (input.empty()) return;
  const test::File copy = file_of(input.subspan(1));
  switch (input[0] % 3) {
    case 0:
      return check_exif(copy);
    case 1:
      return check_xmp(copy);
    default:
      return check_icc(copy);
  }
}

}  // namespace deckle::fuzz

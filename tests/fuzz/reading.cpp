// SPDX-License-Identifier: Apache-2.0
#include "fuzz/reading.h"

#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "core/text.h"
#include "support/poison.h"

namespace deckle::fuzz {
namespace {

DecodeOptions options_of(Choices& choices) {
  DecodeOptions options{.max_pixels = kMostPixels};
  options.apply_orientation = !choices.one_in(4);
  if (choices.one_in(2)) options.color_mode = static_cast<ColorMode>(choices.below(4));
  if (choices.one_in(8)) options.background = std::array{10, 200, 77};
  options.index = options.color_mode == ColorMode::Keep && choices.one_in(4);
  options.to_srgb = !options.index && choices.one_in(4);
  options.volume = choices.one_in(8);
  options.rank = options.volume || choices.one_in(16) ? 3 : 2;
  options.channels_first = choices.one_in(4);
  return options;
}

// Only some files are read twice: starting threads takes longer than most files.
Result<Damage> read(const test::File& file, Tensor& out, const DecodeOptions& options,
                    Choices& choices) {
  if (!choices.one_in(8)) return test::read(file, out, options);
  std::string differs;
  Result<Damage> damage = test::read_twice(file, out, options, differs);
  must(differs.empty(), "two readings of one file differ", differs);
  return damage;
}

void check_window(const test::File& file, const ImageInfo& info, const DecodeOptions& options,
                  const Tensor* all, Choices& choices) {
  if (info.shape.rank != 2 || info.batch) return;
  const Shape shape = options.apply_orientation ? info.upright_shape() : info.shape;
  const Window needed = choices.window(shape);
  Tensor part;
  const auto decoded = decode_window(file, info, options, needed, part);
  if (all == nullptr) return;  // damage outside of the window may go unnoticed
  must(decoded.has_value(), "a window of a whole picture fails",
       decoded ? "" : decoded.error().message);
  const Window& got = decoded->window;
  must(got.united_with(needed) == got, "a window is not all that was asked for");
  must(part.shape.channels == all->shape.channels && part.dtype == all->dtype,
       "a window is of another type than the whole");
  const std::size_t pixel = all->pixel_bytes();
  for (std::int64_t r = got[0].begin; r < got[0].end; ++r) {
    must(std::memcmp(part.row(r - got[0].begin),
                     all->row(r) + static_cast<std::size_t>(got[1].begin) * pixel,
                     static_cast<std::size_t>(got[1].length()) * pixel) == 0,
         "a window is not the crop of the whole");
  }
}

// Reads rows as stored. They must be those of `whole`; null: a full decode fails with `error`.
void check_rows(const test::File& file, const ImageInfo& info, DecodeOptions options,
                const Tensor* all, const Error* error) {
  const Codec& codec = codec_of(info.format);
  if (!codec.rows || info.shape.rank != 2 || info.batch) return;
  if (!codec.rows->obstacle(file).empty()) return;
  options.check_all = true;
  const auto failure = [&]() -> std::optional<Error> {
    auto rows = open_rows(file, info, options, whole(info.shape));
    if (!rows) return rows.error();
    for (std::int64_t r = 0; r < info.shape.rows(); ++r) {
      const auto row = (*rows)->row(r);
      if (!row) return row.error();
      if (all != nullptr) {
        must(std::memcmp(*row, all->row(r), all->row_bytes()) == 0,
             "a row is not that of the whole", std::to_string(r));
      }
    }
    if (auto end = (*rows)->finish(); !end) return end.error();
    return std::nullopt;
  }();
  if (all != nullptr) {
    must(!failure, "rows of a whole picture fail", failure ? failure->message : "");
  } else {
    must(failure.has_value(), "rows go well where the whole fails", error->message);
    must(failure->code == error->code, "rows fail in another way than the whole",
         failure->message + " / " + error->message);
  }
}

// The metadata of a file must be the same after they were written to another file and read.
void check_metadata(const test::File& file, const ImageInfo& info, Choices& choices) {
  const Metadata metadata = codec_of(info.format).read_metadata(file);
  if (metadata.empty() || !choices.one_in(4)) return;
  for (const Format format : {Format::Jpeg, Format::Png, Format::Webp, Format::Tiff}) {
    EncodeOptions options{.format = format, .quality = 80, .metadata = metadata};
    const Carries& carries = codec_of(format).encoder->carries;
    if (!carries.icc) options.metadata.icc.clear();
    if (!carries.exif) options.metadata.exif.clear();
    if (!carries.xmp) options.metadata.xmp.clear();
    Buffer out;
    if (!encode_tensor(test::picture(3, 5, 3), options, out)) continue;
    Tensor pixels;
    const auto damage = test::read(file_of(out.bytes()), pixels);
    must(damage.has_value(), "a file with metadata cannot be read",
         damage ? "" : damage.error().message);
  }
}

}  // namespace

void check_readers(const test::File& file, Choices choices) {
  const DecodeOptions options = options_of(choices);
  const auto info = read_info(file, options);
  if (!info) return;
  Tensor out;
  const auto damage = read(file, out, options, choices);
  const bool good = damage && damage->empty();
  check_window(file, *info, options, good ? &out : nullptr, choices);
  check_metadata(file, *info, choices);
  if (!options.apply_orientation || info->orientation == 1)
    check_rows(file, *info, options, damage ? &out : nullptr, damage ? nullptr : &damage.error());
  DecodeOptions accept = options;
  accept.accept_truncated = true;
  Tensor some;
  const auto accepted = read(file, some, accept, choices);
  if (damage) {
    must(accepted.has_value(), "a picture that is whole is refused where damage is accepted");
    must(test::same(out, some), "a whole picture is another where damage is accepted");
  }
}

void read_file(const Codec& codec, Bytes input) {
  const test::File file = file_of(input);
  const auto found = recognise(file);
  if (found && *found == &codec) check_readers(file, Choices(file));
}

}  // namespace deckle::fuzz

// SPDX-License-Identifier: Apache-2.0
#include "codecs/read_picture.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "codecs/array.h"
#include "codecs/colour.h"
#include "codecs/formats.h"
#include "codecs/orientation.h"
#include "codecs/ratios.h"
#include "core/text.h"

namespace deckle {
namespace {

Shape shape_of(const Window& window, std::int64_t channels) {
  Shape shape{window.rank, {0, 0, 0}, channels};
  for (int a = 0; a < window.rank; ++a)
    shape[a] = window[a].length();
  return shape;
}

// Whether batch x pixels are more than `most`, without overflowing.
bool more_than(const Shape& shape, std::int64_t batch, std::int64_t most) {
  std::int64_t left = most / std::max<std::int64_t>(batch, 1);
  for (int a = 0; a < shape.rank; ++a)
    left /= shape[a];
  return left < 1;
}
// Fails if the layers cannot take a picture of this kind.
Result<Done> check_picture(const ImageInfo& info, const Codec& codec,
                           const DecodeOptions& options) {
  if (info.shape.rank != options.rank) {
    std::string message = std::string(codec.name) + " holds pictures (2 axes); these layers take " +
                          std::string(kSpatialAxes.at(static_cast<std::size_t>(options.rank) - 1));
    if (codec.pages && options.rank == 3)
      message += R"(: set "input": {"pages": "volume"} to take its pages as planes)";
    return Error{ErrorCode::Shape, std::move(message)};
  }
  if (info.shape.rank == 3 && options.apply_orientation && info.orientation != 1) {
    return Error{
        ErrorCode::Unsupported,
        "a volume whose pages have an orientation (" + std::to_string(info.orientation) +
            R"() is not read; set "input": {"orientation": "ignore"} to take them as stored)"};
  }
  return Done{};
}

bool may_decode_window(const Codec& codec, const DecodeOptions& options) {
  return codec.window && !options.check_all && !options.accept_truncated;
}

// Decodes the window `needed` of the picture as stored, or the whole picture.
Result<Part> decode_as_stored(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                              const Window& needed, Tensor& out) {
  const Codec& codec = codec_of(info.format);
  Result<Part> part = Part{{}, whole(info.shape)};
  if (may_decode_window(codec, options) && needed != part->window) {
    part = codec.window->decode(file, info, options, needed, out);
  } else if (auto done = codec.decode(file, info, options, out)) {
    part->damage = *std::move(done);
  } else {
    part = done.error();
  }
  if (!part) return part;
  const Shape expected = shape_of(part->window, info.shape.channels);
  if (out.shape != expected || out.dtype != info.dtype) {
    return Error{ErrorCode::Internal,
                 "the decoder for " + std::string(codec.name) + " gave " + to_string(out.shape) +
                     " " + std::string(name_of(out.dtype)) + ", the header said " +
                     to_string(expected) + " " + std::string(name_of(info.dtype))};
  }
  return part;
}

// The same for a window of the upright picture.
Result<Part> decode_upright(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                            const Window& needed, Tensor& out) {
  const int orientation = options.apply_orientation ? info.orientation : 1;
  if (orientation == 1) return decode_as_stored(file, info, options, needed, out);
  // Reused for the next picture: a new allocation costs more than turning the picture.
  thread_local Tensor as_stored;
  auto part =
      decode_as_stored(file, info, options, to_stored(needed, orientation, info.shape), as_stored);
  if (part) {
    apply_orientation(as_stored, orientation, out);
    part->window = to_upright(part->window, orientation, info.shape);
  }
  constexpr std::size_t kKeepBytes = std::size_t{128} << 20U;
  as_stored.data.shrink(kKeepBytes);
  return part;
}

// Rows in the requested colours.
class RecolouredRows final : public RowReader {
 public:
  RecolouredRows(std::unique_ptr<RowReader> reader, ColourChange change, const ImageInfo& info)
      : reader_(std::move(reader)), change_(std::move(change)) {
    cols_ = reader_->cols();
    row_.resize(static_cast<std::size_t>(cols_.length() * info.seen.shape.channels) *
                size_of(info.dtype));
  }

  Result<const std::uint8_t*> row(std::int64_t r) override {
    auto row = reader_->row(r);
    if (!row) return row;
    change_.run(*row, row_.data(), static_cast<std::size_t>(cols_.length()));
    return row_.data();
  }

  Result<Done> finish() override {
    auto done = reader_->finish();
    note_ = reader_->note();
    return done;
  }

 private:
  std::unique_ptr<RowReader> reader_;
  ColourChange change_;
  Buffer row_;
};

// Fails if `info` is not the result of read_info for this file.
Result<Done> check_info(Bytes file, const ImageInfo& info) {
  const Codec* const codec = find_codec(info.format);
  if (codec == nullptr || !codec->matches(file)) {
    return Error{ErrorCode::Usage, "the header is not of this file: its format is " +
                                       std::string(codec == nullptr ? "unknown" : codec->name)};
  }
  if (auto shape = check_shape(info.shape); !shape) return shape;
  if (info.batch && *info.batch < 1)
    return Error{ErrorCode::Usage, "a batch of " + std::to_string(*info.batch)};
  if (info.orientation < 1 || info.orientation > 8) {
    return Error{ErrorCode::Usage,
                 "an orientation is 1 to 8, not " + std::to_string(info.orientation)};
  }
  return Done{};
}

// For codings without a limit: a small file may be a whole picture of any size.
Result<Done> check_nearly_empty(Bytes file, std::uint64_t takes) {
  constexpr std::uint64_t kMuch = 512000000;
  constexpr std::uint64_t kMostPerByte = 65536;
  if (takes <= kMuch || file.size() >= takes / kMostPerByte) return Done{};
  return Error{ErrorCode::TooLarge,
               "the header says " + byte_size(takes) + " of samples, and the file has " +
                   count_of(file.size(), "byte") + ": above " + byte_size(kMuch) +
                   " a picture needs a byte of the file for every " + grouped(kMostPerByte) +
                   " of samples. This limit is fixed: a small file must not take all memory"};
}

// Refuses, before memory is allocated, a header that promises far more than the file can contain.
// Small pictures always pass. Half of the picture data is enough: the decoder then names the row at
// which the file ends. A thousandth is enough if damage is accepted. If the coding has no limit
// (ratios.h), only very large pictures are refused.
Result<Done> check_promise(Bytes file, const ImageInfo& info, const Codec& codec,
                           const DecodeOptions& options) {
  constexpr std::uint64_t kLittle = std::uint64_t{64} << 20U;
  const std::uint64_t takes = static_cast<std::uint64_t>(info.shape.pixels()) *
                              static_cast<std::uint64_t>(info.shape.channels) * size_of(info.dtype);
  if (takes <= kLittle) return Done{};
  const Promise promise = codec.promise(file, info);
  if (promise.available == kNoMost) return check_nearly_empty(file, takes);
  constexpr std::uint64_t kMostPerByte = 4096;  // bytes of samples for a byte of the file
  const bool enough = options.accept_truncated ? promise.available >= promise.least / 1000 &&
                                                     file.size() >= takes / kMostPerByte
                                               : promise.available >= promise.least / 2;
  if (enough || promise.available >= promise.least) return Done{};
  return Error{ErrorCode::Truncated, "truncated: the header promises a picture of at least " +
                                         std::to_string(promise.least) +
                                         " bytes of data, and the file has room for " +
                                         std::to_string(promise.available)};
}
}  // namespace

Shape ImageInfo::upright_shape() const {
  Shape upright = shape;
  if (orientation >= 5 && orientation <= 8) std::swap(upright[0], upright[1]);
  return upright;
}
Result<ImageInfo> read_info(Bytes file, const DecodeOptions& options) {
  if (options.rank < 1 || options.rank > 3) {
    return Error{ErrorCode::Usage,
                 "layers take 1 to 3 spatial axes, not " + std::to_string(options.rank)};
  }
  const Result<const Codec*> codec = recognise(file);
  if (!codec) return codec.error();
  const bool volume = options.volume && (*codec)->pages;
  Result<ImageInfo> info =
      volume ? (*codec)->pages->read_volume_info(file) : (*codec)->read_info(file);
  if (!info) return info;
  auto shaped = info->format == Format::Npy ? interpret_array(*info, options)
                                            : check_picture(*info, **codec, options);
  if (!shaped) return shaped.error();
  const Shape& shape = info->shape;
  std::string size = info->batch ? std::to_string(*info->batch) + " times " : "";
  for (int a = 0; a < shape.rank; ++a)
    size += (a > 0 ? " x " : "") + std::to_string(shape[a]);
  const auto any_extent = [&](auto is) {
    return std::any_of(shape.extent.begin(), shape.extent.begin() + shape.rank, is);
  };
  if (any_extent([](std::int64_t n) { return n < 1; })) {
    return Error{ErrorCode::Damaged, "damaged: the header says " + size + " pixels"};
  }
  if (any_extent([](std::int64_t n) { return n > kMaxExtent; })) {
    return Error{ErrorCode::TooLarge, "the header says " + size + " pixels; an axis has at most " +
                                          std::to_string(kMaxExtent) + ", which is fixed"};
  }
  if (more_than(shape, info->batch.value_or(1), options.max_pixels)) {
    return Error{ErrorCode::TooLarge,
                 "the header says " + size + " pixels; the limit (max_pixels) is " +
                     std::to_string(options.max_pixels) +
                     R"(; "input": {"max_pixels": ..} in the chain raises it)"};
  }
  if (auto held = check_promise(file, *info, **codec, options); !held) return held.error();
  if (auto seen = see(*info, options); !seen) return seen.error();
  return info;
}

Result<Damage> decode(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                      Tensor& out) {
  if (auto right = check_info(file, info); !right) return right.error();
  const Shape shape = options.apply_orientation ? info.upright_shape() : info.shape;
  DecodeOptions all = options;
  all.check_all = true;
  auto part = decode_window(file, info, all, whole(shape), out);
  if (!part) return part.error();
  return std::move(part->damage);
}

Result<std::unique_ptr<RowReader>> open_rows(Bytes file, const ImageInfo& info,
                                             const DecodeOptions& options, const Window& needed) {
  auto reader = codec_of(info.format).rows->open(file, info, options, needed);
  auto change = ColourChange::of(info, options);
  if (!change) return change.error();
  if (!reader || change->empty()) return reader;
  return std::unique_ptr<RowReader>(
      std::make_unique<RecolouredRows>(*std::move(reader), *std::move(change), info));
}

Result<Part> decode_window(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           const Window& needed, Tensor& out) {
  if (auto right = check_info(file, info); !right) return right.error();
  if (auto inside =
          check_window(needed, options.apply_orientation ? info.upright_shape() : info.shape);
      !inside)
    return inside.error();
  const auto change = ColourChange::of(info, options);
  if (!change) return change.error();
  try {
    auto part = decode_upright(file, info, options, needed, out);
    if (part) change->run(out);
    return part;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::TooLarge, "not enough memory for " + to_string(info.shape) +
                                          " samples of " + std::string(name_of(info.dtype))};
  }
}

bool decodes_whole(Bytes file, const ImageInfo& info, const DecodeOptions& options) {
  const Codec& codec = codec_of(info.format);
  return !may_decode_window(codec, options) || !codec.window->saves_memory(file);
}
}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "codecs/write_picture.h"

#include <algorithm>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "codecs/formats.h"
#include "core/sink.h"
#include "core/text.h"

namespace deckle {
namespace {

template <typename Range, typename Name>
std::string listed(const Range& range, Name name) {
  std::string text;
  std::size_t i = 0;
  for (const auto& item : range) {
    if (i > 0) text += i + 1 == range.size() ? " or " : ", ";
    text += name(item);
    ++i;
  }
  return text;
}
Result<Done> check_range(const std::optional<int>& value, int least, int most,
                         std::string_view name) {
  if (!value || (least <= *value && *value <= most)) return Done{};
  return Error{ErrorCode::Usage, std::string(name) + " is " + std::to_string(least) + " to " +
                                     std::to_string(most) + ", not " + std::to_string(*value)};
}
}  // namespace

Result<Done> encode_tensor(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  if (auto right = check_tensor(pixels); !right) return right;
  if (auto quality = check_range(options.quality, 1, 100, "quality"); !quality) return quality;
  if (auto level = check_range(options.compression, 0, 9, "compression"); !level) return level;
  const Codec* const found = find_codec(options.format);
  if (found == nullptr)
    return Error{ErrorCode::Usage, "no format is called " + std::string(options.format.name)};
  const Codec& codec = *found;
  if (!codec.encoder) return read_only(codec);
  if (options.format != Format::Npy && pixels.batch != 1)
    return holds_no_batch(codec, pixels.batch);
  if (auto fits = codec.encoder->check(pixels.shape, pixels.dtype); !fits) return fits;
  return codec.encoder->encode(pixels, options, out);
}

Result<Done> encode_in_memory(RowEncoder encode_rows, const RowSource& rows,
                              const EncodeOptions& options, Buffer& out) {
  BufferSink sink(out);
  auto done = encode_rows(rows, options, sink);
  if (sink.failed()) throw std::bad_alloc();
  return done;
}

Error read_only(const Codec& codec) {
  return {
      ErrorCode::Unsupported,
      std::string(codec.name) + " is read but not written; set \"output\": {\"format\": \"png\"}"};
}

Error holds_no_batch(const Codec& codec, std::int64_t batch) {
  return {ErrorCode::Shape, "a batch of " + std::to_string(batch) +
                                " can be written to npy, not to " + std::string(codec.name)};
}

Result<Done> check_format_limits(const FormatLimits& limits, const Shape& shape, DType dtype) {
  const std::string format(limits.name);
  if (shape.rank != 2 && !(shape.rank == 3 && limits.volumes)) {
    std::string message = format + " holds pictures (2 axes), not " +
                          count_of(static_cast<std::uint64_t>(shape.rank), "axis", "axes");
    if (shape.rank == 3) message += "; tiff (a page a plane) and npy hold volumes";
    return Error{ErrorCode::Shape, std::move(message)};
  }
  if (std::find(limits.dtypes.begin(), limits.dtypes.end(), dtype) == limits.dtypes.end()) {
    const std::string_view usual = name_of(limits.dtypes.front());
    return Error{ErrorCode::Depth,
                 format + " holds " + listed(limits.dtypes, name_of) + ", not " +
                     std::string(name_of(dtype)) +
                     (info(dtype).white > 0 ? "; set \"output\": {\"dtype\": \"" +
                                                  std::string(usual) + "\"}, or another \"format\""
                                            : "; tiff and npy hold it: set another \"format\"")};
  }
  if (std::find(limits.channels.begin(), limits.channels.end(), shape.channels) ==
      limits.channels.end()) {
    return Error{ErrorCode::Depth,
                 format + " holds " +
                     listed(limits.channels, [](auto n) { return std::to_string(n); }) +
                     " channels, not " + std::to_string(shape.channels) +
                     (shape.channels > 4        ? R"(; npy holds any: "output": {"format": "npy"})"
                      : shape.channels % 2 == 0 ? "; alpha is kept by png and tiff"
                                                : "")};
  }
  const auto axes = std::span(shape.extent).first(static_cast<std::size_t>(shape.rank));
  if (std::any_of(axes.begin(), axes.end(), [](auto n) { return n < 1; })) {
    return Error{ErrorCode::Shape,
                 format + " cannot hold an empty picture (" + to_string(shape) + ")"};
  }
  if (*std::max_element(axes.begin(), axes.end()) > limits.max_side) {
    return Error{ErrorCode::TooLarge, format + " holds at most " + std::to_string(limits.max_side) +
                                          " rows and columns, not " + to_string(shape)};
  }
  return Done{};
}
}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
#include "codecs/array.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "codecs/codec.h"
#include "codecs/npy.h"

namespace deckle {
namespace {

Result<ImageInfo> npy_info(Bytes file) {
  auto header = read_npy_header(file);
  if (!header) return header.error();
  ImageInfo info;
  info.format = Format::Npy;
  info.dtype = header->dtype;
  info.lossless = true;
  info.array = std::move(header->shape);
  return info;
}

// Transposes `groups` matrices of rows x cols samples. A sample has `bytes` bytes.
void transpose(const std::uint8_t* from, std::size_t groups, std::size_t rows, std::size_t cols,
               std::size_t bytes, std::uint8_t* to) {
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < cols; ++j)
        std::memcpy(to + (j * rows + i) * bytes, from + (i * cols + j) * bytes, bytes);
    }
    from += rows * cols * bytes;
    to += rows * cols * bytes;
  }
}

Result<Damage> decode_npy(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const auto header = read_npy_header(file);
  if (!header) return header.error();
  if (auto held = check_npy_size(file, *header); !held) return held.error();
  out.reset(info.shape, info.dtype, info.batch.value_or(1));
  if (!options.channels_first) {
    if (auto read = read_npy(file, *header, out.data); !read) return read.error();
    return Damage{};
  }
  Buffer as_stored;
  if (auto read = read_npy(file, *header, as_stored); !read) return read.error();
  transpose(as_stored.data(), static_cast<std::size_t>(out.batch),
            static_cast<std::size_t>(out.shape.channels),
            static_cast<std::size_t>(out.shape.pixels()), size_of(out.dtype), out.data.data());
  return Damage{};
}

Result<Done> check_npy(const Shape& /*shape*/, DType /*dtype*/) {
  return Done{};
}

Result<Done> encode_npy(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  std::vector<std::int64_t> axes;
  if (options.batch_axis || pixels.batch != 1) axes.push_back(pixels.batch);
  if (options.channels_first) axes.push_back(pixels.shape.channels);
  for (int a = 0; a < pixels.shape.rank; ++a)
    axes.push_back(pixels.shape[a]);
  if (!options.channels_first) axes.push_back(pixels.shape.channels);
  const Bytes samples{pixels.data.data(), pixels.byte_count()};
  if (!options.channels_first) return write_npy(axes, pixels.dtype, samples, out);
  Buffer transposed;
  transposed.resize(samples.size());
  transpose(samples.data(), static_cast<std::size_t>(pixels.batch),
            static_cast<std::size_t>(pixels.shape.pixels()),
            static_cast<std::size_t>(pixels.shape.channels), size_of(pixels.dtype),
            transposed.data());
  return write_npy(axes, pixels.dtype, transposed.bytes(), out);
}

std::string version(const EncodeOptions& /*options*/) {
  return "deckle, npy 1.0";
}

std::string python_tuple(const std::vector<std::int64_t>& axes) {
  std::string text = "(";
  for (std::size_t i = 0; i < axes.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(axes[i]);
  return text + (axes.size() == 1 ? ",)" : ")");
}

}  // namespace

Result<Done> interpret_array(ImageInfo& info, const DecodeOptions& options) {
  const auto rank = static_cast<std::size_t>(options.rank);
  const std::string spatial(kSpatialAxes.at(rank - 1));
  const std::string wanted =
      options.channels_first ? "channels x " + spatial : spatial + " x channels";
  const std::vector<std::int64_t>& axes = info.array;
  if (axes.size() != rank + 1 && axes.size() != rank + 2) {
    return Error{ErrorCode::Shape, "an array of shape " + python_tuple(axes) +
                                       "; these layers take " + wanted + " (" +
                                       std::to_string(rank + 1) + " axes), or a batch of them (" +
                                       std::to_string(rank + 2) + " axes)"};
  }
  if (std::any_of(axes.begin(), axes.end(), [](auto n) { return n < 1; })) {
    return Error{ErrorCode::Shape, "an array of shape " + python_tuple(axes) + " is empty"};
  }
  if (std::any_of(axes.begin(), axes.end(), [](auto n) { return n > kMaxExtent; })) {
    return Error{ErrorCode::TooLarge, "an array of shape " + python_tuple(axes) +
                                          "; an axis has at most " + std::to_string(kMaxExtent)};
  }
  std::size_t next = 0;
  if (axes.size() == rank + 2) info.batch = axes[next++];
  info.shape.rank = options.rank;
  if (options.channels_first) info.shape.channels = axes[next++];
  for (int a = 0; a < options.rank; ++a)
    info.shape[a] = axes[next++];
  if (!options.channels_first) info.shape.channels = axes[next];
  return Done{};
}
Codec npy_codec() {
  return {.format = Format::Npy,
          .extensions = {"npy"},
          .matches = is_npy,
          .read_info = npy_info,
          .decode = decode_npy,
          .version = version,
          .encoder = Encoder{.check = check_npy, .encode = encode_npy}};
}

}  // namespace deckle

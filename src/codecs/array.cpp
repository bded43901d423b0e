// SPDX-License-Identifier: Apache-2.0
// array: NumPy's .npy files as samples, and samples as .npy files.
// Shapes  (batch x) (axes) x channels, or channels before the axes  <->  batch of (axes) x channels
// Fails   as npy.h says
// Source  Keras' data_format for the order of the axes
#include "codecs/array.h"

#include <array>
#include <cstring>
#include <vector>

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

// `groups` times a matrix of rows x cols samples of `bytes` each, turned: what was [i][j] is
// [j][i].
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

Result<Done> can_encode(const Shape&, DType) {
  return Done{};
}

Result<Done> encode_npy(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  std::vector<std::int64_t> axes;
  if (options.batch_axis) axes.push_back(pixels.batch);
  if (options.channels_first) axes.push_back(pixels.shape.channels);
  for (int a = 0; a < pixels.shape.rank; ++a)
    axes.push_back(pixels.shape[a]);
  if (!options.channels_first) axes.push_back(pixels.shape.channels);
  const Bytes samples{pixels.data.data(), pixels.byte_count()};
  if (!options.channels_first) return write_npy(axes, pixels.dtype, samples, out);
  Buffer turned;
  turned.resize(samples.size());
  transpose(samples.data(), static_cast<std::size_t>(pixels.batch),
            static_cast<std::size_t>(pixels.shape.pixels()),
            static_cast<std::size_t>(pixels.shape.channels), size_of(pixels.dtype), turned.data());
  return write_npy(axes, pixels.dtype, turned.bytes(), out);
}

std::string version(const EncodeOptions& /*options*/) {
  return "deckle, npy 1.0";
}

}  // namespace

Codec npy_codec() {
  return {.format = Format::Npy,
          .name = "npy",
          .extensions = {"npy"},
          .matches = is_npy,
          .read_info = npy_info,
          .decode = decode_npy,
          .can_encode = can_encode,
          .encode = encode_npy,
          .version = version};
}

}  // namespace deckle

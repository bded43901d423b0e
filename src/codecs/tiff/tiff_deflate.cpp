// SPDX-License-Identifier: Apache-2.0
#include "codecs/tiff/tiff_deflate.h"

#include <libdeflate.h>

#include <cstring>
#include <memory>
#include <new>

namespace deckle {
namespace {

template <typename T>
void add_up(std::uint8_t* row, std::size_t samples, std::size_t step) {
  for (std::size_t i = step; i < samples; ++i) {
    T before{};
    T value{};
    std::memcpy(&before, row + (i - step) * sizeof(T), sizeof(T));
    std::memcpy(&value, row + i * sizeof(T), sizeof(T));
    value = static_cast<T>(value + before);  // modulo its range
    std::memcpy(row + i * sizeof(T), &value, sizeof(T));
  }
}

}  // namespace

Deflated unpack_deflate(Bytes packed, std::uint8_t* to, std::size_t size) {
  thread_local const std::unique_ptr<libdeflate_decompressor,
                                     decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (decompressor == nullptr) throw std::bad_alloc();
  switch (libdeflate_zlib_decompress(decompressor.get(), packed.data(), packed.size(), to, size,
                                     nullptr)) {
    case LIBDEFLATE_SUCCESS:  // without a pointer for its size: exactly `size` bytes
      return Deflated::Whole;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return Deflated::Longer;
    default:
      return Deflated::Wrong;
  }
}

void undo_differences(std::uint8_t* rows, std::size_t size, std::size_t row_bytes,
                      std::size_t sample_bytes, std::size_t step) {
  for (std::size_t at = 0; at + row_bytes <= size; at += row_bytes) {
    const std::size_t samples = row_bytes / sample_bytes;
    if (sample_bytes == 1) add_up<std::uint8_t>(rows + at, samples, step);
    if (sample_bytes == 2) add_up<std::uint16_t>(rows + at, samples, step);
    if (sample_bytes == 4) add_up<std::uint32_t>(rows + at, samples, step);
  }
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// Samples of all types, written to every format. Writing by rows must give the same bytes, and
// lossless formats must give back the samples.
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

// Two bytes each: format, type, rows, columns, channels, options. The samples are the rest.
void writers(Bytes input) {
  constexpr std::size_t kHead = 20;
  if (input.size() <= kHead) return;
  const auto numbers = numbers_of(input);
  const auto below = [&](std::size_t n) {
    return static_cast<std::int64_t>(numbers() % static_cast<std::uint32_t>(n));
  };
  const auto all = codecs();
  const Codec& codec = all[static_cast<std::size_t>(below(all.size()))];
  const auto dtype = static_cast<DType>(below(12));
  const std::int64_t rows = 1 + below(70);
  const std::int64_t cols = 1 + below(70);
  const std::int64_t channels = 1 + below(5);
  EncodeOptions options{.format = codec.format};
  if (below(2) == 0) options.quality = static_cast<int>(1 + below(100));
  if (below(2) == 0) options.compression = static_cast<int>(below(10));
  options.lossless = below(2) == 0;
  options.channels_first = below(2) == 0;
  if (codec.format == Format::Webp && options.lossless) options.quality.reset();
  Tensor pixels;
  pixels.reset(Shape::image(rows, cols, channels), dtype);
  const Bytes samples = input.subspan(kHead);
  for (std::size_t i = 0; i < pixels.byte_count(); ++i) {
    pixels.data.data()[i] = samples[i % samples.size()];
    if (dtype == DType::Bool) pixels.data.data()[i] &= 1U;
  }

  Buffer out;
  const auto done = encode_tensor(pixels, options, out);
  if (!done) {
    must(!codec.encoder || !codec.encoder->check(pixels.shape, dtype), "what can be written is not",
         done.error().message);
    return;
  }
  const test::File file = file_of(out.bytes());
  if (codec.encoder->encode_rows != nullptr) {
    Buffer again;
    const auto by_rows =
        encode_in_memory(codec.encoder->encode_rows, rows_of(pixels), options, again);
    must(by_rows && file_of(again.bytes()) == file, "rows are written in another way than all");
  }
  Tensor back;
  const DecodeOptions as_written{.channels_first = options.channels_first};
  const auto damage = test::read(file, back, as_written);
  must(damage && damage->empty(), "what was written cannot be read",
       damage ? damage->missing : damage.error().message);
  const bool loses =
      codec.format == Format::Jpeg || (codec.format == Format::Webp && !options.lossless);
  if (!loses && dtype != DType::Bool) {
    must(back.shape == pixels.shape, "what comes back is of another shape");
    must(test::samples_of(back) == test::samples_of(pixels), "samples do not come back");
  }
}

}  // namespace deckle::fuzz

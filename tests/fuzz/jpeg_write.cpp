// SPDX-License-Identifier: Apache-2.0
// Writes a JPEG by deckle, with BMI2 and without, and by libjpeg-turbo: the bytes must be the same.
#include "codecs/jpeg/jpeg_bits.h"
#include "fuzz/fuzz.h"
#include "support/jpeg.h"

namespace deckle::fuzz {

// Two bytes each: rows, columns, channels, quality, kind of samples. The samples are the rest,
// repeated.
void jpeg_write(Bytes input) {
  constexpr std::size_t kHead = 10;
  if (input.size() <= kHead) return;
  const auto numbers = numbers_of(input);
  const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(numbers() % n); };
  const std::int64_t rows = 1 + below(100);
  const std::int64_t cols = 1 + below(100);
  const std::int64_t channels = below(2) == 0 ? 1 : 3;
  const auto quality = static_cast<int>(1 + below(100));
  const auto times = static_cast<unsigned>(1 + below(3) * 40);  // how often a sample is repeated
  Tensor pixels;
  pixels.reset(Shape::image(rows, cols, channels), DType::UInt8);
  const Bytes samples = input.subspan(kHead);
  for (std::size_t i = 0; i < pixels.byte_count(); ++i)
    pixels.data.data()[i] = samples[i / times % samples.size()];

  Choices choices(input);
  static const bool has_bmi2 = use_bmi2;
  use_bmi2 = has_bmi2 && !choices.one_in(4);
  Buffer out;
  const auto done = encode_tensor(pixels, {.format = Format::Jpeg, .quality = quality}, out);
  must(done.has_value(), "a picture cannot be written", done ? "" : done.error().message);
  const test::File expected =
      test::jpeg_with(pixels, JCS_UNKNOWN, [&](auto& j) { jpeg_set_quality(&j, quality, TRUE); });
  must(file_of(out.bytes()) == expected, "the bytes are not libjpeg's");
}

}  // namespace deckle::fuzz

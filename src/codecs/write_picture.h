// SPDX-License-Identifier: Apache-2.0
// write_picture: writing for all formats, and the samples that a format can contain.
// Fails   Usage for wrong arguments; Unsupported for formats that are only read; Shape, Depth or
//         TooLarge for samples that the format cannot contain
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "codecs/codec.h"
#include "codecs/codec_options.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/rows.h"
#include "core/shape.h"
#include "core/tensor.h"

namespace deckle {

/// Encodes to `out` in `options.format`.
[[nodiscard]] Result<Done> encode_tensor(const Tensor& pixels, const EncodeOptions& options,
                                         Buffer& out);

/// Encodes rows to a buffer.
[[nodiscard]] Result<Done> encode_in_memory(RowEncoder encode_rows, const RowSource& rows,
                                            const EncodeOptions& options, Buffer& out);

/// The Error for a format that is only read.
[[nodiscard]] Error read_only(const Codec& codec);
/// The Error for a batch in a format whose files contain one picture.
[[nodiscard]] Error holds_no_batch(const Codec& codec, std::int64_t batch);

/// The samples that a format can contain. Most functions Encoder::check use this.
struct FormatLimits {
  std::string_view name;
  std::vector<DType> dtypes;
  std::vector<std::int64_t> channels;
  std::int64_t max_side;  ///< rows or columns
  bool volumes = false;   ///< also planes x rows x cols
};
/// Fails with Depth, TooLarge or Shape; the message names what the format can contain.
[[nodiscard]] Result<Done> check_format_limits(const FormatLimits& limits, const Shape& shape,
                                               DType dtype);

}  // namespace deckle

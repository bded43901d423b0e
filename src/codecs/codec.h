// SPDX-License-Identifier: Apache-2.0
// codec: what a codec is. It turns the bytes of a file into samples, and back if it has an encoder.
//
// A codec reports what is wrong with a file and never invents pixels. It prints nothing: messages
// of a library become the text of an Error. A codec is one source file, and a line in the table of
// formats.cpp.
// Shapes  rows x cols x channels; arrays (batch x) axes x channels; volumes
//         planes x rows x cols x channels
// Fails   NotAnImage, Unsupported, Truncated, Damaged, TooLarge: the file; Usage: a wrong argument
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/codec_options.h"
#include "codecs/format.h"
#include "codecs/image_info.h"
#include "codecs/metadata.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/rows.h"
#include "core/shape.h"
#include "core/sink.h"
#include "core/tensor.h"
#include "geometry/window.h"

namespace deckle {

/// How much picture data a header promises, and how much the file can hold.
struct Promise {
  std::uint64_t least = 0;  ///< bytes that a picture of this shape has at least
  std::uint64_t there = 0;  ///< bytes that the file can hold, counted in the same way
};

/// A picture that is decoded row by row, as stored.
class RowReader {
 public:
  RowReader() = default;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;
  virtual ~RowReader() = default;

  /// The columns in each row: at least those that are needed.
  [[nodiscard]] const Interval& cols() const { return cols_; }
  /// Row `r` of the picture, valid until the next call; `r` never decreases. Fails as the decoding
  /// of the whole picture does.
  virtual Result<const std::uint8_t*> row(std::int64_t r) = 0;
  /// Reads what a full decode reads after the last row, and fails as it does.
  virtual Result<Done> finish() = 0;
  /// Damage::note of the whole picture, after finish().
  [[nodiscard]] const std::string& note() const { return note_; }

 protected:
  Interval cols_;
  std::string note_;
};

// The parts of a codec. Functions are references: a part with one function missing does not
// compile.

/// Decodes a window of a picture, as stored, at less cost than the whole picture.
struct WindowDecoder {
  /// Codec::decode for a window; it may give more than `needed`.
  Result<Part> (&decode)(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                         const Window& needed, Tensor& out);
  /// Whether this file is decoded in the memory of the window. False: the whole picture is decoded.
  bool (&saves_memory)(Bytes file);
};

/// Decodes a picture row by row.
struct RowStreaming {
  /// A reader of the rows of `needed`, without `accept_truncated`.
  Result<std::unique_ptr<RowReader>> (&open)(Bytes file, const ImageInfo& info,
                                             const DecodeOptions& options, const Window& needed);
  /// Why this file cannot be streamed: "an interlaced png"; empty if it can.
  std::string (&obstacle)(Bytes file);
};

/// The kinds of metadata that a format can hold.
struct Carries {
  bool icc = false;
  bool exif = false;
  bool xmp = false;
};

/// Writes a picture row by row.
using RowEncoder = Result<Done> (*)(const RowSource& rows, const EncodeOptions& options, Sink& out);

/// Writes files.
struct Encoder {
  /// Fails if the format cannot hold such samples. Called before any pixel is computed.
  Result<Done> (&check)(const Shape& shape, DType dtype);
  Result<Done> (&encode)(const Tensor& pixels, const EncodeOptions& options, Buffer& out);
  /// `encode` for a picture that is not in memory as a whole, with the same bytes. Null: this
  /// format cannot be written row by row. The caller knows why a row or a write failed.
  RowEncoder encode_rows = nullptr;
  Carries carries{};         ///< the part of EncodeOptions::metadata that `encode` writes
  double usual_share = 1.0;  ///< usual size of a file of photographs, as a share of the raw samples
};

/// Files of several pages.
struct Pages {
  /// Codec::read_info for all pages, as planes, rows, cols. `decode` then gives all of them.
  Result<ImageInfo> (&read_volume_info)(Bytes file);
};

/// Cuts a window out of a file without decoding it to pixels: its coefficients are copied.
struct LosslessCrop {
  /// Fails with Unsupported if `crop` cannot cut this window, judged by the header alone.
  Result<Done> (&check)(Bytes file, const Window& window);
  /// A file of `window` of the picture as stored, with `metadata` instead of its own. Fails as
  /// `decode` does.
  Result<Done> (&crop)(Bytes file, const Window& window, const Metadata& metadata, Buffer& out);
};

inline Promise no_promise(Bytes /*file*/, const ImageInfo& /*info*/) {
  return {};
}
inline Metadata no_metadata(Bytes /*file*/) {
  return {};
}

/// A row of the table of codecs. All functions but `matches` are called only for files that
/// `matches` accepts.
struct Codec {
  Format format;
  std::string_view name = format.name;
  std::vector<std::string_view> extensions;  ///< lower case, without the dot; the usual one first
  /// By content; `head` is the first kHeadBytes of the file or more, if it has them.
  bool (&matches)(Bytes head);
  /// By the header alone.
  Result<ImageInfo> (&read_info)(Bytes file);
  /// The whole picture, as stored.
  Result<Damage> (&decode)(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out);
  /// Default: any file may hold any picture, or `read_info` itself compares.
  Promise (&promise)(Bytes file, const ImageInfo& info) = no_promise;
  /// Metadata of the file, unchecked.
  Metadata (&read_metadata)(Bytes file) = no_metadata;
  /// Name and version of the linked library: "libpng 1.6.39". For a library that does not report
  /// its version, a digest of its output for a small picture with these options. Null exactly if a
  /// plug-in reads the format: see `decoder`.
  std::string (*version)(const EncodeOptions& options) = nullptr;
  /// Name and version of the plug-in's library. Starts the helper process; "" if that fails.
  std::string (*decoder)() = nullptr;

  std::optional<WindowDecoder> window{};
  std::optional<RowStreaming> rows{};
  std::optional<Encoder> encoder{};
  std::optional<Pages> pages{};
  std::optional<LosslessCrop> lossless_crop{};
};

}  // namespace deckle

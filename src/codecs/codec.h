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

/// The picture data that a header promises, and the picture data that the file can contain.
struct Promise {
  std::uint64_t least = 0;      ///< the fewest bytes of a picture of this shape
  std::uint64_t available = 0;  ///< the most bytes that the file can contain, counted as `least`
};

/// A picture that is decoded row by row, as stored.
class RowReader {
 public:
  RowReader() = default;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;
  virtual ~RowReader() = default;

  /// The columns in each row. They contain the columns that are needed.
  [[nodiscard]] const Interval& cols() const { return cols_; }
  /// Row `r` of the picture, valid until the next call; `r` never decreases. Fails as a full decode
  /// does.
  virtual Result<const std::uint8_t*> row(std::int64_t r) = 0;
  /// Reads the data after the last row, as a full decode does, and fails as a full decode does.
  virtual Result<Done> finish() = 0;
  /// After finish(): Damage::note of the whole picture.
  [[nodiscard]] const std::string& note() const { return note_; }

 protected:
  Interval cols_;
  std::string note_;
};

// The parts of a codec. Functions are references: a part with one function missing does not
// compile.

/// Decodes a window of a picture, as stored. This costs less than decoding the whole picture.
struct WindowDecoder {
  /// Codec::decode for a window. The result may be larger than `needed`.
  Result<Part> (&decode)(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                         const Window& needed, Tensor& out);
  /// Whether decoding needs memory only for the window. False: it needs memory for the whole
  /// picture.
  bool (&saves_memory)(Bytes file);
};

/// Decodes a picture row by row.
struct RowStreaming {
  /// A reader of the rows of `needed`. `accept_truncated` must be off.
  Result<std::unique_ptr<RowReader>> (&open)(Bytes file, const ImageInfo& info,
                                             const DecodeOptions& options, const Window& needed);
  /// Why this file cannot be streamed: "an interlaced png"; empty if it can.
  std::string (&obstacle)(Bytes file);
};

/// The kinds of metadata that a format can contain.
struct Carries {
  bool icc = false;
  bool exif = false;
  bool xmp = false;
};

/// Writes a picture row by row.
using RowEncoder = Result<Done> (*)(const RowSource& rows, const EncodeOptions& options, Sink& out);

/// Writes files.
struct Encoder {
  /// Fails if the format has no place for samples of this shape and type. Called before any pixel
  /// is computed.
  Result<Done> (&check)(const Shape& shape, DType dtype);
  Result<Done> (&encode)(const Tensor& pixels, const EncodeOptions& options, Buffer& out);
  /// Writes the bytes of `encode`, for a picture that is not in memory as a whole. Null: this
  /// format cannot be written row by row. If it fails, `rows` or `out` has failed: ask them for the
  /// reason.
  RowEncoder encode_rows = nullptr;
  Carries carries{};         ///< the part of EncodeOptions::metadata that `encode` writes
  double usual_share = 1.0;  ///< usual size of a file of photographs, as a share of the raw samples
};

/// For files of several pages.
struct Pages {
  /// Codec::read_info for all pages, as planes, rows, cols. `decode` then gives all of them.
  Result<ImageInfo> (&read_volume_info)(Bytes file);
};

/// Cuts a window out of a file without decoding it to pixels: its coefficients are copied.
struct LosslessCrop {
  /// Fails with Unsupported if `crop` cannot cut this window, judged by the header alone.
  Result<Done> (&check)(Bytes file, const Window& window);
  /// Writes a file of `window` of the picture as stored. It has `metadata` instead of the metadata
  /// of the file. Fails as `decode` does.
  Result<Done> (&crop)(Bytes file, const Window& window, const Metadata& metadata, Buffer& out);
};

inline Promise no_promise(Bytes /*file*/, const ImageInfo& /*info*/) {
  return {};
}
inline Metadata no_metadata(Bytes /*file*/) {
  return {};
}

/// A row of the table of codecs. `matches` is called for any file, the other functions only for
/// files that it accepts.
struct Codec {
  Format format;
  std::string_view name = format.name;
  std::vector<std::string_view> extensions;  ///< lower case, without the dot; the usual one first
  /// Judges by the content. `head` is the beginning of the file: at least kHeadBytes, or the whole
  /// file if it is shorter.
  bool (&matches)(Bytes head);
  /// Reads only the header.
  Result<ImageInfo> (&read_info)(Bytes file);
  /// The whole picture, as stored.
  Result<Damage> (&decode)(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out);
  /// The default is for formats in which a file of any size may be a picture of any size, and for
  /// formats whose `read_info` compares the sizes itself.
  Promise (&promise)(Bytes file, const ImageInfo& info) = no_promise;
  /// Metadata of the file, unchecked.
  Metadata (&read_metadata)(Bytes file) = no_metadata;
  /// Name and version of the linked library: "libpng 1.6.39". For a library that does not report
  /// its version, a digest of its output for a small picture with these options. Null if and only
  /// if a plug-in reads the format: see `decoder`.
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

// SPDX-License-Identifier: Apache-2.0
// codecs: bytes of a file to samples, and back.
//
// Every codec says what is wrong with a file instead of inventing pixels, and prints nothing: a
// library's own messages become the text of the Error. A codec is one file here and one line in the
// table of codec.cpp.
// Shapes  rows x cols x channels; of arrays (batch x) axes x channels; of volumes
//         planes x rows x cols x channels
// Fails   NotAnImage, Unsupported, Truncated, Damaged, TooLarge: the file; Usage: a wrong argument
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/metadata.h"
#include "core/bands.h"
#include "core/bytes.h"
#include "core/dtype.h"
#include "core/result.h"
#include "core/rows.h"
#include "core/shape.h"
#include "core/sink.h"
#include "core/stop.h"
#include "core/tensor.h"
#include "geometry/window.h"

namespace deckle {

enum class Format { Jpeg, Png, Webp, Tiff, Bmp, Pnm, Jp2, Hdr, SunRaster, Pfm, Exr, Npy };

/// What every picture becomes before the first layer: Keras' word and Keras' names.
enum class ColorMode : std::uint8_t { Keep, Grayscale, Rgb, Rgba };

/// An entry of a palette: red, green, blue, alpha, each of 0 to 65535.
using Colour = std::array<std::uint16_t, 4>;

/// A picture as the layers see it, by DecodeOptions.
struct Seen {
  Shape shape;                   ///< upright, in the color_mode that is asked for
  std::optional<Bands> bands{};  ///< where they are not usual_bands
  bool icc = false;              ///< ImageInfo::icc is for these samples
  bool icc_unfit = false;        ///< ... cannot be read, or is for others than the file's
};

/// What a header says of an image.
struct ImageInfo {
  Format format = Format::Jpeg;
  Shape shape;  ///< rows, cols, channels as stored in the file: before any orientation is applied
  DType dtype = DType::UInt8;
  int orientation = 1;    ///< EXIF's and TIFF's 1 to 8; invalid values are read as 1
  bool lossless = false;  ///< the file's own compression loses nothing
  /// The ICC profile as it is in the file (bmp, jp2, jpg, png, tiff, webp), unchecked; empty where
  /// there is none.
  std::vector<std::uint8_t> icc{};
  /// npy: the axes as the file orders them. deckle::read_info makes `shape` and `batch` of them.
  std::vector<std::int64_t> array{};
  std::optional<std::int64_t> batch{};  ///< so many of `shape`, where the array has that axis
  /// What the channels mean, where that is not usual_bands of their number: TIFF.
  std::optional<Bands> bands{};
  /// The colours that the samples of the file are indices of (bmp, png, ras, tiff); empty where
  /// they are none.
  std::vector<Colour> palette{};
  /// What is white in the file, where the samples are grey and were scaled to the whole range of
  /// `dtype` (png, pnm, tiff); else 0.
  std::uint32_t white = 0;
  /// The samples are as the file has them: indices of `palette`, or grey up to `white`.
  bool indexed = false;
  Seen seen{};  ///< what deckle::read_info makes of all this

  /// The shape as the picture is meant to be seen: rows and cols exchanged for orientations 5 to 8.
  [[nodiscard]] Shape upright_shape() const;
};

struct DecodeOptions {
  bool apply_orientation = true;
  bool accept_truncated = false;  ///< take what can be read of a truncated or damaged picture
  bool check_all = false;  ///< decode also what is not needed, so that no damage goes unnoticed
  /// rows x cols; more is an Error before memory is taken
  std::int64_t max_pixels = std::int64_t{1} << 28;
  int rank = 2;                            ///< spatial axes that the layers take
  bool volume = false;                     ///< all pages of a TIFF, as planes; else the first
  bool channels_first = false;             ///< layout of arrays
  ColorMode color_mode = ColorMode::Keep;  ///< of pictures; arrays have it or are refused
  /// What is behind pictures with alpha that become grayscale or rgb, red, green, blue of 0 to 255;
  /// nothing: alpha is dropped.
  std::optional<std::array<int, 3>> background{};
  bool index = false;    ///< take the indices of palettes, and grey of few bits as it is
  bool to_srgb = false;  ///< convert colours from the picture's ICC profile to sRGB
  /// Asked from row to row of JPEG and PNG and from strip to strip of TIFF, which then fail with
  /// Stopped. Null: never. Rows of a RowReader are the caller's to stop.
  const Stop* stop = nullptr;
};

/// What is to be known of a picture that was read all the same. Both are empty where all is well.
struct Damage {
  std::string missing{};  ///< samples that are missing or wrong, with `accept_truncated`
  std::string note{};     ///< odd, and no sample is missing or guessed; of a file read to its end

  [[nodiscard]] bool empty() const { return missing.empty() && note.empty(); }
  bool operator==(const Damage&) const = default;
};

/// A decoded part of a picture, which a tensor holds.
struct Part {
  Damage damage;
  Window window;  ///< of the picture; at least what was asked for
};

/// What a header says of the size of the picture data.
struct Promise {
  std::uint64_t least =
      0;  ///< bytes, packed or unpacked, that a picture of this shape has at least
  std::uint64_t there = 0;  ///< bytes that can be in the file, counted alike
};

struct EncodeOptions {
  Format format = Format::Png;
  std::optional<int> quality{};      ///< 1 to 100: jpeg, and webp where it is lossy
  bool lossless = false;             ///< webp
  std::optional<int> compression{};  ///< 0 (none, fastest) to 9 (smallest): png, tiff
  bool channels_first = false;       ///< npy
  bool batch_axis = false;           ///< npy: also where the batch is of one
  std::optional<Bands> bands{};      ///< tiff: where they are not usual_bands
  Metadata metadata{};               ///< to go along; of it, what the format `carries`
  std::vector<Colour> palette{};     ///< png, tiff, bmp: the samples are its indices
  /// Asked in between by webp, which then fails with Stopped. Null: never. Rows of a RowSource are
  /// the caller's to stop.
  const Stop* stop = nullptr;
};

/// A picture that is decoded row by row, as it is stored.
class RowReader {
 public:
  RowReader() = default;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;
  virtual ~RowReader() = default;

  /// The columns that its rows hold: at least those that are needed.
  [[nodiscard]] const Interval& cols() const { return cols_; }
  /// Row `r` of the picture, good until the next call; never one before the last. Fails as the
  /// decoding of the whole does.
  virtual Result<const std::uint8_t*> row(std::int64_t r) = 0;
  /// Reads what a decoding of the whole would read behind the last row, and fails as it does.
  virtual Result<Done> finish() = 0;
  /// Damage::note of the whole, once finish() is done.
  [[nodiscard]] const std::string& note() const { return note_; }

 protected:
  Interval cols_;
  std::string note_;
};

/// Which kinds of metadata an output's format can hold.
struct Carries {
  bool icc = false;
  bool exif = false;
  bool xmp = false;
};

/// A row of the table of codecs. The functions are told of files that `matches` took.
struct Codec {
  Format format;
  std::string_view name;  ///< as the chain file and the manifest say it
  std::vector<std::string_view>
      extensions;  ///< lower case, without the dot; the first is the usual one
  bool (*matches)(
      Bytes head);  ///< by content; `head` is the file's beginning, 32 bytes or more if it has them
  Result<ImageInfo> (*read_info)(Bytes file);  ///< from the header alone
  Result<Damage> (*decode)(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out);
  /// What cannot be written, before any pixel is made. Null: this format is read only.
  Result<Done> (*can_encode)(const Shape& shape, DType dtype);
  Result<Done> (*encode)(const Tensor& pixels, const EncodeOptions& options, Buffer& out);
  /// Name and version of the library that runs: "libpng 1.6.39". A library that does not report its
  /// version has a digest of what it makes of a small picture with these options. Null where a
  /// plug-in reads the format: see `decoder`.
  std::string (*version)(const EncodeOptions& options);
  /// `decode` for a part of the picture as it is stored, where that costs less; it may give more
  /// than was asked for. Null: this format is always decoded whole.
  Result<Part> (*decode_part)(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                              const Window& needed, Tensor& out) = nullptr;
  /// `read_info` of all pages: planes, rows, cols, which `decode` then gives. Null: this format has
  /// no pages.
  Result<ImageInfo> (*read_volume_info)(Bytes file) = nullptr;
  /// `encode` for a picture that is not in memory as a whole, the same bytes. Null: this format
  /// cannot. What went wrong with a row or a write, whoever gave `rows` and `out` knows.
  Result<Done> (*encode_rows)(const RowSource& rows, const EncodeOptions& options,
                              Sink& out) = nullptr;
  /// `decode_part`, or `decode` where that is null, row by row; without `accept_truncated`. Null:
  /// this format cannot.
  Result<std::unique_ptr<RowReader>> (*read_rows)(Bytes file, const ImageInfo& info,
                                                  const DecodeOptions& options,
                                                  const Window& needed) = nullptr;
  /// What this picture is that `read_rows` cannot read: "an interlaced png"; empty where it can.
  std::string (*row_streaming_obstacle)(Bytes file) = nullptr;
  /// Whether `decode_part` takes no more memory than the part does: false where this picture is
  /// decoded whole all the same. Null, like `decode_part`.
  bool (*decodes_parts)(Bytes file) = nullptr;
  /// Fails with Unsupported where `cut` cannot cut this window, by the header alone.
  Result<Done> (*can_cut)(Bytes file, const Window& window) = nullptr;
  /// A file of a window of the picture as it is stored, without another loss: its coefficients are
  /// copied; with `metadata`, and none of its own. Fails as `decode` does. Null, like `can_cut`:
  /// this format cannot.
  Result<Done> (*cut)(Bytes file, const Window& window, const Metadata& metadata,
                      Buffer& out) = nullptr;
  /// Of a picture whose header has been read. Null: in this format a few bytes may be any picture,
  /// or `read_info` itself compares.
  Promise (*promise)(Bytes file, const ImageInfo& info) = nullptr;
  /// What the file holds beside its samples, unchecked. Null: this format holds nothing of it.
  Metadata (*read_metadata)(Bytes file) = nullptr;
  /// What of EncodeOptions::metadata `encode` writes.
  Carries carries{};
  /// Of a format that a plug-in reads: name and version of its library. Starts its helper; "" where
  /// that fails.
  std::string (*decoder)() = nullptr;
};

/// The beginning of a file that `recognise` is shown.
inline constexpr std::size_t kHeadBytes = 512;

/// All codecs, in the order in which they are asked.
[[nodiscard]] std::span<const Codec> codecs();
[[nodiscard]] const Codec& codec_of(Format format);
[[nodiscard]] const Codec* codec_by_name(std::string_view name);

/// The codec for a file that begins with these bytes; NotAnImage, or Unsupported with the name of a
/// format that is known but not read (GIF, AVIF, ...).
[[nodiscard]] Result<const Codec*> recognise(Bytes head);

/// Reads the header and checks it against `max_pixels` and the size of the file. Fails with
/// NotAnImage where `file` is empty or of no known format, with Usage where `options.rank` is not 1
/// to 3, with Truncated where the header promises far more than the file holds, else as the codec
/// does.
[[nodiscard]] Result<ImageInfo> read_info(Bytes file, const DecodeOptions& options);

/// Reads rows as Codec::read_rows does, in the color_mode that is asked for.
[[nodiscard]] Result<std::unique_ptr<RowReader>> open_rows(Bytes file, const ImageInfo& info,
                                                           const DecodeOptions& options,
                                                           const Window& needed);

/// Decodes to `out`, upright unless `apply_orientation` is off. `info` is what `read_info` gave for
/// this file. Fails with Truncated or Damaged where the picture is not whole, unless
/// `accept_truncated`; with Usage where `info` cannot be this file's.
[[nodiscard]] Result<Damage> decode(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                                    Tensor& out);

/// Decodes at least the window `needed`, in the picture as it is seen; its samples are those of a
/// full decode. A file that is cut short is refused whatever is needed of it; damage where nothing
/// is needed may go unnoticed, unless `check_all`. Fails with Usage where `needed` is not inside
/// the picture.
[[nodiscard]] Result<Part> decode_window(Bytes file, const ImageInfo& info,
                                         const DecodeOptions& options, const Window& needed,
                                         Tensor& out);

/// Whether decode_window decodes all of this picture, however little is needed of it.
[[nodiscard]] bool decodes_whole(Bytes file, const ImageInfo& info, const DecodeOptions& options);

/// Encodes to `out` in `options.format`. Fails with Usage where the tensor's bytes are not those of
/// its shape or an option is out of its range, with Unsupported where the format is only read, and
/// with Shape, Depth or TooLarge where it cannot hold these samples.
[[nodiscard]] Result<Done> encode_tensor(const Tensor& pixels, const EncodeOptions& options,
                                         Buffer& out);

/// Encodes rows into a buffer with the codec's `encode_rows`.
[[nodiscard]] Result<Done> encode_in_memory(const Codec& codec, const RowSource& rows,
                                            const EncodeOptions& options, Buffer& out);

/// Errors for a format that is only read, and for a batch that should go into a picture file.
[[nodiscard]] Error read_only(const Codec& codec);
[[nodiscard]] Error holds_no_batch(const Codec& codec, std::int64_t batch);

/// What a format can hold: what `can_encode` goes by.
struct FormatLimits {
  std::string_view name;
  std::vector<DType> dtypes;
  std::vector<std::int64_t> channels;
  std::int64_t max_side;
  bool volumes = false;  ///< planes x rows x cols too
};
/// Depth, TooLarge or Shape, with what the format could hold instead.
[[nodiscard]] Result<Done> check_format_limits(const FormatLimits& holds, const Shape& shape,
                                               DType dtype);

}  // namespace deckle

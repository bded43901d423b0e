// SPDX-License-Identifier: Apache-2.0
// jpeg: baseline, progressive and arithmetic JPEG; grey, YCbCr, RGB, CMYK and YCCK.
// Shapes  H x W x 1 (grey) or H x W x 3 (all others), uint8, as stored
// Fails   Truncated with the row or scan where the data ends, Damaged with the row, Unsupported for
//         12-bit, lossless, hierarchical, 2-component and more than 100 scans
// Source  ITU-T T.81 (markers, B.1.1). libjpeg-turbo's defaults are kept (islow, fancy upsampling):
//         pixels equal those of other programs that use it
#include "codecs/jpeg/jpeg.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codecs/exif.h"
#include "codecs/jpeg/fdct.h"
#include "codecs/jpeg/idct.h"
#include "codecs/jpeg/jpeg_decode.h"
#include "codecs/jpeg/jpeg_metadata.h"
#include "codecs/jpeg/jpeg_scan.h"
#include "codecs/jpeg/jpeg_writer.h"
#include "codecs/jpeg/libjpeg.h"
#include "codecs/jpeg/lossless_crop.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"
#include "codecs/sample.h"
#include "codecs/write_picture.h"
#include "core/text.h"

namespace deckle {
namespace {

// ---- sequential JPEG without libjpeg

void set_code(HuffmanCode& code, const JHUFF_TBL& table) {
  std::copy_n(table.bits + 1, code.counts.size(), code.counts.begin());
  std::copy_n(table.huffval, code.symbols.size(), code.symbols.begin());
}

// Opens the scan for a window, after the header was read. Null if JpegScan does not read this kind
// of file. It opens CMYK too, but gives no rows of it.
std::unique_ptr<JpegScan> open_blocks(jpeg_decompress_struct& jpeg, Bytes file,
                                      const Window& needed) {
  const bool colour = jpeg.num_components == 3;
  const bool inks = jpeg.num_components == 4;
  if (jpeg_has_multiple_scans(&jpeg) != 0 || jpeg.arith_code != 0 || needed.pixels() == 0 ||
      (jpeg.num_components != 1 && !colour && !inks))
    return nullptr;
  if (jpeg.Ss != 0 || jpeg.Se != DCTSIZE2 - 1 || jpeg.Ah != 0 || jpeg.Al != 0) return nullptr;
  if (colour && jpeg.jpeg_color_space != JCS_YCbCr && jpeg.jpeg_color_space != JCS_RGB)
    return nullptr;

  JpegScanHeader header;
  header.rows = jpeg.image_height;
  header.cols = jpeg.image_width;
  header.component_count = static_cast<std::size_t>(jpeg.num_components);
  header.ycbcr = jpeg.jpeg_color_space == JCS_YCbCr || jpeg.jpeg_color_space == JCS_YCCK;
  header.interval = jpeg.restart_interval;
  header.data = file.last(jpeg.src->bytes_in_buffer);
  const auto table_at = [](auto& tables, int number) {
    return number >= 0 && number < NUM_HUFF_TBLS ? tables[number] : nullptr;
  };
  for (std::size_t i = 0; i < header.component_count; ++i) {
    const jpeg_component_info& component = *jpeg.cur_comp_info[i];
    if (component.component_index != static_cast<int>(i)) return nullptr;
    const JQUANT_TBL* const table = table_at(jpeg.quant_tbl_ptrs, component.quant_tbl_no);
    const JHUFF_TBL* const dc = table_at(jpeg.dc_huff_tbl_ptrs, component.dc_tbl_no);
    const JHUFF_TBL* const ac = table_at(jpeg.ac_huff_tbl_ptrs, component.ac_tbl_no);
    if (table == nullptr || dc == nullptr || ac == nullptr) return nullptr;
    JpegScanHeader::Component& to = header.components.at(i);
    to.v_sampling = component.v_samp_factor;
    to.h_sampling = component.h_samp_factor;
    std::copy_n(table->quantval, to.quant_table.size(), to.quant_table.begin());
    set_code(to.dc, *dc);
    set_code(to.ac, *ac);
  }
  return JpegScan::open(header, needed);
}

std::unique_ptr<JpegScan> open_scan(jpeg_decompress_struct& jpeg, Bytes file,
                                    const Window& needed) {
  return jpeg.num_components == 4 ? nullptr : open_blocks(jpeg, file, needed);
}

// The same; null if libjpeg is faster. The plain kernels are slower than libjpeg's vector code:
// they save time only if most of the data is skipped.
std::unique_ptr<JpegScan> fast_scan(jpeg_decompress_struct& jpeg, Bytes file,
                                    const Window& needed) {
  const std::int64_t read = needed[0].end * std::int64_t{jpeg.image_width};
  if (avx2_idct() == nullptr && 8 * needed.pixels() > read) return nullptr;
  return open_scan(jpeg, file, needed);
}

// The stray bytes before the end marker, for pictures that JpegScan can read. With several scans,
// or arithmetic coding, stray bytes cannot be distinguished from data: a decoder that lost
// synchronisation leaves bytes too, and any bits decode as refined coefficients.
Bytes stray_bytes(Bytes file) {
  LibjpegDecoder decoder(file);
  if (!decoder.read_header()) return {};
  const std::int64_t rows = decoder.jpeg.image_height;
  const std::int64_t cols = decoder.jpeg.image_width;
  const auto scan =
      open_blocks(decoder.jpeg, file, {2, {Interval{rows - 1, rows}, Interval{cols - 1, cols}}});
  return scan ? scan->stray_bytes() : Bytes{};
}

// ---- reading

bool matches(Bytes head) {
  return head.size() >= 2 && head[0] == 0xFF && head[1] == 0xD8 &&
         (head.size() == 2 || head[2] == 0xFF);
}

Result<ImageInfo> read_info(Bytes file) {
  LibjpegDecoder decoder(file);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (!keep_metadata(decoder) || !decoder.read_header()) return decoder.header_error();

  ImageInfo info;
  info.format = Format::Jpeg;
  if (jpeg.num_components != 1 && jpeg.num_components != 3 && jpeg.num_components != 4) {
    return Error{ErrorCode::Unsupported, "JPEG with " + std::to_string(jpeg.num_components) +
                                             " components is not read, only 1, 3 and 4"};
  }
  info.shape = Shape::image(jpeg.image_height, jpeg.image_width, jpeg.num_components == 1 ? 1 : 3);
  info.icc = icc_of(decoder);
  info.orientation = exif_orientation(exif_of(decoder)).value_or(1);
  return info;
}

Promise jpeg_promise(Bytes file, const ImageInfo& /*info*/) {
  LibjpegDecoder decoder(file);
  if (!decoder.read_header()) return {};
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  std::uint64_t blocks = 0;
  for (int i = 0; i < jpeg.num_components; ++i) {
    const jpeg_component_info& component = jpeg.comp_info[i];
    blocks += std::uint64_t{component.width_in_blocks} * component.height_in_blocks;
  }
  const Coding coding = jpeg.arith_code != 0                  ? Coding::Unlimited
                        : jpeg_has_multiple_scans(&jpeg) != 0 ? Coding::JpegScans
                                                              : Coding::JpegScan;
  return {blocks * DCTSIZE2, most_unpacked(coding, file.size())};
}

// CMYK to RGB. Samples are inverted: 255 is no ink. T.81 does not define this; Photoshop writes
// inverted samples, and libjpeg does not change them (libjpeg.txt, "Special color spaces"). Pillow
// (JpegImagePlugin.py, rawmode "CMYK;I"), OpenCV (grfmt_jpeg.cpp, icvCvt_CMYK2BGR_8u_C4C3R),
// ImageMagick (coders/jpeg.c, ReadJPEGImage), GraphicsMagick and OpenImageIO read them in this way
// too, with or without Adobe's marker.
void cmyk_to_rgb(const JSAMPLE* from, std::uint8_t* to, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i) {
    const unsigned k = from[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c)
      to[3 * i + c] = static_cast<std::uint8_t>((from[4 * i + c] * k + 127) / 255);
  }
}

// Reads from the first scan to the end of the image. Runs inside `guarded`.
void read_pixels(jpeg_decompress_struct& jpeg, std::uint8_t* out, std::size_t row_bytes) {
  const bool cmyk = jpeg.num_components == 4;
  if (jpeg.num_components == 3) jpeg.out_color_space = JCS_RGB;
  if (cmyk) jpeg.out_color_space = JCS_CMYK;
  jpeg_start_decompress(&jpeg);

  JSAMPARRAY inks = nullptr;
  if (cmyk) {
    inks = jpeg.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&jpeg), JPOOL_IMAGE,
                                  jpeg.output_width * 4, 1);
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    std::uint8_t* const row = out + row_bytes * jpeg.output_scanline;
    JSAMPROW direct = row;
    jpeg_read_scanlines(&jpeg, cmyk ? inks : &direct, 1);
    if (cmyk) cmyk_to_rgb(inks[0], row, jpeg.output_width);
  }
  finish_pixels(jpeg);
}

Result<Damage> decode_jpeg(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out) {
  LibjpegDecoder decoder(file);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  LibjpegReport& report = decoder.report;
  if (auto opened = decoder.open_whole(); !opened) return opened.error();
  std::optional<Error> hole = jpeg_hole(decoder, file);
  if (hole && !options.accept_truncated) return *hole;

  out.reset(Shape::image(jpeg.image_height, jpeg.image_width, info.shape.channels), DType::UInt8);
  std::uint8_t* const pixels = out.data.data();
  const std::size_t row_bytes = out.row_bytes();
  if (const auto scan = hole ? nullptr : fast_scan(jpeg, file, whole(out.shape))) {
    bool good = true;
    for (std::int64_t r = 0; good && r < out.shape.rows(); ++r) {
      if (is_told(options.stop)) return given_up();
      good = scan->row(r, out.row(r));
    }
    if (good && scan->finish()) return Damage{};
  }
  report.stop_at_damage = !options.accept_truncated;
  decoder.stop_by(options.stop);
  if (!guarded(report, [&] { read_pixels(jpeg, pixels, row_bytes); })) {
    Error error = decoder.fatal_error();
    const std::size_t rows = jpeg.output_scanline;
    if (report.stopped) return error;
    if (!options.accept_truncated || rows == 0 || report.fatal == JERR_OUT_OF_MEMORY) return error;
    std::memset(pixels + rows * row_bytes, 0, out.byte_count() - rows * row_bytes);
    return Damage{error.message + "; " + std::to_string(rows) + " rows were read"};
  }
  std::string note;
  std::optional<Error> wrong = jpeg_damage(decoder, file, note);
  if (!wrong) wrong = std::move(hole);
  return outcome(std::move(wrong), options, std::move(note));
}

// ---- reading a window, or row by row

// Skips rows and columns that are not needed: they are not transformed or coloured. Sets `cols` to
// the columns that the rows then have. Runs inside `guarded`.
void start_part(jpeg_decompress_struct& jpeg, std::int64_t top, Interval& cols) {
  if (jpeg.num_components == 3) jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  // Upsampling reads the neighbours of a column. With one more column on each side, all needed
  // samples equal those of a full decode. libjpeg upsamples very narrow strips differently: the
  // strip gets a least width.
  constexpr std::int64_t kLeastWidth = 32;
  const std::int64_t all = jpeg.image_width;
  const std::int64_t left = std::max<std::int64_t>(cols.begin - 1, 0);
  const std::int64_t right = std::min(std::max(cols.end + 1, left + kLeastWidth), all);
  auto begin =
      static_cast<JDIMENSION>(std::max<std::int64_t>(std::min(left, right - kLeastWidth), 0));
  auto width = static_cast<JDIMENSION>(right) - begin;
  jpeg_crop_scanline(&jpeg, &begin, &width);
  cols = {begin, std::int64_t{begin} + width};
  if (top > 0) jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(top));
}

// Whether a window can be read without the rest. False for several scans, which must be read to
// their end; for CMYK, which is rare; and without an end marker, because only a full decode finds
// what else is missing.
bool has_parts(LibjpegDecoder& decoder) {
  return jpeg_has_multiple_scans(&decoder.jpeg) == 0 && decoder.jpeg.num_components != 4 &&
         decoder.has_end_marker();
}

// Rows of a window, or of the whole picture. JpegScan reads them. From the first row that it cannot
// read, libjpeg reads the rows and reports what is wrong. Not for pictures of several scans, and
// not for CMYK.
class JpegRows final : public RowReader {
 public:
  explicit JpegRows(Bytes file) : file_(file), decoder_(file) {}

  // Reads the header.
  Result<Done> open() {
    if (!decoder_.read_header()) return decoder_.header_error();
    return Done{};
  }
  [[nodiscard]] bool has_parts() { return deckle::has_parts(decoder_); }
  [[nodiscard]] std::int64_t channels() { return jpeg().num_components == 1 ? 1 : 3; }

  Result<Done> start(const Window& needed, bool all) {
    // libjpeg's rows of CMYK are wider than the buffer of `read`.
    if (jpeg().num_components == 4)
      return Error{ErrorCode::Usage, "a jpg in CMYK cannot be read row by row"};
    if (std::optional<Error> hole = jpeg_hole(decoder_, file_)) return *hole;
    const Window picture{2, {Interval{0, jpeg().image_height}, Interval{0, jpeg().image_width}}};
    all_ = all || needed.pixels() == 0 || needed == picture || !has_parts();
    const Window window = all_ ? picture : needed;
    next_ = window[0].begin;
    cols_ = window[1];
    scan_ = fast_scan(jpeg(), file_, window);
    return scan_ ? Done{} : start_libjpeg();
  }

  // The next row, from the first one that is needed.
  Result<Done> read(std::uint8_t* to) {
    if (scan_ && !scan_->row(next_, to)) {
      scan_.reset();
      if (auto started = start_libjpeg(); !started) return started;
    }
    ++next_;
    if (scan_) return Done{};
    const bool wider = decoded_ != cols_;
    wide_.resize(static_cast<std::size_t>(decoded_.length() * channels()));
    std::uint8_t* row = wider ? wide_.data() : to;
    const bool done = guarded(decoder_.report, [&] { jpeg_read_scanlines(&jpeg(), &row, 1); });
    release_mapped_before(jpeg().src->next_input_byte);
    if (!done) return decoder_.fatal_error();
    if (wider) {
      std::copy_n(row + (cols_.begin - decoded_.begin) * channels(), cols_.length() * channels(),
                  to);
    }
    return Done{};
  }

  Result<const std::uint8_t*> row(std::int64_t r) override {
    row_.resize(static_cast<std::size_t>(cols_.length() * channels()));
    while (next_ <= r) {
      if (auto done = read(row_.data()); !done) return done.error();
    }
    return row_.data();
  }

  Result<Done> finish() override {
    if (!all_) return Done{};
    row_.resize(static_cast<std::size_t>(cols_.length() * channels()));
    while (next_ < jpeg().image_height) {
      if (auto done = read(row_.data()); !done) return done;
    }
    if (scan_ && scan_->finish()) return Done{};
    if (scan_) {  // something after the last row is damaged
      scan_.reset();
      --next_;
      if (auto started = start_libjpeg(); !started) return started;
      if (auto done = read(row_.data()); !done) return done;
    }
    if (!guarded(decoder_.report, [&] { finish_pixels(jpeg()); })) return decoder_.fatal_error();
    if (auto wrong = jpeg_damage(decoder_, file_, note_)) return *wrong;
    return Done{};
  }

 private:
  [[nodiscard]] jpeg_decompress_struct& jpeg() { return decoder_.jpeg; }
  // Makes libjpeg read from row `next_` on.
  Result<Done> start_libjpeg() {
    decoder_.report.in_pixels = true;
    decoder_.report.stop_at_damage = true;
    decoded_ = cols_;
    const bool started = guarded(decoder_.report, [&] {
      if (!all_) return start_part(jpeg(), next_, decoded_);
      if (jpeg().num_components == 3) jpeg().out_color_space = JCS_RGB;
      jpeg_start_decompress(&jpeg());
      if (next_ > 0) jpeg_skip_scanlines(&jpeg(), static_cast<JDIMENSION>(next_));
    });
    if (!started) return decoder_.fatal_error();
    return Done{};
  }

  Bytes file_;
  LibjpegDecoder decoder_;
  std::unique_ptr<JpegScan> scan_;
  bool all_ = false;
  std::int64_t next_ = 0;  // row
  Interval decoded_;       // columns, by libjpeg
  Buffer row_;
  Buffer wide_;
};

// Data below the window are not read.
Result<Part> decode_part(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                         const Window& needed, Tensor& out) {
  JpegRows rows(file);
  if (auto opened = rows.open(); !opened) return opened.error();
  if (!rows.has_parts() || needed.pixels() == 0) {
    auto done = decode_jpeg(file, info, options, out);
    if (!done) return done.error();
    return Part{*std::move(done), whole(info.shape)};
  }
  if (auto started = rows.start(needed, false); !started) return started.error();
  const Window window{2, {needed[0], rows.cols()}};
  out.reset(Shape::image(window[0].length(), window[1].length(), rows.channels()), DType::UInt8);
  for (std::int64_t r = 0; r < window[0].length(); ++r) {
    if (is_told(options.stop)) return given_up();
    if (auto done = rows.read(out.row(r)); !done) return done.error();
  }
  return Part{{}, window};
}

std::string row_streaming_obstacle(Bytes file) {
  LibjpegDecoder decoder(file);
  if (!decoder.read_header()) return "";
  if (jpeg_has_multiple_scans(&decoder.jpeg) != 0) return "a jpg of several scans (progressive)";
  return decoder.jpeg.num_components == 4 ? "a jpg in CMYK" : "";
}

bool can_decode_part(Bytes file) {
  LibjpegDecoder decoder(file);
  return decoder.read_header() && has_parts(decoder);
}

Result<std::unique_ptr<RowReader>> open_jpeg_rows(Bytes file, const ImageInfo& /*info*/,
                                                  const DecodeOptions& options,
                                                  const Window& needed) {
  auto reader = std::make_unique<JpegRows>(file);
  if (auto opened = reader->open(); !opened) return opened.error();
  if (auto started = reader->start(needed, options.check_all); !started) return started.error();
  return std::unique_ptr<RowReader>(std::move(reader));
}

// ---- writing

constexpr int kDefaultQuality = 95;

Result<Done> check_jpeg(const Shape& shape, DType dtype) {
  return check_format_limits({"jpg", {DType::UInt8}, {1, 3}, JPEG_MAX_DIMENSION}, shape, dtype);
}

// Runs inside `guarded`.
void set_parameters(jpeg_compress_struct& jpeg, const Shape& shape, int quality) {
  const bool grey = shape.channels == 1;
  jpeg.image_width = static_cast<JDIMENSION>(shape.cols());
  jpeg.image_height = static_cast<JDIMENSION>(shape.rows());
  jpeg.input_components = grey ? 1 : 3;
  jpeg.in_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);  // YCbCr 4:2:0 for colour
  jpeg_set_quality(&jpeg, quality, TRUE);
}

JpegTables tables_of(const jpeg_compress_struct& jpeg) {
  JpegTables tables;
  const std::size_t kinds = jpeg.num_components == 1 ? 1 : 2;
  for (std::size_t i = 0; i < kinds; ++i) {
    std::copy_n(jpeg.quant_tbl_ptrs[i]->quantval, kCoefficients, tables.quant.at(i).begin());
    set_code(tables.dc.at(i), *jpeg.dc_huff_tbl_ptrs[i]);
    set_code(tables.ac.at(i), *jpeg.ac_huff_tbl_ptrs[i]);
  }
  return tables;
}

// Runs inside `guarded`.
void write_pixels(jpeg_compress_struct& jpeg, const RowSource& rows,
                  const std::vector<JpegSegment>& segments) {
  jpeg_start_compress(&jpeg, TRUE);
  write_segments(jpeg, segments);
  while (jpeg.next_scanline < jpeg.image_height) {
    // libjpeg does not write to its input, but its types are not const
    JSAMPROW row = const_cast<JSAMPROW>(rows.row(jpeg.next_scanline));  // NOLINT
    if (row == nullptr) ERREXIT(&jpeg, JERR_INPUT_EMPTY);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
}

// If the engine has no vector code for this processor, libjpeg writes: it has vector code for most
// processors.
Result<Done> encode_rows(const RowSource& rows, const EncodeOptions& options, Sink& out) {
  if (const Result<Done> can = check_jpeg(rows.shape, rows.dtype); !can) return can.error();
  const int quality = std::clamp(options.quality.value_or(kDefaultQuality), 1, 100);
  const bool ours = avx2_fdct() != nullptr;
  const auto segments = segments_of(options.metadata);
  if (!segments) return segments.error();
  LibjpegEncoder encoder(out);
  const bool done = guarded(encoder.report, [&] {
    encoder.create();
    set_parameters(encoder.jpeg, rows.shape, quality);
    if (!ours) write_pixels(encoder.jpeg, rows, *segments);
  });
  if (!done) return encoder.error();
  if (ours && !write_jpeg(rows, tables_of(encoder.jpeg), *segments, out))
    return Error{ErrorCode::Internal, "a row or a write failed"};
  return Done{};
}

Result<Done> encode(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  return encode_in_memory(encode_rows, rows_of(pixels), options, out);
}

// libjpeg does not report its version. The digest is of a small picture that libjpeg encodes and
// decodes. The engine is not used here, because not every processor has it.
std::string version(const EncodeOptions& /*options*/) {
  const RowSource rows = rows_of(sample_picture());
  const std::vector<JpegSegment> none;
  Buffer made;
  BufferSink sink(made);
  LibjpegEncoder encoder(sink);
  const bool written = guarded(encoder.report, [&] {
    encoder.create();
    set_parameters(encoder.jpeg, rows.shape, kDefaultQuality);
    write_pixels(encoder.jpeg, rows, none);
  });
  LibjpegDecoder decoder(made.bytes());
  Buffer pixels;
  pixels.resize(sample_picture().byte_count());
  if (!written || !decoder.open_whole() || !guarded(decoder.report, [&] {
        read_pixels(decoder.jpeg, pixels.data(), sample_picture().row_bytes());
      })) {
    throw std::bad_alloc();  // nothing else can fail; without its digest it would be another codec
  }
  made.append(pixels.bytes());
  return "libjpeg-turbo (" + short_digest(made.bytes()) + ")";
}

}  // namespace

std::unique_ptr<JpegScan> scan_jpeg(Bytes file, const Window& needed) {
  LibjpegDecoder decoder(file);
  return decoder.read_header() ? open_scan(decoder.jpeg, file, needed) : nullptr;
}

std::optional<Error> jpeg_hole(const LibjpegDecoder& decoder, Bytes file) {
  const Bytes zeros = decoder.find_hole();
  if (zeros.empty()) return std::nullopt;
  const Bytes stray = stray_bytes(file);
  // The last byte of the data may be zero too.
  if (!stray.empty() && stray.data() <= zeros.data() + 1) return std::nullopt;
  return zeros_amid(file, zeros);
}

std::optional<Error> jpeg_damage(const LibjpegDecoder& decoder, Bytes file, std::string& note) {
  if (decoder.report.damage == 0) return decoder.silent_damage();
  const Bytes stray = decoder.report.before_end ? stray_bytes(file) : Bytes{};
  if (stray.empty()) return decoder.damage();
  note = count_of(stray.size(), "stray byte", "stray bytes") +
         " between the picture data and the end marker; the picture is whole";
  return decoder.silent_damage();
}

Codec jpeg_codec() {
  return {.format = Format::Jpeg,
          .extensions = {"jpg", "jpeg", "jpe", "jfif"},
          .matches = matches,
          .read_info = read_info,
          .decode = decode_jpeg,
          .promise = jpeg_promise,
          .read_metadata = read_jpeg_metadata,
          .version = version,
          .window = WindowDecoder{.decode = decode_part, .saves_memory = can_decode_part},
          .rows = RowStreaming{.open = open_jpeg_rows, .obstacle = row_streaming_obstacle},
          .encoder = Encoder{.check = check_jpeg,
                             .encode = encode,
                             .encode_rows = encode_rows,
                             .carries = {.icc = true, .exif = true, .xmp = true},
                             .usual_share = 0.15},
          .lossless_crop = LosslessCrop{.check = check_lossless_crop, .crop = lossless_crop}};
}

}  // namespace deckle

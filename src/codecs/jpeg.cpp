// SPDX-License-Identifier: Apache-2.0
// jpeg: baseline, progressive and arithmetic JPEG; grey, YCbCr, RGB, CMYK and YCCK.
// Shapes  H x W x 1 (grey) or H x W x 3 (all else), uint8, as stored: codec.cpp turns it upright
// Fails   Truncated with the row or scan where the data ends, Damaged with the row, Unsupported for
//         12-bit, lossless, hierarchical, 2-component and more than 100 scans
// Source  ITU-T T.81 (markers, B.1.1); libjpeg.txt, "Error handling". libjpeg-turbo's defaults are
//         kept (islow, fancy upsampling): pixels equal those of other programs that use it
// libjpeg reports by calling back and comes out by longjmp: between `guarded` and libjpeg stands no
// object with a destructor.
#include "codecs/jpeg.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <new>
#include <optional>
#include <utility>

// cstdio before jpeglib.h, that before jerror.h: they need one another
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "codecs/exif.h"
#include "codecs/jpeg_pixels.h"
#include "codecs/jpeg_scan.h"
#include "codecs/jpeg_writer.h"

namespace deckle {
namespace {

constexpr int kMostScans = 100;  // a real file has about 10; each costs a pass over all pixels
constexpr JOCTET kEoi = JPEG_EOI;

// What libjpeg said. Plain data: longjmp passes over it.
struct Report {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  bool stop_at_damage;
  bool in_pixels;  // the header has been read: warnings are now about picture data
  bool multiple_scans;
  bool ran_out;  // libjpeg asked for bytes behind the end of the file
  int damage;    // code of the first warning about picture data, or 0
  bool at_end;   // ... and it was that the data ended
  unsigned damaged_row;
  int damaged_scan;
  int fatal;       // code of the error that ended it, or 0
  int never_seen;  // number, from 1, of a component that no scan holds, or 0
  std::array<char, JMSG_LENGTH_MAX> text;  // of the error, or of the first such warning
};

Report& report_of(j_common_ptr jpeg) {
  return *reinterpret_cast<Report*>(jpeg->err);
}

[[noreturn]] void on_error(j_common_ptr jpeg) {
  Report& report = report_of(jpeg);
  if (report.fatal == 0 && report.damage == 0) report.base.format_message(jpeg, report.text.data());
  report.fatal = report.base.msg_code;
  std::longjmp(report.jump, 1);
}

bool is_about_pixels(int code) {
  switch (code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_MUST_RESYNC:
      return true;
    default:
      return false;
  }
}

// A negative level is a warning: libjpeg goes on with pixels of its own making.
void on_message(j_common_ptr jpeg, int level) {
  Report& report = report_of(jpeg);
  const int code = report.base.msg_code;
  if (level >= 0 || !report.in_pixels || report.damage != 0 || !is_about_pixels(code)) return;
  const auto* decoder = reinterpret_cast<const jpeg_decompress_struct*>(jpeg);
  report.base.format_message(jpeg, report.text.data());
  report.damage = code;
  // Left-over data at the end of a single scan means that its decoder lost its way before.
  report.at_end = code == JWRN_EXTRANEOUS_DATA ? report.ran_out && report.multiple_scans
                                               : report.ran_out || decoder->unread_marker == kEoi;
  report.damaged_scan = decoder->input_scan_number;
  report.damaged_row = std::min(
      decoder->input_iMCU_row * static_cast<unsigned>(decoder->max_v_samp_factor * DCTSIZE),
      decoder->image_height);
  if (report.stop_at_damage) std::longjmp(report.jump, 1);
}

void print_nothing(j_common_ptr /*jpeg*/) {}

void start(Report& report) {
  report = {};
  jpeg_std_error(&report.base);
  report.base.error_exit = on_error;
  report.base.emit_message = on_message;
  report.base.output_message = print_nothing;
}

// Runs `body`; false where libjpeg gave up. Never inlined: the locals of its caller must not live
// in the frame that longjmp comes back to.
template <typename Body>
[[gnu::noinline]] bool guarded(Report& report, Body&& body) {
  if (setjmp(report.jump) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg is C
  body();
  return true;
}

// ---- source: the whole file in memory

void start_source(j_decompress_ptr /*jpeg*/) {}

boolean more_source(j_decompress_ptr jpeg) {
  static constexpr std::array<JOCTET, 2> kEnd{0xFF, kEoi};
  report_of(reinterpret_cast<j_common_ptr>(jpeg)).ran_out = true;
  jpeg->src->next_input_byte = kEnd.data();
  jpeg->src->bytes_in_buffer = kEnd.size();
  return TRUE;
}

void skip_source(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  jpeg_source_mgr& source = *jpeg->src;
  if (static_cast<std::size_t>(count) > source.bytes_in_buffer) {
    more_source(jpeg);
    return;
  }
  source.next_input_byte += count;
  source.bytes_in_buffer -= static_cast<std::size_t>(count);
}

void end_source(j_decompress_ptr /*jpeg*/) {}

// A decoder that is always destroyed.
class Decoder {
 public:
  explicit Decoder(Bytes file) {
    start(report);
    jpeg.err = &report.base;
    created_ = guarded(report, [this] { jpeg_create_decompress(&jpeg); });
    source_.init_source = start_source;
    source_.fill_input_buffer = more_source;
    source_.skip_input_data = skip_source;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = end_source;
    source_.next_input_byte = file.data();
    source_.bytes_in_buffer = file.size();
    jpeg.src = &source_;
  }
  ~Decoder() { jpeg_destroy_decompress(&jpeg); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Up to the first scan.
  [[nodiscard]] bool read_header() {
    return created_ && guarded(report, [this] { jpeg_read_header(&jpeg, TRUE); });
  }

  jpeg_decompress_struct jpeg{};
  Report report{};

 private:
  jpeg_source_mgr source_{};
  bool created_ = false;
};

std::string text_of(const Report& report) {
  return report.text.data();
}

// What ended the reading of a header.
Error header_error(const Decoder& decoder) {
  const Report& report = decoder.report;
  switch (report.fatal) {
    case JERR_IMAGE_TOO_BIG:
      return {ErrorCode::TooLarge, "the header says " + std::to_string(decoder.jpeg.image_height) +
                                       " x " + std::to_string(decoder.jpeg.image_width) +
                                       " pixels; at most " + std::to_string(JPEG_MAX_DIMENSION) +
                                       " rows and columns are read"};
    case JERR_EMPTY_IMAGE:
      return {ErrorCode::Damaged, "damaged: the header says " +
                                      std::to_string(decoder.jpeg.image_height) + " x " +
                                      std::to_string(decoder.jpeg.image_width) + " pixels"};
    case JERR_BAD_PRECISION:
      return {ErrorCode::Unsupported, "JPEG with " + std::to_string(decoder.jpeg.data_precision) +
                                          " bits per sample is not read, only 8"};
    case JERR_SOF_UNSUPPORTED: {
      const int frame = report.base.msg_parm.i[0] - 0xC0;
      const char* kind = frame == 3 || frame == 11 ? "lossless" : "hierarchical";
      return {ErrorCode::Unsupported,
              std::string(kind) + " JPEG (SOF" + std::to_string(frame) + ") is not read"};
    }
    case JERR_OUT_OF_MEMORY:
      return {ErrorCode::TooLarge, "not enough memory for the picture (" + text_of(report) + ")"};
    default:
      break;
  }
  if (report.ran_out) return {ErrorCode::Truncated, "truncated: the file ends within its header"};
  return {ErrorCode::Damaged, "damaged: the header cannot be read (" + text_of(report) + ")"};
}

// The sentence about picture data that is not whole.
Error damage_of(const Decoder& decoder) {
  const Report& report = decoder.report;
  const std::string rows = std::to_string(decoder.jpeg.image_height);
  const bool in_scans = decoder.jpeg.progressive_mode != 0 ||
                        decoder.jpeg.comps_in_scan < decoder.jpeg.num_components;
  // Rows are met once in each scan, so there the scan says more.
  const std::string row = std::to_string(report.damaged_row) + " of " + rows;
  const std::string scan = std::to_string(report.damaged_scan);
  if (report.at_end) {
    return {ErrorCode::Truncated,
            in_scans ? "truncated: the picture data ends in scan " + scan + ", at row " + row
                     : "truncated: the picture data ends at row " + row};
  }
  return {ErrorCode::Damaged, "damaged: corrupt entropy data near row " + row +
                                  (in_scans ? " in scan " + scan : "") + " (" + text_of(report) +
                                  ")"};
}

// What ended the reading of pixels.
Error fatal_error(const Decoder& decoder) {
  const Report& report = decoder.report;
  if (report.damage != 0) return damage_of(decoder);
  if (report.fatal == JERR_OUT_OF_MEMORY) return header_error(decoder);
  if (report.ran_out) {
    return {ErrorCode::Truncated, "truncated: the file ends before the picture data is complete"};
  }
  return {ErrorCode::Damaged, "damaged: the picture data cannot be read (" + text_of(report) + ")"};
}

// ---- scans

// The number of SOS markers, counted up to a little more than `kMostScans`. Segments are skipped by
// their length, for thumbnails have scans of their own.
int count_scans(Bytes file) {
  const auto is_fill = [](std::uint8_t b) { return b == 0xFF; };
  int scans = 0;
  std::size_t at = 2;
  while (at < file.size() && scans <= kMostScans) {
    const void* found = std::memchr(file.data() + at, 0xFF, file.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - file.data());
    while (at < file.size() && is_fill(file[at]))
      ++at;
    if (at >= file.size()) break;
    const std::uint8_t marker = file[at++];
    if (marker == 0xD9) break;
    if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8)) continue;  // stuffing, TEM, RSTn, SOI
    if (marker == 0xDA) ++scans;
    if (file.size() - at < 2) break;
    at += std::max<std::size_t>(2, std::size_t{file[at]} << 8U | file[at + 1]);
  }
  return scans;
}

// A hole: zero bytes where a part of the file was never written or is lost. They are valid Huffman
// codes, and the decoder may fall into step behind them without a word. The code of zeros is the
// first of a table; where it stands for a coefficient, a run of this length would be whole blocks
// of one same coefficient: no picture. Where it stands for "end of block" it may be a plain area,
// and nothing is said.
std::optional<Error> find_hole(const jpeg_decompress_struct& jpeg, Bytes file) {
  constexpr std::size_t kRun = 128;
  if (jpeg.progressive_mode != 0 || jpeg.arith_code != 0) return std::nullopt;
  bool coefficient = false;
  for (int i = 0; i < jpeg.comps_in_scan; ++i) {
    const int number = jpeg.cur_comp_info[i]->ac_tbl_no;
    if (number < 0 || number >= NUM_HUFF_TBLS) return std::nullopt;  // the decoder will say so
    const JHUFF_TBL* const table = jpeg.ac_huff_tbl_ptrs[number];
    coefficient = coefficient || (table != nullptr && (table->huffval[0] & 15U) != 0);
  }
  if (!coefficient) return std::nullopt;

  const auto zero = [](std::uint8_t b) { return b == 0; };
  const std::size_t first = file.size() - jpeg.src->bytes_in_buffer;
  for (std::size_t at = first + kRun; at < file.size();
       at += kRun) {  // any longer run holds such a byte
    if (at % (std::size_t{1} << 20U) < kRun) passed(file.data() + at);
    if (file[at] != 0) continue;
    const auto* const here = file.data() + at;
    const auto* const end = std::find_if_not(here, file.data() + file.size(), zero);
    const auto* begin = here;
    while (begin > file.data() + first && begin[-1] == 0)
      --begin;
    const auto run = static_cast<std::size_t>(end - begin);
    if (run >= kRun) {
      return Error{ErrorCode::Damaged, "damaged: " + std::to_string(run) +
                                           " zero bytes amid the picture data, from byte " +
                                           std::to_string(begin - file.data()) + " of the file"};
    }
  }
  return std::nullopt;
}

// ---- sequential JPEG without libjpeg

void set_code(HuffmanCode& code, const JHUFF_TBL& table) {
  std::copy_n(table.bits + 1, code.counts.size(), code.counts.begin());
  std::copy_n(table.huffval, code.symbols.size(), code.symbols.begin());
}

// Behind the header: the scan for a window of the picture, where it is of the kind that JpegScan
// reads.
std::unique_ptr<JpegScan> open_scan(jpeg_decompress_struct& jpeg, Bytes file,
                                    const Window& needed) {
  const bool colour = jpeg.num_components == 3;
  if (jpeg_has_multiple_scans(&jpeg) != 0 || jpeg.arith_code != 0 || needed.pixels() == 0 ||
      (jpeg.num_components != 1 && !colour))
    return nullptr;
  if (jpeg.Ss != 0 || jpeg.Se != DCTSIZE2 - 1 || jpeg.Ah != 0 || jpeg.Al != 0) return nullptr;
  if (colour && jpeg.jpeg_color_space != JCS_YCbCr && jpeg.jpeg_color_space != JCS_RGB)
    return nullptr;

  JpegScanHeader header;
  header.rows = jpeg.image_height;
  header.cols = jpeg.image_width;
  header.component_count = static_cast<std::size_t>(jpeg.num_components);
  header.ycbcr = jpeg.jpeg_color_space == JCS_YCbCr;
  header.interval = jpeg.restart_interval;
  header.data = file.last(jpeg.src->bytes_in_buffer);
  const auto table_at = [](auto& tables, int number) {
    return number >= 0 && number < NUM_HUFF_TBLS ? tables[number] : nullptr;
  };
  for (std::size_t i = 0; i < header.component_count; ++i) {
    const jpeg_component_info& component = *jpeg.cur_comp_info[i];
    if (component.component_index != static_cast<int>(i)) return nullptr;
    const JQUANT_TBL* const steps = table_at(jpeg.quant_tbl_ptrs, component.quant_tbl_no);
    const JHUFF_TBL* const dc = table_at(jpeg.dc_huff_tbl_ptrs, component.dc_tbl_no);
    const JHUFF_TBL* const ac = table_at(jpeg.ac_huff_tbl_ptrs, component.ac_tbl_no);
    if (steps == nullptr || dc == nullptr || ac == nullptr) return nullptr;
    JpegScanHeader::Component& to = header.components.at(i);
    to.down = component.v_samp_factor;
    to.across = component.h_samp_factor;
    std::copy_n(steps->quantval, to.steps.size(), to.steps.begin());
    set_code(to.dc, *dc);
    set_code(to.ac, *ac);
  }
  return JpegScan::open(header, needed);
}

// The same where it is faster. Kernels that are written plainly are slower than libjpeg's vectors,
// and pay only where most of the data is passed over.
std::unique_ptr<JpegScan> fast_scan(jpeg_decompress_struct& jpeg, Bytes file,
                                    const Window& needed) {
  const std::int64_t read = needed[0].end * std::int64_t{jpeg.image_width};
  if (avx2_pixel_kernels() == nullptr && 8 * needed.pixels() > read) return nullptr;
  return open_scan(jpeg, file, needed);
}

// ---- reading

bool matches(Bytes head) {
  return head.size() >= 2 && head[0] == 0xFF && head[1] == 0xD8 &&
         (head.size() == 2 || head[2] == 0xFF);
}

Result<ImageInfo> read_info(Bytes file) {
  Decoder decoder(file);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (!guarded(decoder.report, [&] { jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF); }) ||
      !decoder.read_header()) {
    return header_error(decoder);
  }

  ImageInfo info;
  info.format = Format::Jpeg;
  if (jpeg.num_components != 1 && jpeg.num_components != 3 && jpeg.num_components != 4) {
    return Error{ErrorCode::Unsupported, "JPEG with " + std::to_string(jpeg.num_components) +
                                             " components is not read, only 1, 3 and 4"};
  }
  info.shape = Shape::image(jpeg.image_height, jpeg.image_width, jpeg.num_components == 1 ? 1 : 3);
  for (const jpeg_marker_struct* m = jpeg.marker_list; m != nullptr; m = m->next) {
    const Bytes data{m->data, m->data_length};
    if (data.size() > 6 && std::memcmp(data.data(), "Exif\0\0", 6) == 0) {
      info.orientation = exif_orientation(data);
      break;
    }
  }
  return info;
}

// CMYK to RGB. Adobe stores ink inverted (255 is none); with none of its markers 255 is full ink.
void cmyk_to_rgb(const JSAMPLE* from, std::uint8_t* to, std::size_t pixels, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (std::size_t i = 0; i < pixels; ++i) {
    const unsigned k = from[4 * i + 3] ^ flip;
    for (std::size_t c = 0; c < 3; ++c) {
      to[3 * i + c] = static_cast<std::uint8_t>(((from[4 * i + c] ^ flip) * k + 127) / 255);
    }
  }
}

// Behind the last row; stands inside `guarded`.
void finish_pixels(jpeg_decompress_struct& jpeg) {
  // libjpeg makes grey of a component without data. The table is set by a component's first scan.
  for (int i = 0; i < jpeg.num_components; ++i) {
    if (jpeg.comp_info[i].quant_table == nullptr) {
      report_of(reinterpret_cast<j_common_ptr>(&jpeg)).never_seen = i + 1;
    }
  }
  jpeg_finish_decompress(&jpeg);  // reads on to the end marker, so that left-over data is seen
}

// From the first scan to the end of the image; stands inside `guarded`.
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
    if (cmyk) cmyk_to_rgb(inks[0], row, jpeg.output_width, jpeg.saw_Adobe_marker != 0);
  }
  finish_pixels(jpeg);
}

// What libjpeg lets pass without a warning.
std::optional<Error> silent_damage(const Decoder& decoder) {
  const jpeg_decompress_struct& jpeg = decoder.jpeg;
  // With one scan every pixel has been read when the file ends; with several, scans may be missing.
  // An arithmetic decoder takes zeros for missing data without a word.
  if (decoder.report.ran_out && (decoder.report.multiple_scans || jpeg.arith_code != 0)) {
    return Error{ErrorCode::Truncated, "truncated: the file ends after scan " +
                                           std::to_string(jpeg.input_scan_number) +
                                           " without an end marker"};
  }
  if (decoder.report.never_seen != 0) {
    return Error{ErrorCode::Damaged, "damaged: no scan holds colour component " +
                                         std::to_string(decoder.report.never_seen) + " of " +
                                         std::to_string(jpeg.num_components)};
  }
  return std::nullopt;
}

// Up to the pixels of a picture that is read whole.
Result<Done> open_whole(Decoder& decoder, Bytes file) {
  if (!decoder.read_header()) return header_error(decoder);
  decoder.report.multiple_scans = jpeg_has_multiple_scans(&decoder.jpeg) != 0;
  if (decoder.report.multiple_scans && count_scans(file) > kMostScans) {
    return Error{ErrorCode::Unsupported, "JPEG with more than " + std::to_string(kMostScans) +
                                             " scans is not read: it costs much time to decode"};
  }
  decoder.report.in_pixels = true;
  return Done{};
}

Result<Damage> decode_jpeg(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out) {
  Decoder decoder(file);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  Report& report = decoder.report;
  if (auto opened = open_whole(decoder, file); !opened) return opened.error();
  std::optional<Error> hole = find_hole(jpeg, file);
  if (hole && !options.accept_truncated) return *hole;

  out.reset(Shape::image(jpeg.image_height, jpeg.image_width, info.shape.channels), DType::UInt8);
  std::uint8_t* const pixels = out.data.data();
  const std::size_t row_bytes = out.row_bytes();
  if (const auto scan = hole ? nullptr : fast_scan(jpeg, file, whole(out.shape))) {
    bool good = true;
    for (std::int64_t r = 0; good && r < out.shape.rows(); ++r)
      good = scan->row(r, out.row(r));
    if (good && scan->finish()) return Damage{};
  }
  report.stop_at_damage = !options.accept_truncated;
  if (!guarded(report, [&] { read_pixels(jpeg, pixels, row_bytes); })) {
    Error error = fatal_error(decoder);
    const std::size_t rows = jpeg.output_scanline;
    if (!options.accept_truncated || rows == 0 || report.fatal == JERR_OUT_OF_MEMORY) return error;
    std::memset(pixels + rows * row_bytes, 0, out.byte_count() - rows * row_bytes);
    return Damage{error.message + "; " + std::to_string(rows) + " rows were read"};
  }
  std::optional<Error> wrong = report.damage != 0 ? damage_of(decoder) : silent_damage(decoder);
  if (!wrong) wrong = std::move(hole);
  if (!wrong) return Damage{};
  if (!options.accept_truncated) return *wrong;
  return Damage{std::move(wrong->message)};
}

// ---- reading a part

// Whether the picture's end marker is there: in picture data 0xFF never stands before 0xD9
// otherwise, so a file that is cut short has none behind its header.
bool has_end_marker(const jpeg_decompress_struct& jpeg, Bytes file) {
  const std::size_t first = file.size() - jpeg.src->bytes_in_buffer;
  for (std::size_t at = file.size(); at > first + 1; --at) {
    if (file[at - 1] == kEoi && file[at - 2] == 0xFF) return true;
  }
  return false;
}

// Rows are skipped without their transform and colour, columns too. Stands inside `guarded`. `cols`
// becomes what the rows hold.
void start_part(jpeg_decompress_struct& jpeg, std::int64_t top, Interval& cols) {
  if (jpeg.num_components == 3) jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  // The upsampling of a column looks at its neighbours: with one more on each side, every sample
  // that is wanted is that of a full decode. Very narrow strips are upsampled in another way, so
  // none is asked for.
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

// Whether less than all can be read. Several scans have to be read to their end anyway; inks are
// rare; and where the end marker is missing, only a full decode tells whether anything else is.
bool has_parts(jpeg_decompress_struct& jpeg, Bytes file) {
  return jpeg_has_multiple_scans(&jpeg) == 0 && jpeg.num_components != 4 &&
         has_end_marker(jpeg, file);
}

// Rows of a part of a picture, or of all of it: by JpegScan, and from the first row that it cannot
// read by libjpeg, which knows what is wrong. Not for pictures of several scans, nor for inks.
class JpegRows final : public RowReader {
 public:
  explicit JpegRows(Bytes file) : file_(file), decoder_(file) {}

  // The header.
  Result<Done> open() {
    if (!decoder_.read_header()) return header_error(decoder_);
    return Done{};
  }
  [[nodiscard]] jpeg_decompress_struct& jpeg() { return decoder_.jpeg; }
  [[nodiscard]] std::int64_t channels() { return jpeg().num_components == 1 ? 1 : 3; }

  Result<Done> start(const Window& needed, bool all) {
    if (std::optional<Error> hole = find_hole(jpeg(), file_)) return *hole;
    const Window picture{2, {Interval{0, jpeg().image_height}, Interval{0, jpeg().image_width}}};
    all_ = all || needed.pixels() == 0 || needed == picture || !has_parts(jpeg(), file_);
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
    passed(jpeg().src->next_input_byte);
    if (!done) return fatal_error(decoder_);
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
    if (scan_) {  // something behind the last row
      scan_.reset();
      --next_;
      if (auto started = start_libjpeg(); !started) return started;
      if (auto done = read(row_.data()); !done) return done;
    }
    if (!guarded(decoder_.report, [&] { finish_pixels(jpeg()); })) return fatal_error(decoder_);
    if (decoder_.report.damage != 0) return damage_of(decoder_);
    if (auto damage = silent_damage(decoder_)) return *damage;
    return Done{};
  }

 private:
  // From row `next_` on.
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
    if (!started) return fatal_error(decoder_);
    return Done{};
  }

  Bytes file_;
  Decoder decoder_;
  std::unique_ptr<JpegScan> scan_;
  bool all_ = false;
  std::int64_t next_ = 0;  // row
  Interval decoded_;       // columns, by libjpeg
  Buffer row_;
  Buffer wide_;
};

// What is below the window is not looked at.
Result<Part> decode_part(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                         const Window& needed, Tensor& out) {
  JpegRows rows(file);
  if (auto opened = rows.open(); !opened) return opened.error();
  if (!has_parts(rows.jpeg(), file) || needed.pixels() == 0) {
    auto done = decode_jpeg(file, info, options, out);
    if (!done) return done.error();
    return Part{*std::move(done), whole(info.shape)};
  }
  if (auto started = rows.start(needed, false); !started) return started.error();
  const Window window{2, {needed[0], rows.cols()}};
  out.reset(Shape::image(window[0].length(), window[1].length(), rows.channels()), DType::UInt8);
  for (std::int64_t r = 0; r < window[0].length(); ++r) {
    if (auto done = rows.read(out.row(r)); !done) return done.error();
  }
  return Part{"", window};
}

std::string needs_whole(Bytes file) {
  Decoder decoder(file);
  if (!decoder.read_header()) return "";
  if (jpeg_has_multiple_scans(&decoder.jpeg) != 0) return "a jpg of several scans (progressive)";
  return decoder.jpeg.num_components == 4 ? "a jpg in CMYK" : "";
}

bool decodes_parts(Bytes file) {
  Decoder decoder(file);
  return decoder.read_header() && has_parts(decoder.jpeg, file);
}

Result<std::unique_ptr<RowReader>> read_rows(Bytes file, const ImageInfo& /*info*/,
                                             const DecodeOptions& options, const Window& needed) {
  auto reader = std::make_unique<JpegRows>(file);
  if (auto opened = reader->open(); !opened) return opened.error();
  if (auto started = reader->start(needed, options.check_all); !started) return started.error();
  return std::unique_ptr<RowReader>(std::move(reader));
}

// ---- writing

struct Destination {
  jpeg_destination_mgr base{};
  Sink* out = nullptr;
  std::array<JOCTET, 65536> chunk;  // not cleared, once an image
};

void empty_chunk(j_compress_ptr jpeg, std::size_t bytes) {
  auto& destination = *reinterpret_cast<Destination*>(jpeg->dest);
  if (!destination.out->append({destination.chunk.data(), bytes})) ERREXIT(jpeg, JERR_FILE_WRITE);
  destination.base.next_output_byte = destination.chunk.data();
  destination.base.free_in_buffer = destination.chunk.size();
}

void start_destination(j_compress_ptr jpeg) {
  empty_chunk(jpeg, 0);
}

boolean full_destination(j_compress_ptr jpeg) {
  empty_chunk(jpeg, reinterpret_cast<Destination*>(jpeg->dest)->chunk.size());
  return TRUE;
}

void end_destination(j_compress_ptr jpeg) {
  empty_chunk(
      jpeg, reinterpret_cast<Destination*>(jpeg->dest)->chunk.size() - jpeg->dest->free_in_buffer);
}

// An encoder that is always destroyed.
class Encoder {
 public:
  explicit Encoder(Sink& out) {
    start(report);
    destination_.base.init_destination = start_destination;
    destination_.base.empty_output_buffer = full_destination;
    destination_.base.term_destination = end_destination;
    destination_.out = &out;
    jpeg.err = &report.base;
  }
  ~Encoder() { jpeg_destroy_compress(&jpeg); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Stands inside `guarded`.
  void create() {
    jpeg_create_compress(&jpeg);
    jpeg.dest = &destination_.base;
  }
  [[nodiscard]] Error error() const {
    switch (report.fatal) {
      case JERR_MISMATCHED_QUANT_TABLE:
        return {ErrorCode::Unsupported, "its scans use several tables of one number"};
      case JERR_BAD_DCT_COEF:
        return {ErrorCode::Damaged, "damaged: the picture data hold impossible coefficients"};
      default:
        return {ErrorCode::Internal, "libjpeg cannot encode: " + text_of(report)};
    }
  }

  jpeg_compress_struct jpeg{};
  Report report{};

 private:
  Destination destination_;
};

Result<Done> can_encode(const Shape& shape, DType dtype) {
  return check_holds({"jpg", {DType::UInt8}, {1, 3}, JPEG_MAX_DIMENSION}, shape, dtype);
}

// Stands inside `guarded`.
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
    std::copy_n(jpeg.quant_tbl_ptrs[i]->quantval, kCoefficients, tables.steps.at(i).begin());
    set_code(tables.dc.at(i), *jpeg.dc_huff_tbl_ptrs[i]);
    set_code(tables.ac.at(i), *jpeg.ac_huff_tbl_ptrs[i]);
  }
  return tables;
}

// Stands inside `guarded`.
void write_pixels(jpeg_compress_struct& jpeg, const RowSource& rows) {
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    // libjpeg does not write to its input, but its types do not say so
    JSAMPROW row = const_cast<JSAMPROW>(rows.row(jpeg.next_scanline));  // NOLINT
    if (row == nullptr) ERREXIT(&jpeg, JERR_INPUT_EMPTY);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
}

// By libjpeg where there are no kernels of our own for the processor: it has some for most.
Result<Done> encode_rows(const RowSource& rows, const EncodeOptions& options, Sink& out) {
  constexpr int kDefaultQuality = 95;
  if (const Result<Done> can = can_encode(rows.shape, rows.dtype); !can) return can.error();
  const int quality = std::clamp(options.quality.value_or(kDefaultQuality), 1, 100);
  const bool ours = avx2_coefficient_kernels() != nullptr;
  Encoder encoder(out);
  const bool done = guarded(encoder.report, [&] {
    encoder.create();
    set_parameters(encoder.jpeg, rows.shape, quality);
    if (!ours) write_pixels(encoder.jpeg, rows);
  });
  if (!done) return encoder.error();
  if (ours && !write_jpeg(rows, tables_of(encoder.jpeg), out))
    return Error{ErrorCode::Internal, "a row or a write failed"};
  return Done{};
}

Result<Done> encode(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  return encode_in_memory(jpeg_codec(), rows_of(pixels), options, out);
}

// ---- copying coefficients

// Samples of the least part that is coded by itself, rows and cols. With one component that is a
// block, whatever its sampling factors (T.81, A.2.2).
Window mcu_of(const jpeg_decompress_struct& jpeg) {
  if (jpeg.num_components == 1) return {2, {Interval{0, DCTSIZE}, Interval{0, DCTSIZE}}};
  return {2,
          {Interval{0, std::int64_t{DCTSIZE} * jpeg.max_v_samp_factor},
           Interval{0, std::int64_t{DCTSIZE} * jpeg.max_h_samp_factor}}};
}

Result<Done> can_cut(Bytes file, const Window& window) {
  Decoder decoder(file);
  if (!decoder.read_header()) return header_error(decoder);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (jpeg.num_components != 1 && jpeg.num_components != 3)
    return Error{ErrorCode::Unsupported, "CMYK is not written"};
  const Window mcu = mcu_of(jpeg);
  if (window[0].begin % mcu[0].end == 0 && window[1].begin % mcu[1].end == 0) return Done{};
  return Error{ErrorCode::Unsupported,
               "the output begins at row " + std::to_string(window[0].begin) + ", column " +
                   std::to_string(window[1].begin) + " of blocks of " + std::to_string(mcu[0].end) +
                   " x " + std::to_string(mcu[1].end) + "; begin at a multiple of them"};
}

// A progressive picture whose scans end before the last bits: decoders smooth it, and only that.
bool leaves_bits_out(const jpeg_decompress_struct& jpeg) {
  if (jpeg.progressive_mode == 0) return false;
  return std::any_of(jpeg.coef_bits, jpeg.coef_bits + jpeg.num_components, [](const auto& bits) {
    return std::any_of(std::begin(bits), std::end(bits), [](int missing) { return missing != 0; });
  });
}

// Stands inside `guarded`.
void copy_coefficients(jpeg_decompress_struct& from, jvirt_barray_ptr* all, const Window& window,
                       jpeg_compress_struct& to) {
  jpeg_copy_critical_parameters(&from, &to);
  if (from.num_components == 1) to.comp_info[0].h_samp_factor = to.comp_info[0].v_samp_factor = 1;
  to.image_height = static_cast<JDIMENSION>(window[0].length());
  to.image_width = static_cast<JDIMENSION>(window[1].length());
  to.optimize_coding = TRUE;  // the usual tables may lack a code
  if (from.progressive_mode != 0) jpeg_simple_progression(&to);

  const Window mcu = mcu_of(from);
  const auto mcus = [&](int axis) {
    return static_cast<JDIMENSION>((window[axis].length() + mcu[axis].end - 1) / mcu[axis].end);
  };
  std::array<jvirt_barray_ptr, MAX_COMPONENTS> parts{};
  auto* const to_common = reinterpret_cast<j_common_ptr>(&to);
  auto* const from_common = reinterpret_cast<j_common_ptr>(&from);
  for (int i = 0; i < from.num_components; ++i) {
    const jpeg_component_info& component = to.comp_info[i];
    const auto across = static_cast<JDIMENSION>(component.h_samp_factor);
    const auto down = static_cast<JDIMENSION>(component.v_samp_factor);
    parts.at(static_cast<std::size_t>(i)) = to.mem->request_virt_barray(
        to_common, JPOOL_IMAGE, FALSE, mcus(1) * across, mcus(0) * down, down);
  }
  jpeg_write_coefficients(&to, parts.data());
  for (int i = 0; i < from.num_components; ++i) {
    const jpeg_component_info& component = to.comp_info[i];
    const auto down = static_cast<JDIMENSION>(component.v_samp_factor);
    const auto top = static_cast<JDIMENSION>(window[0].begin / mcu[0].end) * down;
    const auto left = static_cast<JDIMENSION>(window[1].begin / mcu[1].end) *
                      static_cast<JDIMENSION>(component.h_samp_factor);
    const std::size_t blocks =
        std::size_t{mcus(1)} * static_cast<JDIMENSION>(component.h_samp_factor);
    for (JDIMENSION row = 0; row < mcus(0) * down; row += down) {
      JBLOCKARRAY source =
          from.mem->access_virt_barray(from_common, all[i], top + row, down, FALSE);
      JBLOCKARRAY target = to.mem->access_virt_barray(
          to_common, parts.at(static_cast<std::size_t>(i)), row, down, TRUE);
      for (JDIMENSION r = 0; r < down; ++r)
        std::memcpy(target[r], source[r] + left, blocks * sizeof(JBLOCK));
    }
  }
  jpeg_finish_compress(&to);
}

Result<Done> cut(Bytes file, const Window& window, Buffer& out) {
  if (const Result<Done> can = can_cut(file, window); !can) return can.error();
  Decoder decoder(file);
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  Report& report = decoder.report;
  if (auto opened = open_whole(decoder, file); !opened) return opened;
  if (std::optional<Error> hole = find_hole(jpeg, file)) return *hole;
  report.stop_at_damage = true;

  BufferSink sink(out);
  Encoder encoder(sink);
  bool written = false;
  bool complete = true;
  const bool read = guarded(report, [&] {
    written = guarded(encoder.report, [&] {
      jvirt_barray_ptr* const coefficients = jpeg_read_coefficients(&jpeg);
      complete = !leaves_bits_out(jpeg);
      encoder.create();
      if (complete) copy_coefficients(jpeg, coefficients, window, encoder.jpeg);
      finish_pixels(jpeg);
    });
  });
  if (sink.failed()) throw std::bad_alloc();
  if (!read) return fatal_error(decoder);
  if (!complete) {
    return Error{ErrorCode::Unsupported,
                 "its scans leave bits of coefficients out, which decoders make up for"};
  }
  if (!written) return encoder.error();
  if (auto damage = silent_damage(decoder)) return *damage;
  return Done{};
}

#define DECKLE_TEXT_OF(x) #x
#define DECKLE_TEXT(x) DECKLE_TEXT_OF(x)
std::string version() {
  return "libjpeg-turbo " DECKLE_TEXT(LIBJPEG_TURBO_VERSION);
}

}  // namespace

std::unique_ptr<JpegScan> scan_jpeg(Bytes file, const Window& needed) {
  Decoder decoder(file);
  return decoder.read_header() ? open_scan(decoder.jpeg, file, needed) : nullptr;
}

Codec jpeg_codec() {
  return {.format = Format::Jpeg,
          .name = "jpg",
          .extensions = {"jpg", "jpeg", "jpe", "jfif"},
          .matches = matches,
          .read_info = read_info,
          .decode = decode_jpeg,
          .can_encode = can_encode,
          .encode = encode,
          .version = version,
          .decode_part = decode_part,
          .encode_rows = encode_rows,
          .read_rows = read_rows,
          .needs_whole = needs_whole,
          .decodes_parts = decodes_parts,
          .can_cut = can_cut,
          .cut = cut};
}

}  // namespace deckle

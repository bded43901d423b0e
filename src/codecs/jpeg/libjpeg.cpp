// SPDX-License-Identifier: Apache-2.0
#include "codecs/jpeg/libjpeg.h"

#include <algorithm>
#include <cstring>

#include "codecs/reading.h"

namespace deckle {
namespace {

constexpr int kMostScans = 100;  // a real file has about 10; each costs a pass over all pixels
constexpr JOCTET kSoi = 0xD8;
constexpr JOCTET kEoi = JPEG_EOI;
constexpr JOCTET kSos = 0xDA;
constexpr JOCTET kDnl = 0xDC;
constexpr JOCTET kJpegLs = 0xF7;

LibjpegReport& report_of(j_common_ptr jpeg) {
  return *reinterpret_cast<LibjpegReport*>(jpeg->err);
}

[[noreturn]] void on_error(j_common_ptr jpeg) {
  LibjpegReport& report = report_of(jpeg);
  if (report.fatal == 0 && report.damage == 0) report.base.format_message(jpeg, report.text.data());
  report.fatal = report.base.msg_code;
  std::longjmp(report.jump, 1);
}

void ask_to_stop(j_common_ptr jpeg) {
  LibjpegReport& report = report_of(jpeg);
  report.stopped = is_told(*report.stop);
  if (report.stopped) std::longjmp(report.jump, 1);
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

// Kinds of JPEG that libjpeg knows but does not read.
bool is_unsupported(int code) {
  switch (code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
      return true;
    default:
      return false;
  }
}

// A negative level is a warning: libjpeg continues with invented pixels.
void on_message(j_common_ptr jpeg, int level) {
  LibjpegReport& report = report_of(jpeg);
  const int code = report.base.msg_code;
  if (level >= 0 || !report.in_pixels || !is_about_pixels(code)) return;
  if (report.damage != 0) {  // there is more damage than stray bytes before the end marker
    const bool first = report.before_end;
    report.before_end = false;
    if (first && report.stop_at_damage) std::longjmp(report.jump, 1);
    return;
  }
  const auto* decoder = reinterpret_cast<const jpeg_decompress_struct*>(jpeg);
  report.base.format_message(jpeg, report.text.data());
  report.damage = code;
  report.before_end =
      code == JWRN_EXTRANEOUS_DATA && !report.ran_out && report.base.msg_parm.i[1] == kEoi;
  // Left-over data at the end of a single scan mean that its decoder had lost synchronisation.
  report.at_end = code == JWRN_EXTRANEOUS_DATA ? report.ran_out && report.multiple_scans
                                               : report.ran_out || decoder->unread_marker == kEoi;
  report.damaged_scan = decoder->input_scan_number;
  report.damaged_row = std::min(
      decoder->input_iMCU_row * static_cast<unsigned>(decoder->max_v_samp_factor * DCTSIZE),
      decoder->image_height);
  if (report.stop_at_damage && !report.before_end) std::longjmp(report.jump, 1);
}

void print_nothing(j_common_ptr /*jpeg*/) {}

void start(LibjpegReport& report) {
  report = {};
  jpeg_std_error(&report.base);
  report.base.error_exit = on_error;
  report.base.emit_message = on_message;
  report.base.output_message = print_nothing;
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

// The markers of a file from byte `at` on. Segments are skipped by their length, because thumbnails
// in them have markers too; a length beyond the file is ignored.
class Markers {
 public:
  Markers(Bytes file, std::size_t at) : file_(file), at_(at) {}

  // The code of the next marker, without TEM and RSTn; 0 at the end of the file.
  std::uint8_t next() {
    while (at_ < file_.size()) {
      const void* const found = std::memchr(file_.data() + at_, 0xFF, file_.size() - at_);
      if (found == nullptr) break;
      at_ = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - file_.data());
      release_mapped_before(file_.data() + at_);
      while (at_ < file_.size() && file_[at_] == 0xFF)  // also fill bytes
        ++at_;
      if (at_ >= file_.size()) break;
      const std::uint8_t marker = file_[at_++];
      if (marker < 0xC0 || (marker >= JPEG_RST0 && marker < JPEG_RST0 + 8)) continue;
      const std::size_t left = file_.size() - at_;
      if (marker != kSoi && marker != kEoi && left >= 2) {
        const std::size_t length = std::size_t{file_[at_]} << 8U | file_[at_ + 1];
        if (length <= left) at_ += std::max<std::size_t>(2, length);
      }
      return marker;
    }
    at_ = file_.size();
    return 0;
  }

 private:
  Bytes file_;
  std::size_t at_;
};

// The number of SOS markers, counted up to a little more than `kMostScans`.
int count_scans(Bytes file) {
  int scans = 0;
  Markers markers(file, 2);
  for (std::uint8_t marker = 0; scans <= kMostScans;) {
    marker = markers.next();
    if (marker == 0 || marker == kEoi) break;
    if (marker == kSos) ++scans;
  }
  return scans;
}

// Whether this marker is in `data` before the end of the picture: before EOI, or SOI of another
// picture.
bool holds_marker(Bytes data, std::uint8_t wanted) {
  Markers markers(data, 0);
  std::uint8_t marker = 0;
  do {
    marker = markers.next();
  } while (marker != 0 && marker != wanted && marker != kSoi && marker != kEoi);
  return marker == wanted;
}

std::string text_of(const LibjpegReport& report) {
  return report.text.data();
}

}  // namespace

LibjpegDecoder::LibjpegDecoder(Bytes file) : file_(file) {
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

bool LibjpegDecoder::read_header() {
  return created_ && guarded(report, [this] { jpeg_read_header(&jpeg, TRUE); });
}

Result<Done> LibjpegDecoder::open_whole() {
  if (!read_header()) return header_error();
  report.multiple_scans = jpeg_has_multiple_scans(&jpeg) != 0;
  if (report.multiple_scans && count_scans(file_) > kMostScans) {
    return Error{ErrorCode::Unsupported, "JPEG with more than " + std::to_string(kMostScans) +
                                             " scans is not read: it costs much time to decode"};
  }
  report.in_pixels = true;
  return Done{};
}

bool LibjpegDecoder::has_end_marker() const {
  return holds_marker(file_.last(jpeg.src->bytes_in_buffer), kEoi);
}

// Zeros are valid Huffman codes, and a decoder may regain synchronisation after them without a
// warning. The code that has only zeros is the first of a table. If it is the code of a
// coefficient, a run of this length would be whole blocks of equal coefficients: no real picture
// has them. If it is the code of "end of block", the run may be a plain area, and is not reported.
// Data after the end marker are not picture data.
Bytes LibjpegDecoder::find_hole() const {
  constexpr std::size_t kRun = 128;
  if (jpeg.progressive_mode != 0 || jpeg.arith_code != 0) return {};
  bool coefficient = false;
  for (int i = 0; i < jpeg.comps_in_scan; ++i) {
    const int number = jpeg.cur_comp_info[i]->ac_tbl_no;
    if (number < 0 || number >= NUM_HUFF_TBLS) return {};  // the decoder reports it
    const JHUFF_TBL* const table = jpeg.ac_huff_tbl_ptrs[number];
    coefficient = coefficient || (table != nullptr && (table->huffval[0] & 15U) != 0);
  }
  if (!coefficient) return {};

  const Bytes data = file_.last(jpeg.src->bytes_in_buffer);
  for (std::size_t at = kRun; at < data.size();
       at += kRun) {  // each run of zeros of this length has such a byte
    if (at % (std::size_t{1} << 20U) < kRun) release_mapped_before(data.data() + at);
    if (data[at] != 0) continue;
    const Bytes zeros = zeros_around(data, at);
    if (zeros.size() < kRun) continue;
    const auto before = static_cast<std::size_t>(zeros.data() - data.data());
    return holds_marker(data.first(before), kEoi) ? Bytes{} : zeros;
  }
  return {};
}

Error LibjpegDecoder::header_error() const {
  switch (report.fatal) {
    case JERR_IMAGE_TOO_BIG:
      return {ErrorCode::TooLarge, "the header says " + std::to_string(jpeg.image_height) + " x " +
                                       std::to_string(jpeg.image_width) + " pixels; at most " +
                                       std::to_string(JPEG_MAX_DIMENSION) +
                                       " rows and columns are read"};
    case JERR_EMPTY_IMAGE:
      if (jpeg.image_height == 0 && jpeg.image_width > 0 && holds_marker(file_.subspan(2), kDnl)) {
        return {ErrorCode::Unsupported,
                "JPEG that says its height only after the picture data (DNL) is not read"};
      }
      return {ErrorCode::Damaged, "damaged: the header says " + std::to_string(jpeg.image_height) +
                                      " x " + std::to_string(jpeg.image_width) + " pixels"};
    case JERR_BAD_PRECISION:
      return {ErrorCode::Unsupported, "JPEG with " + std::to_string(jpeg.data_precision) +
                                          " bits per sample is not read, only 8"};
    case JERR_SOF_UNSUPPORTED: {
      const int frame = report.base.msg_parm.i[0] - 0xC0;
      const char* kind = frame == 3 || frame == 11 ? "lossless" : "hierarchical";
      return {ErrorCode::Unsupported,
              std::string(kind) + " JPEG (SOF" + std::to_string(frame) + ") is not read"};
    }
    case JERR_UNKNOWN_MARKER:
      if (report.base.msg_parm.i[0] != kJpegLs) break;
      return {ErrorCode::Unsupported, "JPEG-LS (SOF55) is not read"};
    case JERR_OUT_OF_MEMORY:
      return {ErrorCode::TooLarge, "not enough memory for the picture (" + text_of(report) + ")"};
    default:
      break;
  }
  if (report.ran_out) return {ErrorCode::Truncated, "truncated: the file ends within its header"};
  return {ErrorCode::Damaged, "damaged: the header cannot be read (" + text_of(report) + ")"};
}

Error LibjpegDecoder::damage() const {
  const std::string rows = std::to_string(jpeg.image_height);
  const bool in_scans = jpeg.progressive_mode != 0 || jpeg.comps_in_scan < jpeg.num_components;
  // Each scan has all rows, therefore the scan is named too.
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

void LibjpegDecoder::stop_by(const Stop* stop) {
  if (stop == nullptr) return;
  report.stop = stop;
  progress_.progress_monitor = ask_to_stop;
  jpeg.progress = &progress_;
}

Error LibjpegDecoder::fatal_error() const {
  if (report.stopped) return given_up();
  if (report.damage != 0) return damage();
  if (report.fatal == JERR_OUT_OF_MEMORY) return header_error();
  if (is_unsupported(report.fatal))
    return {ErrorCode::Unsupported, "this kind of JPEG is not read (" + text_of(report) + ")"};
  if (report.ran_out) {
    return {ErrorCode::Truncated, "truncated: the file ends before the picture data is complete"};
  }
  return {ErrorCode::Damaged, "damaged: the picture data cannot be read (" + text_of(report) + ")"};
}

std::optional<Error> LibjpegDecoder::silent_damage() const {
  // With one scan, all pixels were read before the file ended. With several, scans may be missing.
  // An arithmetic decoder reads zeros instead of missing data, without a warning.
  if (report.ran_out && (report.multiple_scans || jpeg.arith_code != 0)) {
    return Error{ErrorCode::Truncated, "truncated: the file ends after scan " +
                                           std::to_string(jpeg.input_scan_number) +
                                           " without an end marker"};
  }
  if (report.never_seen != 0) {
    return Error{ErrorCode::Damaged, "damaged: no scan contains colour component " +
                                         std::to_string(report.never_seen) + " of " +
                                         std::to_string(jpeg.num_components)};
  }
  return std::nullopt;
}

void finish_pixels(jpeg_decompress_struct& jpeg) {
  // libjpeg fills a component without data with grey. The first scan of a component sets its table.
  for (int i = 0; i < jpeg.num_components; ++i) {
    if (jpeg.comp_info[i].quant_table == nullptr) {
      report_of(reinterpret_cast<j_common_ptr>(&jpeg)).never_seen = i + 1;
    }
  }
  jpeg_finish_decompress(&jpeg);  // reads up to the end marker, which reveals left-over data
}

// ---- writing

void LibjpegEncoder::empty_chunk(j_compress_ptr jpeg, std::size_t bytes) {
  Destination& destination = destination_of(jpeg);
  if (!destination.out->append({destination.chunk.data(), bytes})) ERREXIT(jpeg, JERR_FILE_WRITE);
  destination.base.next_output_byte = destination.chunk.data();
  destination.base.free_in_buffer = destination.chunk.size();
}

LibjpegEncoder::LibjpegEncoder(Sink& out) {
  start(report);
  jpeg.err = &report.base;
  destination_.out = &out;
  destination_.base.init_destination = [](j_compress_ptr to) { empty_chunk(to, 0); };
  destination_.base.empty_output_buffer = [](j_compress_ptr to) -> boolean {
    empty_chunk(to, destination_of(to).chunk.size());
    return TRUE;
  };
  destination_.base.term_destination = [](j_compress_ptr to) {
    empty_chunk(to, destination_of(to).chunk.size() - to->dest->free_in_buffer);
  };
}

void LibjpegEncoder::create() {
  jpeg_create_compress(&jpeg);
  jpeg.dest = &destination_.base;
}

Error LibjpegEncoder::error() const {
  switch (report.fatal) {
    case JERR_MISMATCHED_QUANT_TABLE:
      return {ErrorCode::Unsupported, "its scans use different tables with the same number"};
    case JERR_BAD_DCT_COEF:
      return {ErrorCode::Damaged, "damaged: the picture data hold impossible coefficients"};
    default:
      return {ErrorCode::Internal, "libjpeg cannot encode: " + text_of(report)};
  }
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// opencv: BMP, PNM, JPEG 2000, Radiance HDR, Sun raster and PFM.
// Shapes  H x W x 1, 3 or (BMP, JP2) 4; uint8, uint16 (PNM, JP2) or float32 (HDR, PFM). Samples
//         with another full scale (PNM's maxval, 10-bit JP2, 5-bit BMP) are scaled to 255 or 65535
// Fails   Truncated with rows or bytes, Damaged, Unsupported for rare variants
// Source  BITMAPINFOHEADER to BITMAPV5HEADER (Windows GDI), netpbm's pnm(5), ISO/IEC 15444-1 A and
//         I (JP2), Radiance's "filefmts", rasterfile(5), debevec.org's PFM
// Headers are read here: imdecode has no call for them. Samples are read here, too, where
// OpenCV 4.6 (measured) goes by way of a temporary file (HDR, PFM), does not scale (PNM, 16-bit
// BMP), ignores masks (32-bit BMP) or gives black for grey (Sun raster). JP2 and all other BMPs go
// through cv::imdecode.
#include "codecs/opencv.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <iostream>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <streambuf>
#include <utility>

namespace deckle {
namespace {

using namespace std::string_view_literals;

// ---- OpenCV, kept quiet

// imdecode tells std::cerr of every file that it cannot read, past OpenCV's own error and log
// handlers. So cerr gets a buffer that drops what a thread says while that thread is in imdecode,
// and passes on all else.
class QuietCerr : public std::streambuf {
 public:
  QuietCerr() : passed_to_(std::cerr.rdbuf(this)) {}
  ~QuietCerr() override { std::cerr.rdbuf(passed_to_); }
  QuietCerr(const QuietCerr&) = delete;
  QuietCerr& operator=(const QuietCerr&) = delete;

  static bool& quiet() {
    thread_local bool in_opencv = false;
    return in_opencv;
  }

 protected:
  int_type overflow(int_type c) override {
    if (quiet() || traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    return passed_to_->sputc(traits_type::to_char_type(c));
  }
  std::streamsize xsputn(const char* text, std::streamsize n) override {
    return quiet() ? n : passed_to_->sputn(text, n);
  }
  int sync() override { return quiet() ? 0 : passed_to_->pubsync(); }

 private:
  std::streambuf* passed_to_;
};

// Called when the table of codecs is made, before there are threads that could use std::cerr.
void keep_cerr_quiet() {
  static const QuietCerr kFilter;
}

int drop_error(int /*code*/, const char* /*function*/, const char* /*message*/,
               const char* /*file*/, int /*line*/, void* /*user*/) {
  return 0;
}

class Quiet {
 public:
  Quiet() {
    static const bool kPrepared = [] {
      cv::setNumThreads(1);  // images are what is run in parallel
      cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
      cv::redirectError(drop_error);
      return true;
    }();
    static_cast<void>(kPrepared);
    QuietCerr::quiet() = true;
  }
  ~Quiet() { QuietCerr::quiet() = false; }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
};

// "OpenCV(4.6.0) ./modules/...: error: (-2:Unspecified error) Unexpected end of input stream in
// function 'f'\n" without what only its makers can use.
std::string clean(std::string_view what) {
  if (const std::size_t at = what.find(") ", what.find("error: (")); at != std::string_view::npos) {
    what.remove_prefix(at + 2);
  }
  return std::string(what.substr(0, std::min(what.find(" in function"), what.find('\n'))));
}

// Copies to `out`, with B, G, R turned to R, G, B.
void take(const cv::Mat& image, Tensor& out) {
  with_type(out.dtype, [&]<typename T>(T) {
    const auto cols = static_cast<std::size_t>(image.cols);
    const auto channels = static_cast<std::size_t>(image.channels());
    for (int r = 0; r < image.rows; ++r) {
      const std::uint8_t* const from = image.ptr(r);
      std::uint8_t* const to = out.row(r);
      if (channels < 3) {
        std::memcpy(to, from, cols * channels * sizeof(T));
        continue;
      }
      for (std::size_t c = 0; c < cols; ++c) {
        const std::size_t at = c * channels * sizeof(T);
        std::memcpy(to + at, from + at + 2 * sizeof(T), sizeof(T));
        std::memcpy(to + at + sizeof(T), from + at + sizeof(T), sizeof(T));
        std::memcpy(to + at + 2 * sizeof(T), from + at, sizeof(T));
        if (channels == 4)
          std::memcpy(to + at + 3 * sizeof(T), from + at + 3 * sizeof(T), sizeof(T));
      }
    }
  });
}

// What OpenCV makes of the file, held against what the header says.
Result<Done> decode_by_opencv(Bytes file, const ImageInfo& info, int flags, Tensor& out) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::TooLarge, "files of this format are read up to 2 GB"};
  }
  cv::Mat image;
  try {
    const Quiet quiet;
    // imdecode reads only, its types do not say so
    const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1,
                        const_cast<std::uint8_t*>(file.data()));  // NOLINT
    image = cv::imdecode(bytes, flags | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& e) {
    return Error{ErrorCode::Damaged,
                 "damaged: the picture data cannot be read (" + clean(e.what()) + ")"};
  }
  if (image.empty()) return Error{ErrorCode::Damaged, "damaged: the picture data cannot be read"};
  const Shape shape = Shape::image(image.rows, image.cols, image.channels());
  const int depth = info.dtype == DType::UInt8 ? CV_8U : CV_16U;
  if (shape != info.shape || image.depth() != depth) {
    return Error{ErrorCode::Damaged, "damaged: the picture data is " + to_string(shape) +
                                         ", the header says " + to_string(info.shape)};
  }
  out.reset(info.shape, info.dtype);
  take(image, out);
  return Done{};
}

// ---- bytes and numbers

std::uint64_t read_little(const std::uint8_t* p, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8U | p[i];
  return value;
}

std::uint64_t read_big(const std::uint8_t* p, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8U | p[i];
  return value;
}

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_space(std::uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(std::uint8_t c) {
  return c >= '0' && c <= '9';
}

Error header_ends() {
  return {ErrorCode::Truncated, "truncated: the file ends within its header"};
}

Error bad_header(const std::string& what) {
  return {ErrorCode::Damaged, "damaged: the header cannot be read (" + what + ")"};
}

// Where the file ends within rows of a known size.
Error ends_at_row(std::size_t row, std::int64_t rows) {
  return {ErrorCode::Truncated, "truncated: the picture data ends at row " + std::to_string(row) +
                                    " of " + std::to_string(rows)};
}

// The result of a decoder that found `wrong`.
Result<Damage> outcome(std::optional<Error> wrong, const DecodeOptions& options) {
  if (!wrong) return Damage{};
  if (!options.accept_truncated) return *wrong;
  return Damage{std::move(wrong->message)};
}

void zero_rows(Tensor& out, std::size_t from, std::size_t to) {
  if (from < to) {
    std::memset(out.row(static_cast<std::int64_t>(from)), 0, (to - from) * out.row_bytes());
  }
}

// Samples of 0 to `most` to the full scale of their type.
template <typename T>
void scale_samples(Tensor& out, std::uint32_t most) {
  constexpr std::uint32_t kWhite = std::numeric_limits<T>::max();
  if (most == kWhite) return;
  for (std::size_t i = 0; i < out.byte_count(); i += sizeof(T)) {
    T value{};
    std::memcpy(&value, out.data.data() + i, sizeof(T));
    const std::uint32_t clamped = std::min(std::uint32_t{value}, most);
    value = static_cast<T>((clamped * kWhite + most / 2) / most);
    std::memcpy(out.data.data() + i, &value, sizeof(T));
  }
}

// ---- BMP

struct Bmp {
  ImageInfo info;
  std::uint64_t offset = 0;  // of the samples
  std::uint64_t bits = 0;    // of a pixel
  std::uint64_t compression = 0;
  std::uint64_t pitch = 0;  // bytes of a row of the file
  bool top_down = false;
  std::array<std::uint32_t, 4> masks{};  // R, G, B, alpha of 16- and 32-bit pixels
};

constexpr std::uint64_t kBmpRle8 = 1;
constexpr std::uint64_t kBmpRle4 = 2;
constexpr std::uint32_t kBmpBitfields = 3;
constexpr std::size_t kBmpFileHeader = 14;

bool matches_bmp(Bytes head) {
  if (head.size() < 18 || head[0] != 'B' || head[1] != 'M') return false;
  const std::uint64_t size = read_little(head.data() + kBmpFileHeader, 4);
  return size == 12 || (size >= 40 && size <= 124);
}

// Whether a palette holds colours; entries are B, G, R and, in all but the oldest kind, a spare
// byte.
bool is_coloured(Bytes palette, std::size_t entry_bytes) {
  for (std::size_t i = 0; i + entry_bytes <= palette.size(); i += entry_bytes) {
    if (palette[i] != palette[i + 1] || palette[i] != palette[i + 2]) return true;
  }
  return false;
}

Result<Bmp> read_bmp_header(Bytes file) {
  constexpr std::size_t kMasksAt = kBmpFileHeader + 40;
  Bmp bmp;
  bmp.info.format = Format::Bmp;
  bmp.info.lossless = true;
  const std::uint8_t* const p = file.data();
  const std::uint64_t header = read_little(p + kBmpFileHeader, 4);
  if (file.size() < kBmpFileHeader + header) return header_ends();
  const bool old = header == 12;  // OS/2 1.x, BITMAPCOREHEADER
  std::uint64_t colours = 0;
  std::int64_t cols = 0;
  std::int64_t rows = 0;
  bmp.offset = read_little(p + 10, 4);
  if (old) {
    cols = static_cast<std::int64_t>(read_little(p + 18, 2));
    rows = static_cast<std::int64_t>(read_little(p + 20, 2));
    bmp.bits = read_little(p + 24, 2);
  } else {
    cols = static_cast<std::int32_t>(read_little(p + 18, 4));
    rows = static_cast<std::int32_t>(read_little(p + 22, 4));
    bmp.bits = read_little(p + 28, 2);
    bmp.compression = read_little(p + 30, 4);
    colours = read_little(p + 46, 4);
  }
  bmp.top_down = rows < 0;
  rows = std::abs(rows);
  if (bmp.offset < kBmpFileHeader + header) {
    return bad_header("samples at byte " + std::to_string(bmp.offset) + ", within the header");
  }
  if (cols < 1 || rows < 1)
    return bad_header(std::to_string(rows) + " x " + std::to_string(cols) + " pixels");

  const bool raw = bmp.compression == 0;
  const bool masked = bmp.compression == kBmpBitfields && (bmp.bits == 16 || bmp.bits == 32);
  const bool run_length = (bmp.compression == kBmpRle8 && bmp.bits == 8) ||
                          (bmp.compression == kBmpRle4 && bmp.bits == 4);
  const bool known = bmp.bits == 1 || bmp.bits == 4 || bmp.bits == 8 || bmp.bits == 16 ||
                     bmp.bits == 24 || bmp.bits == 32;
  if (!known || (!raw && !masked && !run_length)) {
    return Error{ErrorCode::Unsupported, "BMP with " + std::to_string(bmp.bits) +
                                             " bits per pixel and compression " +
                                             std::to_string(bmp.compression) + " is not read"};
  }

  std::int64_t channels = 3;
  if (bmp.bits <= 8) {
    const std::size_t most = std::size_t{1} << bmp.bits;
    if (colours > 256) return bad_header("a palette of " + std::to_string(colours) + " colours");
    const std::size_t used = colours == 0 ? most : static_cast<std::size_t>(colours);
    const std::size_t entry = old ? 3 : 4;
    const std::size_t at = kBmpFileHeader + static_cast<std::size_t>(header);
    if (file.size() - at < used * entry) return header_ends();
    channels = is_coloured(file.subspan(at, std::min(used, most) * entry), entry) ? 3 : 1;
  } else if (masked) {
    // behind the oldest such header, inside the others: the same place; alpha only inside
    if (file.size() < kMasksAt + 12) return header_ends();
    for (std::size_t i = 0; i < 3; ++i) {
      bmp.masks.at(i) = static_cast<std::uint32_t>(read_little(p + kMasksAt + 4 * i, 4));
    }
    if (header >= 56) bmp.masks[3] = static_cast<std::uint32_t>(read_little(p + kMasksAt + 12, 4));
    for (const std::uint32_t mask : bmp.masks) {
      const std::uint32_t run =
          mask == 0 ? 0 : mask >> static_cast<unsigned>(std::countr_zero(mask));
      if ((run & (run + 1)) != 0) return bad_header("a colour mask with gaps");
    }
    if (bmp.masks[3] != 0) channels = 4;
  } else if (bmp.bits == 16) {
    bmp.masks = {0x7C00, 0x03E0, 0x001F, 0};
  } else if (bmp.bits == 32) {
    bmp.masks = {0xFF0000, 0x00FF00, 0x0000FF, 0};  // the fourth byte is spare, mostly 0
  }
  bmp.info.shape = Shape::image(rows, cols, channels);
  bmp.pitch = (static_cast<std::uint64_t>(cols) * bmp.bits + 31) / 32 * 4;
  return bmp;
}

Result<ImageInfo> bmp_info(Bytes file) {
  Result<Bmp> bmp = read_bmp_header(file);
  if (!bmp) return bmp.error();
  return bmp->info;
}

// One row of 16- or 32-bit pixels.
void unpack_masked(const Bmp& bmp, const std::uint8_t* from, std::uint8_t* to) {
  const auto channels = static_cast<std::size_t>(bmp.info.shape.channels);
  const auto bytes = static_cast<std::size_t>(bmp.bits / 8);
  for (std::int64_t c = 0; c < bmp.info.shape.cols(); ++c, from += bytes) {
    const auto pixel = static_cast<std::uint32_t>(read_little(from, bytes));
    for (std::size_t i = 0; i < channels; ++i) {
      const std::uint32_t mask = bmp.masks.at(i);
      if (mask == 0) {
        *to++ = 0;
        continue;
      }
      const auto shift = static_cast<unsigned>(std::countr_zero(mask));
      const std::uint64_t most = mask >> shift;
      *to++ = static_cast<std::uint8_t>(
          (((pixel & mask) >> shift) * std::uint64_t{255} + most / 2) / most);
    }
  }
}

Result<Damage> decode_bmp(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Bmp> header = read_bmp_header(file);
  if (!header) return header.error();
  const Bmp& bmp = *header;
  const auto rows = static_cast<std::size_t>(info.shape.rows());
  if (bmp.offset >= file.size()) {
    return Error{ErrorCode::Truncated, "truncated: the picture data begins at byte " +
                                           std::to_string(bmp.offset) + ", the file has " +
                                           std::to_string(file.size())};
  }
  const std::size_t there = file.size() - static_cast<std::size_t>(bmp.offset);
  const int flags = info.shape.channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR;

  if (bmp.compression == kBmpRle8 || bmp.compression == kBmpRle4) {
    Result<Done> done = decode_by_opencv(file, info, flags, out);
    if (done) return Damage{};
    if (done.error().code != ErrorCode::Damaged) return done.error();
    // Runs have no fixed place, so there is no row to name. With an end mark in place the decoder
    // gets through where it was only the end that was missing.
    thread_local Buffer mended;
    mended.clear();
    mended.append(file);
    constexpr std::array<std::uint8_t, 4> kEndMark{0, 1, 0, 1};
    mended.append(kEndMark);
    const bool only_cut = decode_by_opencv(mended.bytes(), info, flags, out).has_value();
    if (!only_cut) return Error{ErrorCode::Damaged, "damaged: the run lengths do not fit the rows"};
    return outcome(Error{ErrorCode::Truncated, "truncated: the run-length data has no end"},
                   options);
  }

  std::optional<Error> wrong;
  // The padding of the last row is not a pixel.
  const std::uint64_t row_bytes =
      (static_cast<std::uint64_t>(info.shape.cols()) * bmp.bits + 7) / 8;
  const std::uint64_t needed = bmp.pitch * (rows - 1) + row_bytes;
  if (there < needed) {
    wrong = ends_at_row(there / bmp.pitch, info.shape.rows());
    if (!bmp.top_down) wrong->message += ", counted from below";
    if (!options.accept_truncated) return *wrong;
  }
  if (bmp.bits == 16 || bmp.bits == 32) {
    out.reset(info.shape, info.dtype);
    for (std::size_t r = 0; r < rows; ++r) {
      std::uint8_t* const to = out.row(static_cast<std::int64_t>(bmp.top_down ? r : rows - 1 - r));
      if (there < bmp.pitch * r + row_bytes) {
        std::memset(to, 0, out.row_bytes());
      } else {
        unpack_masked(bmp, file.data() + bmp.offset + bmp.pitch * r, to);
      }
    }
    return outcome(std::move(wrong), options);
  }
  // OpenCV wants the last row with its padding, too.
  thread_local Buffer mended;
  Bytes whole = file;
  if (const std::uint64_t end = bmp.offset + bmp.pitch * rows; end > file.size()) {
    mended.resize(static_cast<std::size_t>(end));
    std::memcpy(mended.data(), file.data(), file.size());
    std::memset(mended.data() + file.size(), 0, mended.size() - file.size());
    whole = mended.bytes();
  }
  if (Result<Done> done = decode_by_opencv(whole, info, flags, out); !done) return done.error();
  return outcome(std::move(wrong), options);
}

Result<Done> can_encode_bmp(const Shape& shape, DType dtype) {
  return check_holds({"bmp", {DType::UInt8}, {1, 3, 4}, 1 << 20}, shape, dtype);
}

// OpenCV 4.6 writes alpha without a mask that says so, which readers take for a spare byte. A
// BITMAPV4HEADER has one.
void write_bmp_with_alpha(const Tensor& pixels, Buffer& out) {
  constexpr std::uint32_t kHeader = 108;
  constexpr std::uint32_t kSrgb = 0x73524742;  // "sRGB"
  const auto rows = static_cast<std::uint32_t>(pixels.shape.rows());
  const auto cols = static_cast<std::uint32_t>(pixels.shape.cols());
  const auto bytes = static_cast<std::uint32_t>(pixels.byte_count());
  const std::uint32_t offset = kBmpFileHeader + kHeader;
  out.resize(offset + pixels.byte_count());
  std::memset(out.data(), 0, offset);
  const auto put = [&](std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      out.data()[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  put(0, 0x4D42, 2);
  put(2, offset + bytes, 4);
  put(10, offset, 4);
  put(14, kHeader, 4);
  put(18, cols, 4);
  put(22, rows, 4);
  put(26, 1, 2);
  put(28, 32, 2);
  put(30, kBmpBitfields, 4);
  put(34, bytes, 4);
  put(54, 0x00FF0000, 4);
  put(58, 0x0000FF00, 4);
  put(62, 0x000000FF, 4);
  put(66, 0xFF000000, 4);
  put(70, kSrgb, 4);
  std::uint8_t* to = out.data() + offset;
  for (std::int64_t r = pixels.shape.rows(); r-- > 0;) {
    const std::uint8_t* const from = pixels.row(r);
    for (std::size_t i = 0; i < pixels.row_bytes(); i += 4, to += 4) {
      to[0] = from[i + 2];
      to[1] = from[i + 1];
      to[2] = from[i];
      to[3] = from[i + 3];
    }
  }
}

Result<Done> encode_bmp(const Tensor& pixels, const EncodeOptions& /*options*/, Buffer& out) {
  if (const Result<Done> can = can_encode_bmp(pixels.shape, pixels.dtype); !can) return can.error();
  if (pixels.byte_count() > std::size_t{std::numeric_limits<std::int32_t>::max()} - 1024) {
    return Error{ErrorCode::TooLarge, "bmp holds at most 2 GB"};
  }
  if (pixels.shape.channels == 4) {
    write_bmp_with_alpha(pixels, out);
    return Done{};
  }
  thread_local Tensor bgr;
  const auto channels = static_cast<int>(pixels.shape.channels);
  const auto rows = static_cast<int>(pixels.shape.rows());
  const auto cols = static_cast<int>(pixels.shape.cols());
  bgr.reset(pixels.shape, pixels.dtype);
  // exchanging R and B turns either order into the other
  take(cv::Mat(rows, cols, CV_8UC(channels), const_cast<std::uint8_t*>(pixels.data.data())),
       bgr);  // NOLINT
  std::vector<std::uint8_t> file;
  try {
    const Quiet quiet;
    if (!cv::imencode(".bmp", cv::Mat(rows, cols, CV_8UC(channels), bgr.data.data()), file)) {
      return Error{ErrorCode::Internal, "OpenCV cannot encode"};
    }
  } catch (const cv::Exception& e) {
    return Error{ErrorCode::Internal, "OpenCV cannot encode: " + clean(e.what())};
  }
  out.clear();
  out.append(file);
  return Done{};
}

// ---- PNM

// The numbers of a PNM header and of the plain kinds: decimal, between white space and comments.
class Words {
 public:
  Words(Bytes bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  // Nothing at the end of the file, or where something else than a number stands.
  std::optional<std::uint32_t> number(std::size_t most_digits = 10) {
    skip_space();
    std::uint64_t value = 0;
    std::size_t digits = 0;
    while (at_ < bytes_.size() && is_digit(bytes_[at_]) && digits < most_digits) {
      value = value * 10 + bytes_[at_++] - '0';
      ++digits;
    }
    if (digits == 0 || value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(value);
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }

 private:
  void skip_space() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r')
          ++at_;
      } else if (is_space(bytes_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Bytes bytes_;
  std::size_t at_;
};

struct Pnm {
  ImageInfo info;
  std::size_t offset = 0;  // of the samples
  std::uint32_t most = 1;  // the sample of full intensity
  bool bits = false;       // P1 and P4, where 1 is black
  bool plain = false;      // P1 to P3: decimal numbers
};

bool matches_pnm(Bytes head) {
  if (head.size() < 4 || head[0] != 'P' || head[1] < '1' || head[1] > '6' || !is_space(head[2]))
    return false;
  const auto* const next = std::find_if_not(head.data() + 3, head.data() + head.size(), is_space);
  return next == head.data() + head.size() || is_digit(*next) || *next == '#';
}

Result<Pnm> read_pnm_header(Bytes file) {
  Pnm pnm;
  pnm.info.format = Format::Pnm;
  pnm.info.lossless = true;
  const int kind = file[1] - '0';
  pnm.bits = kind == 1 || kind == 4;
  pnm.plain = kind <= 3;
  Words words(file, 2);
  const std::optional<std::uint32_t> cols = words.number();
  const std::optional<std::uint32_t> rows = words.number();
  const std::optional<std::uint32_t> most =
      pnm.bits ? std::optional<std::uint32_t>(1) : words.number();
  if (!cols || !rows || !most) {
    if (words.at_end()) return header_ends();
    return bad_header("no number where one is due");
  }
  if (*most < 1 || *most > 65535) return bad_header("maxval " + std::to_string(*most));
  pnm.most = *most;
  pnm.offset = words.at();
  if (pnm.offset >= file.size()) return header_ends();
  if (!is_space(file[pnm.offset])) return bad_header("no white space before the samples");
  ++pnm.offset;  // just one: the next byte may be a sample
  pnm.info.shape = Shape::image(*rows, *cols, kind == 3 || kind == 6 ? 3 : 1);
  pnm.info.dtype = *most > 255 ? DType::UInt16 : DType::UInt8;
  return pnm;
}

Result<ImageInfo> pnm_info(Bytes file) {
  Result<Pnm> pnm = read_pnm_header(file);
  if (!pnm) return pnm.error();
  return pnm->info;
}

// Decimal numbers, row after row. Gives the row that could not be read.
std::optional<Error> read_plain(Bytes file, const Pnm& pnm, Tensor& out) {
  Words words(file, pnm.offset);
  const std::int64_t rows = out.shape.rows();
  const std::size_t row_samples = static_cast<std::size_t>(out.shape.cols() * out.shape.channels);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::uint8_t* to = out.row(r);
    for (std::size_t i = 0; i < row_samples; ++i) {
      const std::optional<std::uint32_t> value = words.number(pnm.bits ? 1 : 10);
      if (!value || *value > pnm.most) {
        zero_rows(out, static_cast<std::size_t>(r), static_cast<std::size_t>(rows));
        if (!value && words.at_end()) return ends_at_row(static_cast<std::size_t>(r), rows);
        return Error{ErrorCode::Damaged,
                     "damaged: row " + std::to_string(r) + " of " + std::to_string(rows) +
                         (value ? " holds " + std::to_string(*value) + ", more than maxval " +
                                      std::to_string(pnm.most)
                                : std::string(" holds something that is not a number"))};
      }
      if (out.dtype == DType::UInt16) {
        const auto sample = static_cast<std::uint16_t>(*value);
        std::memcpy(to, &sample, 2);
        to += 2;
      } else {
        *to++ = static_cast<std::uint8_t>(pnm.bits ? 1 - *value : *value);
      }
    }
  }
  return std::nullopt;
}

// Raw samples, row after row; 16-bit ones are big-endian.
std::optional<Error> read_raw(Bytes file, const Pnm& pnm, Tensor& out) {
  const auto rows = static_cast<std::size_t>(out.shape.rows());
  const auto cols = static_cast<std::size_t>(out.shape.cols());
  const std::size_t stored = pnm.bits ? (cols + 7) / 8 : out.row_bytes();
  const std::size_t whole = std::min(rows, (file.size() - pnm.offset) / stored);
  std::optional<Error> wrong;
  for (std::size_t r = 0; r < whole; ++r) {
    const std::uint8_t* const from = file.data() + pnm.offset + r * stored;
    std::uint8_t* const to = out.row(static_cast<std::int64_t>(r));
    if (pnm.bits) {
      for (std::size_t c = 0; c < cols; ++c)
        to[c] = (from[c / 8] >> (7 - c % 8) & 1) == 0 ? 1 : 0;
      continue;
    }
    std::uint32_t largest = 0;
    if (out.dtype == DType::UInt8) {
      std::memcpy(to, from, stored);
      if (pnm.most < 255) largest = *std::max_element(to, to + stored);
    } else {
      for (std::size_t i = 0; i < stored; i += 2) {
        const auto sample = static_cast<std::uint16_t>(from[i] << 8U | from[i + 1]);
        std::memcpy(to + i, &sample, 2);
        largest = std::max(largest, std::uint32_t{sample});
      }
    }
    if (largest > pnm.most && !wrong) {
      wrong =
          Error{ErrorCode::Damaged, "damaged: row " + std::to_string(r) + " of " +
                                        std::to_string(rows) + " holds " + std::to_string(largest) +
                                        ", more than maxval " + std::to_string(pnm.most)};
    }
  }
  zero_rows(out, whole, rows);
  if (whole < rows && !wrong) wrong = ends_at_row(whole, out.shape.rows());
  return wrong;
}

Result<Damage> decode_pnm(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Pnm> pnm = read_pnm_header(file);
  if (!pnm) return pnm.error();
  // One digit or bit per sample at least: a header that promises more lies.
  const std::int64_t least =
      info.shape.pixels() * info.shape.channels / (pnm->bits && !pnm->plain ? 8 : 1);
  const auto there = static_cast<std::int64_t>(file.size() - pnm->offset);
  if (there < least && !options.accept_truncated) {
    return Error{ErrorCode::Truncated, "truncated: " + std::to_string(there) +
                                           " bytes of picture data cannot hold " +
                                           to_string(info.shape) + " samples"};
  }
  out.reset(info.shape, info.dtype);
  std::optional<Error> wrong = pnm->plain ? read_plain(file, *pnm, out) : read_raw(file, *pnm, out);
  if (wrong && !options.accept_truncated) return *wrong;
  if (info.dtype == DType::UInt16) {
    scale_samples<std::uint16_t>(out, pnm->most);
  } else {
    scale_samples<std::uint8_t>(out, pnm->most);
  }
  return outcome(std::move(wrong), options);
}

Result<Done> can_encode_pnm(const Shape& shape, DType dtype) {
  return check_holds({"pnm", {DType::UInt8, DType::UInt16}, {1, 3}, kMaxExtent}, shape, dtype);
}

Result<Done> encode_pnm(const Tensor& pixels, const EncodeOptions& /*options*/, Buffer& out) {
  if (const Result<Done> can = can_encode_pnm(pixels.shape, pixels.dtype); !can) return can.error();
  const bool wide = pixels.dtype == DType::UInt16;
  const std::string header = std::string(pixels.shape.channels == 3 ? "P6\n" : "P5\n") +
                             std::to_string(pixels.shape.cols()) + " " +
                             std::to_string(pixels.shape.rows()) + (wide ? "\n65535\n" : "\n255\n");
  const std::size_t bytes = pixels.byte_count();
  out.resize(header.size() + bytes);
  std::memcpy(out.data(), header.data(), header.size());
  std::uint8_t* const to = out.data() + header.size();
  std::memcpy(to, pixels.data.data(), bytes);
  for (std::size_t i = 0; wide && i < bytes; i += 2) {
    std::uint16_t sample = 0;
    std::memcpy(&sample, to + i, 2);
    to[i] = static_cast<std::uint8_t>(sample >> 8U);
    to[i + 1] = static_cast<std::uint8_t>(sample & 0xFFU);
  }
  return Done{};
}

// ---- JPEG 2000

struct Jp2 {
  ImageInfo info;
  Bytes codestream;
  std::uint32_t bits = 8;     // of a sample
  std::optional<Error> ends;  // the file ends within the codestream
};

constexpr std::uint64_t kSoc = 0xFF4F;
constexpr std::uint64_t kSiz = 0xFF51;
constexpr std::uint64_t kSot = 0xFF90;
constexpr std::uint64_t kEoc = 0xFFD9;

bool matches_jp2(Bytes head) {
  const std::string_view text = text_of(head);
  return text.starts_with("\0\0\0\x0cjP  \r\n\x87\n"sv) || text.starts_with("\xff\x4f\xff\x51"sv);
}

struct Box {
  std::string_view type;
  Bytes inside;  // as far as it is in the file
  bool whole = false;
};

// Takes the first box off `rest`; nothing where there is none.
std::optional<Box> next_box(Bytes& rest) {
  if (rest.size() < 8) return std::nullopt;
  std::uint64_t length = read_big(rest.data(), 4);
  std::size_t header = 8;
  if (length == 1) {
    if (rest.size() < 16) return std::nullopt;
    length = read_big(rest.data() + 8, 8);
    header = 16;
  }
  if (length == 0) length = rest.size();  // the last box: to the end of the file
  if (length < header) return std::nullopt;
  const std::size_t there = static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size()));
  const Box box{text_of(rest.subspan(4, 4)), rest.subspan(header, there - header),
                length <= rest.size()};
  rest = rest.subspan(there);
  return box;
}

// Walks the tile parts, which all say how long they are.
std::optional<Error> where_it_ends(Bytes codestream) {
  const auto cut = [&](std::uint64_t wanted) {
    return Error{ErrorCode::Truncated, "truncated: a tile ends at byte " + std::to_string(wanted) +
                                           " of the codestream, the file has " +
                                           std::to_string(codestream.size())};
  };
  std::uint64_t at = 2;
  while (at + 4 <= codestream.size()) {
    const std::uint64_t marker = read_big(codestream.data() + at, 2);
    if (marker == kEoc) return std::nullopt;
    const std::uint64_t length = read_big(codestream.data() + at + 2, 2);
    if (marker != kSot) {
      at += 2 + length;
      continue;
    }
    if (at + 12 > codestream.size()) return cut(at + 12);
    const std::uint64_t part = read_big(codestream.data() + at + 6, 4);
    if (part == 0) {  // the last one: to the end marker
      const bool ended = read_big(codestream.data() + codestream.size() - 2, 2) == kEoc;
      if (ended) return std::nullopt;
      return Error{ErrorCode::Truncated, "truncated: the codestream has no end marker"};
    }
    if (part < 14 || at + part > codestream.size()) return cut(at + part);
    at += part;
  }
  if (at + 2 == codestream.size() && read_big(codestream.data() + at, 2) == kEoc)
    return std::nullopt;
  return Error{ErrorCode::Truncated, "truncated: the codestream has no end marker"};
}

Result<Jp2> read_jp2_header(Bytes file) {
  Jp2 jp2;
  jp2.info.format = Format::Jp2;
  jp2.codestream = file;
  bool whole = true;
  if (file[0] == 0) {
    jp2.codestream = {};
    Bytes rest = file;
    while (const std::optional<Box> box = next_box(rest)) {
      if (box->type == "jp2h") {
        Bytes inner = box->inside;
        while (const std::optional<Box> part = next_box(inner)) {
          if (part->type == "pclr") {
            return Error{ErrorCode::Unsupported, "JPEG 2000 with a palette is not read"};
          }
        }
      }
      if (box->type == "jp2c") {
        jp2.codestream = box->inside;
        whole = box->whole;
        break;
      }
    }
  }
  const Bytes code = jp2.codestream;
  constexpr std::size_t kComponentsAt = 42;
  if (code.size() < kComponentsAt) return header_ends();
  const std::uint8_t* const p = code.data();
  if (read_big(p, 2) != kSoc || read_big(p + 2, 2) != kSiz) return bad_header("no SIZ marker");
  const auto cols = static_cast<std::int64_t>(read_big(p + 8, 4)) -
                    static_cast<std::int64_t>(read_big(p + 16, 4));
  const auto rows = static_cast<std::int64_t>(read_big(p + 12, 4)) -
                    static_cast<std::int64_t>(read_big(p + 20, 4));
  const std::size_t components = static_cast<std::size_t>(read_big(p + 40, 2));
  if (components != 1 && components != 3 && components != 4) {
    return Error{ErrorCode::Unsupported, "JPEG 2000 with " + std::to_string(components) +
                                             " components is not read, only 1, 3 and 4"};
  }
  if (code.size() < kComponentsAt + 3 * components) return header_ends();
  for (std::size_t i = 0; i < components; ++i) {
    const std::uint8_t* const c = p + kComponentsAt + 3 * i;
    const unsigned bits = (c[0] & 0x7FU) + 1;
    if ((c[0] & 0x80U) != 0)
      return Error{ErrorCode::Unsupported, "JPEG 2000 with signed samples is not read"};
    if (c[1] != 1 || c[2] != 1) {
      return Error{ErrorCode::Unsupported, "JPEG 2000 with subsampled components is not read"};
    }
    if (bits < 8 || bits > 16 || (i > 0 && bits != jp2.bits)) {
      return Error{ErrorCode::Unsupported,
                   "JPEG 2000 is read with 8 to 16 bits in all components, this has " +
                       std::to_string(bits)};
    }
    jp2.bits = bits;
  }
  jp2.info.shape = Shape::image(rows, cols, static_cast<std::int64_t>(components));
  jp2.info.dtype = jp2.bits > 8 ? DType::UInt16 : DType::UInt8;
  jp2.ends = where_it_ends(code);
  if (!whole && !jp2.ends)
    jp2.ends = Error{ErrorCode::Truncated, "truncated: the last box is cut off"};
  return jp2;
}

Result<ImageInfo> jp2_info(Bytes file) {
  Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return jp2.error();
  return jp2->info;
}

// A part of the data would be a blurred picture, which nobody can tell from a whole one: never
// accepted.
Result<Damage> decode_jp2(Bytes file, const ImageInfo& info, const DecodeOptions& /*options*/,
                          Tensor& out) {
  const Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return jp2.error();
  if (jp2->ends) return *jp2->ends;
  if (Result<Done> done = decode_by_opencv(file, info, cv::IMREAD_UNCHANGED, out); !done)
    return done.error();
  if (info.dtype == DType::UInt16) scale_samples<std::uint16_t>(out, (1U << jp2->bits) - 1);
  return Damage{};
}

// ---- Radiance HDR

struct Hdr {
  ImageInfo info;
  std::size_t offset = 0;
};

bool matches_hdr(Bytes head) {
  const std::string_view text = text_of(head);
  return text.starts_with("#?RADIANCE") || text.starts_with("#?RGBE");
}

// The next line, without its end; nothing where the file ends first.
std::optional<std::string_view> next_line(std::string_view text, std::size_t& at) {
  const std::size_t end = text.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(at, end - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  at = end + 1;
  return line;
}

// Reads "-Y 480" and the like.
std::optional<std::int64_t> take_size(std::string_view& line, std::string_view axis) {
  if (!line.starts_with(axis)) return std::nullopt;
  line.remove_prefix(axis.size());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return value;
}

Result<Hdr> read_hdr_header(Bytes file) {
  const std::string_view text = text_of(file);
  Hdr hdr;
  hdr.info.format = Format::Hdr;
  hdr.info.dtype = DType::Float32;
  hdr.info.lossless = true;
  for (;;) {
    const std::optional<std::string_view> line = next_line(text, hdr.offset);
    if (!line) return header_ends();
    if (line->empty()) break;
    if (line->starts_with("FORMAT=") && *line != "FORMAT=32-bit_rle_rgbe") {
      return Error{ErrorCode::Unsupported, "Radiance HDR is read as 32-bit_rle_rgbe only"};
    }
  }
  std::optional<std::string_view> line = next_line(text, hdr.offset);
  if (!line) return header_ends();
  const std::optional<std::int64_t> rows = take_size(*line, "-Y ");
  const std::optional<std::int64_t> cols = rows ? take_size(*line, " +X ") : std::nullopt;
  if (!rows || !cols) {
    return Error{ErrorCode::Unsupported,
                 "Radiance HDR is read with rows from the top and columns from the left"};
  }
  hdr.info.shape = Shape::image(*rows, *cols, 3);
  return hdr;
}

Result<ImageInfo> hdr_info(Bytes file) {
  Result<Hdr> hdr = read_hdr_header(file);
  if (!hdr) return hdr.error();
  return hdr->info;
}

enum class RowState { Good, Ends, Bad };

// One row to R, G, B, exponent, plane by plane in runs or pixel by pixel.
RowState read_hdr_row(Bytes file, std::size_t& at, std::size_t cols, std::uint8_t* rgbe) {
  const auto left = [&] { return file.size() - at; };
  if (left() < 4) return RowState::Ends;
  const std::uint8_t* const head = file.data() + at;
  const bool runs =
      cols >= 8 && cols <= 32767 && head[0] == 2 && head[1] == 2 && (head[2] & 0x80U) == 0;
  if (!runs) {
    if (left() < 4 * cols) return RowState::Ends;
    std::memcpy(rgbe, head, 4 * cols);
    at += 4 * cols;
    for (std::size_t c = 0; c < cols;
         ++c) {  // 1, 1, 1, n repeats a pixel in the oldest kind of file
      if (rgbe[4 * c] == 1 && rgbe[4 * c + 1] == 1 && rgbe[4 * c + 2] == 1) return RowState::Bad;
    }
    return RowState::Good;
  }
  if (read_big(head + 2, 2) != cols) return RowState::Bad;
  at += 4;
  for (std::size_t plane = 0; plane < 4; ++plane) {
    for (std::size_t c = 0; c < cols;) {
      if (left() < 2) return RowState::Ends;
      const std::size_t code = file[at++];
      const bool run = code > 128;
      const std::size_t count = run ? code - 128 : code;
      if (count == 0 || count > cols - c) return RowState::Bad;
      if (left() < (run ? 1 : count)) return RowState::Ends;
      for (std::size_t i = 0; i < count; ++i, ++c)
        rgbe[4 * c + plane] = file[run ? at : at + i];
      at += run ? 1 : count;
    }
  }
  return RowState::Good;
}

Result<Damage> decode_hdr(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Hdr> hdr = read_hdr_header(file);
  if (!hdr) return hdr.error();
  const std::int64_t rows = info.shape.rows();
  const auto cols = static_cast<std::size_t>(info.shape.cols());
  thread_local Buffer rgbe;
  rgbe.resize(4 * cols);
  out.reset(info.shape, info.dtype);
  std::size_t at = hdr->offset;
  for (std::int64_t r = 0; r < rows; ++r) {
    const RowState state = read_hdr_row(file, at, cols, rgbe.data());
    if (state != RowState::Good) {
      zero_rows(out, static_cast<std::size_t>(r), static_cast<std::size_t>(rows));
      return outcome(state == RowState::Ends
                         ? ends_at_row(static_cast<std::size_t>(r), rows)
                         : Error{ErrorCode::Damaged, "damaged: row " + std::to_string(r) + " of " +
                                                         std::to_string(rows) +
                                                         " is not a row of run lengths"},
                     options);
    }
    std::uint8_t* const to = out.row(r);
    for (std::size_t c = 0; c < cols; ++c) {
      const std::uint8_t* const pixel = rgbe.data() + 4 * c;
      const float scale = pixel[3] == 0 ? 0.0F : std::ldexp(1.0F, pixel[3] - (128 + 8));
      for (std::size_t i = 0; i < 3; ++i) {
        const float value = static_cast<float>(pixel[i]) * scale;
        std::memcpy(to + (3 * c + i) * sizeof value, &value, sizeof value);
      }
    }
  }
  return Damage{};
}

// ---- Sun raster

struct SunRaster {
  ImageInfo info;
  std::size_t bits = 0;
  std::size_t offset = 0;
  std::size_t colours = 0;
};

constexpr std::size_t kSunHeader = 32;

bool matches_sun(Bytes head) {
  return text_of(head).starts_with("\x59\xa6\x6a\x95"sv);
}

Result<SunRaster> read_sun_header(Bytes file) {
  if (file.size() < kSunHeader) return header_ends();
  const auto word = [&](std::size_t i) { return read_big(file.data() + 4 * i, 4); };
  SunRaster sun;
  sun.info.format = Format::SunRaster;
  sun.info.lossless = true;
  sun.bits = static_cast<std::size_t>(word(3));
  const std::uint64_t kind = word(5);
  const std::uint64_t map_kind = word(6);
  const std::uint64_t map_bytes = word(7);
  if (kind > 1 || (sun.bits != 1 && sun.bits != 8 && sun.bits != 24 && sun.bits != 32)) {
    return Error{ErrorCode::Unsupported, "Sun raster of kind " + std::to_string(kind) + " with " +
                                             std::to_string(sun.bits) +
                                             " bits per pixel is not read"};
  }
  if (map_kind > 1 || (map_kind == 0 && map_bytes != 0) || map_bytes > 3 * 256 ||
      map_bytes % 3 != 0) {
    return Error{ErrorCode::Unsupported, "Sun raster with a colour map of kind " +
                                             std::to_string(map_kind) + " and " +
                                             std::to_string(map_bytes) + " bytes is not read"};
  }
  sun.offset = kSunHeader + static_cast<std::size_t>(map_bytes);
  if (file.size() < sun.offset) return header_ends();
  sun.colours = static_cast<std::size_t>(map_bytes / 3);
  bool coloured = sun.bits > 8;
  for (std::size_t i = 0; i < sun.colours; ++i) {
    const std::uint8_t* const map = file.data() + kSunHeader + i;
    coloured = coloured || map[0] != map[sun.colours] || map[0] != map[2 * sun.colours];
  }
  sun.info.shape = Shape::image(static_cast<std::int64_t>(word(2)),
                                static_cast<std::int64_t>(word(1)), coloured ? 3 : 1);
  return sun;
}

Result<ImageInfo> sun_info(Bytes file) {
  Result<SunRaster> sun = read_sun_header(file);
  if (!sun) return sun.error();
  return sun->info;
}

void unpack_sun_row(Bytes file, const SunRaster& sun, const std::uint8_t* from, std::uint8_t* to) {
  const auto channels = static_cast<std::size_t>(sun.info.shape.channels);
  const auto cols = static_cast<std::size_t>(sun.info.shape.cols());
  const std::uint8_t* const map = file.data() + kSunHeader;
  for (std::size_t c = 0; c < cols; ++c, to += channels) {
    if (sun.bits > 8) {  // B, G, R, with a spare byte in front where there are 32 bits
      const std::uint8_t* const bgr = from + c * sun.bits / 8 + (sun.bits == 32 ? 1 : 0);
      to[0] = bgr[2];
      to[1] = bgr[1];
      to[2] = bgr[0];
      continue;
    }
    const std::size_t index = sun.bits == 8 ? from[c] : from[c / 8] >> (7 - c % 8) & 1U;
    for (std::size_t i = 0; i < channels; ++i) {
      if (sun.colours != 0) {
        to[i] = index < sun.colours ? map[i * sun.colours + index] : std::uint8_t{0};
      } else {  // without a map a set bit is black
        to[i] = static_cast<std::uint8_t>(sun.bits == 8 ? index : 255 * (1 - index));
      }
    }
  }
}

Result<Damage> decode_sun(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<SunRaster> sun = read_sun_header(file);
  if (!sun) return sun.error();
  const auto rows = static_cast<std::size_t>(info.shape.rows());
  const std::size_t row_bytes = (static_cast<std::size_t>(info.shape.cols()) * sun->bits + 7) / 8;
  const std::size_t pitch = (row_bytes + 1) / 2 * 2;
  // the padding of the last row is not a pixel
  const std::size_t whole = std::min(rows, (file.size() - sun->offset + pitch - row_bytes) / pitch);
  if (whole < rows && !options.accept_truncated) return ends_at_row(whole, info.shape.rows());
  out.reset(info.shape, info.dtype);
  for (std::size_t r = 0; r < whole; ++r) {
    unpack_sun_row(file, *sun, file.data() + sun->offset + r * pitch,
                   out.row(static_cast<std::int64_t>(r)));
  }
  zero_rows(out, whole, rows);
  if (whole < rows) return outcome(ends_at_row(whole, info.shape.rows()), options);
  return Damage{};
}

// ---- PFM

struct Pfm {
  ImageInfo info;
  std::size_t offset = 0;
  bool big_endian = false;
};

bool matches_pfm(Bytes head) {
  if (head.size() < 4 || head[0] != 'P' || (head[1] != 'F' && head[1] != 'f') || !is_space(head[2]))
    return false;
  const auto* const next = std::find_if_not(head.data() + 3, head.data() + head.size(), is_space);
  return next == head.data() + head.size() || is_digit(*next);
}

Result<Pfm> read_pfm_header(Bytes file) {
  Pfm pfm;
  pfm.info.format = Format::Pfm;
  pfm.info.dtype = DType::Float32;
  pfm.info.lossless = true;
  Words words(file, 2);
  const std::optional<std::uint32_t> cols = words.number();
  const std::optional<std::uint32_t> rows = words.number();
  if (!cols || !rows) {
    if (words.at_end()) return header_ends();
    return bad_header("no number where one is due");
  }
  std::size_t at = words.at();
  while (at < file.size() && is_space(file[at]))
    ++at;
  const std::size_t scale_at = at;
  while (at < file.size() && !is_space(file[at]))
    ++at;
  if (at >= file.size()) return header_ends();
  double scale = 0;
  std::string_view word = text_of(file.subspan(scale_at, at - scale_at));
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), scale);
  if (error != std::errc{} || end != word.data() + word.size() || scale == 0) {
    return bad_header("no scale where one is due");
  }
  pfm.big_endian = scale > 0;  // its size says what a sample of 1 means and is not applied
  pfm.offset = at + 1;
  pfm.info.shape = Shape::image(*rows, *cols, file[1] == 'F' ? 3 : 1);
  return pfm;
}

Result<ImageInfo> pfm_info(Bytes file) {
  Result<Pfm> pfm = read_pfm_header(file);
  if (!pfm) return pfm.error();
  return pfm->info;
}

Result<Damage> decode_pfm(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Pfm> pfm = read_pfm_header(file);
  if (!pfm) return pfm.error();
  const auto rows = static_cast<std::size_t>(info.shape.rows());
  const std::size_t row_bytes =
      static_cast<std::size_t>(info.shape.cols() * info.shape.channels) * sizeof(float);
  const std::size_t whole = std::min(rows, (file.size() - pfm->offset) / row_bytes);
  if (whole < rows && !options.accept_truncated) return ends_at_row(whole, info.shape.rows());
  out.reset(info.shape, info.dtype);
  zero_rows(out, 0, rows - whole);
  for (std::size_t r = 0; r < whole; ++r) {  // the lowest row comes first
    const std::uint8_t* const from = file.data() + pfm->offset + r * row_bytes;
    std::uint8_t* const to = out.row(static_cast<std::int64_t>(rows - 1 - r));
    for (std::size_t i = 0; i < row_bytes; i += sizeof(float)) {
      const auto bits = static_cast<std::uint32_t>(pfm->big_endian ? read_big(from + i, 4)
                                                                   : read_little(from + i, 4));
      std::memcpy(to + i, &bits, sizeof bits);
    }
  }
  if (whole < rows) return outcome(ends_at_row(whole, info.shape.rows()), options);
  return Damage{};
}

std::string by_opencv() {
  return std::string("OpenCV ") + cv::getVersionString();
}
std::string by_deckle() {
  return "deckle";
}

}  // namespace

Codec bmp_codec() {
  keep_cerr_quiet();
  return {.format = Format::Bmp,
          .name = "bmp",
          .extensions = {"bmp", "dib"},
          .matches = matches_bmp,
          .read_info = bmp_info,
          .decode = decode_bmp,
          .can_encode = can_encode_bmp,
          .encode = encode_bmp,
          .library = by_opencv};
}

Codec pnm_codec() {
  return {.format = Format::Pnm,
          .name = "pnm",
          .extensions = {"pnm", "ppm", "pgm", "pbm"},
          .matches = matches_pnm,
          .read_info = pnm_info,
          .decode = decode_pnm,
          .can_encode = can_encode_pnm,
          .encode = encode_pnm,
          .library = by_deckle};
}

Codec jp2_codec() {
  keep_cerr_quiet();
  return {.format = Format::Jp2,
          .name = "jp2",
          .extensions = {"jp2", "j2k", "jpc", "j2c"},
          .matches = matches_jp2,
          .read_info = jp2_info,
          .decode = decode_jp2,
          .can_encode = nullptr,
          .encode = nullptr,
          .library = by_opencv};
}

Codec hdr_codec() {
  return {.format = Format::Hdr,
          .name = "hdr",
          .extensions = {"hdr", "pic"},
          .matches = matches_hdr,
          .read_info = hdr_info,
          .decode = decode_hdr,
          .can_encode = nullptr,
          .encode = nullptr,
          .library = by_deckle};
}

Codec sun_raster_codec() {
  return {.format = Format::SunRaster,
          .name = "ras",
          .extensions = {"ras", "sr"},
          .matches = matches_sun,
          .read_info = sun_info,
          .decode = decode_sun,
          .can_encode = nullptr,
          .encode = nullptr,
          .library = by_deckle};
}

Codec pfm_codec() {
  return {.format = Format::Pfm,
          .name = "pfm",
          .extensions = {"pfm"},
          .matches = matches_pfm,
          .read_info = pfm_info,
          .decode = decode_pfm,
          .can_encode = nullptr,
          .encode = nullptr,
          .library = by_deckle};
}

}  // namespace deckle

// SPDX-License-Identifier: Apache-2.0
// floor: the cost of the codec alone. libjpeg-turbo and libdeflate do the work of a row in a simple
// loop, with threads over files and nothing else: no manifest, no digests, no checks, no renames.
// It is a measure for real programs, not a program to use.
//
//     floor full|window crop:SIDE|expand jpg|png|npy JOBS COPIES OUT < list of files
//
// full decodes whole pictures, window only what is needed. expand is crop 8, pad 16, upsample 2 x.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

// cstdio before jpeglib.h, which needs it
// clang-format off
#include <jpeglib.h>
#include <libdeflate.h>
// clang-format on

namespace {

constexpr int kQuality = 90;
constexpr std::size_t kCrop = 8;
constexpr std::size_t kPad = 16;
constexpr std::size_t kTimes = 2;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "floor: " << what << "\n";
  std::exit(1);
}

struct Work {
  bool window = false;
  std::size_t side = 0;  // 0: expand
  std::string form;
  int copies = 1;
  std::string out;
};

struct Pixels {
  std::vector<std::uint8_t> data;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t left = 0;  // the first column that is needed: decoding may begin before it

  const std::uint8_t* at(std::size_t row, std::size_t col) const {
    return data.data() + (row * cols + left + col) * 3;
  }
};

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ x >> 30U) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27U) * 0x94D049BB133111EBU;
  return x ^ x >> 31U;
}

void read_file(const std::string& path, std::vector<std::uint8_t>& to) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) fail("cannot read " + path);
  to.resize(static_cast<std::size_t>(status.st_size));
  if (::read(fd, to.data(), to.size()) != status.st_size) fail("cannot read " + path);
  ::close(fd);
}

void write_file(const std::string& path, const std::uint8_t* data, std::size_t size) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0 || ::write(fd, data, size) != static_cast<ssize_t>(size)) fail("cannot write " + path);
  ::close(fd);
}

// Memory that a thread keeps from file to file.
class Worker {
 public:
  explicit Worker(const Work& work) : work_(work), encoded_(std::size_t{1} << 20U) {}

  void run(const std::string& path, std::size_t index) {
    read_file(path, file_);
    const auto slash = path.rfind('/');
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string stem = work_.out + "/" + name.substr(0, name.rfind('.'));
    open_jpeg();
    const std::size_t rows = decoder_.image_height;
    const std::size_t cols = decoder_.image_width;
    const auto offset = [&](int copy, std::uint64_t axis, std::size_t length) {
      const std::uint64_t key = (index * 4096U + static_cast<std::uint64_t>(copy)) * 2U + axis;
      return static_cast<std::size_t>(mix(key) % (length - work_.side + 1));
    };
    if (work_.side == 0) {
      decode_all();
      expand();
      write(stem, 0, 0, 0);
    } else if (work_.window && work_.copies == 1) {
      decode_part(offset(0, 0, rows), offset(0, 1, cols), work_.side, work_.side);
      write(stem, 0, 0, 0);
    } else {
      decode_all();
      for (int copy = 0; copy < work_.copies; ++copy)
        write(stem, copy, offset(copy, 0, rows), offset(copy, 1, cols));
    }
    jpeg_destroy_decompress(&decoder_);
  }

 private:
  void open_jpeg() {
    decoder_ = {};
    decoder_.err = jpeg_std_error(&errors_);
    jpeg_create_decompress(&decoder_);
    jpeg_mem_src(&decoder_, file_.data(), static_cast<unsigned long>(file_.size()));
    jpeg_read_header(&decoder_, TRUE);
    decoder_.out_color_space = JCS_RGB;
  }

  void decode_all() {
    jpeg_start_decompress(&decoder_);
    reset(pixels_, decoder_.output_height, decoder_.output_width);
    read_rows();
    jpeg_finish_decompress(&decoder_);
  }

  // One more column on each side: otherwise the pixels differ from those of a full decode.
  void decode_part(std::size_t top, std::size_t left, std::size_t rows, std::size_t cols) {
    jpeg_start_decompress(&decoder_);
    JDIMENSION begin = static_cast<JDIMENSION>(left > 0 ? left - 1 : 0);
    JDIMENSION width =
        std::min(static_cast<JDIMENSION>(left + cols + 1), decoder_.output_width) - begin;
    jpeg_crop_scanline(&decoder_, &begin, &width);
    reset(pixels_, rows, width);
    pixels_.left = left - begin;
    if (top > 0) jpeg_skip_scanlines(&decoder_, static_cast<JDIMENSION>(top));
    read_rows();
    jpeg_abort_decompress(&decoder_);
  }

  void read_rows() {
    for (std::size_t row = 0; row < pixels_.rows; ++row) {
      JSAMPROW to = pixels_.data.data() + row * pixels_.cols * 3;
      jpeg_read_scanlines(&decoder_, &to, 1);
    }
  }

  static void reset(Pixels& pixels, std::size_t rows, std::size_t cols) {
    pixels.rows = rows;
    pixels.cols = cols;
    pixels.left = 0;
    pixels.data.resize(rows * cols * 3);
  }

  // In the expanded picture each row is repeated kTimes: the encoder gets one row several times.
  void expand() {
    const std::size_t rows = pixels_.rows - 2 * kCrop + 2 * kPad;
    const std::size_t cols = pixels_.cols - 2 * kCrop + 2 * kPad;
    reset(expanded_, rows, cols * kTimes);
    std::memset(expanded_.data.data(), 0, expanded_.data.size());
    for (std::size_t row = kPad; row < rows - kPad; ++row) {
      const std::uint8_t* from = pixels_.at(row - kPad + kCrop, kCrop);
      std::uint8_t* to = expanded_.data.data() + (row * expanded_.cols + kPad * kTimes) * 3;
      for (std::size_t col = kPad; col < cols - kPad; ++col, from += 3) {
        for (std::size_t k = 0; k < kTimes; ++k, to += 3)
          std::memcpy(to, from, 3);
      }
    }
  }

  void write(std::string path, int copy, std::size_t top, std::size_t left) {
    if (work_.copies > 1) path += "_" + std::to_string(copy);
    const bool expanded = work_.side == 0;
    const Pixels& pixels = expanded ? expanded_ : pixels_;
    const std::size_t rows = expanded ? pixels.rows * kTimes : work_.side;
    const std::size_t cols = expanded ? pixels.cols : work_.side;
    const auto row_of = [&](std::size_t row) {
      return expanded ? pixels.at(row / kTimes, 0) : pixels.at(top + row, left);
    };
    if (work_.form == "npy") {
      const std::size_t size = lay_out_npy(rows, cols, row_of);
      write_file(path + ".npy", encoded_.data(), size);
    } else if (work_.form == "png") {
      const std::size_t size = encode_png(rows, cols, row_of);
      write_file(path + ".png", encoded_.data(), size);
    } else {
      encode_jpeg(rows, cols, row_of, path + ".jpg");
    }
  }

  template <typename RowOf>
  void encode_jpeg(std::size_t rows, std::size_t cols, const RowOf& row_of,
                   const std::string& path) {
    jpeg_error_mgr errors{};
    jpeg_compress_struct encoder{};
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    unsigned char* to = encoded_.data();
    unsigned long size = encoded_.size();
    jpeg_mem_dest(&encoder, &to, &size);
    encoder.image_width = static_cast<JDIMENSION>(cols);
    encoder.image_height = static_cast<JDIMENSION>(rows);
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, kQuality, TRUE);
    jpeg_start_compress(&encoder, TRUE);
    for (std::size_t row = 0; row < rows; ++row) {
      JSAMPROW from = const_cast<JSAMPROW>(row_of(row));
      jpeg_write_scanlines(&encoder, &from, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    write_file(path, to, size);
    if (to != encoded_.data()) {  // it did not fit, and libjpeg allocated memory
      encoded_.resize(2 * size);
      std::free(to);
    }
  }

  template <typename RowOf>
  std::size_t lay_out_npy(std::size_t rows, std::size_t cols, const RowOf& row_of) {
    constexpr std::size_t kHeader = 128;
    std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" +
                         std::to_string(rows) + ", " + std::to_string(cols) + ", 3), }";
    header.resize(kHeader - 10, ' ');
    header.back() = '\n';
    header.insert(0, std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    const std::size_t bytes = cols * 3;
    encoded_.resize(std::max(encoded_.size(), kHeader + rows * bytes));
    std::memcpy(encoded_.data(), header.data(), kHeader);
    for (std::size_t row = 0; row < rows; ++row)
      std::memcpy(encoded_.data() + kHeader + row * bytes, row_of(row), bytes);
    return kHeader + rows * bytes;
  }

  static std::uint8_t* put(std::uint8_t* to, std::size_t value) {
    for (unsigned shift = 32; shift > 0; shift -= 8)
      *to++ = static_cast<std::uint8_t>(value >> (shift - 8));
    return to;
  }

  // Writes a chunk around `length` bytes that are already in their place. Returns its end.
  static std::uint8_t* frame(std::uint8_t* to, const char* type, std::size_t length) {
    std::memcpy(put(to, length), type, 4);
    return put(to + 8 + length, libdeflate_crc32(0, to + 4, length + 4));
  }

  // The settings are those of src/codecs/png.cpp.
  template <typename RowOf>
  std::size_t encode_png(std::size_t rows, std::size_t cols, const RowOf& row_of) {
    const std::size_t bytes = cols * 3;
    filtered_.resize(rows * (bytes + 1));
    const std::vector<std::uint8_t> nothing(bytes);
    const std::uint8_t* above = nothing.data();
    std::uint8_t* next = filtered_.data();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::uint8_t* from = row_of(row);
      *next++ = 2;  // UP
      for (std::size_t i = 0; i < bytes; ++i)
        *next++ = static_cast<std::uint8_t>(from[i] - above[i]);
      above = from;
    }
    const std::size_t most = libdeflate_zlib_compress_bound(compressor_, filtered_.size());
    encoded_.resize(std::max(encoded_.size(), most + 100));
    std::uint8_t* to = encoded_.data();
    std::memcpy(to, "\x89PNG\r\n\x1A\n", 8);
    to += 8;
    put(put(to + 8, cols), rows);
    std::memcpy(to + 16, "\x08\x02\0\0\0", 5);
    to = frame(to, "IHDR", 13);
    to = frame(
        to, "IDAT",
        libdeflate_zlib_compress(compressor_, filtered_.data(), filtered_.size(), to + 8, most));
    to = frame(to, "IEND", 0);
    return static_cast<std::size_t>(to - encoded_.data());
  }

  const Work& work_;
  jpeg_decompress_struct decoder_{};
  jpeg_error_mgr errors_{};
  std::vector<std::uint8_t> file_;
  Pixels pixels_;
  Pixels expanded_;
  std::vector<std::uint8_t> encoded_;
  std::vector<std::uint8_t> filtered_;
  libdeflate_compressor* compressor_ = libdeflate_alloc_compressor(1);
};

}  // namespace

#define FLOOR_TEXT_OF(x) #x
#define FLOOR_TEXT(x) FLOOR_TEXT_OF(x)

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--version") {
    std::cout << "libjpeg-turbo " FLOOR_TEXT(
        LIBJPEG_TURBO_VERSION) ", libdeflate " LIBDEFLATE_VERSION_STRING "\n";
    return 0;
  }
  if (arguments.size() != 6)
    fail("full|window crop:SIDE|expand jpg|png|npy JOBS COPIES OUT < list of files");
  Work work;
  work.window = arguments[0] == "window";
  if (arguments[1].starts_with("crop:")) work.side = std::stoul(arguments[1].substr(5));
  work.form = arguments[2];
  work.copies = std::stoi(arguments[4]);
  work.out = arguments[5];

  std::vector<std::string> files;
  for (std::string line; std::getline(std::cin, line);)
    files.push_back(line);
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int i = std::stoi(arguments[3]); i > 0; --i) {
    threads.emplace_back([&] {
      Worker worker(work);
      for (std::size_t at = next++; at < files.size(); at = next++)
        worker.run(files[at], at);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

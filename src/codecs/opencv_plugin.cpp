// SPDX-License-Identifier: Apache-2.0
// opencv_plugin: cv::imread, kept quiet. All of libdeckle_opencv.so, and the only file that knows
// OpenCV.
// Shapes  as the file has them: held against what its header says
// Fails   Damaged with OpenCV's reason, NoMemory; no exception leaves this file
// Source  OpenCV 4.6, imgcodecs
#include "codecs/opencv_plugin.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <streambuf>
#include <string>
#include <string_view>

namespace {

// imread tells std::cerr of every file that it cannot read, past OpenCV's own error and log
// handlers. That is why cerr gets a buffer that drops what a thread says while that thread is in
// imread, and passes on all else.
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

int drop_error(int /*code*/, const char* /*function*/, const char* /*message*/,
               const char* /*file*/, int /*line*/, void* /*user*/) {
  return 0;
}

class Quiet {
 public:
  Quiet() {
    static const QuietCerr kFilter;
    static const bool kPrepared = [] {
      // Without it OpenCV refuses OpenEXR; it looks when it opens the first one.
      ::setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);  // NOLINT(concurrency-mt-unsafe)
      cv::setNumThreads(1);                          // images are what is run in parallel
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

std::string shape_text(std::int64_t rows, std::int64_t cols, std::int64_t channels) {
  return std::to_string(rows) + " x " + std::to_string(cols) + " x " + std::to_string(channels);
}

int depth_of(std::int64_t sample_bytes) {
  return sample_bytes == 1 ? CV_8U : sample_bytes == 2 ? CV_16U : CV_32F;
}

// Copies, with B, G, R turned to R, G, B.
template <typename T>
void take(const cv::Mat& image, std::uint8_t* to) {
  const auto channels = static_cast<std::size_t>(image.channels());
  const std::size_t row_bytes = static_cast<std::size_t>(image.cols) * channels * sizeof(T);
  for (int r = 0; r < image.rows; ++r, to += row_bytes) {
    const std::uint8_t* const from = image.ptr(r);
    std::memcpy(to, from, row_bytes);
    for (std::size_t at = 0; channels >= 3 && at < row_bytes; at += channels * sizeof(T)) {
      std::memcpy(to + at, from + at + 2 * sizeof(T), sizeof(T));
      std::memcpy(to + at + 2 * sizeof(T), from + at, sizeof(T));
    }
  }
}

// A file in memory that has a name. imdecode would write files of some formats to the disk, to read
// them from there.
class NamedMemory {
 public:
  NamedMemory(const std::uint8_t* bytes, std::size_t size)
      : file_(::memfd_create("deckle", MFD_CLOEXEC)) {
    while (file_ >= 0 && size > 0) {
      const ssize_t written = ::write(file_, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      bytes += written;
      size -= static_cast<std::size_t>(written);
    }
    if (file_ >= 0 && size == 0) return;
    if (file_ >= 0) ::close(file_);  // a constructor that throws has no destructor
    throw std::bad_alloc();
  }
  ~NamedMemory() {
    if (file_ >= 0) ::close(file_);
  }
  NamedMemory(const NamedMemory&) = delete;
  NamedMemory& operator=(const NamedMemory&) = delete;

  [[nodiscard]] std::string name() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

// Gives the reason where it fails, else nothing.
std::string decode(const DeckleOpenCvJob& job) {
  cv::Mat image;
  try {
    const Quiet quiet;
    const NamedMemory file(job.file, job.file_bytes);
    if (::access(file.name().c_str(), R_OK) != 0)
      return "OpenCV reads it by way of /proc, which is not mounted: mount it and run again";
    // Not another flag with it: IMREAD_UNCHANGED is all of them, and OpenCV leaves GDAL out only
    // where it is alone.
    image = cv::imread(file.name(), cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& e) {
    return "the picture data cannot be read (" + clean(e.what()) + ")";
  }
  if (image.empty()) return "the picture data cannot be read";
  if (image.rows != job.rows || image.cols != job.cols || image.channels() != job.channels ||
      image.depth() != depth_of(job.sample_bytes)) {
    return "the picture data is " + shape_text(image.rows, image.cols, image.channels()) +
           ", the header says " + shape_text(job.rows, job.cols, job.channels);
  }
  if (job.sample_bytes == 1) {
    take<std::uint8_t>(image, job.samples);
  } else if (job.sample_bytes == 2) {
    take<std::uint16_t>(image, job.samples);
  } else {
    take<float>(image, job.samples);
  }
  return "";
}

}  // namespace

int deckle_opencv_interface() {
  return deckle::kOpenCvInterface;
}

const char* deckle_opencv_version() {
  static const std::string kVersion = cv::getVersionString();
  return kVersion.c_str();
}

deckle::OpenCvOutcome deckle_opencv_decode(const DeckleOpenCvJob* job) {
  try {
    const std::string why = decode(*job);
    if (why.empty()) return deckle::OpenCvOutcome::Decoded;
    std::snprintf(job->why, job->why_bytes, "%s", why.c_str());
    return deckle::OpenCvOutcome::Damaged;
  } catch (const std::bad_alloc&) {
    return deckle::OpenCvOutcome::NoMemory;
  } catch (const std::exception& e) {
    std::snprintf(job->why, job->why_bytes, "the picture data cannot be read (%s)", e.what());
    return deckle::OpenCvOutcome::Damaged;
  }
}

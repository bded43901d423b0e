// SPDX-License-Identifier: Apache-2.0
// opencv_plugin: cv::imread. It is the only source file of libdeckle_opencv.so, and the only one
// that uses OpenCV.
// Shapes  those of the file, compared with its header
// Fails   Damaged with OpenCV's reason, NoMemory; no exception leaves this file
// Source  OpenCV 4.6, imgcodecs
#include "codecs/helper/opencv_plugin.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "codecs/helper/decoder_plugin.h"

namespace {

using deckle::OpenCvPicture;

int drop_error(int /*code*/, const char* /*function*/, const char* /*message*/,
               const char* /*file*/, int /*line*/, void* /*user*/) {
  return 0;
}

// "OpenCV(4.6.0) ./modules/...: error: (-2:Unspecified error) Unexpected end of input stream in
// function 'f'\n" without the parts for developers of OpenCV.
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

// The first Mat of a job that has the size of the room is allocated in the room: it is nearly
// always the picture.
class RoomAllocator : public cv::MatAllocator {
 public:
  // Called at the beginning of a job.
  void use(std::uint8_t* room, std::size_t bytes) {
    room_ = room;
    bytes_ = bytes;
    // As glibc fills what malloc gives, if this variable is set: tests look for samples that are
    // not written.
    if (const char* const fill = std::getenv("MALLOC_PERTURB_"))  // NOLINT(concurrency-mt-unsafe)
      std::memset(room, std::atoi(fill), bytes);                  // NOLINT(cert-err34-c)
  }

  cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, std::size_t* step,
                         cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
    std::size_t total = CV_ELEM_SIZE(type);
    for (int i = 0; i < dims; ++i)
      total *= static_cast<std::size_t>(sizes[i]);
    if (data == nullptr && room_ != nullptr && step != nullptr && total == bytes_) {
      data = std::exchange(room_, nullptr);
      for (int i = 0; i < dims; ++i) {  // rows without gaps, if the caller gave no data
        total /= static_cast<std::size_t>(sizes[i]);
        step[i] = total;
      }
    }
    return cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
  }
  bool allocate(cv::UMatData* data, cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
    return cv::Mat::getStdAllocator()->allocate(data, flags, usage);
  }
  void deallocate(cv::UMatData* data) const override {
    cv::Mat::getStdAllocator()->deallocate(data);
  }

 private:
  mutable std::uint8_t* room_ = nullptr;
  std::size_t bytes_ = 0;
};

RoomAllocator& allocator() {
  static RoomAllocator one;
  return one;
}

// Copies the image to the room, unless it is in the room already. Reorders B, G, R to R, G, B.
template <typename T>
void take(const cv::Mat& image, std::uint8_t* to) {
  const auto channels = static_cast<std::size_t>(image.channels());
  const std::size_t row_samples = static_cast<std::size_t>(image.cols) * channels;
  for (int r = 0; r < image.rows; ++r, to += row_samples * sizeof(T)) {
    const std::uint8_t* const from = image.ptr(r);
    if (from != to) std::memcpy(to, from, row_samples * sizeof(T));
    if (channels < 3) continue;
    T* const samples = reinterpret_cast<T*>(to);
    for (std::size_t at = 0; at < row_samples; at += channels)
      std::swap(samples[at], samples[at + 2]);
  }
}

// Returns the reason if it fails, else nothing.
std::string decode(const DeckleDecoderJob& job, const OpenCvPicture& picture) {
  cv::Mat image;
  try {
    allocator().use(job.room, job.room_bytes);
    // By name: for some formats imdecode would write a temporary file. With no other flag:
    // IMREAD_UNCHANGED sets all bits, and OpenCV skips GDAL only for exactly this value.
    image = cv::imread(job.file_name, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& e) {
    return "the picture data cannot be read (" + clean(e.what()) + ")";
  }
  if (image.empty()) return "the picture data cannot be read";
  if (image.rows != picture.rows || image.cols != picture.cols ||
      image.channels() != picture.channels || image.depth() != depth_of(picture.sample_bytes)) {
    return "the picture data is " + shape_text(image.rows, image.cols, image.channels()) +
           ", the header says " + shape_text(picture.rows, picture.cols, picture.channels);
  }
  if (image.total() * image.elemSize() != job.room_bytes) return "no memory for the samples";
  if (picture.sample_bytes == 1) {
    take<std::uint8_t>(image, job.room);
  } else if (picture.sample_bytes == 2) {
    take<std::uint16_t>(image, job.room);
  } else {
    take<float>(image, job.room);
  }
  return "";
}

}  // namespace

int deckle_decoder_interface() {
  return deckle::kDecoderInterface;
}

const char* deckle_decoder_version() {
  static const std::string kVersion = "OpenCV " + cv::getVersionString();
  return kVersion.c_str();
}

void deckle_decoder_prepare() {
  // Without this variable OpenCV refuses OpenEXR. It reads it when it opens the first file.
  ::setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  cv::setNumThreads(1);                          // pictures run in parallel
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  cv::redirectError(drop_error);
  cv::Mat::setDefaultAllocator(&allocator());
}

deckle::DecoderOutcome deckle_decoder_run(const DeckleDecoderJob* job) {
  using deckle::DecoderOutcome;
  std::string why;
  try {
    OpenCvPicture picture;
    if (job->argument_bytes != sizeof picture) return DecoderOutcome::Unsupported;
    std::memcpy(&picture, job->arguments, sizeof picture);
    why = decode(*job, picture);
    if (why.empty()) return DecoderOutcome::Done;
  } catch (const std::bad_alloc&) {
    return DecoderOutcome::NoMemory;
  } catch (const std::exception& e) {
    why = std::string("the picture data cannot be read (") + e.what() + ")";
  }
  job->answer(job->self, why.data(), why.size());
  return DecoderOutcome::Damaged;
}

// SPDX-License-Identifier: Apache-2.0
// resize: deckle's resample beside cv::resize, both with one thread, taking turns in one process.
//
//     bench_resize [PATTERN]      only cases whose name contains it: 'bilinear uint8', 'rgb', '1.5
//     x'
//
// The work differs only in this: OpenCV's INTER_AREA enlarges bilinearly, its INTER_CUBIC has a =
// -0.75, and its INTER_LANCZOS4 has 8 taps instead of the 6 of lanczos3.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <random>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/resample.h"

using namespace deckle;

namespace {

struct Size {
  const char* name;
  int rows, cols, to_rows, to_cols;
};
constexpr std::array kSizes{
    Size{"2 x", 500, 750, 1000, 1500},      Size{"1.5 x", 600, 900, 900, 1350},
    Size{"4 x", 300, 450, 1200, 1800},      Size{"1/2", 2000, 3000, 1000, 1500},
    Size{"1/3", 2001, 3000, 667, 1000},     Size{"0.7", 1000, 1500, 700, 1050},
    Size{"1/4", 2000, 3000, 500, 750},      Size{"500 to 224", 500, 375, 224, 224},
    Size{"224 to 448", 224, 224, 448, 448}, Size{"6 MP 2 x", 2000, 3000, 4000, 6000},
};

struct Method {
  const char* name;
  Interpolation ours;
  int theirs;
};
constexpr std::array kMethods{
    Method{"bilinear", Interpolation::Bilinear, cv::INTER_LINEAR},
    Method{"bicubic", Interpolation::Bicubic, cv::INTER_CUBIC},
    Method{"area", Interpolation::Area, cv::INTER_AREA},
    Method{"lanczos3", Interpolation::Lanczos3, cv::INTER_LANCZOS4},
};

struct Depth {
  const char* name;
  DType ours;
  int theirs;
};
constexpr std::array kDepths{Depth{"uint8", DType::UInt8, CV_8U},
                             Depth{"uint16", DType::UInt16, CV_16U},
                             Depth{"float32", DType::Float32, CV_32F}};

struct Channels {
  const char* name;
  int count;
};
constexpr std::array kChannels{Channels{"grey", 1}, Channels{"rgb", 3}, Channels{"rgba", 4}};

double seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <typename F>
double time_of(int times, F&& f) {
  const double start = seconds();
  for (int i = 0; i < times; ++i)
    f();
  return (seconds() - start) / times;
}

double median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void compare(const std::string& name, const Size& size, const Method& method, const Depth& depth,
             int channels) {
  cv::Mat values(size.rows, size.cols, CV_MAKETYPE(CV_8U, channels));
  cv::randu(values, 0, 256);
  cv::Mat mat;
  values.convertTo(mat, depth.theirs, depth.theirs == CV_16U ? 257 : 1);
  Tensor source;
  source.reset(Shape::image(size.rows, size.cols, channels), depth.ours);
  std::copy_n(mat.data, source.byte_count(), source.data.data());

  cv::Mat mat_out;
  Tensor out;
  const auto ours = [&] {
    resample(source, size.to_rows, size.to_cols, {method.ours}, depth.ours, out);
  };
  const auto theirs = [&] {
    cv::resize(mat, mat_out, cv::Size(size.to_cols, size.to_rows), 0, 0, method.theirs);
  };
  ours();  // fresh memory does not count
  theirs();
  const double once = time_of(1, theirs);
  const int times = std::max(1, static_cast<int>(0.004 / once));
  std::vector<double> our_times;
  std::vector<double> their_times;
  std::vector<double> ratios;
  for (int round = 0; round < 9; ++round) {
    our_times.push_back(time_of(times, ours));
    their_times.push_back(time_of(times, theirs));
    ratios.push_back(our_times.back() / their_times.back());
  }
  std::printf("%-40s %9.3f %9.3f %7.2f\n", name.c_str(), 1e3 * median(our_times),
              1e3 * median(their_times), median(ratios));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  cv::setNumThreads(1);
  const std::string pattern = argc > 1 ? argv[1] : "";
  std::printf("%-40s %9s %9s %7s\n", "", "deckle ms", "OpenCV ms", "ratio");
  for (const Method& method : kMethods) {
    for (const Depth& depth : kDepths) {
      for (const Channels& channels : kChannels) {
        for (const Size& size : kSizes) {
          const std::string name =
              std::string(method.name) + " " + depth.name + " " + channels.name + " " + size.name;
          if (name.find(pattern) != std::string::npos)
            compare(name, size, method, depth, channels.count);
        }
      }
    }
  }
}

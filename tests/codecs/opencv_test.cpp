// SPDX-License-Identifier: Apache-2.0
#include "codecs/opencv.h"

#include <array>
#include <cstdlib>
#include <thread>
#include <vector>

#include "codecs/opencv_files.h"
#include "support/catch.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

namespace {

test::File exr_of(const Tensor& pixels) {
  ::setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  return by_opencv(".exr", mat(pixels, CV_32F));
}

}  // namespace

TEST_CASE("OpenCV prints nothing about a damaged file", "[codecs][opencv]") {
  const Stderr said;
  test::File damaged = exr_of(picture(40, 50, 3, DType::Float32));
  for (std::size_t i = damaged.size() - 200; i < damaged.size() - 2; ++i)
    damaged[i] = 0;
  CHECK(message_of(damaged) == "damaged: the picture data cannot be read");
  CHECK(said.text().empty());
}

TEST_CASE("many threads may ask for OpenCV at once", "[codecs][opencv]") {
  const Tensor in = picture(40, 50, 3, DType::Float32);
  const test::File exr = exr_of(in);
  std::array<Tensor, 4> outs;
  std::vector<std::thread> threads;
  for (Tensor& out : outs)
    threads.emplace_back([&] { static_cast<void>(read(exr, out)); });
  for (std::thread& thread : threads)
    thread.join();
  for (const Tensor& out : outs)
    CHECK(same(in, out));
}

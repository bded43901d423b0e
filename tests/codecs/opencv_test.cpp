// SPDX-License-Identifier: Apache-2.0
#include "codecs/opencv.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>
#include <vector>

#include "codecs/support.h"
#include "support/catch.h"
#include "support/folders.h"
#include "support/pictures.h"

using namespace deckle;
using namespace deckle::test;

namespace {

test::File exr_of(const Tensor& pixels) {
  ::setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  return by_opencv(".exr", mat(pixels, CV_32F));
}

}  // namespace

TEST_CASE("std::cerr still works for everybody else", "[codecs][opencv]") {
  const test::File exr = exr_of(picture(40, 50, 3, DType::Float32));
  const Stderr said;
  test::File damaged(exr);
  for (std::size_t i = damaged.size() - 200; i < damaged.size() - 2; ++i)
    damaged[i] = 0;
  CHECK(message_of(damaged) == "damaged: the picture data cannot be read");
  CHECK(said.text().empty());
  std::cerr << "hello" << std::flush;
  CHECK(said.text() == "hello");
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

TEST_CASE("a plug-in that is missing, broken or foreign is an error that says so",
          "[codecs][opencv]") {
  namespace fs = std::filesystem;
  const Folder folder;
  const std::string path = folder / "libdeckle_opencv.so";
  const std::vector<fs::path> folders{"/nowhere", folder.path()};
  const auto message = [&] {
    const auto opened = open_opencv(folders);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::Unsupported);
    return opened.error().message;
  };
  CHECK(message() ==
        "libdeckle_opencv.so, which is not installed: install the package deckle-opencv, or build "
        "deckle with its library (looked "
        "in /nowhere, " +
            folder.path() + ")");
  folder.put("libdeckle_opencv.so", "no library");
  CHECK(message().starts_with("libdeckle_opencv.so, which cannot be loaded: " + path));
  fs::remove(path);
  Dl_info imgcodecs{};
  REQUIRE(dladdr(reinterpret_cast<void*>(&cv::haveImageReader), &imgcodecs) != 0);
  fs::create_symlink(fs::canonical(imgcodecs.dli_fname), path);
  CHECK(message() == "libdeckle_opencv.so, which is of another version of deckle: " + path);
}

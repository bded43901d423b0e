// SPDX-License-Identifier: Apache-2.0
#include "codecs/opencv.h"

#include <dlfcn.h>

#include <array>
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

TEST_CASE("std::cerr still works for everybody else", "[codecs][opencv]") {
  const test::File jp2 = by_opencv(".jp2", mat(picture(40, 50, 3), CV_8U));
  const Stderr said;
  test::File damaged(jp2);
  for (std::size_t i = damaged.size() / 2; i < damaged.size() - 2; ++i)
    damaged[i] = 0;
  Tensor out;
  static_cast<void>(read(damaged, out));
  CHECK(said.text().empty());
  std::cerr << "hello" << std::flush;
  CHECK(said.text() == "hello");
}

TEST_CASE("the plug-in names the OpenCV it was built with", "[codecs][opencv]") {
  CHECK(opencv_version() == "OpenCV " + cv::getVersionString());
  CHECK(codec_of(Format::Jp2).version() == opencv_version());
}

TEST_CASE("many threads may ask for OpenCV at once", "[codecs][opencv]") {
  const Tensor in = picture(40, 50, 3);
  const test::File jp2 =
      by_opencv(".jp2", mat(in, CV_8U), {cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000});
  std::array<Tensor, 4> outs;
  std::vector<std::thread> threads;
  for (Tensor& out : outs)
    threads.emplace_back([&] { static_cast<void>(read(jp2, out)); });
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
        "libdeckle_opencv.so, which is not there: looked in /nowhere, " + folder.path());
  folder.put("libdeckle_opencv.so", "no library");
  CHECK(message().starts_with("libdeckle_opencv.so, which cannot be loaded: " + path));
  fs::remove(path);
  Dl_info imgcodecs{};
  REQUIRE(dladdr(reinterpret_cast<void*>(&cv::haveImageReader), &imgcodecs) != 0);
  fs::create_symlink(fs::canonical(imgcodecs.dli_fname), path);
  CHECK(message() == "libdeckle_opencv.so, which is of another version of deckle: " + path);
}
